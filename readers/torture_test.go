package readers

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/normalize"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers/parquet"
)

// torture commits loads of all dispositions to a dataset while DuckDB queries
// its table. Every answer must be what one commit left.
type torture struct {
	db      *sql.DB
	dir     string
	truth   []answer // by commit; the reader looks at those up to begun
	begun   atomic.Int64
	done    atomic.Int64
	queries int
	loud    int // queries with an error, which a retry cures
	wrong   int // silently: answers that no commit gave
}

type answer struct{ rows, sum int64 }

// ask makes one query.
func (x *torture) ask() {
	oldest := x.done.Load()
	var got answer
	err := x.db.QueryRow("SELECT count(*), coalesce(sum(v), 0)::BIGINT FROM "+parquetFiles(filepath.Join(x.dir, "docs"))).Scan(&got.rows, &got.sum)
	newest := x.begun.Load()
	x.queries++
	if err != nil {
		x.loud++
		return
	}
	for _, want := range x.truth[oldest : newest+1] {
		if got == want {
			return
		}
	}
	x.wrong++
}

// plan makes the loads and what the table holds after each: appends, then
// merges that change and add rows, then a replace, over and over. Rows have the
// keys 0, 1, 2, ...; values differ from load to load.
func plan(commits int) (loads []tortureLoad, truth []answer) {
	rows, value := map[int64]int64{}, int64(1)
	for n := range commits {
		l := tortureLoad{disposition: []string{"append", "append", "merge", "merge", "replace"}[n%5]}
		if n == 0 || l.disposition == "replace" {
			l.disposition = "replace"
			clear(rows)
		}
		from := int64(len(rows))
		if l.disposition == "merge" {
			from -= 10
		}
		for id := from; id < from+20; id++ {
			value = value*6364136223846793005%1_000_003 + 1
			if value < 0 {
				value = -value
			}
			rows[id] = value
			l.records = append(l.records, `{"id":`+strconv.FormatInt(id, 10)+`,"v":`+strconv.FormatInt(value, 10)+`}`)
		}
		var a answer
		for _, v := range rows {
			a.rows++
			a.sum += v
		}
		loads, truth = append(loads, l), append(truth, a)
	}
	return loads, truth
}

type tortureLoad struct {
	disposition string
	records     []string
}

// write commits a load.
func (l tortureLoad) write(ctx context.Context, d *dataset.Dataset) error {
	load, err := d.Begin()
	if err != nil {
		return err
	}
	var known []*schema.Table
	if t := d.State().Tables["docs"]; t != nil {
		k := t.Table
		k.Name = "docs"
		known = append(known, &k)
	}
	n, err := normalize.New(normalize.Options{Resource: "docs", Table: "docs", Known: known, MaxNesting: -1, Load: load.Number(),
		Write: func(b *schema.Batch) error { return load.Write(ctx, b) }})
	if err != nil {
		return err
	}
	for _, r := range l.records {
		if err := n.Record([]byte(r)); err != nil {
			return err
		}
	}
	if err := n.Flush(); err != nil {
		return err
	}
	_, err = load.Commit(ctx, dataset.Commit{Resources: []dataset.Resource{{Name: "docs", Disposition: l.disposition, PrimaryKey: []string{"id"}, Tables: n.Tables()}}})
	return err
}

// run commits all loads. Queries run side by side with them from the first on.
func (x *torture) run(t *testing.T, commits int, fsys dataset.FS) {
	t.Helper()
	ctx := context.Background()
	x.db, x.dir = openDuckDB(t), filepath.Join(t.TempDir(), "data")
	d, err := dataset.Open(ctx, x.dir, dataset.Options{FS: fsys, Format: parquet.Format{}, Source: "torture"})
	if err != nil {
		t.Fatal(err)
	}
	var loads []tortureLoad
	loads, x.truth = plan(commits)
	stop, stopped := make(chan struct{}), make(chan struct{})
	for i, l := range loads {
		x.begun.Store(int64(i))
		if err := l.write(ctx, d); err != nil {
			t.Fatal(err)
		}
		x.done.Store(int64(i))
		if i == 0 && fsys == nil {
			go func() {
				defer close(stopped)
				for {
					select {
					case <-stop:
						return
					default:
						x.ask()
					}
				}
			}()
		}
	}
	close(stop)
	if fsys == nil {
		<-stopped
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%d commits, %d queries: %d with an error, %d silently wrong", commits, x.queries, x.loud, x.wrong)
}

// A reader sees whole loads only. RESTLUA_TORTURE is the number of commits.
func TestTorture(t *testing.T) {
	commits := 40
	if s := os.Getenv("RESTLUA_TORTURE"); s != "" {
		var err error
		if commits, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	var x torture
	x.run(t, commits, nil)
	if x.wrong > 0 || x.queries == x.loud {
		t.Errorf("%d of %d queries silently wrong, %d with an error", x.wrong, x.queries, x.loud)
	}
}

// The harness finds the faults of a weaker protocol, which removes the old
// files and adds the new ones in place of exchanging the folders.
func TestTortureFindsWeakness(t *testing.T) {
	t.Parallel()
	x := &torture{}
	x.run(t, 5, weak{x})
	if x.wrong == 0 {
		t.Errorf("%d queries between delete and add, none of them wrong", x.queries)
	}
}

// weak is the real file system but for Exchange. A query follows each of its
// steps, so that the faults do not depend on timing.
type weak struct{ x *torture }

func (w weak) Exchange(next, live string) error {
	for _, move := range []struct{ from, to string }{{live, next + ".old"}, {next, live}} {
		files, err := os.ReadDir(move.from)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(move.to, 0o777); err != nil {
			return err
		}
		for _, f := range files {
			if err := os.Rename(filepath.Join(move.from, f.Name()), filepath.Join(move.to, f.Name())); err != nil {
				return err
			}
			w.x.ask()
		}
	}
	if err := os.Remove(next); err != nil {
		return err
	}
	return os.Rename(next+".old", next)
}

func (weak) Create(name string) (dataset.File, error)   { return os.Create(name) }
func (weak) Open(name string) (dataset.File, error)     { return os.Open(name) }
func (weak) Rename(old, new string) error               { return os.Rename(old, new) }
func (weak) Link(old, new string) error                 { return os.Link(old, new) }
func (weak) RemoveAll(name string) error                { return os.RemoveAll(name) }
func (weak) MkdirAll(name string) error                 { return os.MkdirAll(name, 0o777) }
func (weak) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (weak) ReadFile(name string) ([]byte, error)       { return os.ReadFile(name) }
func (weak) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (weak) SyncDir(string) error                       { return nil }

func (weak) Extend(name string, size int64) (dataset.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err = f.Truncate(size); err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Lock: the test is the only writer.
func (weak) Lock(name string, _ []byte) (io.Closer, error) { return os.Create(name) }
