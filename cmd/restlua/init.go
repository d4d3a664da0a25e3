package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/reference"
	"github.com/restlua/restlua/scripts"
)

// secretsHead begins every secrets.toml.
const secretsHead = `# Secrets of the scripts in this folder. Nobody else should read this file.
# An environment variable wins over it: GITHUB__TOKEN stands for token under [github].
`

// secretsStart is the secrets.toml of the example scripts.
const secretsStart = secretsHead + `
[github]
# Optional. Without it GitHub answers 60 requests an hour, with it 5,000.
# token = "..."
`

// ignoreStart is the .gitignore that init writes.
const ignoreStart = `/secrets.toml
/data/
`

func initCommand(t *terminal) *cobra.Command {
	f := &draftFlags{}
	cmd := &cobra.Command{
		Use:   "init [NAME]",
		Short: "write scripts to begin with, secrets.toml, .gitignore and types for editors",
		Long: `Init writes example scripts (github.lua, pokemon.lua) with their tests into the
folder NAME, a secrets.toml that only you can read, and a .gitignore that keeps
it and the data out of a repository.
Files that are there already stay as they are.

With --from-openapi it writes the script NAME.lua from the API's description
(OpenAPI 3.0 or 3.1, YAML or JSON): a resource for each list, with paginator,
login, keys, parents, and a remark on everything that was guessed. With
--from-har it does the same from a recording of a browser or of restlua run
--record (HAR, also packed as .har.gz); values of secrets never get into the
script.

With restlua.d.lua, .restlua/ and .luarc.json, editors that use the Lua language
server complete and explain the keys of a script and the functions of the
standard library. The first two are written anew each time, so that they fit
this version of restlua.`,
		Example: `  restlua init
  restlua init stripe --from-openapi openapi.yaml
  restlua init github --from-openapi api.github.com.json --tag issues --tag pulls
  restlua init shop --from-openapi shop.json --path '/orders/**'
  restlua init shop --from-har shop.har --host api.shop.example`,
		Args: atMostArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			target := "."
			if len(args) == 1 {
				target = args[0]
			}
			if err := f.check(); err != nil {
				return err
			}
			if f.given() {
				return draftScript(t, target, f)
			}
			return initFolder(t, target)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.openapi, "from-openapi", "", "draft the script NAME.lua from the OpenAPI description in `FILE`")
	flags.StringVar(&f.har, "from-har", "", "draft the script NAME.lua from the recording in `FILE`")
	flags.StringArrayVar(&f.paths, "path", nil, "take only endpoints whose path matches `PATTERN`; ** is any number of segments; may be repeated")
	flags.StringArrayVar(&f.tags, "tag", nil, "take only endpoints of the description that have the tag `NAME`; may be repeated")
	flags.StringVar(&f.host, "host", "", "take the requests of a recording that went to `HOST`; default: the one with the most JSON")
	return cmd
}

func initFolder(t *terminal, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	entries, err := fs.ReadDir(scripts.FS, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(scripts.FS, e.Name())
		if err != nil {
			return err
		}
		if err := writeNew(t, filepath.Join(folder, e.Name()), string(text), 0o644); err != nil {
			return err
		}
	}
	if err := writeNew(t, filepath.Join(folder, "secrets.toml"), secretsStart, 0o600); err != nil {
		return err
	}
	if err := writeNew(t, filepath.Join(folder, ".gitignore"), ignoreStart, 0o644); err != nil {
		return err
	}
	if err := writeAnnotations(t, folder); err != nil {
		return err
	}
	in := ""
	if folder != "." {
		in = "cd " + folder + " && "
	}
	_, err = fmt.Fprintf(t.stdout, "\ntry: %srestlua run pokemon.lua --pages 1\n", in)
	return err
}

// writeAnnotations writes what editors read. The settings are the user's once
// they are there; the rest follows this version of restlua.
func writeAnnotations(t *terminal, folder string) error {
	for i, f := range reference.New().Annotations() {
		path := filepath.Join(folder, filepath.FromSlash(f.Path))
		if i == 0 {
			if err := writeNew(t, path, f.Text, 0o644); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(f.Text), 0o644); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(t.stdout, "types  %s and %s, for editors\n", filepath.Join(folder, "restlua.d.lua"), filepath.Join(folder, ".restlua"))
	return err
}

// writeNew writes a file that is not there yet, and says what it did.
func writeNew(t *terminal, path, text string, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		_, err = fmt.Fprintf(t.stdout, "kept   %s, which was there already\n", path)
		return err
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "wrote  %s\n", path)
	return err
}
