package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/scripts"
)

// templateFlags say which of the bundled scripts init writes.
type templateFlags struct {
	template []string
	list     bool
}

func (f *templateFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.template, "template", nil, "write the script of this `NAME`, or of several with commas, in place of github and pokemon")
	cmd.Flags().BoolVar(&f.list, "templates", false, "list the scripts that --template can write")
	// An error here would mean that there is no such flag.
	_ = cmd.RegisterFlagCompletionFunc("template", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return scripts.Names(), cobra.ShellCompDirectiveNoFileComp
	})
}

// names are the scripts to write.
func (f *templateFlags) names() ([]string, error) {
	if len(f.template) == 0 {
		return []string{"github", "pokemon"}, nil
	}
	all := scripts.Names()
	for _, name := range f.template {
		if !slices.Contains(all, name) {
			hint := "restlua init --templates lists them"
			if like := config.Nearest(name, all); like != "" {
				hint = fmt.Sprintf("did you mean %q?", like)
			}
			return nil, usagef(hint, "--template: there is no template %q", name)
		}
	}
	return f.template, nil
}

// listTemplates shows each script with the first line of what it says of itself.
func listTemplates(t *terminal) error {
	names := scripts.Names()
	width := 0
	for _, name := range names {
		width = max(width, len(name))
	}
	for _, name := range names {
		text, err := fs.ReadFile(scripts.FS, name+".lua")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(t.stdout, "%-*s  %s\n", width, name, summary(string(text))); err != nil {
			return err
		}
	}
	return nil
}

// summary is the first paragraph of the comment that a script begins with,
// "-- name.lua: what it loads.", without the name and the full stop.
func summary(script string) string {
	var words []string
	for line := range strings.Lines(script) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		if !ok {
			break
		}
		words = append(words, strings.Fields(text)...)
	}
	if len(words) == 0 {
		return ""
	}
	return strings.TrimSuffix(strings.Join(words[1:], " "), ".")
}

// writeTemplates writes scripts with their tests, and the sections of
// secrets.toml that they need. Where that file is there already, it is shown
// what belongs into it.
func writeTemplates(t *terminal, folder string, names []string) error {
	for _, name := range names {
		for _, file := range []string{name + ".lua", name + "_test.lua"} {
			text, err := fs.ReadFile(scripts.FS, file)
			if err != nil {
				return err
			}
			if err := writeNew(t, filepath.Join(folder, file), string(text), 0o644); err != nil {
				return err
			}
		}
	}
	sections, err := secretsOf(names)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "secrets.toml")
	old, err := os.ReadFile(path)
	if err != nil || sections == "" {
		return writeNew(t, path, secretsStart+sections, 0o600)
	}
	if err := writeNew(t, path, "", 0o600); err != nil {
		return err
	}
	missing := ""
	for section := range strings.SplitSeq(sections, "\n\n") {
		if head := sectionHead.FindString(section); !strings.Contains("\n"+string(old), "\n"+head) {
			missing += "\n" + strings.TrimSpace(section) + "\n"
		}
	}
	if missing != "" {
		_, err = fmt.Fprintf(t.stdout, "\nadd to %s:\n%s", path, missing)
	}
	return err
}

// secretsStart is how the secrets.toml begins that init writes.
const secretsStart = `# Secrets of the scripts in this folder. Nobody else should read this file.
# An environment variable wins over it: GITHUB__TOKEN stands for token under [github].
`

var (
	sectionHead = regexp.MustCompile(`(?m)^\[(\w+)\]$`)
	secretLine  = regexp.MustCompile(`(?m)^\w+ = `)
	secretAsked = regexp.MustCompile(`secrets\.get\("(\w+)\.`)
	// Without a default a secret is needed.
	secretNeeded = regexp.MustCompile(`secrets\.get\("[\w.]+"\)`)
	runLine      = regexp.MustCompile(`(?m)^--   (restlua run .*)$`)
)

// secretsOf are the sections of secrets.example.toml for some scripts, each
// behind an empty line, with the secrets commented out: an example is none.
func secretsOf(names []string) (string, error) {
	var wanted []string
	for _, name := range names {
		text, err := fs.ReadFile(scripts.FS, name+".lua")
		if err != nil {
			return "", err
		}
		for _, m := range secretAsked.FindAllSubmatch(text, -1) {
			wanted = append(wanted, string(m[1]))
		}
	}
	text, err := fs.ReadFile(scripts.FS, "secrets.example.toml")
	if err != nil {
		return "", err
	}
	out := ""
	heads := sectionHead.FindAllSubmatchIndex(text, -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		if slices.Contains(wanted, string(text[h[2]:h[3]])) {
			out += "\n" + strings.TrimSpace(secretLine.ReplaceAllString(string(text[h[0]:end]), "# $0")) + "\n"
		}
	}
	return out, nil
}

// tryTemplate is the command that runs one of the scripts, and whether it needs
// secrets first: pokemon needs none, of the others the comment at the top says how
// they are run.
func tryTemplate(names []string) (command string, needs bool, err error) {
	if slices.Contains(names, "pokemon") {
		return "restlua run pokemon.lua --pages 1", false, nil
	}
	text, err := fs.ReadFile(scripts.FS, names[0]+".lua")
	if err != nil {
		return "", false, err
	}
	command = "restlua run " + names[0] + ".lua"
	if m := runLine.FindSubmatch(text); m != nil {
		command = string(m[1])
	}
	return command, secretNeeded.Match(text), nil
}
