package dataset

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

const memDirName = "/data/test"

// protocol are loads that together use every way to publish: a new table, one
// file more, rewritten files, a new column and child table, an emptied table.
var protocol = []struct {
	name string
	loading
}{
	{"new table", appendTo(`{"id":1,"a":"x","tags":["p"]}`)},
	{"append", appendTo(`{"id":2,"a":"y","tags":["q"]}`)},
	{"new column", appendTo(`{"id":3,"b":1}`)},
	{"merge", mergeBy("id", `{"id":1,"a":"z"}`, `{"id":4}`)},
	{"replace", replaceBy(`{"id":9}`)},
	{"nothing", appendTo()},
}

// snapshot is all that readers and the next load can see.
func snapshot(m *memFS) (string, error) {
	if err := check(m, memDirName); err != nil {
		return "", err
	}
	d, err := Open(context.Background(), memDirName, testOptions(m))
	if err != nil {
		return "", err
	}
	out := fmt.Sprintf("generation %d, cursors %v\n", d.state.Generation, len(d.state.Resources))
	names := slices.Sorted(maps.Keys(d.state.Tables))
	if err := d.Close(); err != nil {
		return "", err
	}
	for _, name := range names {
		rows, err := content(m, memDirName, name, "_rl_id")
		if err != nil {
			return "", err
		}
		out += name + ": " + rows + "\n"
	}
	return out, nil
}

// reopened recovers and takes the snapshot. A dataset that has no state yet is
// the empty text.
func reopened(m *memFS) (string, error) {
	d, err := Open(context.Background(), memDirName, testOptions(m))
	if err != nil {
		return "", fmt.Errorf("recovery: %w", err)
	}
	fresh := d.text == nil
	if err := d.Close(); err != nil || fresh {
		return "", err
	}
	return snapshot(m)
}

func emptyDisk() *memFS {
	m := newMemFS()
	m.root.names["data"] = newMemDir()
	m.root.synced["data"] = m.root.names["data"]
	return m
}

// crashes runs a load and returns what is wrong after a power cut or a kill
// before each of its operations.
func crashes(base *memFS, x loading) error {
	before, err := reopened(base.clone(false))
	if err != nil {
		return err
	}
	whole := base.clone(false)
	var clones []*memFS
	var ops []string
	whole.before = func(op string) error {
		clones = append(clones, whole.copy(true), whole.copy(false))
		ops = append(ops, op)
		return nil
	}
	if _, err := load(memDirName, testOptions(whole), x); err != nil {
		return err
	}
	whole.before = nil
	after, err := snapshot(whole)
	if err != nil {
		return err
	}
	clones = append(clones, whole.clone(true))
	ops = append(ops, "end")
	committed := false
	for i, m := range clones {
		if i%everyNth != 0 && i < len(clones)-2 {
			continue
		}
		at := fmt.Sprintf("%s (clone %d)", ops[i/2], i)
		got, err := reopened(m)
		if err != nil {
			return fmt.Errorf("cut before %s: %w", at, err)
		}
		if got != before && got != after {
			return fmt.Errorf("cut before %s:\n%s\nwant\n%s\nor\n%s", at, got, before, after)
		}
		if committed = got == after; committed {
			continue
		}
		if _, err := load(memDirName, testOptions(m), x); err != nil {
			return fmt.Errorf("load again, cut before %s: %w", at, err)
		}
		if got, err = snapshot(m); err != nil || got != after {
			return fmt.Errorf("load again, cut before %s: %v\n%s\nwant\n%s", at, err, got, after)
		}
	}
	if !committed {
		return errors.New("a power cut after the load undoes it")
	}
	return nil
}

// A power cut or a kill at any operation leaves the old state or the new one,
// and the next load works (dataset: promise 2).
func TestCrash(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	for _, step := range protocol {
		if err := crashes(m, step.loading); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if _, err := load(memDirName, testOptions(m), step.loading); err != nil {
			t.Fatal(err)
		}
	}
}

// The crash test can fail: it sees each weakening of the protocol.
func TestCrashSeesFaults(t *testing.T) {
	t.Parallel()
	if everyNth > 1 {
		t.Skip("it needs a crash at every operation")
	}
	under := func(part string) func(string) bool {
		return func(name string) bool { return strings.Contains(name, part) }
	}
	for _, c := range []struct {
		name   string
		weaken func(m *memFS)
	}{
		{"files are not synced", func(m *memFS) { m.noSync = true }},
		{"the stage is not synced", func(m *memFS) { m.noSyncDir = under("/stage/") }},
		{"the dataset's folder is not synced", func(m *memFS) { m.noSyncDir = func(name string) bool { return name == memDirName } }},
		{"tables are not synced", func(m *memFS) { m.noSyncDir = func(name string) bool { return filepath.Dir(name) == memDirName } }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := emptyDisk()
			for _, step := range protocol {
				weak := m.clone(false)
				c.weaken(weak)
				if err := crashes(weak, step.loading); err != nil {
					return
				}
				if _, err := load(memDirName, testOptions(m), step.loading); err != nil {
					t.Fatal(err)
				}
			}
			t.Error("no crash showed it")
		})
	}
}

// An error at any operation, once or from there on (a full disk), leaves the
// old state or, behind the commit point, the new one, and says which.
func TestInjectedErrors(t *testing.T) {
	t.Parallel()
	base := emptyDisk()
	for _, step := range protocol {
		before, err := reopened(base.clone(false))
		if err != nil {
			t.Fatal(err)
		}
		whole := base.clone(false)
		ops := 0
		whole.before = func(string) error { ops++; return nil }
		if _, err := load(memDirName, testOptions(whole), step.loading); err != nil {
			t.Fatal(err)
		}
		whole.before = nil
		after, err := snapshot(whole)
		if err != nil {
			t.Fatal(err)
		}
		for _, full := range []bool{false, true} {
			for n := 0; n < ops; n += everyNth {
				m := base.clone(false)
				count, at := 0, ""
				m.before = func(op string) error {
					count++
					if count == n+1 {
						at = op
					}
					if count == n+1 || full && count > n && (strings.HasPrefix(op, "write") || strings.HasPrefix(op, "create") || strings.HasPrefix(op, "mkdir")) {
						return errInjected
					}
					return nil
				}
				_, err := load(memDirName, testOptions(m), step.loading)
				m.before = nil
				var unpublished *UnpublishedError
				want := before
				if err == nil || errors.As(err, &unpublished) {
					want = after
				}
				if err != nil && !errors.Is(err, errInjected) {
					t.Errorf("%s, error at %s: got the error %v", step.name, at, err)
				}
				got, err := reopened(m)
				if err != nil || got != want {
					t.Fatalf("%s, error at %s: %v\n%s\nwant\n%s", step.name, at, err, got, want)
				}
			}
		}
		base = whole
	}
}

// The operations of each way to commit, in their order: a sync that goes
// missing is a visible difference.
func TestTraces(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	for _, step := range protocol {
		m.trace = nil
		if _, err := load(memDirName, testOptions(m), step.loading); err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(strings.Join(m.trace, "\n")+"\n", memDirName, ".")
		path := filepath.Join("testdata", "trace_"+strings.ReplaceAll(step.name, " ", "_")+".txt")
		if *update {
			if err := os.MkdirAll("testdata", 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: the operations differ from %s (-update writes it):\n%s", step.name, path, got)
		}
	}
}
