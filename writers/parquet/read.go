package parquet

import (
	"errors"
	"fmt"
	"io"

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
	return out, nil
}

type reader struct {
	f       *pq.File
	columns []schema.Column
	buffer  [1024]pq.Value
}

func (r *reader) Columns() []schema.Column { return r.columns }
func (r *reader) Rows() int64              { return r.f.NumRows() }
func (r *reader) Groups() int              { return len(r.f.RowGroups()) }

func (r *reader) Meta() map[string]string {
	m := map[string]string{}
	for _, kv := range r.f.Metadata().KeyValueMetadata {
		m[kv.Key] = kv.Value
	}
	return m
}

// Read fills into with the named columns of one row group.
func (r *reader) Read(group int, names []string, into *schema.Batch) (err error) {
	defer guard(&err)
	rg := r.f.RowGroups()[group]
	if names == nil {
		for _, c := range r.columns {
			names = append(names, c.Name)
		}
	}
	into.Rows = int(rg.NumRows())
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
		if err := r.column(rg.ColumnChunks()[at], v); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		if v.Len > into.Rows {
			return fmt.Errorf("column %q has more values than the row group has rows", name)
		}
	}
	return nil
}

func (r *reader) column(chunk pq.ColumnChunk, v *schema.Vector) (err error) {
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	row := 0
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
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
		v.Data = append(v.Data, x.ByteArray()...)
		v.Ends = append(v.Ends, uint32(len(v.Data)))
	}
}
