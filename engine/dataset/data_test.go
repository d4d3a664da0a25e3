package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/normalize"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

// testTime is when every test load begins.
var testTime = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func testOptions(fs FS) Options {
	return Options{FS: fs, Format: parquet.Format{}, Source: "test", Compression: "none", Version: "0", Now: func() time.Time { return testTime }}
}

// loading is what one test load brings: records of one resource, as JSON, and
// how they join. Nil records leave the resource's table without rows.
type loading struct {
	Resource
	records []string
	batch   int   // bytes after which batches are handed over; 0: all at once
	at      int64 // minutes after testTime when the load begins
}

func appendTo(records ...string) loading {
	return loading{Resource: Resource{Disposition: "append"}, records: records}
}

func replaceBy(records ...string) loading {
	return loading{Resource: Resource{Disposition: "replace"}, records: records}
}

func mergeBy(key string, records ...string) loading {
	return loading{Resource: Resource{Disposition: "merge", PrimaryKey: []string{key}}, records: records}
}

// stage writes the records of a load and returns what it commits.
func stage(ctx context.Context, d *Dataset, l *Load, x loading) (Commit, error) {
	if x.Name == "" {
		x.Name = "docs"
	}
	var known []*schema.Table
	for _, name := range tableNames(d.state, x.Name) {
		t := d.state.Tables[name].Table
		t.Name = name
		known = append(known, &t)
	}
	n, err := normalize.New(normalize.Options{
		Resource: x.Name, Table: x.Name, Known: known, MaxNesting: -1, Load: l.Number(), BatchBytes: x.batch,
		Write: func(b *schema.Batch) error { return l.Write(ctx, b) },
	})
	if err != nil {
		return Commit{}, err
	}
	for _, r := range x.records {
		if err := n.Record([]byte(r)); err != nil {
			return Commit{}, err
		}
		if x.batch > 0 {
			if err := n.Flush(); err != nil {
				return Commit{}, err
			}
		}
	}
	if err := n.Flush(); err != nil {
		return Commit{}, err
	}
	x.Tables = n.Tables()
	cursor := json.RawMessage(fmt.Sprint(l.Number()))
	return Commit{
		StartedAt: testTime.Add(time.Duration(x.at) * time.Minute), ScriptHash: "hash", MoveCursors: true, Resources: []Resource{x.Resource},
		Cursors: map[string]*state.Resource{x.Name: {Incremental: map[string]*state.Cursor{"id": {LastValue: cursor}}}},
	}, nil
}

// tableNames are a resource's tables, parents first.
func tableNames(s *state.State, resource string) []string {
	var names []string
	for name, t := range s.Tables {
		if t.Resource == resource {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return strings.Compare(s.Tables[a].Source+"\x00", s.Tables[b].Source+"\x00")
	})
	return names
}

// run makes one load in an open dataset.
func run(d *Dataset, x loading) (*Report, error) {
	ctx := context.Background()
	l, err := d.Begin()
	if err != nil {
		return nil, err
	}
	c, err := stage(ctx, d, l, x)
	if err == nil {
		var report *Report
		if report, err = l.Commit(ctx, c); err == nil {
			return report, nil
		}
	}
	return nil, joinErrors(err, l.Discard())
}

func joinErrors(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// load opens the dataset, makes one load and closes it.
func load(dir string, o Options, x loading) (*Report, error) {
	d, err := Open(context.Background(), dir, o)
	if err != nil {
		return nil, err
	}
	report, err := run(d, x)
	return report, joinErrors(err, d.Close())
}

// content shows what readers see of a table: the files' columns, and the rows
// in order, without the engine's own columns but those that are asked for. It
// fails where the files of a table differ in schema.
func content(fsys FS, dir, table string, own ...string) (string, error) {
	names, err := liveFiles(fsys, dir, table)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	head := ""
	for _, name := range names {
		f, err := fsys.Open(filepath.Join(dir, table, name))
		if err != nil {
			return "", err
		}
		info, err := f.Stat()
		if err != nil {
			return "", err
		}
		r, err := parquet.Format{}.Open(f, info.Size())
		if err != nil {
			return "", err
		}
		var show []string
		this := ""
		for _, c := range r.Columns() {
			this += fmt.Sprintf("%s %s %v,", c.Name, c.TypeName(), c.Nullable)
			if !strings.HasPrefix(c.Name, ownPrefix) || slices.Contains(own, c.Name) {
				show = append(show, c.Name)
			}
		}
		if head == "" {
			head = this
			for _, c := range r.Columns() {
				if slices.Contains(show, c.Name) {
					fmt.Fprintf(&b, "%s %s, ", c.Name, c.TypeName())
				}
			}
		}
		if head != this {
			return "", fmt.Errorf("the files of %s differ: %s and %s", table, head, this)
		}
		var batch schema.Batch
		for g := range r.Parts() {
			if err := r.Read(g, show, &batch); err != nil {
				return "", err
			}
			at := make([]walker, len(show))
			for row := range batch.Rows {
				b.WriteString("\n")
				for i := range show {
					at[i].v = batch.Vectors[i]
					text := "-"
					if value, ok := at[i].at(row); ok {
						text = string(batch.Vectors[i].AppendText(nil, value, 0))
					}
					fmt.Fprintf(&b, "%s ", text)
				}
			}
		}
		if err := f.Close(); err != nil {
			return "", err
		}
	}
	text := strings.ReplaceAll(b.String(), ", \n", "\n")
	text = strings.ReplaceAll(text, " \n", "\n")
	return strings.TrimRight(text, ", "), nil
}

func liveFiles(fsys FS, dir, table string) ([]string, error) {
	entries, err := fsys.ReadDir(filepath.Join(dir, table))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// check compares the whole dataset with its state: every table's folder holds
// the listed files and nothing else, with the rows and bytes that the state
// says, and nothing is left in the stage.
func check(fsys FS, dir string) error {
	text, err := fsys.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return err
	}
	s, err := state.Parse(stateFile, text)
	if err != nil {
		return err
	}
	for name, t := range s.Tables {
		have, err := liveFiles(fsys, dir, name)
		if err != nil {
			return err
		}
		var want []string
		for _, f := range t.Files {
			want = append(want, f.Name)
			if err := checkFile(fsys, filepath.Join(dir, name, f.Name), t, f); err != nil {
				return err
			}
		}
		if !slices.Equal(have, want) {
			return fmt.Errorf("table %s has %v, the state lists %v", name, have, want)
		}
	}
	left, err := fsys.ReadDir(filepath.Join(dir, engineFolder, "stage"))
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("%s is left in the stage", left[0].Name())
	}
	return nil
}

func checkFile(fsys FS, path string, t *state.Table, f state.File) error {
	file, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	r, err := parquet.Format{}.Open(file, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if r.Rows() != f.Rows || info.Size() != f.Bytes {
		return fmt.Errorf("%s has %d rows and %d bytes, listed are %d and %d", path, r.Rows(), info.Size(), f.Rows, f.Bytes)
	}
	if !t.Mixed && !sameColumns(r.Columns(), t.Columns) {
		return fmt.Errorf("%s has columns %v, the table %v", path, r.Columns(), t.Columns)
	}
	return nil
}

// A first look at all dispositions, one load after the other.
func TestLoads(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	o := testOptions(nil)
	for i, step := range []struct {
		loading
		docs, tags string
		report     string
	}{
		{appendTo(`{"id":1,"a":"x","tags":["p","q"]}`, `{"id":2,"a":"y"}`), "id bigint, a text\n1 x\n2 y", "value text\np\nq", "docs +2 ~0 -0 =2; docs__tags +2 ~0 -0 =2"},
		{appendTo(`{"id":3,"b":1.5,"tags":["r"]}`), "id bigint, a text, b double\n1 x -\n2 y -\n3 - 1.5", "value text\np\nq\nr", "docs +1 ~0 -0 =3; docs__tags +1 ~0 -0 =3"},
		{mergeBy("id", `{"id":1,"a":"z","tags":["s"]}`, `{"id":4}`), "id bigint, a text, b double\n2 y -\n3 - 1.5\n1 z -\n4 - -", "value text\nr\ns", "docs +1 ~1 -0 =4; docs__tags +1 ~0 -2 =2"},
		{mergeBy("id", `{"id":"3"}`), "id text, a text, b double\n2 y -\n1 z -\n4 - -\n3 - -", "value text\ns", "docs +0 ~1 -0 =4; docs__tags +0 ~0 -1 =1"},
		{replaceBy(`{"id":9}`), "id text, a text, b double\n9 - -", "value text", "docs +1 ~0 -4 =1; docs__tags +0 ~0 -1 =0"},
		{replaceBy(), "id text, a text, b double", "value text", "docs +0 ~0 -1 =0; docs__tags +0 ~0 -0 =0"},
	} {
		report, err := load(dir, o, step.loading)
		if err != nil {
			t.Fatalf("load %d: %v", i+1, err)
		}
		var got []string
		for _, name := range []string{"docs", "docs__tags"} {
			r := report.Tables[name]
			got = append(got, fmt.Sprintf("%s +%d ~%d -%d =%d", name, r.Added, r.Updated, r.Deleted, r.Total))
		}
		if s := strings.Join(got, "; "); s != step.report {
			t.Errorf("load %d: report %s, want %s", i+1, s, step.report)
		}
		for table, want := range map[string]string{"docs": step.docs, "docs__tags": step.tags} {
			got, err := content(disk{}, dir, table)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("load %d: %s:\n%s\nwant\n%s", i+1, table, got, want)
			}
		}
		if err := check(disk{}, dir); err != nil {
			t.Errorf("load %d: %v", i+1, err)
		}
	}
}

// The list of loads says what each did to the tables: rows, new columns and
// types that grew, and nothing of tables that stayed as they were.
func TestLoadChanges(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	o := testOptions(nil)
	for _, l := range []loading{
		appendTo(`{"id":1,"tags":["p"]}`),
		mergeBy("id", `{"id":1,"n":1}`, `{"id":2,"n":2}`),
		mergeBy("id", `{"id":2,"n":2.5}`),
		mergeBy("id"),
	} {
		if _, err := load(dir, o, l); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range s.Loads {
		text, err := json.Marshal(l.Changes)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(text))
	}
	want := []string{
		`{"docs":{"created":true,"added":1},"docs__tags":{"created":true,"added":1}}`,
		`{"docs":{"added":1,"updated":1,"columns":[{"name":"n","to":"bigint"}]},"docs__tags":{"deleted":1}}`,
		`{"docs":{"updated":1,"columns":[{"name":"n","from":"bigint","to":"double"}]}}`,
		`null`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}
