package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"

	pq "github.com/parquet-go/parquet-go"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Open reads the file of size bytes behind r. Errors: no Parquet file, a damaged
// one, nested columns.
func (Format) Open(r io.ReaderAt, size int64) (_ writers.Reader, err error) {
	defer guard(&err)
	return open(r, size)
}

// guard turns a panic into an error: parquet-go's decoders trust the numbers of
// a file, and a damaged one leads them beyond their slices.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the Parquet file is damaged: %v", p)
	}
}

func open(r io.ReaderAt, size int64) (*reader, error) {
	f, err := pq.OpenFile(r, size, pq.SkipPageIndex(true), pq.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("no readable Parquet file: %w", err)
	}
	out := &reader{f: f}
	elements := f.Metadata().Schema
	for i := 1; i < len(elements); i++ {
		if elements[i].NumChildren.Valid {
			return nil, errors.New("the Parquet file has nested columns; restlua did not write it")
		}
		out.columns = append(out.columns, columnOf(&elements[i]))
	}
	return out, out.divide()
}

type reader struct {
	f       *pq.File
	columns []schema.Column
	parts   []part
	buffer  [1024]pq.Value
}

// part is rows that are read at once. A row group may be much larger than what
// should be in memory.
type part struct {
	group int
	from  int64 // in the group
	rows  int
	whole bool // the whole row group
}

// partBytes is the least size of a part before it is packed, in bytes, unless
// its row group ends there.
const partBytes = 4 << 20

// divide finds the rows at which a page begins in every column: there a row
// group can be cut. A group without an index of its pages stays whole.
func (r *reader) divide() error {
	meta := r.f.Metadata()
	for g, group := range r.f.RowGroups() {
		rows := group.NumRows()
		if rows < 0 || rows > math.MaxInt32 {
			return fmt.Errorf("the Parquet file is damaged: row group %d has %d rows", g, rows)
		}
		cuts, err := commonStarts(group)
		if err != nil {
			return err
		}
		least := int64(0) // rows of a part
		if size := meta.RowGroups[g].TotalByteSize; size > 0 {
			least = int64(float64(rows) * partBytes / float64(size))
		}
		from := int64(0)
		for _, at := range append(cuts, rows) {
			if at == rows || at-from >= least && at > from {
				r.parts = append(r.parts, part{group: g, from: from, rows: int(at - from), whole: from == 0 && at == rows})
				from = at
			}
		}
	}
	return nil
}

// commonStarts gives the rows of a group at which all columns begin a page, but
// for the first row.
func commonStarts(group pq.RowGroup) ([]int64, error) {
	var cuts []int64
	for i, chunk := range group.ColumnChunks() {
		index, err := chunk.OffsetIndex()
		if errors.Is(err, pq.ErrMissingOffsetIndex) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the Parquet file is damaged: %w", err)
		}
		var kept []int64
		next, last := 0, int64(-1)
		for p := range index.NumPages() {
			row := index.FirstRowIndex(p)
			if row <= last || row >= max(1, group.NumRows()) || p == 0 && row != 0 {
				return nil, fmt.Errorf("the Parquet file is damaged: a page of column %d begins at row %d", i, row)
			}
			last = row
			for next < len(cuts) && cuts[next] < row {
				next++
			}
			if row > 0 && (i == 0 || next < len(cuts) && cuts[next] == row) {
				kept = append(kept, row)
			}
		}
		if cuts = kept; len(cuts) == 0 {
			return nil, nil
		}
	}
	return cuts, nil
}

// groupParts are the rows of the parts of a row group.
func (r *reader) groupParts(g int) []int {
	var rows []int
	for _, p := range r.parts {
		if p.group == g {
			rows = append(rows, p.rows)
		}
	}
	return rows
}

func (r *reader) Columns() []schema.Column { return r.columns }
func (r *reader) Rows() int64              { return r.f.NumRows() }
func (r *reader) Parts() int               { return len(r.parts) }

func (r *reader) Meta() map[string]string {
	m := map[string]string{}
	for _, kv := range r.f.Metadata().KeyValueMetadata {
		if kv.Key != pandasKey { // says nothing that the columns do not
			m[kv.Key] = kv.Value
		}
	}
	return m
}

// Read fills into with the named columns of one part.
func (r *reader) Read(n int, names []string, into *schema.Batch) (err error) {
	defer guard(&err)
	p := r.parts[n]
	chunks := r.f.RowGroups()[p.group].ColumnChunks()
	if names == nil {
		for _, c := range r.columns {
			names = append(names, c.Name)
		}
	}
	into.Rows = p.rows
	for len(into.Vectors) < len(names) {
		into.Vectors = append(into.Vectors, &schema.Vector{})
	}
	into.Vectors = into.Vectors[:len(names)]
	for i, name := range names {
		at := -1
		for k := range r.columns {
			if r.columns[k].Name == name {
				at = k
			}
		}
		if at < 0 {
			return fmt.Errorf("the file has no column %q", name)
		}
		v := into.Vectors[i]
		v.Reset()
		v.Column = r.columns[at]
		if err := r.column(chunks[at], v, p); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
	}
	return nil
}

// column reads the pages of a part.
func (r *reader) column(chunk pq.ColumnChunk, v *schema.Vector, p part) (err error) {
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	if p.from > 0 {
		if err := pages.SeekToRow(p.from); err != nil {
			return err
		}
	}
	row := 0
	for row < p.rows || p.whole {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		row, err = r.page(page.Values(), v, row)
		pq.Release(page)
		if err != nil {
			return err
		}
	}
	if row != p.rows {
		return fmt.Errorf("the Parquet file is damaged: %d rows were found where %d are listed", row, p.rows)
	}
	return nil
}

func (r *reader) page(values pq.ValueReader, v *schema.Vector, row int) (int, error) {
	for {
		n, err := values.ReadValues(r.buffer[:])
		for _, x := range r.buffer[:n] {
			if !x.IsNull() {
				v.Grow(row)
				add(v, x)
			}
			row++
		}
		if errors.Is(err, io.EOF) {
			return row, nil
		}
		if err != nil {
			return row, err
		}
	}
}

// add appends a value that is not null.
func add(v *schema.Vector, x pq.Value) {
	switch v.Column.Type {
	case schema.Bool:
		v.Bools = append(v.Bools, x.Boolean())
	case schema.Double:
		v.Doubles = append(v.Doubles, x.Double())
	case schema.Decimal:
		v.Data = append(v.Data, x.ByteArray()...)
	case schema.Date:
		v.Ints = append(v.Ints, int64(x.Int32()))
	case schema.Bigint, schema.Timestamp, schema.Time:
		v.Ints = append(v.Ints, x.Int64())
	default:
		v.AppendBytes(x.ByteArray())
	}
}
