package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/reference"
)

func fieldsCommand(t *terminal) *cobra.Command {
	var markdown, schema bool
	cmd := &cobra.Command{
		Use:   "fields [PATH]",
		Short: "show the keys of a script's table",
		Long: `Fields shows what the table that a script returns may hold: all its keys, or
the table or key at PATH. PATH is as error messages have it, or any part of it.`,
		Example: `  restlua fields endpoint
  restlua fields endpoint.paginator.cursor
  restlua fields write_disposition
  restlua fields --json-schema > restlua.schema.json`,
		Args: atMostArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if (markdown || schema) && len(args) > 0 || markdown && schema {
				return usagef("one of PATH, --markdown and --json-schema", "these exclude each other")
			}
			r := reference.New()
			switch {
			case markdown:
				_, err := io.WriteString(t.stdout, r.Markdown())
				return err
			case schema:
				text, err := r.JSONSchema()
				if err == nil {
					_, err = t.stdout.Write(append(text, '\n'))
				}
				return err
			}
			path := ""
			if len(args) == 1 {
				path = args[0]
			}
			at, err := r.Find(path)
			if unknown, ok := errors.AsType[*reference.UnknownError](err); ok {
				return usagef(unknown.Hint, "%s", unknown.Text)
			}
			_, err = io.WriteString(t.stdout, r.Text(at, t.width(), func(s string) string { return t.style(bold, s) }))
			return err
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return reference.New().Complete(typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print the reference page: keys, hooks and the standard library")
	cmd.Flags().BoolVar(&schema, "json-schema", false, "print a JSON schema of the table, for editors and other programs")
	return cmd
}
