package readers

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/state"
)

// RDR-09: every table of the datasets that RESTLUA_DATASET names, as a list of
// folders, is read by all readers, and is what its state.json says. A folder may
// be that of several datasets: RESTLUA_KEEP=folder go test ./scripts makes one.
func TestDataset(t *testing.T) {
	list := os.Getenv("RESTLUA_DATASET")
	if list == "" {
		t.Skip("RESTLUA_DATASET names no dataset")
	}
	for _, dir := range filepath.SplitList(list) {
		states, err := filepath.Glob(filepath.Join(dir, "*", "state.json"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "state.json")); err == nil {
			states = append(states, filepath.Join(dir, "state.json"))
		}
		if len(states) == 0 {
			t.Errorf("%s has no dataset", dir)
		}
		for _, state := range states {
			t.Run(filepath.Base(filepath.Dir(state)), func(t *testing.T) { agree(t, openDuckDB(t), filepath.Dir(state)) })
		}
	}
}

// agree fails the test where the readers differ from state.json in a table's
// columns, types or number of rows, or from each other in any cell.
func agree(t *testing.T, db *sql.DB, dir string) {
	t.Helper()
	s, err := dataset.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Tables) == 0 {
		t.Fatalf("%s has no tables", dir)
	}
	for name, table := range s.Tables {
		var first content
		for reader, read := range readers(db) {
			got, err := read(filepath.Join(dir, name))
			if err != nil {
				t.Errorf("table %s: %s: %v", name, reader, err)
				continue
			}
			if want := columns(table); !slices.EqualFunc(got.columns, want, sameColumn) {
				t.Errorf("table %s: %s has columns\n%q, the state\n%q", name, reader, got.columns, want)
			}
			if int64(got.rows) != table.Rows {
				t.Errorf("table %s: %s has %d rows, the state %d", name, reader, got.rows, table.Rows)
			}
			if first.columns == nil {
				first = got
				got.columns = columns(table)
				probe(t, db, filepath.Join(dir, name), got)
			}
			same(t, "table "+name+": "+reader, got, first)
		}
	}
}

// columns are what readers must see of a table.
func columns(t *state.Table) []string {
	var out []string
	for _, c := range t.Columns {
		out = append(out, c.Name+" "+c.TypeName())
	}
	return out
}

// keep copies a dataset or the like to RESTLUA_KEEP/name, so that readers.py
// can read it.
func keep(t *testing.T, dir, name string) {
	t.Helper()
	to := os.Getenv("RESTLUA_KEEP")
	if to == "" {
		return
	}
	if err := os.CopyFS(filepath.Join(to, name), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}
