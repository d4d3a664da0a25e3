package dataset

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/state"
)

// The files of a merge table stay few however many loads there are, those of
// its child tables too; rows, order and key ranges are those of all loads.
func TestFileCountIsBounded(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	d, err := Open(context.Background(), memDirName, testOptions(m))
	if err != nil {
		t.Fatal(err)
	}
	const loads = 100
	joins, most := 0, 0
	var docs, list []string
	for i := range loads {
		report, err := run(d, mergeBy("id", fmt.Sprintf(`{"id":%d,"l":[%d]}`, i, -i)))
		if err != nil {
			t.Fatalf("load %d: %v", i+1, err)
		}
		docs, list = append(docs, fmt.Sprint(i)), append(list, fmt.Sprint(-i))
		for _, name := range []string{"docs", "docs__l"} {
			if n := len(d.State().Tables[name].Files); n != report.Tables[name].Files {
				t.Errorf("load %d: %s has %d files, the report says %d", i+1, name, n, report.Tables[name].Files)
			}
			most = max(most, report.Tables[name].Files)
			if report.Tables[name].Rewritten > 0 {
				joins++
			}
		}
	}
	// Both tables, each time when the load's file was one too many.
	if want := 2 * ((loads - 1) / manySmall); most != manySmall || joins != want {
		t.Errorf("at most %d files, %d joins; want %d and %d", most, joins, manySmall, want)
	}
	if err := checkRanges(d.State().Tables["docs"], 0, loads-1); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string][]string{"docs": docs, "docs__l": list} {
		got, err := content(m, memDirName, table)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, _ = strings.Cut(got, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("%s has %s", table, strings.ReplaceAll(got, "\n", " "))
		}
	}
	if err := check(m, memDirName); err != nil {
		t.Error(err)
	}
}

// checkRanges checks that the listed key ranges join up from least to most.
func checkRanges(t *state.Table, least, most int) error {
	for _, f := range t.Files {
		if len(f.MinKey) != 1 || len(f.MaxKey) != 1 || string(f.MinKey[0]) != fmt.Sprint(least) {
			return fmt.Errorf("%s has keys from %s to %s, want them from %d on", f.Name, f.MinKey, f.MaxKey, least)
		}
		least += int(f.Rows)
		if string(f.MaxKey[0]) != fmt.Sprint(least-1) {
			return fmt.Errorf("%s has keys to %s, want %d", f.Name, f.MaxKey, least-1)
		}
	}
	if least-1 != most {
		return fmt.Errorf("keys end at %d, want %d", least-1, most)
	}
	return nil
}

// An append table keeps a file for each load until it is compacted, and a
// compacted one is no larger than a file may be. What comes behind it is an
// ordinary load.
func TestCompactAppended(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	const loads = manySmall + 8
	for i := range loads {
		x := appendTo(records(10*i, 1, 10)...)
		if i < 4 {
			x = mergeBy("id", x.records...)
		}
		if _, err := load(memDirName, testOptions(m), x); err != nil {
			t.Fatal(err)
		}
	}
	before, err := content(m, memDirName, "docs")
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions(m)
	d, err := Open(context.Background(), memDirName, o)
	if err != nil {
		t.Fatal(err)
	}
	files := d.State().Tables["docs"].Files
	if len(files) != loads {
		t.Errorf("%d files, want one for each of %d loads", len(files), loads)
	}
	d.o.FileBytes = 10 * files[0].Bytes
	if _, err := d.Compact(context.Background(), "none"); err == nil {
		t.Error("a table that is not there was compacted")
	}
	l, err := d.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Compact(context.Background(), "docs"); err == nil {
		t.Error("compacted while a load is under way")
	}
	if err := l.Discard(); err != nil {
		t.Fatal(err)
	}
	r, err := d.Compact(context.Background(), "docs")
	if err != nil {
		t.Fatal(err)
	}
	files = d.State().Tables["docs"].Files
	if r.Files != len(files) || r.Rewritten != loads || r.Total != 10*loads || len(files) < loads/10 || len(files) > loads/5 {
		t.Errorf("%+v, %d files", r, len(files))
	}
	if slices.ContainsFunc(files, func(f state.File) bool { return f.Bytes > d.o.FileBytes }) {
		t.Errorf("a file is larger than %d bytes: %+v", d.o.FileBytes, files)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := content(m, memDirName, "docs"); err != nil || got != before {
		t.Errorf("%s, %v", got, err)
	}
	if err := check(m, memDirName); err != nil {
		t.Error(err)
	}
	report, err := load(memDirName, testOptions(m), mergeBy("id", records(15, 10, 3)...))
	if err != nil {
		t.Fatal(err)
	}
	if r := report.Tables["docs"]; r.Updated != 3 || r.Total != 10*loads {
		t.Errorf("merged behind it: %+v", r)
	}
}
