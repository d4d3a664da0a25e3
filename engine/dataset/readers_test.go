package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers"
	"github.com/restlua/restlua/writers/parquet"
)

// readerLoads change a table in all ways that readers could stumble over.
var readerLoads = []loading{
	appendTo(`{"id":1,"never":null,"Name":"a","name":"b","tags":["p"],"score":1}`),
	appendTo(`{"id":2,"late":true,"score":1.5}`),
	mergeBy("id", `{"id":1,"tags":["q"],"score":2}`),
	mergeBy("id", `{"id":"three","never":"now"}`),
	replaceBy(`{"id":4}`),
	replaceBy(),
	appendTo(`{"id":5,"tags":["r"]}`),
}

// RDR-01: a table's folder holds Parquet files that every reader looks at, and
// nothing else, also between any two steps of a commit.
func TestFoldersHoldTablesOnly(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	looked := 0
	m.before = func(op string) error { // the file system is locked meanwhile
		_, _, node, err := m.find(memDirName)
		root, ok := node.(*memDir)
		if err != nil || !ok {
			return nil // not there yet
		}
		for table, node := range root.names {
			folder, ok := node.(*memDir)
			if !ok || table == engineFolder {
				continue
			}
			if len(folder.names) == 0 {
				t.Errorf("RDR-03 before %s: table %s has no file", op, table)
			}
			for name, file := range folder.names {
				looked++
				if _, ok := file.(*memFile); !ok || !strings.HasSuffix(name, ".parquet") || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") {
					t.Errorf("RDR-01 before %s: table %s has %s", op, table, name)
				}
			}
		}
		return nil
	}
	for i, x := range readerLoads {
		if _, err := load(memDirName, testOptions(m), x); err != nil {
			t.Fatalf("load %d: %v", i+1, err)
		}
	}
	if looked == 0 {
		t.Error("no file was looked at")
	}
}

// After every load the files of each table are what readers expect of them.
func TestFilesSuitReaders(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	rowless := false
	for i, x := range readerLoads {
		if _, err := load(memDirName, testOptions(m), x); err != nil {
			t.Fatalf("load %d: %v", i+1, err)
		}
		s := stateOf(t, m)
		for name, table := range s.Tables {
			where := fmt.Sprintf("load %d, table %s", i+1, name)
			names, err := liveFiles(m, memDirName, name)
			if err != nil || len(names) == 0 {
				t.Fatalf("RDR-03 %s: no file: %v", where, err)
			}
			rowless = rowless || table.Rows == 0
			for _, file := range names {
				r := openTable(t, m, filepath.Join(memDirName, name, file))
				suits(t, where+", "+file, r, table)
				load, version := r.Meta()["restlua.load"], r.Meta()["restlua.version"]
				keys := slices.Sorted(maps.Keys(r.Meta()))
				if !slices.Equal(keys, []string{"restlua.load", "restlua.table", "restlua.version"}) || r.Meta()["restlua.table"] != name || version != "0" || load == "" || load > s.LoadID {
					t.Errorf("RDR-08 %s, %s: metadata %v", where, file, r.Meta())
				}
			}
		}
		// RDR-06: a column is there from its first value on.
		if has := s.Tables["docs"].Column("never") != nil && s.Tables["docs"].Column("never").Type != schema.None; has != (i >= 3) {
			t.Errorf("RDR-06 load %d: column never is there: %v", i+1, has)
		}
	}
	if !rowless {
		t.Error("RDR-03 no table was without rows")
	}
}

// suits compares a file's columns with the table's.
func suits(t *testing.T, where string, r writers.Reader, table *state.Table) {
	t.Helper()
	if !sameColumns(r.Columns(), table.Columns) {
		t.Errorf("RDR-02 %s: columns %v, the table has %v", where, r.Columns(), table.Columns)
	}
	seen, own := map[string]bool{}, false
	for _, c := range r.Columns() {
		lower := strings.ToLower(c.Name)
		if seen[lower] {
			t.Errorf("RDR-04 %s: two columns %s", where, lower)
		}
		seen[lower] = true
		if is := strings.HasPrefix(c.Name, ownPrefix); own && !is {
			t.Errorf("RDR-07 %s: %s stands behind the engine's columns", where, c.Name)
		} else if is {
			own = true
		}
		if c.Type == schema.None {
			t.Errorf("RDR-06 %s: %s has no type", where, c.Name)
		}
	}
	if !own {
		t.Errorf("%s: no column of the engine", where)
	}
}

func stateOf(t *testing.T, m *memFS) *state.State {
	t.Helper()
	text, err := m.ReadFile(filepath.Join(memDirName, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Parse(stateFile, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openTable(t *testing.T, m *memFS, path string) writers.Reader {
	t.Helper()
	f, err := m.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := parquet.Format{}.Open(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ReadRows gives the first rows over all files of a table, in the columns' order.
func TestReadRows(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	for _, x := range readerLoads[:2] {
		if _, err := load(dir, testOptions(nil), x); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	columns := s.Tables["docs"].Columns
	for n, want := range []int{0, 1, 2, 2} {
		rows, err := ReadRows(context.Background(), dir, parquet.Format{}, s.Tables["docs"], n)
		if err != nil || len(rows) != want {
			t.Fatalf("%d of %d rows: %v", len(rows), n, err)
		}
		for i, row := range rows {
			if id := row[0]; columns[0].Name != "id" || id.Null || id.Text != fmt.Sprint(i+1) || len(row) != len(columns) {
				t.Errorf("row %d of %v is %v", i, columns, row)
			}
		}
	}
	if _, err := load(dir, testOptions(nil), replaceBy(`{"id":9}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRows(context.Background(), dir, parquet.Format{}, s.Tables["docs"], 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("files that were replaced: %v, want an error that wraps fs.ErrNotExist", err)
	}
}
