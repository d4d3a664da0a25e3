package overview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/writers/parquet"
)

// load runs a script against an API whose answer to every request is body.
func load(t *testing.T, dir, script, body string) {
	t.Helper()
	if err := tryLoad(dir, script, body); err != nil {
		t.Fatal(err)
	}
}

func tryLoad(dir, script, body string) error {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}))
	defer api.Close()
	s, err := lua.Parse("s.lua", script, lua.Options{})
	if err != nil {
		return err
	}
	_, err = engine.Run(context.Background(), s, engine.Options{Dataset: dir, Config: engine.ConfigFile("", map[string]string{"api": api.URL})})
	return err
}

// oneResource is a script with a resource called items; keys stand in its table.
func oneResource(keys string) string {
	return `return { client = { base_url = require("config").get("api") }, resources = { { name = "items", ` + keys + ` } } }`
}

// OPR-65: tables with child tables behind their parents, columns with a type
// only, first rows, query lines, and where the next run starts.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := oneResource(`primary_key = "id", write_disposition = "merge", columns = { never = { data_type = "text" } },
		endpoint = { incremental = { cursor_path = "id" } }`)
	load(t, dir, script, `[{"id": 1, "b": [{"c": [1, 2]}], "a": 12345678901234567}, {"id": 9007199254740993, "nothing": null}]`)
	d, err := Read(context.Background(), dir, Options{Rows: 1, Folder: "data/it's"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range d.Tables {
		names = append(names, fmt.Sprint(x.Depth, " ", x.Name))
		if len(x.Cells) != 1 || len(x.Cells[0]) != len(x.Columns) || x.Problem != nil {
			t.Errorf("%s: %d columns, rows %v, %v", x.Name, len(x.Columns), x.Cells, x.Problem)
		}
	}
	if want := []string{"0 items", "1 items__b", "2 items__b__c"}; !slices.Equal(names, want) {
		t.Errorf("tables %v, want %v", names, want)
	}
	if x := d.Table("items"); x.Cells[0][slices.IndexFunc(x.Columns, isColumn("a"))].Text != "12345678901234567" {
		t.Errorf("cells %v", x.Cells)
	}
	if got := d.Table("items").Queries[0]; got.Reader != "duckdb" || got.Line != "SELECT * FROM 'data/it''s/items/*.parquet';" {
		t.Errorf("query %+v", got)
	}
	if len(d.Cursors) != 1 || d.Cursors[0].Path != "id" || d.Cursors[0].Value != "9007199254740993" {
		t.Errorf("cursors %+v", d.Cursors)
	}
	if l := d.LastLoad(); l == nil || l.Number != 1 || Written(l, "items") != 2 || Written(l, "items__b__c") != 2 || Written(l, "none") != 0 {
		t.Errorf("last load %+v", l)
	}
	if d.Table("none") != nil || d.Unfinished != nil || d.Rejected != nil {
		t.Errorf("there is something that is not: %+v", d)
	}
}

// isColumn finds a column by its name.
func isColumn(name string) func(schema.Column) bool {
	return func(c schema.Column) bool { return c.Name == name }
}

// Only the tables that are asked for are read.
func TestReadTables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load(t, dir, oneResource(""), `[{"id": 1, "b": [1]}]`)
	for _, x := range []struct {
		o    Options
		want string
	}{
		{Options{Rows: 2, Tables: []string{"items__b"}}, "items 0, items__b 1"},
		{Options{Rows: 2}, "items 1, items__b 1"},
		{Options{}, "items 0, items__b 0"},
	} {
		d, err := Read(context.Background(), dir, x.o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range d.Tables {
			got = append(got, fmt.Sprint(x.Name, " ", len(x.Cells)))
		}
		if s := strings.Join(got, ", "); s != x.want {
			t.Errorf("%+v: rows %s, want %s", x.o, s, x.want)
		}
	}
}

// All that is told belongs to one state, whatever is committed meanwhile: the
// rows have the state's columns, and the value that its load wrote.
func TestReadWhileCommitting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := oneResource(`write_disposition = "replace"`)
	load(t, dir, script, `[{"load": 1}]`)
	var done atomic.Bool
	ended := make(chan error, 1)
	go func() {
		defer done.Store(true)
		for n := 2; n <= 25; n++ {
			if err := tryLoad(dir, script, fmt.Sprintf(`[{"load": %d, "c%d": true}]`, n, n)); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	for !done.Load() {
		d, err := Read(context.Background(), dir, Options{Rows: 1})
		if err != nil {
			t.Fatal(err)
		}
		x := d.Table("items")
		if x.Problem != nil || len(x.Cells) != 1 || x.Cells[0][slices.IndexFunc(x.Columns, isColumn("load"))].Text != fmt.Sprint(d.Generation) {
			t.Errorf("load %d: %v %v", d.Generation, x.Cells, x.Problem)
		}
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// A table whose file is damaged has a problem; the others are told.
func TestReadDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load(t, dir, oneResource(""), `[{"id": 1, "b": [1]}]`)
	files, err := filepath.Glob(filepath.Join(dir, "items", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Read(context.Background(), dir, Options{Rows: 1})
	if err != nil {
		t.Fatal(err)
	}
	if x := d.Table("items"); x.Problem == nil || !strings.Contains(x.Problem.Error(), "items-000001-001.parquet") || x.Cells != nil {
		t.Errorf("problem %v, rows %v", x.Problem, x.Cells)
	}
	if x := d.Table("items__b"); x.Problem != nil || len(x.Cells) != 1 {
		t.Errorf("the other table: %v %v", x.Problem, x.Cells)
	}
}

// OPR-40, OPR-44: rows that were refused and a load that is not finished.
func TestReadPending(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := oneResource(`schema_contract = { columns = "discard_row" }`)
	load(t, dir, script, `[{"id": 1}]`)
	for n := range 2 {
		load(t, dir, script, fmt.Sprintf(`[{"id": 2, "x": 12345678901234567890}, {"id": 3, "x": %d}, {"id": 4}]`, n))
	}
	stopLoad(t, dir)
	d, err := Read(context.Background(), dir, Options{Rejected: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range d.Rejected {
		got = append(got, fmt.Sprint(r.Load, " ", r.Rows, " ", len(r.First), " ", r.More))
		if !strings.Contains(string(r.First[0]), `"row":{"id":2,"x":12345678901234567890}`) {
			t.Errorf("refused %s", r.First[0])
		}
	}
	if want := []string{"3 2 1 false", "2 2 1 false"}; !slices.Equal(got, want) {
		t.Errorf("refused %v, want %v", got, want)
	}
	if u := d.Unfinished; u == nil || u.Number != 4 || u.Rows["items"] != 2 || u.Bytes == 0 || time.Since(u.CreatedAt) > time.Hour {
		t.Errorf("unfinished %+v", u)
	}
}

// Who may not look into the engine's folder is told of the tables.
func TestReadNotAllowed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() <= 0 {
		t.Skip("needs a user to whom something can be forbidden")
	}
	dir := t.TempDir()
	load(t, dir, oneResource(""), `[{"id": 1}]`)
	hidden := filepath.Join(dir, "_restlua")
	if err := os.Chmod(hidden, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(hidden, 0o700) })
	if d, err := Read(context.Background(), dir, Options{Rows: 1, Rejected: 1}); err != nil || len(d.Table("items").Cells) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}

// stopLoad leaves a load with a checkpoint and two rows behind.
func stopLoad(t *testing.T, dir string) {
	t.Helper()
	ctx := context.Background()
	d, err := dataset.Open(ctx, dir, dataset.Options{Format: parquet.Format{}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Begin()
	if err != nil {
		t.Fatal(err)
	}
	err = l.Write(ctx, twoRows())
	cut, failed := l.Cut()
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(cut.Take(), cut.Keep(nil), l.Leave(), d.Close()); err != nil {
		t.Fatal(err)
	}
}

// twoRows is a batch of the table items.
func twoRows() *schema.Batch {
	id := schema.Column{Name: "id", Type: schema.Bigint, Source: "/id"}
	v := &schema.Vector{Column: id, Ints: []int64{1, 2}}
	v.Grow(0)
	v.Grow(1)
	return &schema.Batch{Table: &schema.Table{Name: "items", Resource: "items", Columns: []schema.Column{id}}, Rows: 2, Vectors: []*schema.Vector{v}}
}

// The state of hooks, of parents and of parents that failed is told, too.
func TestCursors(t *testing.T) {
	t.Parallel()
	parents := map[string]*state.Cursor{}
	for i := range 30 {
		parents[fmt.Sprintf("%02d", i)] = &state.Cursor{LastValue: []byte("7")}
	}
	s := state.New("x")
	s.Resources["b"] = &state.Resource{Deferred: []json.RawMessage{[]byte("{}")}, State: []byte(`{"seen":1}`)}
	s.Resources["a"] = &state.Resource{PerParent: map[string]map[string]*state.Cursor{"at": parents}, Incremental: map[string]*state.Cursor{"id": {}}, State: []byte("{}")}
	got := cursors(s)
	if len(got) != 4 {
		t.Fatalf("%+v", got)
	}
	if c := got[0]; c.Resource != "a" || c.Path != "id" || c.Value != "null" {
		t.Errorf("a cursor without a value: %+v", c)
	}
	if c := got[1]; c.Count != 30 || len(c.Parents) != maxParents || c.Parents[1] != (Parent{"01", "7"}) {
		t.Errorf("cursors of parents: %+v", c)
	}
	if got[2].Deferred != 1 || got[3].Hooks != `{"seen":1}` {
		t.Errorf("%+v, %+v", got[2], got[3])
	}
}

// A folder without a dataset is told from one that cannot be read.
func TestReadNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Read(context.Background(), dir, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want an error that wraps fs.ErrNotExist", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(context.Background(), dir, Options{}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a damaged state: %v", err)
	}
}
