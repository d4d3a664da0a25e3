package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers/parquet"
)

// storage measures what a load costs that changes a large table: a merge into
// files by key range, and a column that is added to all of them. Nothing is
// fetched, so only the dataset and the file format are at work.
func storage(work string, o options) (string, error) {
	var b strings.Builder
	if err := storageMerge(&b, work, o); err != nil {
		return "", err
	}
	if err := storageColumn(&b, work, o); err != nil {
		return "", err
	}
	return b.String(), nil
}

// storageMerge merges 10,000 rows that lie in the newest tenth of the keys, and
// the same number spread over all keys, which rewrites the whole table.
func storageMerge(b *strings.Builder, work string, o options) error {
	const files, changed = 20, 10_000
	base := filepath.Join(work, "merge")
	perFile := o.storageRows / files
	total := perFile * files
	for i := range files {
		if _, err := storageLoad(base, "merge", storageTable(), rowsFrom(i*perFile, 1, perFile, 8)); err != nil {
			return err
		}
	}
	fmt.Fprintf(b, "## Storage: a merge of %d rows into %d\n\n", changed, total)
	fmt.Fprintf(b, "%d files by key range; the changes lie in the newest tenth of the keys, or everywhere, which rewrites the whole table. "+
		"Commit and staging of the load, medians of %d runs in turn; %s.\n\n", files, o.repeat, machine())
	b.WriteString("| changes | wall s | files rewritten | most heap MiB | of rewriting all |\n|---|---|---|---|---|\n")
	cases := []struct {
		name       string
		from, step int
		rewritten  int
		runs       []run
	}{
		{name: "newest tenth", from: total - total/10, step: total / 10 / changed},
		{name: "everywhere", step: total / changed},
	}
	for range o.repeat {
		for i := range cases {
			c := &cases[i]
			dir := filepath.Join(work, "clone")
			if err := cloneDataset(base, dir); err != nil {
				return err
			}
			var report *dataset.Report
			stop := watchHeap()
			started := time.Now()
			report, err := storageLoad(dir, "merge", storageTable(), rowsFrom(c.from, c.step, changed, 8))
			c.runs = append(c.runs, run{wall: time.Since(started), peak: stop()})
			if err != nil {
				return err
			}
			r := report.Tables["rows"]
			if c.rewritten = r.Rewritten; r.Updated != changed || r.Total != int64(total) {
				return fmt.Errorf("the merge updated %d rows of %d, expected are %d of %d", r.Updated, r.Total, changed, total)
			}
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	all := median(cases[1].runs, seconds)
	for _, c := range cases {
		fmt.Fprintf(b, "| %s | %.2f | %d of %d | %.0f | %.2f |\n", c.name, median(c.runs, seconds), c.rewritten, files,
			median(c.runs, func(r run) float64 { return float64(r.peak) / (1 << 20) }), median(c.runs, seconds)/all)
	}
	b.WriteString("\n")
	return os.RemoveAll(base)
}

// storageColumn adds a column to a table and copies the table's files, in turn.
func storageColumn(b *strings.Builder, work string, o options) error {
	const files = 8
	base := filepath.Join(work, "column")
	words := 60 // wide rows: about 600 bytes that do not pack
	perFile := o.storageBytes / files / (10 * words)
	for i := range files {
		if _, err := storageLoad(base, "append", storageTable(), rowsFrom(i*perFile, 1, perFile, words)); err != nil {
			return err
		}
	}
	wide := storageTable()
	wide.Columns = append([]schema.Column{{Name: "added", Source: "/added", Type: schema.Bigint, Nullable: true}}, wide.Columns...)
	var copies, evolved []run
	size := int64(0)
	dir, copied := filepath.Join(work, "clone"), filepath.Join(work, "copy")
	copyAll := func() error {
		started := time.Now()
		n, err := copyFiles(filepath.Join(base, "rows"), copied)
		copies, size = append(copies, run{wall: time.Since(started)}), n
		return err
	}
	addColumn := func() error {
		stop := watchHeap()
		started := time.Now()
		report, err := storageLoad(dir, "append", wide, rowsFrom(files*perFile, 1, 1, words))
		evolved = append(evolved, run{wall: time.Since(started), peak: stop()})
		if err != nil {
			return err
		}
		if r := report.Tables["rows"]; r.Rewritten != files || len(r.New) != 1 {
			return fmt.Errorf("the load rewrote %d files for %d new columns", r.Rewritten, len(r.New))
		}
		return nil
	}
	for i := range o.repeat {
		if err := cloneDataset(base, dir); err != nil {
			return err
		}
		first, second := copyAll, addColumn
		if i%2 == 1 {
			first, second = second, first
		}
		if err := first(); err != nil {
			return err
		}
		if err := second(); err != nil {
			return err
		}
		if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(copied)); err != nil {
			return err
		}
	}
	fmt.Fprintf(b, "## Storage: a column added to %.2f GiB\n\n", float64(size)/(1<<30))
	fmt.Fprintf(b, "%d files, uncompressed; a load of one row with a column that they lack, against a copy of the files with fsync of each. Medians of %d runs in turn; %s.\n\n", files, o.repeat, machine())
	b.WriteString("| what | wall s | most heap MiB | of a copy |\n|---|---|---|---|\n")
	copying := median(copies, seconds)
	fmt.Fprintf(b, "| copy | %.2f | | 1.00 |\n", copying)
	fmt.Fprintf(b, "| load with a new column | %.2f | %.0f | %.2f |\n", median(evolved, seconds),
		median(evolved, func(r run) float64 { return float64(r.peak) / (1 << 20) }), median(evolved, seconds)/copying)
	return os.RemoveAll(base)
}

// storageTable is the table that both measurements change.
func storageTable() *schema.Table {
	t := &schema.Table{Name: "rows", Resource: "rows"}
	for _, c := range []schema.Column{
		{Name: "id", Type: schema.Bigint}, {Name: "customer", Type: schema.Text}, {Name: "amount", Type: schema.Double},
		{Name: "updated_at", Type: schema.Timestamp}, {Name: "note", Type: schema.Text},
	} {
		c.Source = "/" + c.Name
		t.Columns = append(t.Columns, c)
	}
	for _, name := range []string{schema.ID, schema.LoadID} {
		t.Columns = append(t.Columns, schema.Column{Name: name, Source: name, Type: schema.Bigint})
	}
	return t
}

// storedRows gives the rows of one load, in batches.
type storedRows func(t *schema.Table, load int64, write func(*schema.Batch) error) error

// rowsFrom are n rows, their ids from a first one on in steps, each with so
// many words of ten letters that do not pack.
func rowsFrom(first, step, n, words int) storedRows {
	const letters = "abcdefghijklmnopqrstuvwxyz012345"
	return func(t *schema.Table, load int64, write func(*schema.Batch) error) error {
		b := &schema.Batch{Table: t}
		for _, c := range t.Columns {
			b.Vectors = append(b.Vectors, &schema.Vector{Column: c})
		}
		for i := range n {
			id := first + i*step
			r := rand.New(rand.NewPCG(uint64(id), uint64(load)))
			for _, v := range b.Vectors {
				v.Grow(b.Rows)
				switch v.Column.Name {
				case "customer":
					v.AppendBytes(fmt.Appendf(nil, "c%06d", r.IntN(100_000)))
				case "note":
					v.StartBytes()
					for range words {
						for x, k := r.Uint64(), 0; k < 10; x, k = x>>5, k+1 {
							v.Data = append(v.Data, letters[x&31])
						}
					}
					v.EndBytes()
				case "amount":
					v.Doubles = append(v.Doubles, float64(r.IntN(100_000))/100)
				case "updated_at":
					v.Ints = append(v.Ints, 1_600_000_000_000_000+int64(id)*17_000_000)
				case schema.ID:
					v.Ints = append(v.Ints, load<<schema.IDShift+int64(i))
				case schema.LoadID:
					v.Ints = append(v.Ints, load)
				default:
					v.Ints = append(v.Ints, int64(id))
				}
			}
			if b.Rows++; b.Rows%1024 != 0 && i < n-1 || b.Size() < 8<<20 && i < n-1 {
				continue
			}
			if err := write(b); err != nil {
				return err
			}
			for _, v := range b.Vectors {
				v.Reset()
			}
			b.Rows = 0
		}
		return nil
	}
}

// storageLoad makes one load of rows.
func storageLoad(dir, disposition string, t *schema.Table, rows storedRows) (_ *dataset.Report, err error) {
	ctx := context.Background()
	o := dataset.Options{Format: parquet.New(), Source: "bench", Version: "bench"}
	if disposition == "append" {
		o.Compression = "none"
	}
	d, err := dataset.Open(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	l, err := d.Begin()
	if err != nil {
		return nil, err
	}
	if err := rows(t, l.Number(), func(b *schema.Batch) error { return l.Write(ctx, b) }); err != nil {
		return nil, err
	}
	return l.Commit(ctx, dataset.Commit{StartedAt: time.Now(), Resources: []dataset.Resource{
		{Name: "rows", Disposition: disposition, Tables: []*schema.Table{t}, PrimaryKey: []string{"id"}},
	}})
}

// cloneDataset gives a dataset a second folder. Files of tables are never
// written to again, so links do.
func cloneDataset(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case e.IsDir():
			return os.MkdirAll(target, 0o777)
		case filepath.Ext(path) == ".parquet":
			return os.Link(path, target)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o666)
	})
}

// copyFiles copies a folder's files as cp does, and syncs each.
func copyFiles(from, to string) (size int64, err error) {
	entries, err := os.ReadDir(from)
	if err != nil {
		return 0, err
	}
	if err := os.Mkdir(to, 0o777); err != nil {
		return 0, err
	}
	for _, e := range entries {
		n, err := copyOne(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

func copyOne(from, to string) (n int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if n, err = io.Copy(out, in); err != nil {
		return n, err
	}
	return n, out.Sync()
}

// watchHeap looks at the heap every few milliseconds; the returned function
// ends it and gives the most that was seen, in bytes, garbage included but for
// what was there before.
func watchHeap() func() int64 {
	runtime.GC()
	stop, most := make(chan struct{}), make(chan int64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		peak := int64(0)
		for {
			metrics.Read(sample)
			peak = max(peak, int64(sample[0].Value.Uint64()))
			select {
			case <-stop:
				most <- peak
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 { close(stop); return <-most }
}
