package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/normalize"
	"github.com/restlua/restlua/engine/schema"
)

// progress is the note of the checkpoints here.
type progress struct {
	Records int             `json:"records"`
	Counter int64           `json:"counter"`
	State   json.RawMessage `json:"state"`
}

// checkpointed is a load that takes a checkpoint behind every few records, each
// of which is a batch. It refuses a row for each record, too.
type checkpointed struct {
	loading
	every int // 0: no checkpoints
	kept  int // records in the last checkpoint that is kept
}

// run makes the load, or goes on with the one that was left.
func (x *checkpointed) run(o Options) (err error) {
	ctx := context.Background()
	d, err := Open(ctx, memDirName, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	left, err := d.Checkpoint()
	if err != nil {
		return err
	}
	var at progress
	var l *Load
	if left == nil {
		l, err = d.Begin()
	} else if err = json.Unmarshal(left.Note, &at); err == nil {
		l, err = d.Resume(func(string) bool { return true })
	}
	if err != nil {
		return err
	}
	if at.Records < x.kept {
		return fmt.Errorf("the load goes on behind %d records, %d were kept", at.Records, x.kept)
	}
	if err = x.rest(ctx, d, l, at); err != nil {
		return errors.Join(err, l.Leave())
	}
	return nil
}

func (x *checkpointed) rest(ctx context.Context, d *Dataset, l *Load, at progress) error {
	known := []*schema.Table{}
	for _, name := range tableNames(d.state, "docs") {
		t := d.state.Tables[name].Table
		t.Name = name
		known = append(known, &t)
	}
	n, err := normalize.New(normalize.Options{
		Resource: "docs", Table: "docs", Known: known, MaxNesting: -1, Load: l.Number(), Counter: &at.Counter,
		Write: func(b *schema.Batch) error { return l.Write(ctx, b) },
	})
	if err == nil && at.State != nil {
		err = n.Restore(at.State)
	}
	if err != nil {
		return err
	}
	for i := at.Records; i < len(x.records); i++ {
		if err := errors.Join(n.Record([]byte(x.records[i])), n.Flush(), l.Reject(fmt.Appendf(nil, `{"n":%d}`, i))); err != nil {
			return err
		}
		if x.every == 0 || (i+1)%x.every != 0 {
			continue
		}
		at.Records = i + 1
		if at.State, err = n.Save(); err != nil {
			return err
		}
		cut, err := l.Cut()
		if err == nil {
			err = cut.Take()
		}
		if err == nil {
			err = cut.Keep(at)
		}
		if err != nil {
			return err
		}
		x.kept = at.Records
	}
	r := x.Resource
	r.Name, r.Tables = "docs", n.Tables()
	_, err = l.Commit(ctx, Commit{StartedAt: testTime, Resources: []Resource{r}})
	return err
}

// result is what readers see, and what was refused.
func (x *checkpointed) result(m *memFS) (string, error) {
	text, err := snapshot(m)
	if err != nil {
		return "", err
	}
	names, err := m.ReadDir(filepath.Join(memDirName, engineFolder, "rejected"))
	if errors.Is(err, fs.ErrNotExist) {
		return text, nil
	}
	for _, e := range names {
		lines, err := m.ReadFile(filepath.Join(memDirName, engineFolder, "rejected", e.Name()))
		if err != nil {
			return "", err
		}
		text += e.Name() + "\n" + string(lines)
	}
	return text, err
}

// checkpointLoads are loads whose stage files end for every reason: a type that
// widens, a column that gets its first null, a size that is reached.
var checkpointLoads = []struct {
	name string
	checkpointed
	o Options
}{
	{"one file", checkpointed{appendTo(`{"id":1,"tags":[1]}`, `{"id":2}`, `{"id":3,"tags":[2,3]}`, `{"id":4}`, `{"id":5,"x":"new"}`, `{"id":6}`, `{"id":7}`), 2, 0}, Options{}},
	{"every record", checkpointed{appendTo(`{"id":1}`, `{"id":2}`, `{"id":3}`), 1, 0}, Options{RowGroupBytes: 1}},
	{"types", checkpointed{mergeBy("id", `{"id":1,"v":1}`, `{"id":2,"v":2}`, `{"id":3,"v":"text"}`, `{"id":1,"v":2.5}`, `{"id":2}`), 2, 0}, Options{}},
	{"several files", checkpointed{replaceBy(`{"id":1,"t":["a","b"]}`, `{"id":2}`, `{"id":3,"t":["c"]}`, `{"id":4}`, `{"id":5}`), 2, 0}, Options{FileBytes: 1}},
}

func checkpointOptions(m *memFS, with Options) Options {
	o := testOptions(m)
	o.RowGroupBytes, o.FileBytes = with.RowGroupBytes, with.FileBytes
	return o
}

// OPR-41: a power cut or a kill at any operation of a load with checkpoints loses
// no checkpoint that was kept, and the next run ends with the tables of an
// undisturbed load. So does a run behind a second kill, while the load is taken
// up or later.
func TestCheckpointCrash(t *testing.T) {
	t.Parallel()
	for _, test := range checkpointLoads {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			base := emptyDisk()
			if _, err := load(memDirName, testOptions(base), appendTo(`{"id":0,"tags":[0]}`)); err != nil {
				t.Fatal(err)
			}
			whole := base.clone(false)
			plain := test.checkpointed
			plain.every = 0
			if err := plain.run(checkpointOptions(whole, test.o)); err != nil {
				t.Fatal(err)
			}
			want, err := plain.result(whole)
			if err != nil {
				t.Fatal(err)
			}
			before, err := content(base, memDirName, "docs")
			if err != nil {
				t.Fatal(err)
			}
			clones := killed(t, base.clone(false), test.checkpointed, test.o)
			for i, c := range clones {
				if strings.HasPrefix(c.op, "write ") && i%10 > 1 || i%everyNth != 0 {
					continue
				}
				ways := []killedLoad{c}
				if i%8 == 0 { // a second kill, each time at another operation
					again := killed(t, c.m.clone(false), c.load, test.o)
					ways = append(ways, again[i*7%len(again)])
				}
				for _, c := range ways {
					if err := ends(c, test.o, before, want); err != nil {
						t.Fatalf("clone %d, cut before %s: %v", i, c.op, err)
					}
				}
			}
		})
	}
}

// killedLoad is what is left of a load.
type killedLoad struct {
	m    *memFS
	load checkpointed
	op   string // that it did not come to
}

// killed makes a load and returns what a power cut and a kill before each of
// its operations leave.
func killed(t *testing.T, m *memFS, x checkpointed, o Options) (clones []killedLoad) {
	t.Helper()
	committed, err := committedBy(m)
	if err != nil {
		t.Fatal(err)
	}
	m.before = func(op string) error {
		for _, crash := range []bool{true, false} {
			clones = append(clones, killedLoad{m.copy(crash), x, op})
		}
		return nil
	}
	if committed {
		return append(clones, killedLoad{m, x, "nothing"})
	}
	if err := x.run(checkpointOptions(m, o)); err != nil {
		t.Fatal(err)
	}
	m.before = nil
	return clones
}

// committedBy reports whether the load under test is committed already.
func committedBy(m *memFS) (bool, error) {
	d, err := Open(context.Background(), memDirName, testOptions(m))
	if err != nil {
		return false, err
	}
	return d.state.Generation > 1, d.Close()
}

// ends goes on with a killed load, if it is not committed, and compares.
func ends(c killedLoad, o Options, before, want string) error {
	committed, err := committedBy(c.m)
	if err != nil {
		return err
	}
	if !committed {
		if got, err := content(c.m, memDirName, "docs"); err != nil || got != before {
			return fmt.Errorf("before the next run: %v\n%s\nwant\n%s", err, got, before)
		}
		if err := c.load.run(checkpointOptions(c.m, o)); err != nil {
			return err
		}
	}
	got, err := c.load.result(c.m)
	if err == nil && got != want {
		err = fmt.Errorf("%s\nwant\n%s", got, want)
	}
	return err
}

// A checkpoint counts only where the stage has all that it lists: the files'
// bodies, behind which more may stand, and their tails.
func TestCheckpointNotWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		damage func(name string, f *memFile) bool // reports whether the file is there at all
		want   bool
	}{
		{"whole", func(string, *memFile) bool { return true }, true},
		{"more rows", func(name string, f *memFile) bool { f.data = append(f.data, "more"...); return true }, true},
		{"short body", func(name string, f *memFile) bool {
			if strings.HasPrefix(name, "rows-") {
				f.data = f.data[:2]
			}
			return true
		}, false},
		{"short tail", func(name string, f *memFile) bool {
			if strings.HasPrefix(name, "tails-") {
				f.data = f.data[:len(f.data)-1]
			}
			return true
		}, false},
		{"no tail", func(name string, _ *memFile) bool { return !strings.HasPrefix(name, "tails-") }, false},
		{"no body", func(name string, _ *memFile) bool { return !strings.HasPrefix(name, "rows-") }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := emptyDisk()
			d, err := Open(context.Background(), memDirName, testOptions(m))
			if err != nil {
				t.Fatal(err)
			}
			l, err := d.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(taken(t, l, ids(1), "").Keep(nil), l.Leave()); err != nil {
				t.Fatal(err)
			}
			_, _, node, err := m.find(l.dir)
			if err != nil {
				t.Fatal(err)
			}
			dir := node.(*memDir)
			for name, n := range dir.names {
				if f, ok := n.(*memFile); ok && name != checkpointFile && !test.damage(name, f) {
					delete(dir.names, name)
				}
			}
			left, err := d.Checkpoint()
			if err != nil || (left != nil) != test.want {
				t.Errorf("checkpoint %v, %v; want one: %v", left, err, test.want)
			}
			if left != nil {
				if l, err = d.Resume(func(string) bool { return true }); err != nil || l.tables[0].rows != 1 {
					t.Errorf("resumed: %v", err)
				}
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Checkpoints of format 1, which list closed files only, are gone on with.
func TestCheckpointWithoutTails(t *testing.T) {
	t.Parallel()
	m := emptyDisk()
	d, err := Open(context.Background(), memDirName, testOptions(m))
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Begin()
	if err != nil {
		t.Fatal(err)
	}
	all := func(string) bool { return true }
	if err := errors.Join(taken(t, l, ids(1, 2), "").Keep("note"), l.Leave()); err != nil {
		t.Fatal(err)
	}
	if l, err = d.Resume(all); err == nil { // it makes the file whole
		err = l.Leave()
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(l.dir, checkpointFile)
	text, err := m.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var old manifest
	if err := json.Unmarshal(text, &old); err != nil {
		t.Fatal(err)
	}
	old.Format, old.Tables[0].Files[0].Tail = 1, nil
	if text, err = json.Marshal(old); err == nil {
		err = d.writeFile(path, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if left, err := d.Checkpoint(); err != nil || left == nil || string(left.Note) != `"note"` {
		t.Fatalf("checkpoint %v, %v", left, err)
	}
	if l, err = d.Resume(all); err != nil || l.tables[0].rows != 2 {
		t.Fatalf("resumed: %v", err)
	}
	if err := errors.Join(l.Discard(), d.Close()); err != nil {
		t.Fatal(err)
	}
}
