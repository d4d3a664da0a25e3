package dataset

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers"
)

// source is a file whose rows go into a table's next generation: a live one,
// or one that this load staged.
type source struct {
	path    string
	file    state.File // of a live file as it is listed; of a staged one its rows and bytes
	columns []schema.Column
	live    bool
	changed bool // the file's schema is not the table's, and becomes it
	older   bool // it is not, and stays as it is (evolve = "union")

	drop *rowSet // rows that are left out; nil: none
	by   string  // column that drop looks at
	hits int64   // how many rows drop leaves out
	// edit changes the values of a batch with all columns of the table, before
	// rows are dropped; nil: they stay.
	edit func(b *schema.Batch) error
	box  *box // of the table's key columns; nil: not known
}

// rewritten reports whether the file's rows must be read and written.
func (s *source) rewritten() bool { return s.hits > 0 || s.edit != nil }

// rowSet is a set of row ids.
type rowSet struct {
	ids      map[int64]struct{}
	min, max int64
}

func newRowSet() *rowSet { return &rowSet{ids: map[int64]struct{}{}} }

func (s *rowSet) add(id int64) {
	if len(s.ids) == 0 {
		s.min, s.max = id, id
	}
	s.min, s.max = min(s.min, id), max(s.max, id)
	s.ids[id] = struct{}{}
}

func (s *rowSet) has(id int64) bool {
	if id < s.min || id > s.max {
		return false
	}
	_, is := s.ids[id]
	return is
}

// rows reads columns of files, one part after the other, as the table has
// them: converted where a file is older, null where it lacks them.
type rows struct {
	d       *Dataset
	sources []*source
	want    []*schema.Column

	at     int // of sources, open
	part   int
	file   File
	reader writers.Reader
	names  []string        // to ask the reader for
	from   []int           // by wanted column: index in names; -1: the file lacks it
	facts  []*schema.Facts // by wanted column, of the file's values; nil: not known
	in     schema.Batch
	out    schema.Batch
	spare  []*schema.Vector // by wanted column, for conversions
	empty  []*schema.Vector
}

// read opens files for the wanted columns. Close ends it.
func (d *Dataset) read(sources []*source, want ...*schema.Column) *rows {
	r := &rows{d: d, sources: sources, want: want}
	for _, c := range want {
		r.spare = append(r.spare, &schema.Vector{})
		r.empty = append(r.empty, &schema.Vector{Column: *c})
	}
	return r
}

// next returns the next part; its vectors are in the order of the wanted
// columns and valid until the next call. io.EOF behind the last one.
func (r *rows) next(ctx context.Context) (*schema.Batch, *source, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, context.Cause(ctx)
		}
		if r.reader == nil {
			if r.at >= len(r.sources) {
				return nil, nil, io.EOF
			}
			if err := r.open(r.sources[r.at]); err != nil {
				return nil, nil, err
			}
		}
		s := r.sources[r.at]
		if r.part < r.reader.Parts() {
			b, err := r.convert()
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", s.path, err)
			}
			r.part++
			return b, s, nil
		}
		if err := r.close(); err != nil {
			return nil, nil, err
		}
		r.at++
	}
}

func (r *rows) open(s *source) error {
	f, err := r.d.fs.Open(s.path)
	if err != nil {
		return err
	}
	r.file, r.part = f, 0
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if r.reader, err = r.d.o.Format.Open(f, info.Size()); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	has := map[string]bool{}
	for _, c := range r.reader.Columns() {
		has[c.Name] = true
	}
	own := schema.Table{Columns: s.columns}
	r.names, r.from, r.facts = r.names[:0], r.from[:0], r.facts[:0]
	for _, c := range r.want {
		m := own.Match(c)
		if m == nil || !has[m.Name] {
			r.from, r.facts = append(r.from, -1), append(r.facts, nil)
			continue
		}
		at := slices.Index(r.names, m.Name)
		if at < 0 {
			at = len(r.names)
			r.names = append(r.names, m.Name)
		}
		r.from, r.facts = append(r.from, at), append(r.facts, m.Facts)
	}
	return nil
}

// convert reads the part at hand.
func (r *rows) convert() (*schema.Batch, error) {
	if r.names == nil {
		r.names = []string{} // nil would ask for all columns
	}
	if err := r.reader.Read(r.part, r.names, &r.in); err != nil {
		return nil, err
	}
	r.out.Rows, r.out.Vectors = r.in.Rows, r.out.Vectors[:0]
	for i, c := range r.want {
		if r.from[i] < 0 {
			r.out.Vectors = append(r.out.Vectors, r.empty[i])
			continue
		}
		v := r.in.Vectors[r.from[i]]
		if !v.Column.SameType(*c) {
			to := *c
			if r.facts[i] != nil {
				to.Facts = r.facts[i] // the table's have newer values, too
			}
			if err := schema.Convert(r.spare[i], v, to); err != nil {
				return nil, err
			}
			v = r.spare[i]
		}
		v.Column = *c
		r.out.Vectors = append(r.out.Vectors, v)
	}
	return &r.out, nil
}

// close closes the file at hand.
func (r *rows) close() error {
	f := r.file
	r.file, r.reader = nil, nil
	if f == nil {
		return nil
	}
	return f.Close()
}

// each calls f for every part.
func (r *rows) each(ctx context.Context, f func(b *schema.Batch, s *source) error) (err error) {
	defer func() {
		if closing := r.close(); err == nil {
			err = closing
		}
	}()
	for {
		b, s, err := r.next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(b, s); err != nil {
			return err
		}
	}
}

// walker gives the values of a vector row by row.
type walker struct {
	v    *schema.Vector
	next int
}

// at returns the index of row's value; false: null. Rows are asked in order.
func (w *walker) at(row int) (int, bool) {
	if !w.v.IsValid(row) {
		return 0, false
	}
	w.next++
	return w.next - 1, true
}

// gatherBytes is how much of gathered rows is in memory before it is encoded.
const gatherBytes = 4 << 20

// gather writes rows of several batches to one file.
type gather struct {
	w     writers.Writer
	batch schema.Batch
}

func newGather(w writers.Writer, table *schema.Table) *gather {
	g := &gather{w: w, batch: schema.Batch{Table: table}}
	for _, c := range table.Columns {
		g.batch.Vectors = append(g.batch.Vectors, &schema.Vector{Column: c})
	}
	return g
}

// add takes the rows of b, which has the table's columns in their order, but
// for those of drop.
func (g *gather) add(ctx context.Context, b *schema.Batch, drop []bool) error {
	start, kept := g.batch.Rows, b.Rows
	for _, d := range drop {
		if d {
			kept--
		}
	}
	for i, v := range b.Vectors {
		g.batch.Vectors[i].AppendRows(start, v, b.Rows, drop)
	}
	g.batch.Rows += kept
	if g.batch.Size() < gatherBytes {
		return nil
	}
	return g.flush(ctx)
}

func (g *gather) flush(ctx context.Context) error {
	if g.batch.Rows == 0 {
		return nil
	}
	for _, v := range g.batch.Vectors {
		if !v.Column.Nullable && v.Count < g.batch.Rows {
			return fmt.Errorf("column %q of table %s must have a value in every row, but has none in %d", v.Column.Name, g.batch.Table.Name, g.batch.Rows-v.Count)
		}
	}
	err := g.w.Write(ctx, &g.batch)
	for _, v := range g.batch.Vectors {
		v.Reset()
	}
	g.batch.Rows = 0
	return err
}
