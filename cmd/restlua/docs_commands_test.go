package main

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// calls finds the command lines of restlua in a block, also in a crontab, a
// unit, a workflow or a program in Python.
var calls = regexp.MustCompile("(?m)(?:^|[\\s/'\"=])restlua ([^\n]*)")

// words splits what stands behind restlua as a shell does, up to its next
// operator, or to a quote that ends the text in which the call stands.
func words(text string) (out []string) {
	var word strings.Builder
	begun := false
	for i := 0; i <= len(text); i++ {
		if i == len(text) || strings.IndexByte(" \t&|;>#`)", text[i]) >= 0 {
			if begun {
				out = append(out, word.String())
				word.Reset()
				begun = false
			}
			if i == len(text) || text[i] != ' ' && text[i] != '\t' {
				return out
			}
			continue
		}
		if c := text[i]; c == '\'' || c == '"' {
			n := strings.IndexByte(text[i+1:], c)
			if n < 0 {
				text = text[:i]
				i--
				continue
			}
			word.WriteString(text[i+1 : i+1+n])
			begun, i = true, i+1+n
			continue
		}
		word.WriteByte(text[i])
		begun = true
	}
	return out
}

// Every command of restlua in a block of the README and the docs exists, and so
// do its flags.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	found := 0
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if !slices.Contains([]string{"console", "sh", "ini", "yaml", "python", "crontab"}, b.language) {
				continue
			}
			text := strings.ReplaceAll(b.text, "\\\n", " ")
			text = strings.NewReplacer("go run ./cmd/restlua", "restlua", "-o restlua ", "-o file ").Replace(text)
			for line := range strings.Lines(text) {
				if b.language == "console" && !strings.HasPrefix(line, "$ ") || strings.HasPrefix(strings.TrimSpace(line), "#") {
					continue
				}
				for _, m := range calls.FindAllStringSubmatch(line, -1) {
					found++
					if err := checkCall(words(m[1])); err != nil {
						t.Errorf("%s:%d: %s: %v", p.path, b.line, strings.TrimSpace(line), err)
					}
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d commands were found", found)
	}
}

// checkCall says what is wrong with a command line.
func checkCall(args []string) error {
	root := rootCommand(&terminal{stdout: io.Discard, stderr: io.Discard, width: func() int { return 0 }})
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if cmd == root {
		return root.RunE(root, rest)
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`run a.lua --set a.b=c # why`:       "run|a.lua|--set|a.b=c",
		`init --path '/a b/**' --path "/c"`: "init|--path|/a b/**|--path|/c",
		`run a.lua || [ $? -eq 3 ]",`:       "run|a.lua",
		`run a.lua --json>out 2>&1`:         "run|a.lua|--json",
		`run a.lua --progress log",`:        "run|a.lua|--progress|log",
		`run a.lua --set k='v w'x && echo`:  "run|a.lua|--set|k=v wx",
		"run a.lua)":                        "run|a.lua",
	} {
		if got := strings.Join(words(text), "|"); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestCheckCall(t *testing.T) {
	t.Parallel()
	for line, good := range map[string]bool{
		"run x.lua --pages 1":   true,
		"run x.lua --page 1":    false,
		"runn x.lua":            false,
		"run":                   false,
		"state data/x show":     true,
		"check a.lua b.lua":     false,
		"run x.lua --limit ten": false,
		"plan x.lua -h":         true,
	} {
		if err := checkCall(strings.Fields(line)); (err == nil) != good {
			t.Errorf("restlua %s: %v", line, err)
		}
	}
}
