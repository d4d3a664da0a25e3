package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Evolve writes files anew with the columns of to (RDR-02), one file of all. Row
// groups stay as they are, and each is one piece of the file with its columns in
// the order of to: Spark tells by the first column's offset which of its tasks
// reads a row group, and loses the row group where that points behind the file.
func (fm Format) Evolve(ctx context.Context, sources []writers.Source, w io.Writer, to *schema.Table, meta map[string]string, o writers.Options) (info writers.Info, err error) {
	defer guard(&err)
	if len(sources) == 0 {
		return writers.Info{}, errors.New("parquet: there is no file to evolve")
	}
	f, err := fm.create(w, o)
	if err != nil {
		return writers.Info{}, err
	}
	all := make([]*evolution, len(sources))
	optional := make([]bool, len(to.Columns))
	for i, s := range sources {
		if all[i], err = newEvolution(f, s, to); err != nil {
			return writers.Info{}, err
		}
		for k := range all[i].steps {
			optional[k] = optional[k] || all[i].steps[k].Nullable
		}
	}
	cols := make([]*column, len(to.Columns))
	for i := range cols {
		cols[i] = &column{Column: to.Columns[i]}
	}
	for _, e := range all {
		e.agree(optional)
		for g := range e.meta.RowGroups {
			if err := ctx.Err(); err != nil {
				return writers.Info{}, err
			}
			if err := e.group(g, cols); err != nil {
				return writers.Info{}, err
			}
		}
	}
	return f.finish(to, cols, optional, meta)
}

// evolution is what becomes of one file.
type evolution struct {
	file  *file
	src   *reader
	meta  *fileMetaData // of src
	r     io.ReaderAt
	size  int64
	steps []step // by column of the new table

	read      schema.Batch
	converted schema.Vector
	run       span // bytes of r that are still to be copied
}

func newEvolution(f *file, s writers.Source, to *schema.Table) (*evolution, error) {
	src, err := open(s.R, s.Size)
	if err != nil {
		return nil, err
	}
	m, err := readMetaData(s.R, s.Size)
	if err != nil {
		return nil, err
	}
	e := &evolution{file: f, src: src, meta: m, r: s.R, size: s.Size}
	e.plan(s.Table, to)
	return e, nil
}

// step is what happens to one column.
type step struct {
	schema.Column
	at      int  // in the file that is read; -1: the file lacks it
	convert bool // pages are written anew
	facts   *schema.Facts
}

// span is a piece of the file that is read.
type span struct{ from, n int64 }

// plan finds each new column's old one.
func (e *evolution) plan(from, to *schema.Table) {
	e.steps = make([]step, len(to.Columns))
	for i := range e.steps {
		want := to.Columns[i]
		s := step{Column: want, at: -1, facts: want.Facts}
		for k, have := range e.src.columns {
			old := from.Column(have.Name)
			if old == nil {
				old = &schema.Column{Name: have.Name}
			}
			if !matches(from, to, old, i) {
				continue
			}
			s.at, s.convert = k, !have.SameType(want)
			if old.Facts != nil {
				// The file's values are older than what to knows of the column.
				s.facts = old.Facts
			}
			// Pages with levels stay, also where the new table takes no more
			// nulls.
			s.Nullable = want.Nullable || have.Nullable
			break
		}
		if s.at < 0 && len(e.meta.RowGroups) > 0 {
			s.Nullable = true
		}
		e.steps[i] = s
	}
}

// agree settles which columns are optional. Pages without levels do not fit an
// optional column.
func (e *evolution) agree(optional []bool) {
	for i := range e.steps {
		s := &e.steps[i]
		s.Nullable = optional[i]
		if s.at >= 0 && optional[i] && !e.src.columns[s.at].Nullable {
			s.convert = true
		}
	}
}

// matches reports whether old, a column of from, is column i of to.
func matches(from, to *schema.Table, old *schema.Column, i int) bool {
	m := to.Match(old)
	if m == nil && from.Column(old.Name) == nil {
		m = to.Column(old.Name) // a file that knows more than the table
	}
	return m == &to.Columns[i]
}

// group writes one row group, and adds its chunks to cols.
func (e *evolution) group(g int, cols []*column) error {
	rg := &e.meta.RowGroups[g]
	if len(rg.Columns) != len(e.src.columns) || rg.NumRows < 0 || rg.NumRows > math.MaxInt32 {
		return fmt.Errorf("the file is damaged: row group %d does not fit the schema", g)
	}
	for i := range e.steps {
		s := &e.steps[i]
		meta, err := e.chunk(s, g, rg)
		if err != nil {
			return fmt.Errorf("column %q: %w", s.Name, err)
		}
		cols[i].chunks = append(cols[i].chunks, meta)
	}
	if err := e.flush(); err != nil {
		return err
	}
	e.file.groups = append(e.file.groups, group{rows: rg.NumRows, parts: e.src.groupParts(g)})
	e.file.rows += rg.NumRows
	return nil
}

// chunk writes one column of a row group, or notes what has to be copied.
func (e *evolution) chunk(s *step, g int, rg *rowGroup) (*chunkMeta, error) {
	if s.at >= 0 && !s.convert {
		return e.copied(&rg.Columns[s.at])
	}
	if err := e.flush(); err != nil {
		return nil, err
	}
	var c *chunk
	var err error
	if s.at < 0 {
		c, err = e.file.nulls(s.Column, e.src.groupParts(g))
	} else {
		c, err = e.reencode(s, g)
	}
	if err != nil {
		return nil, err
	}
	return e.file.place(c)
}

// reencode converts one column of a row group, part by part.
func (e *evolution) reencode(s *step, g int) (*chunk, error) {
	have := e.src.columns[s.at]
	to := s.Column
	to.Facts = s.facts
	c := newChunk(e.file.codec, s.Column)
	buffers := e.file.memory.get()
	defer e.file.memory.put(buffers)
	for p, part := range e.src.parts {
		if part.group != g {
			continue
		}
		if err := e.src.Read(p, []string{have.Name}, &e.read); err != nil {
			return nil, err
		}
		if err := schema.Convert(&e.converted, e.read.Vectors[0], to); err != nil {
			return nil, err
		}
		if err := c.addNow(buffers, &e.converted, part.rows); err != nil {
			return nil, err
		}
	}
	return c, c.end(buffers)
}

// copied describes a chunk that is taken over as it is; its bytes join the run
// that flush copies.
func (e *evolution) copied(c *columnChunk) (*chunkMeta, error) {
	m := &c.MetaData
	meta := &chunkMeta{
		codec: m.Codec, offset: m.DataPageOffset, encodings: m.Encoding, kinds: m.EncodingStats, values: m.NumValues,
		plainSize: m.TotalUncompressedSize, size: m.TotalCompressedSize, stats: m.Statistics,
	}
	if d := m.DictionaryPageOffset; d > 0 && d < m.DataPageOffset {
		meta.dictionary, meta.offset, meta.dataAt = true, d, m.DataPageOffset-d
	}
	if meta.offset < int64(len(magic)) || meta.size < 0 || meta.offset > e.size-meta.size {
		return nil, fmt.Errorf("the file is damaged: pages at %d, behind its end", meta.offset)
	}
	if c.ColumnIndexLength > 0 {
		meta.index = new(format.ColumnIndex)
		if err := e.unmarshal(c.ColumnIndexOffset, c.ColumnIndexLength, meta.index); err != nil {
			return nil, err
		}
	}
	if c.OffsetIndexLength > 0 {
		var index format.OffsetIndex
		if err := e.unmarshal(c.OffsetIndexOffset, c.OffsetIndexLength, &index); err != nil {
			return nil, err
		}
		meta.pages = index.PageLocations
	}
	if e.run.from+e.run.n != meta.offset {
		if err := e.flush(); err != nil {
			return nil, err
		}
		e.run = span{from: meta.offset}
	}
	to := e.file.size + e.run.n
	e.run.n += meta.size
	meta.move(to - meta.offset)
	return meta, nil
}

func (e *evolution) unmarshal(offset int64, n int32, into any) error {
	if offset < 0 || offset > e.size-int64(n) {
		return fmt.Errorf("the file is damaged: a page index at %d, behind its end", offset)
	}
	b := make([]byte, n)
	if _, err := e.r.ReadAt(b, offset); err != nil {
		return err
	}
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b, into); err != nil {
		return fmt.Errorf("the file is damaged: page index: %w", err)
	}
	return nil
}

// flush copies the run. Between two files the system may do so without moving
// bytes through this process.
func (e *evolution) flush() error {
	run := e.run
	e.run = span{}
	if run.n == 0 {
		return nil
	}
	var from io.Reader = io.NewSectionReader(e.r, run.from, run.n)
	if file, ok := e.r.(*os.File); ok {
		if _, err := file.Seek(run.from, io.SeekStart); err != nil {
			return err
		}
		from = file
	}
	n, err := io.CopyN(e.file.w, from, run.n)
	e.file.size += n
	return err
}
