package dataset

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

// shownRows is what ReadRows gives, a row a line, nulls as "-"; the engine's
// own columns are left out.
func shownRows(dir, table string, n int) (string, error) {
	s, err := Read(dir)
	if err != nil {
		return "", err
	}
	if s.Tables[table] == nil {
		return "", fmt.Errorf("the dataset has no table %q", table)
	}
	columns := s.Tables[table].Columns
	rows, err := ReadRows(context.Background(), dir, parquet.Format{}, s.Tables[table], n)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, row := range rows {
		var line []string
		for i, c := range row {
			if c.Null {
				c.Text = "-"
			}
			if !strings.HasPrefix(columns[i].Name, ownPrefix) {
				line = append(line, columns[i].Name+"="+c.Text)
			}
		}
		slices.Sort(line)
		lines = append(lines, strings.Join(line, " "))
	}
	return strings.Join(lines, "|"), nil
}

// RDR-02: under evolve = "union" older files stay byte for byte, the report and
// the state say that the files differ, and that they do not any more once the last such
// file is gone; a load without it brings all of them to one schema.
func TestUnion(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	o := testOptions(nil)
	unite := func(x loading) loading { x.Evolve = "union"; return x }
	for i, step := range []struct {
		loading
		mixed bool
		first bool // the first load's file is still there
		rows  string
	}{
		{unite(appendTo(`{"id":1,"v":1}`, `{"id":2,"v":2}`)), false, true, "id=1 v=1|id=2 v=2"},
		{unite(appendTo(`{"id":3,"v":1.5,"n":"x"}`)), true, true, "id=1 n=- v=1.0|id=2 n=- v=2.0|id=3 n=x v=1.5"},
		{unite(appendTo(`{"id":4}`)), true, true, "id=1 n=- v=1.0|id=2 n=- v=2.0|id=3 n=x v=1.5|id=4 n=- v=-"},
		{unite(mergeBy("id", `{"id":4,"v":9}`)), true, false, "id=1 n=- v=1.0|id=2 n=- v=2.0|id=3 n=x v=1.5|id=4 n=- v=9.0"},
		{unite(mergeBy("id", `{"id":"2","v":8}`)), true, false, "id=1 n=- v=1.0|id=3 n=x v=1.5|id=4 n=- v=9.0|id=2 n=- v=8.0"},
		{unite(mergeBy("id", `{"id":1,"v":1}`, `{"id":3,"n":"x","v":1.5}`)), true, false, "id=4 n=- v=9.0|id=2 n=- v=8.0|id=1 n=- v=1.0|id=3 n=x v=1.5"}, // load 4's file has another id
		{unite(mergeBy("id", `{"id":4,"v":9}`)), false, false, "id=2 n=- v=8.0|id=1 n=- v=1.0|id=3 n=x v=1.5|id=4 n=- v=9.0"},
		{appendTo(`{"id":5}`), false, false, "id=2 n=- v=8.0|id=1 n=- v=1.0|id=3 n=x v=1.5|id=4 n=- v=9.0|id=5 n=- v=-"},
	} {
		report, err := load(dir, o, step.loading)
		if err != nil {
			t.Fatalf("load %d: %v", i+1, err)
		}
		s, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Tables["docs"].Mixed; got != step.mixed || report.Tables["docs"].Mixed != step.mixed {
			t.Errorf("load %d: mixed is %v in the state, %v in the report, want %v", i+1, got, report.Tables["docs"].Mixed, step.mixed)
		}
		there := slices.ContainsFunc(s.Tables["docs"].Files, func(f state.File) bool { return f.Name == "docs-000001-001.parquet" })
		if there != step.first {
			t.Errorf("load %d: the first file is there: %v, want %v", i+1, there, step.first)
		}
		if got, err := shownRows(dir, "docs", 100); err != nil || got != step.rows {
			t.Errorf("load %d: %s, %v\nwant %s", i+1, got, err, step.rows)
		}
		if err := check(disk{}, dir); err != nil {
			t.Errorf("load %d: %v", i+1, err)
		}
	}
	if got, err := shownRows(dir, "docs", 2); err != nil || got != "id=2 n=- v=8.0|id=1 n=- v=1.0" {
		t.Errorf("two rows: %s, %v", got, err)
	}
	if _, err := shownRows(dir, "none", 2); err == nil || err.Error() != `the dataset has no table "none"` {
		t.Errorf("no such table: %v", err)
	}
	if _, err := shownRows(dir+"x", "docs", 2); err == nil || !strings.HasPrefix(err.Error(), "there is no dataset in ") {
		t.Errorf("no dataset: %v", err)
	}
}

// NRM-53: timestamps in older files get their text back when a later load makes
// the column text, exactly where all were written alike.
func TestTimestampsBecomeText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		loads []string // one value each
		want  string
	}{
		{"zoned", []string{"2026-03-01T10:00:00Z", "2026-03-02T11:30:00Z"}, ""},
		{"fractions", []string{"2026-03-01T10:00:00.500Z", "2026-03-02T11:30:00.120Z"}, ""},
		{"offset", []string{"2026-03-01T10:00:00+02:00", "1969-12-31T23:00:00+02:00"}, ""},
		{"naive, blank", []string{"2026-03-01 10:00:00", "2026-03-01 10:00:01"}, ""},
		{"no seconds", []string{"2026-03-01T10:00", "2026-03-01T23:59"}, ""},
		{"basic", []string{"20260301T100000Z", "20260301T100001Z"}, ""},
		{"mixed over loads", []string{"2026-03-01T10:00:00+02:00", "2026-03-01T08:00:00.5Z"}, "2026-03-01T08:00:00Z|2026-03-01T08:00:00.5Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := emptyDisk()
			for _, v := range append(slices.Clone(c.loads), "soon") {
				if _, err := load(memDirName, testOptions(m), appendTo(fmt.Sprintf(`{"t":%q}`, v))); err != nil {
					t.Fatal(err)
				}
				if v != "soon" {
					if got, err := content(m, memDirName, "docs"); err != nil || !strings.HasPrefix(got, "t timestamp") {
						t.Fatalf("before: %s, %v", got, err)
					}
				}
			}
			want := c.want
			if want == "" {
				want = strings.Join(c.loads, "|")
			}
			got, err := content(m, memDirName, "docs")
			if err != nil {
				t.Fatal(err)
			}
			head, got, _ := strings.Cut(got, "\n")
			if got = strings.ReplaceAll(got, "\n", "|"); head != "t text" || got != want+"|soon" {
				t.Errorf("%s: %s, want %s", head, got, want)
			}
		})
	}
}

// RDR-02: the load behind a union that does without it brings all files along.
func TestUnionEnds(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	for i, record := range []string{`{"id":1,"v":1}`, `{"id":2,"v":"x","n":1}`, `{"id":3}`} {
		x := appendTo(record)
		if i < 2 {
			x.Evolve = "union"
		}
		report, err := load(memDirName, testOptions(m), x)
		if err != nil {
			t.Fatal(err)
		}
		if r := report.Tables["docs"]; r.Mixed != (i == 1) || r.Rewritten != i/2 {
			t.Errorf("load %d: mixed %v, %d files rewritten", i+1, r.Mixed, r.Rewritten)
		}
	}
	got, err := content(m, memDirName, "docs") // it fails where files differ
	if want := "id bigint, v text, n bigint\n1 1 -\n2 x 1\n3 - -"; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// RDR-02: a table that is compacted has one schema again.
func TestUnionCompacted(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	o := testOptions(nil)
	for _, record := range []string{`{"id":1,"v":1}`, `{"id":2,"v":1.5}`, `{"id":3,"v":"x","n":1}`} {
		x := appendTo(record)
		x.Evolve = "union"
		if _, err := load(dir, o, x); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Open(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	before := d.State().Tables["docs"].Mixed
	if _, err := d.Compact(context.Background(), "docs"); err != nil {
		t.Fatal(err)
	}
	if after := d.State().Tables["docs"].Mixed; !before || after {
		t.Errorf("mixed was %v and is %v", before, after)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := shownRows(dir, "docs", 10); err != nil || got != "id=1 n=- v=1|id=2 n=- v=1.5|id=3 n=1 v=x" {
		t.Errorf("%s, %v", got, err)
	}
	if err := check(disk{}, dir); err != nil {
		t.Error(err)
	}
}
