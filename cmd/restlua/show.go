package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine/dataset"
)

const (
	// firstRows is how many rows of each table show shows.
	firstRows = 3
	// refusedRows is how many of the rows that a load refused are shown.
	refusedRows = 3
)

func showCommand(t *terminal) *cobra.Command {
	var sql, asJSON bool
	var rows int
	var page webFlags
	cmd := &cobra.Command{
		Use:   "show [DATASET [TABLE]...]",
		Short: "show the tables of a dataset, their first rows, and what the loads changed",
		Long: `Show tells of a dataset: its tables with columns, types and first rows, what the
last load changed, the rows of the loads before it, where the next run starts,
rows that were refused, and a load that is not finished. Without DATASET it
takes the one in ./data, or lists those that are there. With TABLE it shows these
tables only.

With --web it shows the same as a page in the browser, on this machine only,
until Ctrl-C.`,
		Example: `  restlua show
  restlua show data/github issues --rows 10
  restlua show data/github --web
  restlua show data/github --sql`,
		ValidArgsFunction: completeDataset(completeTables),
		RunE: func(cmd *cobra.Command, args []string) error {
			if rows < 0 {
				return usagef("0 shows none", "--rows: %d is less than 0", rows)
			}
			if err := page.check(cmd, sql || asJSON); err != nil {
				return err
			}
			dir := "data"
			if len(args) > 0 {
				dir = args[0]
			}
			dir, err := findDataset(t, dir)
			if err != nil {
				return err
			}
			if dir == "" && page.on {
				return usagef("restlua show DATASET --web", "--web shows one dataset, and there are several")
			}
			if dir == "" {
				return nil
			}
			if page.on {
				if len(args) > 1 {
					return usagef("the page lists them", "--web shows all tables, %q is one argument too many", args[1])
				}
				if !cmd.Flags().Changed("rows") {
					rows = pageRows
				}
				return page.serve(cmd.Context(), t, dir, rows)
			}
			o := overview.Options{Rows: rows, Rejected: refusedRows, Folder: relative(dir)}
			if sql {
				o.Rows = 0
			}
			if len(args) > 1 {
				o.Tables = args[1:]
			}
			d, err := overview.Read(cmd.Context(), dir, o)
			if err == nil && len(args) > 1 {
				err = only(d, dir, args[1:])
			}
			if err != nil {
				return err
			}
			switch {
			case sql:
				return showQueries(t.stdout, d)
			case asJSON:
				err = writeJSON(t.stdout, newShownJSON(d))
			default:
				s := shown{t, dir, d, time.Now()}
				if len(args) > 1 {
					err = s.writeTables(t.stdout)
				} else {
					err = s.write(t.stdout)
				}
			}
			return errors.Join(err, problems(d))
		},
	}
	cmd.Flags().BoolVar(&sql, "sql", false, "print ready lines for DuckDB, Spark, polars and pandas")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the dataset's state and the first rows as JSON")
	cmd.Flags().IntVar(&rows, "rows", firstRows, "show the first `N` rows of each table (with --web 20)")
	page.register(cmd)
	return cmd
}

// only leaves the tables of these names, in their order.
func only(d *overview.Dataset, dir string, names []string) error {
	var tables []overview.Table
	for _, n := range names {
		t := d.Table(n)
		if t == nil {
			return usagef(fmt.Sprintf("restlua show %s shows the tables", dir), "the dataset has no table %q", n)
		}
		tables = append(tables, *t)
	}
	d.Tables = tables
	return nil
}

// problems are the tables whose rows could not be read.
func problems(d *overview.Dataset) error {
	var all []error
	for i := range d.Tables {
		if err := d.Tables[i].Problem; err != nil {
			all = append(all, fmt.Errorf("table %s: %w", d.Tables[i].Name, err))
		}
	}
	return errors.Join(all...)
}

// findDataset is the folder of the dataset in dir, or of the only one in a
// folder of dir. Where several are found it lists them and returns nothing.
func findDataset(t *terminal, dir string) (string, error) {
	if _, err := dataset.Read(dir); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	found := datasetsIn(dir)
	switch len(found) {
	case 0:
		return "", noDataset(dir)
	case 1:
		return found[0], nil
	}
	for _, d := range found {
		s, err := dataset.Read(d)
		if err != nil {
			t.say("%s", err)
			continue
		}
		fmt.Fprintf(t.stdout, "%s  %s, load %s %s\n", d, count(int64(len(s.Tables)), "table"), group(s.Generation), ago(s.CommittedAt, time.Now()))
	}
	return "", nil
}

// noDataset says that there is none in dir, nor in a folder of it, and what may
// become one.
func noDataset(dir string) error {
	folders := []string{dir}
	entries, err := os.ReadDir(dir)
	if err == nil {
		for _, e := range entries {
			folders = append(folders, filepath.Join(dir, e.Name()))
		}
	}
	for _, folder := range folders {
		u, err := dataset.ReadUnfinished(folder, nil)
		if err != nil || u == nil {
			continue
		}
		var rows int64
		for _, n := range u.Rows {
			rows += n
		}
		return usagef("the next restlua run goes on with it",
			"there is no dataset in %s yet: its first load is not finished, %s ready since %s",
			folder, count(rows, "row"), u.CreatedAt.Local().Format(clock))
	}
	return usagef("restlua run SCRIPT makes one", "there is no dataset in %s", dir)
}

func datasetsIn(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if isDataset(path) {
			found = append(found, path)
		}
	}
	return found
}

func isDataset(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "state.json"))
	return err == nil
}

func showQueries(w io.Writer, d *overview.Dataset) error {
	var b strings.Builder
	for _, t := range d.Tables {
		fmt.Fprintf(&b, "%s\n", t.Name)
		for _, q := range t.Queries {
			fmt.Fprintf(&b, "  %s  %s\n", pad(q.Reader, 6, false), q.Line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
