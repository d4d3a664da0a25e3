package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
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

// A load with checkpoints commits the files of one without, byte by byte, and
// writes each of them once.
func TestCheckpointsLeaveFilesAlone(t *testing.T) {
	t.Parallel()
	var records []string
	for i := range 50 {
		records = append(records, fmt.Sprintf(`{"id":%d,"name":"number %d","tags":["t%d","t%d"]}`, i, i, i%3, i%7))
	}
	files := func(every int) (map[string]string, *memFS) {
		m := emptyDisk()
		x := checkpointed{loading: appendTo(records...), every: every}
		if err := x.run(checkpointOptions(m, Options{RowGroupBytes: 4000})); err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, table := range []string{"docs", "docs__tags"} {
			names, err := liveFiles(m, memDirName, table)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range names {
				b, err := m.ReadFile(filepath.Join(memDirName, table, n))
				if err != nil {
					t.Fatal(err)
				}
				out[table+"/"+n] = string(b)
			}
		}
		return out, m
	}
	want, _ := files(0)
	got, m := files(7)
	if len(got) != 2 || len(want) != 2 {
		t.Fatalf("%d and %d files, want one of each table", len(got), len(want))
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s differs", name)
		}
	}
	for _, op := range m.trace {
		if strings.HasPrefix(op, "create ") && strings.Contains(op, staging) && !strings.Contains(op, ownPrefix) {
			t.Errorf("a file was written anew: %s", op)
		}
	}
}

// Rows go on being written and refused while a checkpoint is on its way to the
// disk; they are not in it.
func TestKeepWhileWriting(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := emptyDisk()
	slow := slowFS{FS: m, syncing: make(chan string), on: make(chan struct{})}
	o := testOptions(slow)
	d, err := Open(ctx, memDirName, o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Begin()
	if err != nil {
		t.Fatal(err)
	}
	cut := taken(t, l, ids(1), `{"refused":1}`)
	kept := make(chan error)
	go func() { kept <- cut.Keep("one") }()
	seen := []string{}
	for done := false; !done; {
		select {
		case name := <-slow.syncing: // it waits until rows came
			seen = append(seen, strings.TrimRight(filepath.Base(name), "0123456789"))
			if err := errors.Join(l.Write(ctx, ids(int64(1+len(seen)))), l.Reject([]byte(`{"refused":2}`))); err != nil {
				t.Fatal(err)
			}
			slow.on <- struct{}{}
		case err := <-kept:
			if done = true; err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []string{"rows-", "tails-", "000001.jsonl", "checkpoint.json.tmp"}; !slices.Equal(seen, want) {
		t.Errorf("synced %v, want %v", seen, want)
	}
	after := m.clone(true)
	if err := errors.Join(l.Leave(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(ctx, memDirName, testOptions(after)); err != nil {
		t.Fatal(err)
	}
	left, err := d.Checkpoint()
	if err != nil || left == nil || string(left.Note) != `"one"` {
		t.Fatalf("checkpoint %+v, %v", left, err)
	}
	if l, err = d.Resume(func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	r := appendTo().Resource
	r.Name, r.Tables = "docs", []*schema.Table{ids(0).Table}
	if _, err := l.Commit(ctx, Commit{StartedAt: testTime, Resources: []Resource{r}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := content(after, memDirName, "docs"); err != nil || got != "id bigint\n1" {
		t.Errorf("the table has %q, %v", got, err)
	}
	lines, err := after.ReadFile(filepath.Join(memDirName, engineFolder, "rejected", "000001.jsonl"))
	if err != nil || string(lines) != "{\"refused\":1}\n" {
		t.Errorf("refused rows: %q, %v", lines, err)
	}
}

// taken writes a batch, refuses a row where one is given, and takes a checkpoint
// that is not kept yet.
func taken(t *testing.T, l *Load, b *schema.Batch, refused string) *Cut {
	t.Helper()
	err := l.Write(context.Background(), b)
	if refused != "" {
		err = errors.Join(err, l.Reject([]byte(refused)))
	}
	cut, failed := l.Cut()
	if err = errors.Join(err, failed); err == nil {
		err = cut.Take()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cut
}

// ids is a batch of the table docs.
func ids(values ...int64) *schema.Batch { return idsOf("docs", values...) }

func idsOf(table string, values ...int64) *schema.Batch {
	id := schema.Column{Name: "id", Source: "/id", Type: schema.Bigint}
	v := &schema.Vector{Column: id}
	for row, x := range values {
		v.Grow(row)
		v.Ints = append(v.Ints, x)
	}
	return &schema.Batch{Table: &schema.Table{Name: table, Resource: table, Columns: []schema.Column{id}}, Rows: len(values), Vectors: []*schema.Vector{v}}
}

// slowFS has files whose Sync tells its name and waits, while on is open.
type slowFS struct {
	FS
	syncing chan string
	on      chan struct{}
}

func (s slowFS) Create(name string) (File, error) {
	f, err := s.FS.Create(name)
	return slowFile{f, s, name}, err
}

type slowFile struct {
	File
	s    slowFS
	name string
}

func (f slowFile) Sync() error {
	f.s.syncing <- f.name
	<-f.s.on
	return f.File.Sync()
}

// A stage file to which no rows came since the checkpoint before costs the next
// one nothing, and of many such files few stay open.
func TestIdleFiles(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := emptyDisk()
	d, err := Open(ctx, memDirName, testOptions(m))
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Begin()
	if err != nil {
		t.Fatal(err)
	}
	const tables = mostOpen + 10
	for i := range tables {
		if err := l.Write(ctx, idsOf(fmt.Sprintf("t%02d", i), 1)); err != nil {
			t.Fatal(err)
		}
	}
	count := func(what string) (n int) {
		for _, op := range m.trace {
			if strings.HasPrefix(op, what) && strings.Contains(op, "/rows-") {
				n++
			}
		}
		return n
	}
	for i, want := range []struct{ synced, open int }{
		{tables, tables},      // all are new
		{1 + 9, mostOpen + 1}, // one grows, the others are idle: some are closed
		{1 + 0, mostOpen + 1}, // they stay as they are
		{1 + 0, mostOpen + 1},
	} {
		m.trace = nil
		if err := taken(t, l, idsOf("t00", int64(i+2)), "").Keep(nil); err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, table := range l.tables {
			for _, s := range table.segments {
				if s.file != nil {
					open++
				}
			}
		}
		if got := count("sync "); got != want.synced || open != want.open {
			t.Errorf("checkpoint %d: %d files synced and %d open, want %d and %d", i+1, got, open, want.synced, want.open)
		}
	}
	left, err := m.ReadDir(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	tails := 0
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "tails-") {
			tails++
		}
	}
	if tails != 2 { // that of the idle ones, and of the one that grows
		t.Errorf("%d files of tails are left, want 2", tails)
	}
	if err := errors.Join(l.Discard(), d.Close()); err != nil {
		t.Fatal(err)
	}
}
