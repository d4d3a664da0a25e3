package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/cmd/restlua/internal/draft/har"
	"github.com/restlua/restlua/cmd/restlua/internal/draft/openapi"
)

// draftFlags say what a script is drafted from.
type draftFlags struct {
	openapi, har string
	paths, tags  []string
	host         string
}

func (f *draftFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.openapi, "from-openapi", "", "draft the script NAME.lua from the OpenAPI description in `FILE`")
	flags.StringVar(&f.har, "from-har", "", "draft the script NAME.lua from the recording in `FILE`")
	flags.StringArrayVar(&f.paths, "path", nil, "take only endpoints whose path matches `PATTERN`; ** is any number of segments; may be repeated")
	flags.StringArrayVar(&f.tags, "tag", nil, "take only endpoints of the description that have the tag `NAME`; may be repeated")
	flags.StringVar(&f.host, "host", "", "take the requests of a recording that went to `HOST`; default: the one with the most JSON")
}

// given reports whether a draft is wanted.
func (f *draftFlags) given() bool { return f.openapi != "" || f.har != "" }

// check finds flags that do not go together.
func (f *draftFlags) check() error {
	switch {
	case strings.Contains(f.file(), "://"):
		return usagef("save it first, for example with curl -O", "%s is an address; init reads files", f.file())
	case f.openapi != "" && f.har != "":
		return usagef("run init twice, with two names", "a script is drafted from a description or from a recording, not from both")
	case !f.given() && (len(f.paths) > 0 || len(f.tags) > 0 || f.host != ""):
		return usagef("add --from-openapi FILE or --from-har FILE", "--path, --tag and --host choose among the endpoints of a description or recording")
	case f.har != "" && len(f.tags) > 0:
		return usagef("use --path", "a recording has no tags")
	case f.openapi != "" && f.host != "":
		return usagef("set the address with --set NAME.url=... when the script runs", "--host chooses among the hosts of a recording")
	}
	return nil
}

// draftScript writes NAME.lua from a description or a recording, with what
// belongs to it.
func draftScript(t *terminal, target string, f *draftFlags) error {
	api, warnings, err := f.read()
	if err != nil {
		return err
	}
	for _, w := range warnings {
		t.say("warning: %s", w)
	}
	target = strings.TrimSuffix(filepath.ToSlash(target), ".lua")
	folder, name := filepath.Dir(filepath.FromSlash(target)), filepath.Base(filepath.FromSlash(target))
	switch {
	case target == "" || target == "." || strings.HasSuffix(target, "/"):
		folder, name = filepath.FromSlash(cleanFolder(target)), draft.SourceName(api.Title)
	case draft.SourceName(name) != name:
		return usagef("use small letters, digits and _", "%q is no name for a source: it names the script, its table folder and its secrets", name)
	}
	s := draft.New(name, api)
	if s.Resources() == 0 {
		none := "it has no GET endpoint"
		if s.Endpoints() > 0 {
			none = fmt.Sprintf("none of its %s answers with a list of records", count(int64(s.Endpoints()), "GET endpoint"))
		}
		return fmt.Errorf("%s has no list endpoint: %s%s", f.file(), none, f.narrowed())
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	path := filepath.Join(folder, name+".lua")
	_, err = os.Lstat(path)
	there := err == nil
	if err := writeNew(t, path, s.Text(), 0o644); err != nil {
		return err
	}
	if there {
		_, err := fmt.Fprintf(t.stdout, "\nno draft was written: move %s away, or give another NAME\n", path)
		return err
	}
	if err := addSecrets(t, filepath.Join(folder, "secrets.toml"), name, s.Secrets()); err != nil {
		return err
	}
	if err := writeNew(t, filepath.Join(folder, ".gitignore"), ignoreStart, 0o644); err != nil {
		return err
	}
	if err := writeAnnotations(t, folder); err != nil {
		return err
	}
	return sayDraft(t, path, name, s)
}

func cleanFolder(target string) string {
	if target == "" {
		return "."
	}
	return strings.TrimRight(target, "/") + "/."
}

func (f *draftFlags) file() string {
	if f.openapi != "" {
		return f.openapi
	}
	return f.har
}

func (f *draftFlags) read() (*draft.API, []string, error) {
	if f.har != "" {
		return har.Read(f.har, har.Filter{Host: f.host, Paths: f.paths})
	}
	return openapi.Read(f.openapi, openapi.Filter{Paths: f.paths, Tags: f.tags})
}

// narrowed is the hint for a draft without resources.
func (f *draftFlags) narrowed() string {
	if len(f.paths) > 0 || len(f.tags) > 0 {
		return " (hint: --path and --tag may leave too little; try without)"
	}
	return ""
}

// sayDraft says what the draft has, and what is to be done next.
func sayDraft(t *terminal, path, name string, s *draft.Script) error {
	say := func(format string, args ...any) error {
		_, err := fmt.Fprintf(t.stdout, format+"\n", args...)
		return err
	}
	err := say("\n%s has %s, from %s", path, count(int64(s.Resources()), "resource"), count(int64(s.Endpoints()), "GET endpoint"))
	if s.Left() > 0 {
		err = errors.Join(err, say("%s left out; the end of the script says why", count(int64(s.Left()), "endpoint")))
	}
	if !s.Selected() {
		err = errors.Join(err, say("so many that none is selected: choose with --resource NAME, or write a smaller script with --path or --tag"))
	}
	if needs := s.Needs(); len(needs) > 0 {
		shown := needs[:min(len(needs), 4)]
		more := ""
		if len(needs) > len(shown) {
			more = ", ..."
		}
		err = errors.Join(err, say("some resources wait for values from you: --set %s=...%s", strings.Join(shown, "=... --set "), more))
	}
	if len(s.Secrets()) > 0 {
		err = errors.Join(err, say("fill in [%s] in %s", name, filepath.Join(filepath.Dir(path), "secrets.toml")))
	}
	return errors.Join(err, say("\nlook at what is marked as guessed, then try: restlua plan %s", path))
}

// addSecrets makes sure that secrets.toml speaks of a script's secrets. A file
// that is there is only added to, and only comments.
func addSecrets(t *terminal, path, section string, keys []draft.Secret) error {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\n", section)
	for _, k := range keys {
		if k.About != "" {
			fmt.Fprintf(&b, "# %s\n", k.About)
		}
		fmt.Fprintf(&b, "# %s = \"...\"\n", k.Key)
	}
	if len(keys) == 0 {
		b.Reset()
	}
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		start := secretsStart
		if b.Len() > 0 {
			start += "\n" + b.String()
		}
		return writeNew(t, path, start, 0o600)
	}
	if err != nil {
		return err
	}
	var values map[string]any
	if err := toml.Unmarshal(old, &values); err != nil || len(keys) == 0 || values[section] != nil {
		return writeNew(t, path, "", 0o600) // says that it was kept
	}
	text := string(old)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text[len(old):] + "\n" + b.String())
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "added  [%s] to %s\n", section, path)
	return err
}
