package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/reference"
)

// ignoreStart is the .gitignore that init writes.
const ignoreStart = `/secrets.toml
/data/
`

func initCommand(t *terminal) *cobra.Command {
	templates, drafts := &templateFlags{}, &draftFlags{}
	cmd := &cobra.Command{
		Use:   "init [NAME]",
		Short: "write scripts to begin with, secrets.toml, .gitignore and types for editors",
		Long: `Init writes example scripts (github.lua, pokemon.lua, or those that --template
names) with their tests into the folder NAME, a secrets.toml that only you can
read, and a .gitignore that keeps it and the data out of a repository.
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
  restlua init --templates
  restlua init reports --template jira,slack
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
			if templates.list {
				return listTemplates(t)
			}
			if err := drafts.check(); err != nil {
				return err
			}
			if drafts.given() && len(templates.template) > 0 {
				return usagef("run init twice", "--template writes a bundled script, --from-openapi and --from-har draft one")
			}
			if drafts.given() {
				return draftScript(t, target, drafts)
			}
			names, err := templates.names()
			if err != nil {
				return err
			}
			return initFolder(t, target, names)
		},
	}
	templates.add(cmd)
	drafts.add(cmd)
	return cmd
}

// initFolder writes the scripts of some names, and what belongs beside them.
func initFolder(t *terminal, folder string, names []string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := writeTemplates(t, folder, names); err != nil {
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
	command, needs, err := tryTemplate(names)
	if err != nil {
		return err
	}
	if needs {
		_, err = fmt.Fprintf(t.stdout, "\nfill in %s, then try: %s%s\n", filepath.Join(folder, "secrets.toml"), in, command)
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "\ntry: %s%s\n", in, command)
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
