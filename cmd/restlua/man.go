package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/restlua/restlua/engine"
)

func manCommand(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "write a manual page for each command into a folder",
		Long: `Man writes a manual page for each command: restlua.1, restlua-run.1 and so on.
Releases have them; a package maker puts them into share/man/man1. Their date is
SOURCE_DATE_EPOCH where that is set, else today.`,
		Example:           `  restlua man /usr/local/share/man/man1`,
		Args:              exactArgs("the folder"),
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			date := time.Now()
			if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
				seconds, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return usagef("seconds since 1970", "SOURCE_DATE_EPOCH is %q", text)
				}
				date = time.Unix(seconds, 0).UTC()
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			err := doc.GenManTree(root, &doc.GenManHeader{Title: "RESTLUA", Section: "1", Date: &date, Source: "restlua " + engine.Version, Manual: "restlua"}, args[0])
			if err != nil {
				return err
			}
			pages, err := os.ReadDir(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(t.stdout, "wrote  the manual pages into %s (%s there)\n", args[0], count(int64(len(pages)), "file"))
			return err
		},
	}
}

func completeFolder(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
