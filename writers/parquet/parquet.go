// Package parquet writes and reads Parquet files (RDR-01 to RDR-08). It is the
// only user of parquet-go in the product, whose public parts for the format, for
// thrift and for the encodings it puts together itself:
//
//   - column vectors with nulls go straight to pages, with no value object per
//     cell;
//   - the encoding of pages is chosen from what is in them: a dictionary where
//     few values repeat, deltas for integers where they are smaller, plain
//     otherwise;
//   - a row group fills with packed pages of several batches, which have one
//     dictionary, so that it may be large without its values being in memory;
//     it is read back by the batch;
//   - a file's footer is written last, so a column that first appears in a
//     later row group costs the earlier ones one small page of nulls, and
//     names and order are settled when the file is closed;
//   - columns are encoded and compressed side by side and written in order.
//
// parquet-go reads the files back.
package parquet

import (
	"io"
	"runtime"

	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Format is the Parquet format. Its zero value is ready; with New, files share
// the memory that encoding needs.
type Format struct{ memory *memory }

// New returns a Format whose files share the memory that encoding needs: a few
// MiB for each core, however many files are open.
func New() Format { return Format{newMemory()} }

// Ext is ".parquet".
func (Format) Ext() string { return ".parquet" }

const magic = "PAR1"

const (
	// groupBytes is the size of a full row group (RDR-07).
	groupBytes = 16 << 20
	// groupRows bounds the rows of a row group: readers take row groups side
	// by side, so narrow tables should have several, too.
	groupRows = 1 << 20
	// smallBatch is the size in bytes below which batches are gathered before
	// they are encoded. A page of ten rows serves nobody.
	smallBatch = pageBytes / 4
)

// Create starts a file on w. Errors: a compression that is not known.
func (fm Format) Create(w io.Writer, o writers.Options) (writers.Writer, error) {
	return fm.create(w, o)
}

func (fm Format) create(w io.Writer, o writers.Options) (*file, error) {
	c, err := newCodec(o.Compression)
	if err != nil {
		return nil, err
	}
	f := &file{w: w, codec: c, workers: o.Workers, busy: o.Busy, groupBytes: o.GroupBytes, memory: fm.memory}
	if f.memory == nil {
		f.memory = newMemory()
	}
	if f.busy == nil {
		f.busy = func() int { return 0 }
	}
	if f.workers <= 0 {
		f.workers = runtime.GOMAXPROCS(0)
	}
	if f.groupBytes <= 0 {
		f.groupBytes = groupBytes
	}
	if err := f.write([]byte(magic)); err != nil {
		return nil, err
	}
	return f, nil
}

// file is a Parquet file under way.
type file struct {
	w          io.Writer
	codec      *codec
	workers    int
	busy       func() int
	groupBytes int64
	size       int64
	rows       int64
	columns    []*column
	groups     []group // those written
	memory     *memory

	parts       []int // rows of the row group under way, by the pieces in which they came
	held        int64 // by it, in bytes
	waiting     int   // of these, in small batches that were gathered
	waitingRows int
}

// column is one column of the file, as its batches had it.
type column struct {
	schema.Column
	open    *chunk        // of the row group under way; nil: null in it so far
	chunks  []*chunkMeta  // by row group; nil: null in it
	waiting schema.Vector // values of small batches
}

// group is a row group. It is read in the pieces in which it was written, each
// of which begins with a page in every column.
type group struct {
	rows  int64
	parts []int // rows of each
}

// chunkMeta is what the footer says of one column chunk.
type chunkMeta struct {
	codec      format.CompressionCodec
	offset     int64 // of the first page in the file
	dictionary bool
	dataAt     int64 // offset of the first data page behind offset
	encodings  []format.Encoding
	kinds      []format.PageEncodingStats
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

// Size is the number of bytes of all rows so far.
func (f *file) Size() int64 { return f.size + f.held }

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

// place writes pages and returns the chunk's description, with offsets in the
// file.
func (f *file) place(c *chunk) (*chunkMeta, error) {
	meta := c.meta
	meta.move(f.size)
	for _, p := range c.pages {
		if err := f.write(p); err != nil {
			return nil, err
		}
	}
	return &meta, nil
}

// move shifts the offsets by n bytes.
func (m *chunkMeta) move(n int64) {
	m.offset += n
	for i := range m.pages {
		m.pages[i].Offset += n
	}
}
