package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// NRM-94: disposition and keys hold from the load on that changes them. A key
// that the table has twice is counted and comes down to one row as it is met.
func TestChangedDispositions(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	byP := mergeBy("id", `{"id":9,"p":"a"}`)
	byP.PrimaryKey, byP.MergeKey = nil, []string{"p"}
	for i, step := range []struct {
		loading
		docs, report string
	}{
		{appendTo(`{"id":1,"p":"a","l":[1]}`, `{"id":1,"p":"a","l":[2]}`, `{"id":2,"p":"b"}`), "1 a|1 a|2 b", "+3 ~0 -0, 0 twice"},
		{appendTo(`{"id":1,"p":"c"}`, `{"id":2,"p":"b"}`), "1 a|1 a|2 b|1 c|2 b", "+2 ~0 -0, 0 twice"},
		{mergeBy("id", `{"id":1,"p":"d","l":[3]}`, `{"id":3,"p":"a"}`), "2 b|2 b|1 d|3 a", "+1 ~1 -2, 2 twice"}, // key 2 is not met
		{byP, "2 b|2 b|1 d|9 a", "+1 ~0 -1, 0 twice"},
		{appendTo(`{"id":9,"p":"a"}`), "2 b|2 b|1 d|9 a|9 a", "+1 ~0 -0, 0 twice"},
		{mergeBy("p", `{"id":5,"p":"b"}`), "1 d|9 a|9 a|5 b", "+0 ~1 -1, 1 twice"},
		{replaceBy(`{"id":7,"p":"z"}`), "7 z", "+1 ~0 -4, 0 twice"},
		{mergeBy("id", `{"id":7,"p":"y"}`), "7 y", "+0 ~1 -0, 0 twice"},
	} {
		report, err := load(memDirName, testOptions(m), step.loading)
		if err != nil {
			t.Fatalf("load %d: %v", i+1, err)
		}
		r := report.Tables["docs"]
		if got := fmt.Sprintf("+%d ~%d -%d, %d twice", r.Added, r.Updated, r.Deleted, r.Duplicates); got != step.report {
			t.Errorf("load %d: report %s, want %s", i+1, got, step.report)
		}
		got, err := content(m, memDirName, "docs")
		if err != nil {
			t.Fatal(err)
		}
		_, got, _ = strings.Cut(got, "\n")
		if got = strings.ReplaceAll(got, "\n", "|"); got != step.docs {
			t.Errorf("load %d: %s, want %s", i+1, got, step.docs)
		}
		if err := check(m, memDirName); err != nil {
			t.Errorf("load %d: %v", i+1, err)
		}
	}
}

// opens records which files are opened.
type opens struct {
	*memFS
	names []string
}

func (o *opens) Open(name string) (File, error) {
	o.names = append(o.names, filepath.Base(name))
	return o.memFS.Open(name)
}

// A merge opens the files whose range of keys meets the load's, and those of
// the child tables whose root rows go; others are not even looked at.
func TestMergeSkipsFiles(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	for i := range 4 {
		if _, err := load(memDirName, testOptions(m), mergeBy("id", fmt.Sprintf(`{"id":%d,"k":"%c","l":[1]}`, 10*i, 'a'+i), fmt.Sprintf(`{"id":%d,"k":"%c","l":[1]}`, 10*i+9, 'a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	composite := func(records ...string) loading {
		x := mergeBy("id", records...)
		x.PrimaryKey = []string{"id", "k"}
		return x
	}
	partition := func(records ...string) loading {
		x := mergeBy("id", records...)
		x.PrimaryKey, x.MergeKey = nil, []string{"k"}
		return x
	}
	for _, c := range []struct {
		name string
		loading
		want      string // files of loads that were opened
		rewritten int
	}{
		{"newer keys", mergeBy("id", `{"id":100,"l":[1]}`), "", 0},
		{"one file", mergeBy("id", `{"id":19,"l":[1]}`), "docs-000002 docs__l-000002", 1},
		{"in its range, but not there", mergeBy("id", `{"id":15,"l":[1]}`), "docs-000002", 0},
		{"two files", mergeBy("id", `{"id":9}`, `{"id":10}`), "docs-000001 docs-000002 docs__l-000001 docs__l-000002", 2},
		{"another key has no ranges yet", composite(`{"id":19,"k":"b"}`), "docs-000001 docs-000002 docs-000003 docs-000004 docs__l-000002", 1},
		{"nor has a merge_key; a file without rows goes", partition(`{"id":50,"k":"c"}`), "docs-000001 docs-000002 docs-000003 docs-000004 docs__l-000003", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fsys := &opens{memFS: m.clone(false)}
			report, err := load(memDirName, testOptions(fsys), c.loading)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range fsys.names {
				name, live := strings.CutSuffix(name, "-001.parquet")
				if live && strings.HasPrefix(name, "docs") && !slices.Contains(got, name) {
					got = append(got, name)
				}
			}
			slices.Sort(got)
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("opened %s, want %s", s, c.want)
			}
			if n := report.Tables["docs"].Rewritten; n != c.rewritten {
				t.Errorf("%d files were rewritten, want %d", n, c.rewritten)
			}
		})
	}
}

// A second writer waits until the first is done and goes on from its state;
// one that waits too long, or is stopped, fails and changes nothing.
func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := emptyDisk()
		ctx := context.Background()
		first, err := Open(ctx, memDirName, testOptions(m))
		if err != nil {
			t.Fatal(err)
		}
		open := func(ctx context.Context, wait time.Duration) (*Dataset, time.Duration, error) {
			o := testOptions(m)
			o.Wait = wait
			began := time.Now()
			d, err := Open(ctx, memDirName, o)
			return d, time.Since(began), err
		}
		var locked *LockedError
		if _, took, err := open(ctx, 0); !errors.As(err, &locked) || took != 0 {
			t.Errorf("without waiting: %v after %s", err, took)
		}
		if _, took, err := open(ctx, 2*time.Second); !errors.As(err, &locked) || took != 2*time.Second {
			t.Errorf("two seconds: %v after %s", err, took)
		}
		stopped := errors.New("stopped")
		some, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(time.Second, func() { cancel(stopped) })
		if _, took, err := open(some, time.Minute); !errors.Is(err, stopped) || took != time.Second {
			t.Errorf("stopped: %v after %s", err, took)
		}
		second := make(chan error)
		go func() {
			d, took, err := open(ctx, time.Minute)
			if err == nil && (took < 10*time.Second || took > 10*time.Second+lockPoll) {
				err = fmt.Errorf("it took %s", took)
			}
			if err == nil {
				_, err = run(d, appendTo(`{"id":2}`))
				err = joinErrors(err, d.Close())
			}
			second <- err
		}()
		time.Sleep(10 * time.Second)
		if _, err := run(first, appendTo(`{"id":1}`)); err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-second; err != nil {
			t.Errorf("the second writer: %v", err)
		}
		if got, err := content(m, memDirName, "docs"); err != nil || got != "id bigint\n1\n2" {
			t.Errorf("%s, %v", got, err)
		}
	})
}

// OPR-44: rejected rows are kept with a load that is committed, and survive a
// power cut; a load that is thrown away takes them along.
func TestReject(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	d, err := Open(context.Background(), memDirName, testOptions(m))
	if err != nil {
		t.Fatal(err)
	}
	rejected := func(load int, commit bool) {
		l, err := d.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			if err := l.Reject(fmt.Appendf(nil, `{"load":%d,"n":%d}`, load, n)); err != nil {
				t.Fatal(err)
			}
		}
		c, err := stage(context.Background(), d, l, appendTo(`{"id":1}`))
		if err == nil && commit {
			_, err = l.Commit(context.Background(), c)
		}
		if err = errors.Join(err, l.Discard()); err != nil {
			t.Fatal(err)
		}
		if err := l.Reject([]byte("{}")); !errors.Is(err, errDone) {
			t.Errorf("too late: %v", err)
		}
	}
	rejected(1, true)
	rejected(2, false)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	cut := m.clone(true)
	got, err := cut.ReadFile(filepath.Join(memDirName, engineFolder, "rejected", "000001.jsonl"))
	if want := `{"load":1,"n":0}` + "\n" + `{"load":1,"n":1}` + "\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := cut.ReadFile(filepath.Join(memDirName, engineFolder, "rejected", "000002.jsonl")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of the load thrown away: %v", err)
	}
}
