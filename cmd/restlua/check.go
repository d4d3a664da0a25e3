package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
)

func checkCommand(t *terminal) *cobra.Command {
	f := &scriptFlags{}
	cmd := &cobra.Command{
		Use:   "check SCRIPT",
		Short: "find all mistakes of a script without any request",
		Long: `Check evaluates the script and shows all mistakes of its table at once, each
with file and line. No request is made, nothing is written.`,
		Args:              exactArgs("the script"),
		ValidArgsFunction: completeScript,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			o.Logger = t.logger(view{format: "text"})
			script, err := loadScript(args[0])
			if err != nil {
				return err
			}
			c, err := engine.Check(cmd.Context(), script, o)
			if err != nil {
				return &scriptError{err}
			}
			for _, w := range c.Warnings {
				t.say("warning: %s", (&config.Error{Pos: w.Pos, Path: w.Path, Text: w.Text}).Error())
			}
			_, err = fmt.Fprintf(t.stdout, "%s is fine: source %s with %s\n", args[0], c.Name, count(int64(len(c.Resources)), "resource"))
			return err
		},
	}
	f.register(cmd)
	return cmd
}
