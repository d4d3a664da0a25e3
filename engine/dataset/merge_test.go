package dataset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// What each strategy makes of a second load.
func TestMerge(t *testing.T) {
	t.Parallel()
	first := []string{`{"id":1,"p":"a","v":1,"l":["x"]}`, `{"id":2,"p":"a","v":2,"l":["y"]}`, `{"id":3,"p":"b","v":3}`}
	for _, c := range []struct {
		name   string
		set    func(r *Resource)
		second []string
		want   string
		list   string
		report string
	}{
		{"NRM-82 NRM-88 upsert", func(r *Resource) { r.Strategy = "upsert" }, []string{`{"id":1,"p":"a","v":9,"l":["z"]}`, `{"id":5,"p":"a","v":5}`}, "2 a 2|3 b 3|1 a 9|5 a 5", "y|z", "+1 ~1 -0 =4"},
		{"NRM-84 merge_key replaces partitions", func(r *Resource) { r.PrimaryKey, r.MergeKey = nil, []string{"p"} }, []string{`{"id":7,"p":"a","v":7}`}, "3 b 3|7 a 7", "", "+1 ~0 -2 =2"},
		{"NRM-84 both keys", func(r *Resource) { r.MergeKey = []string{"p"} }, []string{`{"id":3,"p":"a","v":7}`}, "3 a 7", "", "+0 ~1 -2 =1"},
		{"NRM-83 composite", func(r *Resource) { r.PrimaryKey = []string{"id", "p"} }, []string{`{"id":1,"p":"b","v":7}`}, "1 a 1|2 a 2|3 b 3|1 b 7", "x|y", "+1 ~0 -0 =4"},
		{"NRM-88 insert-only", func(r *Resource) { r.Strategy = "insert-only" }, []string{`{"id":1,"p":"q","v":9,"l":["z"]}`, `{"id":5,"p":"a","v":5}`}, "1 a 1|2 a 2|3 b 3|5 a 5", "x|y", "+1 ~0 -0 =4"},
		{"NRM-85 the last wins", func(*Resource) {}, []string{`{"id":1,"p":"c","v":9,"l":["z"]}`, `{"id":1,"p":"c","v":8,"l":["w"]}`}, "2 a 2|3 b 3|1 c 8", "y|w", "+0 ~1 -0 =3"},
		{"NRM-85 the greatest cursor wins", func(r *Resource) { r.DedupBy = "v" }, []string{`{"id":1,"p":"c","v":9,"l":["z"]}`, `{"id":1,"p":"c","v":8,"l":["w"]}`}, "2 a 2|3 b 3|1 c 9", "y|z", "+0 ~1 -0 =3"},
		{"NRM-86 dedup_sort asc, null loses", func(r *Resource) { r.DedupSort = "v" }, []string{`{"id":1,"p":"c","v":9}`, `{"id":1,"p":"c","v":8}`, `{"id":1,"p":"n"}`}, "2 a 2|3 b 3|1 c 8", "y", "+0 ~1 -0 =3"},
		{"NRM-87 hard_delete", func(r *Resource) { r.HardDelete = "p" }, []string{`{"id":1,"p":"c","v":9}`, `{"id":8,"p":"c"}`, `{"id":9,"v":1}`}, "2 a 2|3 b 3|9 - 1", "y", "+1 ~0 -1 =3"},
		{"NRM-92 keys compare after widening", func(*Resource) {}, []string{`{"id":"2","p":"c","v":9}`}, "1 a 1|3 b 3|2 c 9", "x", "+0 ~1 -0 =3"},
		{"NRM-93 no rows change nothing", func(*Resource) {}, nil, "1 a 1|2 a 2|3 b 3", "x|y", "+0 ~0 -0 =3"},
		{"NRM-89 scd2", func(r *Resource) { r.Strategy = "scd2" }, []string{`{"id":1,"p":"a","v":1,"l":["x"]}`, `{"id":2,"p":"a","v":2,"l":["changed"]}`, `{"id":4,"p":"b","v":4}`},
			"1 a 1 2026-03-01T10:00:00Z -|2 a 2 2026-03-01T10:00:00Z 2026-03-01T10:05:00Z|3 b 3 2026-03-01T10:00:00Z 2026-03-01T10:05:00Z|2 a 2 2026-03-01T10:05:00Z -|4 b 4 2026-03-01T10:05:00Z -", "x|y|changed", "+2 ~2 -0 =5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := emptyDisk()
			one := mergeBy("id", first...)
			c.set(&one.Resource)
			if one.HardDelete != "" {
				one.HardDelete = ""
			}
			if _, err := load(memDirName, testOptions(m), one); err != nil {
				t.Fatal(err)
			}
			two := mergeBy("id", c.second...)
			two.at = 5
			c.set(&two.Resource)
			report, err := load(memDirName, testOptions(m), two)
			if err != nil {
				t.Fatal(err)
			}
			r := report.Tables["docs"]
			if got := fmt.Sprintf("+%d ~%d -%d =%d", r.Added, r.Updated, r.Deleted, r.Total); got != c.report {
				t.Errorf("report %s, want %s", got, c.report)
			}
			for table, want := range map[string]string{"docs": c.want, "docs__l": c.list} {
				got, err := content(m, memDirName, table, validFrom, validTo)
				if err != nil {
					t.Fatal(err)
				}
				_, got, _ = strings.Cut(got, "\n")
				if got = strings.ReplaceAll(got, "\n", "|"); got != want {
					t.Errorf("%s: %s, want %s", table, got, want)
				}
			}
			if err := check(m, memDirName); err != nil {
				t.Error(err)
			}
		})
	}
}

// Many small files of a table are joined; rows and their order stay.
func TestCompact(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	for i := range 3 {
		if _, err := load(memDirName, testOptions(m), appendTo(fmt.Sprintf(`{"id":%d}`, i))); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Open(context.Background(), memDirName, testOptions(m))
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Compact(context.Background(), "docs")
	if err != nil || r.Files != 1 || r.Rewritten != 3 || r.Total != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = d.Compact(context.Background(), "docs"); r != nil || err != nil {
		t.Errorf("again: %+v, %v", r, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := content(m, memDirName, "docs"); err != nil || got != "id bigint\n0\n1\n2" {
		t.Errorf("%s, %v", got, err)
	}
	if err := check(m, memDirName); err != nil {
		t.Error(err)
	}
}

// One writer: the second is refused. A listed file that is gone is an error,
// and nothing is changed.
func TestLockedAndMissing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := load(dir, testOptions(nil), appendTo(`{"id":1}`)); err != nil {
		t.Fatal(err)
	}
	d, err := Open(context.Background(), dir, testOptions(nil))
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := Open(context.Background(), dir, testOptions(nil)); !errors.As(err, &locked) {
		t.Errorf("second writer: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (disk{}).RemoveAll(filepath.Join(dir, "docs", "docs-000001-001.parquet")); err != nil {
		t.Fatal(err)
	}
	var missing *MissingError
	if _, err := Open(context.Background(), dir, testOptions(nil)); !errors.As(err, &missing) {
		t.Errorf("missing file: %v", err)
	}
}
