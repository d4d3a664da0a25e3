package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// maxLoads is how many of the last loads show lists.
const maxLoads = 10

func showCommand(t *terminal) *cobra.Command {
	var sql, asJSON bool
	var rows int
	cmd := &cobra.Command{
		Use:   "show [DATASET]",
		Short: "show the tables of a dataset, their columns, first rows and the last loads",
		Long: `Show lists the tables of a dataset with columns and types, and the last loads.
Beside each column stand its values in the first rows. Without DATASET it takes
the one in ./data, or lists those that are there.`,
		Args: atMostArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if rows < 0 {
				return usagef("0 shows none", "--rows: %d is less than 0", rows)
			}
			dir := "data"
			if len(args) == 1 {
				dir = args[0]
			}
			dir, s, err := findDataset(t, dir)
			if err != nil || s == nil {
				return err
			}
			if sql {
				return showQueries(t.stdout, dir, s)
			}
			first, err := readFirst(cmd.Context(), dir, s, rows)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(t.stdout, struct {
					*state.State
					FirstRows map[string]tableRows `json:"first_rows"`
				}{s, first})
			}
			return shown{t, dir, s, first, time.Now()}.write(t.stdout)
		},
	}
	cmd.Flags().BoolVar(&sql, "sql", false, "print ready lines for DuckDB, Spark, polars and pandas")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the dataset's state and the first rows as JSON")
	cmd.Flags().IntVar(&rows, "rows", firstRows, "show the first `N` rows of each table")
	return cmd
}

// findDataset reads the dataset in dir, or the only one in a folder of dir.
// Where several are found it lists them and returns a nil state.
func findDataset(t *terminal, dir string) (string, *state.State, error) {
	s, err := dataset.Read(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return dir, s, err
	}
	found := datasetsIn(dir)
	switch len(found) {
	case 0:
		return "", nil, usagef("restlua run SCRIPT makes one", "there is no dataset in %s", dir)
	case 1:
		s, err := dataset.Read(found[0])
		return found[0], s, err
	}
	for _, d := range found {
		s, err := dataset.Read(d)
		if err != nil {
			t.say("%s", err)
			continue
		}
		fmt.Fprintf(t.stdout, "%s  %s, load %s %s\n", d, count(int64(len(s.Tables)), "table"), group(s.Generation), ago(s.CommittedAt, time.Now()))
	}
	return "", nil, nil
}

func datasetsIn(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, err := os.Stat(filepath.Join(path, "state.json")); err == nil {
			found = append(found, path)
		}
	}
	return found
}

// shown is a dataset on its way to the screen.
type shown struct {
	t   *terminal
	dir string
	*state.State
	first map[string]tableRows
	now   time.Time
}

func (s shown) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s: load %s, %s (%s)\n", s.t.style(bold, s.Source), relative(s.dir), group(s.Generation),
		s.CommittedAt.Local().Format("2006-01-02 15:04:05"), ago(s.CommittedAt, s.now))
	for _, name := range tableNames(s.State) {
		s.table(&b, name)
	}
	s.cursors(&b)
	s.loads(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// tableNames are the tables of scripts; the engine's own are not shown.
func tableNames(s *state.State) []string {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(s.Tables)) {
		if !strings.HasPrefix(n, "_rl_") {
			names = append(names, n)
		}
	}
	return names
}

func (s shown) table(b *strings.Builder, name string) {
	t := s.Tables[name]
	var bytes int64
	for _, f := range t.Files {
		bytes += f.Bytes
	}
	fmt.Fprintf(b, "\n%s  %s, %s, %s", s.t.style(bold, name), count(t.Rows, "row"), count(int64(len(t.Files)), "file"), size(bytes))
	if t.WriteDisposition != "" {
		fmt.Fprintf(b, ", %s", t.WriteDisposition)
	}
	if len(t.PrimaryKey) > 0 {
		fmt.Fprintf(b, " by %s", strings.Join(t.PrimaryKey, ", "))
	}
	b.WriteString("\n")
	s.columns(b, t)
}

// columns writes a line for each column: its name, its type, and its values in
// the first rows. So a table of many columns fits the screen, too.
func (s shown) columns(b *strings.Builder, t *state.Table) {
	var names, types []string
	var values [][]string
	for _, c := range t.Columns {
		if c.Type == schema.None {
			continue
		}
		kind := c.TypeName()
		if !c.Nullable {
			kind += " not null"
		}
		names, types = append(names, c.Name), append(types, kind)
		values = append(values, s.first[t.Name].values(c.Name))
	}
	widths := maxWidths(values)
	name, kind := longest(names), longest(types)
	for i := range names {
		line := "  " + pad(names[i], name, false) + "  " + pad(types[i], kind, false)
		for k, v := range values[i] {
			line += "  " + pad(v, widths[k], false)
		}
		line = strings.TrimRight(line, " ")
		if width := s.t.width(); width > 0 {
			line = cut(line, width)
		}
		b.WriteString(line + "\n")
	}
}

// longest is the number of characters of the longest text.
func longest(texts []string) int {
	n := 0
	for _, t := range texts {
		n = max(n, utf8.RuneCountInString(t))
	}
	return n
}

func (s shown) cursors(b *strings.Builder) {
	head := "\nnext run starts at\n"
	for _, name := range slices.Sorted(maps.Keys(s.Resources)) {
		r := s.Resources[name]
		for _, path := range slices.Sorted(maps.Keys(r.Incremental)) {
			fmt.Fprintf(b, "%s  %s  %s = %s\n", head, name, path, r.Incremental[path].LastValue)
			head = ""
		}
	}
}

func (s shown) loads(b *strings.Builder) {
	if len(s.Loads) == 0 {
		return
	}
	b.WriteString("\nlast loads\n")
	loads := s.Loads[max(0, len(s.Loads)-maxLoads):]
	for _, l := range slices.Backward(loads) {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(l.Rows)) {
			if !strings.HasPrefix(name, "_rl_") {
				parts = append(parts, name+" "+group(l.Rows[name]))
			}
		}
		rows := strings.Join(parts, ", ")
		if rows == "" {
			rows = "no rows"
		}
		line := fmt.Sprintf("  %s  %s  %s", group(l.Number), l.CommittedAt.Local().Format("2006-01-02 15:04:05"), rows)
		if width := s.t.width(); width > 0 {
			line = cut(line, width)
		}
		b.WriteString(line + "\n")
	}
}

func showQueries(w io.Writer, dir string, s *state.State) error {
	var b strings.Builder
	for _, name := range tableNames(s) {
		fmt.Fprintf(&b, "%s\n", name)
		for _, q := range queries(filepath.Join(relative(dir), name)) {
			fmt.Fprintf(&b, "  %s  %s\n", pad(q[0], 6, false), q[1])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
