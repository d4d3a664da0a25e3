// Package parquet writes and reads Parquet files (RDR-01 to RDR-08). It is the
// only user of parquet-go, whose public parts for the format, for thrift and
// for the encodings it puts together itself:
//
//   - column vectors with nulls go straight to pages, with no value object per
//     cell;
//   - a row group's encodings are chosen from what is in it, when it is full:
//     a dictionary where few values repeat, deltas for integers where they are
//     smaller, plain otherwise;
//   - a file's footer is written last, so a column that first appears in a
//     later row group costs the earlier ones one small page of nulls, and
//     names and order are settled when the file is closed;
//   - columns are encoded and compressed side by side and written in order.
//
// parquet-go reads the files back.
package parquet

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Format is the Parquet format. Its zero value is ready; with New, files share
// the memory that encoding needs.
type Format struct{ memory memory }

// New returns a Format whose files share the memory that encoding needs: a few
// MiB for each core, however many files are open.
func New() Format { return Format{newMemory()} }

// Ext is ".parquet".
func (Format) Ext() string { return ".parquet" }

const magic = "PAR1"

// Create starts a file on w. Errors: a compression that is not known.
func (fm Format) Create(w io.Writer, o writers.Options) (writers.Writer, error) {
	return fm.create(w, o)
}

func (fm Format) create(w io.Writer, o writers.Options) (*file, error) {
	c, err := newCodec(o.Compression)
	if err != nil {
		return nil, err
	}
	f := &file{w: w, codec: c, workers: o.Workers, memory: fm.memory}
	if f.memory == nil {
		f.memory = newMemory()
	}
	if f.workers <= 0 {
		f.workers = runtime.GOMAXPROCS(0)
	}
	if err := f.write([]byte(magic)); err != nil {
		return nil, err
	}
	return f, nil
}

// file is a Parquet file under way.
type file struct {
	w       io.Writer
	codec   *codec
	workers int
	size    int64
	rows    int64
	columns []*column
	groups  []group
	memory  memory
}

// column is one column of the file, as its batches had it.
type column struct {
	schema.Column
	chunks []*chunkMeta // by row group; nil: null in it
}

type group struct{ rows int64 }

// chunkMeta is what the footer says of one column chunk.
type chunkMeta struct {
	codec      format.CompressionCodec
	offset     int64 // of the first page in the file
	dictionary bool
	dataAt     int64 // offset of the first data page behind offset
	encodings  []format.Encoding
	values     int64
	plainSize  int64 // uncompressed, with headers
	size       int64
	stats      statistics
	index      *format.ColumnIndex   // nil: none
	pages      []format.PageLocation // empty: not known (a foreign file)
}

func (f *file) write(b []byte) error {
	n, err := f.w.Write(b)
	f.size += int64(n)
	return err
}

// Size is the number of bytes written so far.
func (f *file) Size() int64 { return f.size }

// find returns the column that c is.
func (f *file) find(c *schema.Column) *column {
	for _, have := range f.columns {
		if have.Source == c.Source && (c.Source != "" || have.Name == c.Name) {
			return have
		}
	}
	return nil
}

// Fits reports whether b's columns have the types that this file has for them.
func (f *file) Fits(b *schema.Batch) bool {
	for _, v := range b.Vectors {
		if have := f.find(&v.Column); have != nil && v.Count > 0 && !have.SameType(v.Column) {
			return false
		}
	}
	return true
}

// Write adds the rows of b as one row group.
func (f *file) Write(ctx context.Context, b *schema.Batch) error {
	if b.Rows == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !f.Fits(b) {
		return fmt.Errorf("parquet: table %q: a column changed its type within one file", b.Table.Name)
	}
	var vectors []*schema.Vector
	for _, v := range b.Vectors {
		if v.Count > 0 {
			vectors = append(vectors, v)
		}
	}
	slices.SortStableFunc(vectors, func(a, b *schema.Vector) int { return cmp.Compare(f.rank(a), f.rank(b)) })
	chunks := make([]*chunk, len(vectors))
	errs := make([]error, len(vectors))
	done := make([]chan struct{}, len(vectors))
	for i := range done {
		done[i] = make(chan struct{})
	}
	turn := make(chan int, len(vectors))
	for _, i := range bySize(vectors) {
		turn <- i
	}
	close(turn)
	var workers sync.WaitGroup
	for range min(f.workers, len(vectors)) {
		workers.Go(func() {
			s := f.memory.get()
			defer f.memory.put(s)
			for i := range turn {
				if ctx.Err() == nil {
					chunks[i], errs[i] = f.encode(s, vectors[i], b.Rows)
				}
				close(done[i])
			}
		})
	}
	var err error
	for i, v := range vectors {
		<-done[i]
		if err == nil {
			err = errs[i]
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = f.append(v, chunks[i])
		}
		chunks[i] = nil
	}
	workers.Wait()
	if err != nil {
		return err
	}
	f.groups = append(f.groups, group{int64(b.Rows)})
	f.rows += int64(b.Rows)
	return nil
}

// bySize gives the order in which vectors are encoded, the largest first: a text
// that takes half of the time must not be the last one to begin.
func bySize(vectors []*schema.Vector) []int {
	order := make([]int, len(vectors))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(vectors[b].Size(), vectors[a].Size()) })
	return order
}

// rank orders a row group's columns as earlier ones were, new ones behind.
func (f *file) rank(v *schema.Vector) int {
	for i, have := range f.columns {
		if have == f.find(&v.Column) {
			return i
		}
	}
	return len(f.columns)
}

// append writes an encoded chunk behind the others.
func (f *file) append(v *schema.Vector, c *chunk) error {
	col := f.find(&v.Column)
	if col == nil {
		col = &column{Column: v.Column}
		f.columns = append(f.columns, col)
	}
	for len(col.chunks) < len(f.groups) {
		col.chunks = append(col.chunks, nil)
	}
	meta, err := f.place(c)
	col.chunks = append(col.chunks, meta)
	return err
}

// place writes an encoded chunk and returns its description, with offsets in
// the file.
func (f *file) place(c *chunk) (*chunkMeta, error) {
	meta := c.meta
	meta.move(f.size)
	return &meta, f.write(c.out)
}

// move shifts the offsets by n bytes.
func (m *chunkMeta) move(n int64) {
	m.offset += n
	for i := range m.pages {
		m.pages[i].Offset += n
	}
}
