package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

func compactCommand(t *terminal) *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "compact DATASET [TABLE]",
		Short: "join the small files of a table, or of all tables",
		Long: `Compact joins the files that many small loads leave. Rows and their order stay
as they are; each table is one commit.`,
		Example: `  restlua compact data/github
  restlua compact data/github issues`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("usage: "+cmd.UseLine(), "the dataset's folder is missing")
			}
			return noMore(cmd, args, 2)
		},
		ValidArgsFunction: completeDataset(func(s *state.State, args []string) []string {
			if len(args) > 1 {
				return nil
			}
			return completeTables(s, args)
		}),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			s, err := dataset.Read(args[0]) // a folder that is none is not made one
			if err != nil {
				return err
			}
			names := overview.Names(s)
			if len(args) == 2 {
				if s.Tables[args[1]] == nil {
					return usagef(fmt.Sprintf("restlua show %s shows the tables", args[0]), "the dataset has no table %q", args[1])
				}
				names = args[1:]
			}
			d, err := dataset.Open(cmd.Context(), args[0], dataset.Options{Format: parquet.Format{}, Source: s.Source, Wait: wait, Version: engine.Version})
			if err != nil {
				return err
			}
			defer func() {
				if closing := d.Close(); err == nil {
					err = closing
				}
			}()
			joined := 0
			for _, name := range names {
				before := filesOf(d.State(), name)
				report, err := d.Compact(cmd.Context(), name)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if report == nil {
					continue
				}
				joined++
				if _, err := fmt.Fprintf(t.stdout, "%s: %s became %s with %s, %s\n", name, count(int64(before), "file"), group(int64(report.Files)), count(report.Total, "row"), size(report.Bytes)); err != nil {
					return err
				}
			}
			if joined == 0 {
				_, err = fmt.Fprintln(t.stdout, "there is nothing to join")
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", 0, "how long to wait while another process writes the dataset: `30s`")
	return cmd
}

func filesOf(s *state.State, table string) int {
	if t := s.Tables[table]; t != nil {
		return len(t.Files)
	}
	return 0
}
