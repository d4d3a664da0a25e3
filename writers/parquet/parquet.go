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
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Format is the Parquet format. Its zero value is ready.
type Format struct{}

// Ext is ".parquet".
func (Format) Ext() string { return ".parquet" }

const magic = "PAR1"

// Create starts a file on w. Errors: a compression that is not known.
func (Format) Create(w io.Writer, o writers.Options) (writers.Writer, error) {
	c, err := newCodec(o.Compression)
	if err != nil {
		return nil, err
	}
	f := &file{w: w, codec: c, workers: o.Workers}
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
	buffers sync.Pool // *chunk
}

// column is one column of the file, as its batches had it.
type column struct {
	schema.Column
	chunks []*chunkMeta // by row group; nil: null in it
}

type group struct{ rows int64 }

// chunkMeta is what the footer says of one column chunk.
type chunkMeta struct {
	offset     int64 // of the first page in the file
	dictionary bool
	dataAt     int64 // offset of the first data page behind offset
	encodings  []format.Encoding
	values     int64
	plainSize  int64 // uncompressed, with headers
	size       int64
	stats      format.Statistics
	index      *format.ColumnIndex // nil: none
	pages      []format.PageLocation
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
	chunks := make([]*chunk, len(vectors))
	errs := make([]error, len(vectors))
	var workers sync.WaitGroup
	turn := make(chan int, len(vectors))
	for i := range vectors {
		turn <- i
	}
	close(turn)
	done := make([]chan struct{}, len(vectors))
	for i := range done {
		done[i] = make(chan struct{})
	}
	for range min(f.workers, len(vectors)) {
		workers.Go(func() {
			for i := range turn {
				if ctx.Err() == nil {
					chunks[i], errs[i] = f.encode(vectors[i], b.Rows)
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
		if chunks[i] != nil {
			f.buffers.Put(chunks[i])
		}
	}
	workers.Wait()
	if err != nil {
		return err
	}
	f.groups = append(f.groups, group{int64(b.Rows)})
	f.rows += int64(b.Rows)
	return nil
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
	meta := c.meta
	meta.offset = f.size
	for i := range meta.pages {
		meta.pages[i].Offset += f.size
	}
	col.chunks = append(col.chunks, &meta)
	return f.write(c.out)
}

// Close settles the columns by table and writes the footer.
func (f *file) Close(table *schema.Table, meta map[string]string) (writers.Info, error) {
	m := format.FileMetaData{Version: 2, NumRows: f.rows, CreatedBy: "restlua"}
	m.Schema = append(m.Schema, format.SchemaElement{Name: "schema", NumChildren: thrift.New(int32(len(table.Columns)))})
	cols := make([]*column, len(table.Columns))
	for i := range table.Columns {
		want := table.Columns[i]
		cols[i] = f.match(&want)
		if cols[i] == nil {
			cols[i] = &column{Column: want}
		} else if !cols[i].SameType(want) {
			return writers.Info{}, fmt.Errorf("parquet: column %q is %s in the file and %s in the table", want.Name, cols[i].TypeName(), want.TypeName())
		}
		for len(cols[i].chunks) < len(f.groups) {
			cols[i].chunks = append(cols[i].chunks, nil)
		}
		// A column that a row group lacks, or that was written with levels,
		// must stay optional.
		optional := want.Nullable || slices.Contains(cols[i].chunks, nil) && len(f.groups) > 0
		if len(f.groups) > 0 && !slices.Contains(cols[i].chunks, nil) {
			optional = cols[i].Nullable
		}
		m.Schema = append(m.Schema, element(want, optional))
		m.ColumnOrders = append(m.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	for g, group := range f.groups {
		if err := f.closeGroup(&m, g, group, table, cols); err != nil {
			return writers.Info{}, err
		}
	}
	if err := f.writeIndexes(&m, cols); err != nil {
		return writers.Info{}, err
	}
	for _, k := range sortedKeys(meta) {
		m.KeyValueMetadata = append(m.KeyValueMetadata, format.KeyValue{Key: k, Value: meta[k]})
	}
	footer, err := thrift.Marshal(&thrift.CompactProtocol{}, &m)
	if err != nil {
		return writers.Info{}, err
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	footer = append(footer, magic...)
	if err := f.write(footer); err != nil {
		return writers.Info{}, err
	}
	return writers.Info{Rows: f.rows, Bytes: f.size}, nil
}

// match returns the file's column that a column of the settled table is.
func (f *file) match(c *schema.Column) *column {
	if have := f.find(c); have != nil {
		return have
	}
	for _, have := range f.columns {
		if have.Name == c.Name && (have.Source == "" || c.Source == "") {
			return have
		}
	}
	return nil
}

func (f *file) closeGroup(m *format.FileMetaData, g int, group group, table *schema.Table, cols []*column) error {
	rg := format.RowGroup{NumRows: group.rows, Ordinal: int16(g), FileOffset: 1 << 62}
	for i, col := range cols {
		if col.chunks[g] == nil {
			c, err := f.nulls(table.Columns[i], int(group.rows))
			if err != nil {
				return err
			}
			meta := c.meta
			meta.offset = f.size
			for p := range meta.pages {
				meta.pages[p].Offset += f.size
			}
			col.chunks[g] = &meta
			if err := f.write(c.out); err != nil {
				return err
			}
		}
		c := col.chunks[g]
		chunk := format.ColumnChunk{FileOffset: c.offset + c.size}
		chunk.MetaData = format.ColumnMetaData{
			Type: physical(table.Columns[i]), Encoding: c.encodings, PathInSchema: []string{table.Columns[i].Name},
			Codec: f.codec.id, NumValues: c.values, TotalUncompressedSize: c.plainSize, TotalCompressedSize: c.size,
			DataPageOffset: c.offset + c.dataAt, Statistics: c.stats,
		}
		if c.dictionary {
			chunk.MetaData.DictionaryPageOffset = c.offset
		}
		rg.TotalByteSize += c.plainSize
		rg.TotalCompressedSize += c.size
		rg.FileOffset = min(rg.FileOffset, c.offset)
		rg.Columns = append(rg.Columns, chunk)
	}
	m.RowGroups = append(m.RowGroups, rg)
	return nil
}

// writeIndexes writes the page index: all column indexes, then all offset
// indexes.
func (f *file) writeIndexes(m *format.FileMetaData, cols []*column) error {
	for g := range f.groups {
		for i, col := range cols {
			c := col.chunks[g]
			if c.index == nil {
				continue
			}
			b, err := thrift.Marshal(&thrift.CompactProtocol{}, c.index)
			if err != nil {
				return err
			}
			m.RowGroups[g].Columns[i].ColumnIndexOffset = f.size
			m.RowGroups[g].Columns[i].ColumnIndexLength = int32(len(b))
			if err := f.write(b); err != nil {
				return err
			}
		}
	}
	for g := range f.groups {
		for i, col := range cols {
			b, err := thrift.Marshal(&thrift.CompactProtocol{}, &format.OffsetIndex{PageLocations: col.chunks[g].pages})
			if err != nil {
				return err
			}
			m.RowGroups[g].Columns[i].OffsetIndexOffset = f.size
			m.RowGroups[g].Columns[i].OffsetIndexLength = int32(len(b))
			if err := f.write(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
