package dataset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
)

// A load with checkpoints commits the files of one without, byte by byte, and
// writes each of them once. Where a table has several, those that are full are
// closed before the commit, with the columns in its order.
func TestCheckpointsLeaveFilesAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		o     Options
		files int // of both tables, in two loads
	}{
		{"one file", Options{RowGroupBytes: 4000}, 4},
		{"several files", Options{RowGroupBytes: 1, FileBytes: 4000}, 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want, _ := checkpointedFiles(t, test.o, 0)
			got, trace := checkpointedFiles(t, test.o, 7)
			if len(want) < test.files || len(got) != len(want) {
				t.Fatalf("%d files, without checkpoints %d", len(got), len(want))
			}
			for name := range want {
				if got[name] != want[name] {
					t.Errorf("%s differs", name)
				}
			}
			for _, op := range trace {
				if strings.HasPrefix(op, "create ") && strings.Contains(op, staging) && !strings.Contains(op, ownPrefix) {
					t.Errorf("a file was written anew: %s", op)
				}
			}
		})
	}
}

// checkpointedFiles makes two loads of a table and its child table, and returns
// their files by name, and the operations.
func checkpointedFiles(t *testing.T, o Options, every int) (map[string]string, []string) {
	t.Helper()
	m := emptyDisk()
	for l := range 2 {
		form := `{"id":%[1]d,"name":"number %[1]d","tags":["t%[2]d","t%[3]d"],"x":1}`
		if l == 1 { // the fields in another order
			form = `{"x":1,"tags":["t%[2]d","t%[3]d"],"name":"number %[1]d","id":%[1]d}`
		}
		x := checkpointed{loading: appendTo(), every: every}
		for i := range 50 {
			x.records = append(x.records, fmt.Sprintf(form, i, i%3, i%7))
		}
		if err := x.run(checkpointOptions(m, o)); err != nil {
			t.Fatal(err)
		}
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
	return out, m.trace
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
