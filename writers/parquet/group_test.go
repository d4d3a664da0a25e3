package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// labels is a batch of two columns: an id, and a text that repeats every n rows
// (0: never).
func labels(from, rows, n int) *schema.Batch {
	id := &schema.Vector{Column: schema.Column{Name: "id", Source: "/id", Type: schema.Bigint}}
	label := &schema.Vector{Column: col("label", schema.Text)}
	for row := range rows {
		id.Grow(row)
		id.Ints = append(id.Ints, int64(from+row))
		text := fmt.Sprintf("label %d of some length, so that pages fill up: %s", from+row, bytes.Repeat([]byte("x"), 60))
		if n > 0 {
			text = fmt.Sprintf("label %d", (from+row)%n)
		}
		label.Grow(row)
		label.AppendBytes([]byte(text))
	}
	return &schema.Batch{Table: &schema.Table{Name: "t"}, Rows: rows, Vectors: []*schema.Vector{id, label}}
}

// RDR-07: a row group holds packed pages of many batches. Its values are read
// back in parts, and the dictionary is one for all.
func TestRowGroupsOfManyBatches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		batches   []*schema.Batch
		group     int64
		groups    int
		parts     int // at least
		encodings []format.Encoding
	}{
		{"one dictionary", []*schema.Batch{labels(0, 40_000, 50), labels(40_000, 40_000, 60), labels(80_000, 40_000, 50)}, 0, 1, 1,
			[]format.Encoding{format.RLEDictionary, format.RLE, format.Plain}},
		{"a dictionary that does not go on", []*schema.Batch{labels(0, 40_000, 50), labels(40_000, 40_000, 0), labels(80_000, 40_000, 50)}, 0, 1, 2,
			[]format.Encoding{format.RLEDictionary, format.Plain, format.RLE}},
		{"no dictionary", []*schema.Batch{labels(0, 60_000, 0), labels(60_000, 60_000, 0), labels(120_000, 60_000, 50)}, 0, 1, 3,
			[]format.Encoding{format.Plain, format.RLE}},
		{"groups that are full", []*schema.Batch{labels(0, 60_000, 0), labels(60_000, 60_000, 0), labels(120_000, 60_000, 0)}, 1 << 20, 3, 3,
			[]format.Encoding{format.Plain, format.RLE}},
		{"small batches", many(500, 20), 0, 1, 1, []format.Encoding{format.RLEDictionary, format.RLE, format.Plain}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			table := tableOf(test.batches[0])
			file := write(t, table, writers.Options{Compression: "none", GroupBytes: test.group}, test.batches...)
			r, err := open(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			meta := metaOf(t, file)
			if len(meta.RowGroups) != test.groups || r.Parts() < test.parts {
				t.Errorf("%d row groups in %d parts, want %d in at least %d", len(meta.RowGroups), r.Parts(), test.groups, test.parts)
			}
			if got := meta.RowGroups[0].Columns[1].MetaData.Encoding; !slices.Equal(got, test.encodings) {
				t.Errorf("encodings %v, want %v", got, test.encodings)
			}
			compareRows(t, r, table, test.batches, schema.Column{})
		})
	}
}

// many are batches of a few rows.
func many(n, rows int) (batches []*schema.Batch) {
	for i := range n {
		batches = append(batches, labels(i*rows, rows, 7))
	}
	return batches
}

// Pages of small batches are joined: a page of a few rows serves nobody.
func TestSmallBatchesShareAPage(t *testing.T) {
	t.Parallel()
	batches := many(500, 20)
	file := write(t, tableOf(batches[0]), writers.Options{}, batches...)
	r, err := open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for i, chunk := range r.f.RowGroups()[0].ColumnChunks() {
		index, err := chunk.OffsetIndex()
		if err != nil {
			t.Fatal(err)
		}
		if index.NumPages() != 1 {
			t.Errorf("column %d has %d pages, want 1", i, index.NumPages())
		}
	}
}

// Open row groups of all files share a bound: who has most of it writes first.
func TestOpenRowGroupsAreBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	f := New()
	var files []*file
	for range 8 {
		w, err := f.create(&bytes.Buffer{}, writers.Options{Compression: "none", GroupBytes: limit})
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, w)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		if err := files[r.IntN(len(files))].Write(context.Background(), labels(0, 1+r.IntN(3000), 0)); err != nil {
			t.Fatal(err)
		}
		if held := f.memory.held.Load(); held > 3*limit {
			t.Fatalf("%d bytes are held, the bound is %d", held, limit)
		}
	}
	groups := 0
	for _, w := range files {
		groups += len(w.groups)
		if _, err := w.Close(tableOf(labels(0, 1, 0)), nil); err != nil {
			t.Fatal(err)
		}
	}
	if held, open := f.memory.held.Load(), f.memory.open.Load(); held != 0 || open != 0 || groups == 0 {
		t.Errorf("at the end %d bytes in %d row groups are held; %d were written early", held, open, groups)
	}
}

// RDR-02: a column that is added or widened in a row group of several parts can
// be read by the part, too.
func TestEvolveKeepsParts(t *testing.T) {
	t.Parallel()
	batches := []*schema.Batch{labels(0, 60_000, 0), labels(60_000, 60_000, 0), labels(120_000, 60_000, 0)}
	from := tableOf(batches[0])
	file := write(t, from, writers.Options{}, batches...)
	to := &schema.Table{Name: "t", Columns: []schema.Column{from.Columns[0], col("new", schema.Double), from.Columns[1]}}
	to.Columns[0].Type = schema.Text
	var out bytes.Buffer
	if _, err := (Format{}).Evolve(context.Background(), []writers.Source{{R: bytes.NewReader(file), Size: int64(len(file)), Table: from}}, &out, to, nil, writers.Options{}); err != nil {
		t.Fatal(err)
	}
	was, err := open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := open(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if was.Parts() < 3 || r.Parts() != was.Parts() {
		t.Errorf("%d parts, before %d, want 3 or more", r.Parts(), was.Parts())
	}
	row := 0
	for p := range r.Parts() {
		var part schema.Batch
		if err := r.Read(p, nil, &part); err != nil {
			t.Fatal(err)
		}
		if part.Vectors[1].Count != 0 {
			t.Errorf("the new column has %d values", part.Vectors[1].Count)
		}
		for i := range part.Rows {
			if got := string(part.Vectors[0].Bytes(i)); got != fmt.Sprint(row) {
				t.Fatalf("row %d: id %s", row, got)
			}
			row++
		}
	}
	if row != 180_000 {
		t.Errorf("%d rows", row)
	}
}

// What a file has written it does not keep: memory must not grow with the rows.
func TestWrittenPagesAreFreed(t *testing.T) {
	w, err := New().create(io.Discard, writers.Options{Compression: "none", GroupBytes: 1 << 20, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	batch := labels(0, 10_000, 0)
	grow := func(times int) {
		for range times {
			if err := w.Write(context.Background(), batch); err != nil {
				t.Fatal(err)
			}
		}
	}
	grow(5)
	before := heap()
	written := w.size
	grow(60)
	if kept, written := heap()-before, w.size-written; written < 50<<20 || kept > written/20 {
		t.Errorf("%d bytes were written, %d more are kept", written, kept)
	}
}
