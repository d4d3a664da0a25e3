// Package writers holds the contract that a file format fulfils: batches in,
// a file out, and back. writers/parquet is the first format; Conform is the
// suite that every format must pass.
package writers

import (
	"context"
	"io"

	"github.com/restlua/restlua/engine/schema"
)

// Format creates and opens files of one kind. Its methods may be called from
// several goroutines; a Writer or Reader belongs to one goroutine at a time.
type Format interface {
	// Ext is the ending of file names, with the dot: ".parquet".
	Ext() string
	// Create starts a file on w. The caller closes w after Writer.Close.
	Create(w io.Writer, o Options) (Writer, error)
	// Open reads the file of size bytes behind r. r is used until the Reader
	// is no longer needed.
	Open(r io.ReaderAt, size int64) (Reader, error)
}

// Options of a new file. The zero value works.
type Options struct {
	Compression string // zstd (default), snappy, gzip, none
	Workers     int    // columns encoded side by side; 0 means GOMAXPROCS
	// Busy says how many cores others want at the moment who make batches. Workers
	// leave these to them, but for one, as batches that are not made yet are what
	// the last worker will wait for. nil: none. It may be called from several
	// goroutines.
	Busy       func() int
	GroupBytes int64 // size of a full row group in the file; 0: 16 MiB
}

// Writer takes batches of one table and makes one file of them.
type Writer interface {
	// Write adds the rows of b. Columns are matched by Source: a column that earlier batches did not have is null in them, one
	// that b lacks is null in b. A column whose type, scale or Naive differs
	// from earlier batches of this file is an error (ask Fits first). b may be
	// used again when Write returns.
	Write(ctx context.Context, b *schema.Batch) error
	// Fits reports whether b's columns have the types that this file already
	// has for them.
	Fits(b *schema.Batch) bool
	// Size is about the number of bytes that the rows so far will take.
	Size() int64
	// Close settles names and order of the columns by table (matched by
	// Source; columns of table that the file never got are written as null or
	// left out when the table says they are not there), writes the footer with
	// meta and flushes. The file is invalid without Close.
	Close(table *schema.Table, meta map[string]string) (Info, error)
}

// Tailer is a Writer whose file can be whole before it is closed.
type Tailer interface {
	// Tail writes to w what Close with the same arguments would add to the
	// file now, and leaves the file as it is: it goes on as if nothing was
	// asked. What the file's own writer got so far with w's bytes behind is a
	// file of all rows so far; Info is that file's.
	Tail(w io.Writer, table *schema.Table, meta map[string]string) (Info, error)
}

// Info says what a file holds.
type Info struct {
	Rows  int64
	Bytes int64
}

// Reader gives back what a Writer wrote.
type Reader interface {
	// Columns are the file's columns, in order: Name, Type, Precision, Scale,
	// Naive, Nullable. Source is not stored in files and left empty; callers
	// know it by name from the state.
	Columns() []schema.Column
	Rows() int64
	// Parts is the number of pieces in which the rows are read, in their order.
	// A part is a few MiB, however large the file's row groups are.
	Parts() int
	// Read fills into with the named columns (nil: all) of one part;
	// into.Vectors are in the order asked, Vector.Column has the file's
	// column. Vectors of into are used again where their types fit.
	Read(part int, columns []string, into *schema.Batch) error
	// Meta returns the footer's key-value pairs.
	Meta() map[string]string
}

// Source is a file that is read. Where R is an *os.File its offset moves.
type Source struct {
	R    io.ReaderAt
	Size int64
	// Table is the table as it was when the file was written. The file's columns
	// are known by their names in it.
	Table *schema.Table
}

// Evolver is a Format that can bring older files to a table's newer columns, and
// join files, without writing all of their values anew.
type Evolver interface {
	// Evolve writes the rows of sources, one after the other, to w, with exactly
	// the columns of to: names, types, order. Columns of a source's table and of
	// to are matched as Table.Match does. A column with a new type is converted
	// (schema.Convert, timestamps by the layout in the source's Facts), one that
	// a file lacks is null, one that to lacks is left out, all others are copied
	// as they are. o.Compression is for what is written anew. meta replaces the
	// files' metadata. Errors: no source, a damaged file, values that do not fit
	// the new type. The caller closes w; after an error what w got is worthless.
	Evolve(ctx context.Context, sources []Source, w io.Writer, to *schema.Table, meta map[string]string, o Options) (Info, error)
}
