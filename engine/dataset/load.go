package dataset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Load is one load under way. Write and Reject may be called from several
// goroutines, the other methods from one.
type Load struct {
	d      *Dataset
	number int64
	dir    string // its stage

	mu       sync.Mutex
	tables   []*staged // in order of appearance
	segments int       // staged files so far
	done     bool      // committed, discarded or left behind
	kept     bool      // it has a checkpoint
	tails    []string  // files that this lists beside those of the tables
	rejected File
}

// staged is what a load holds of one table so far. The name is a wish: names
// of child tables are settled by the commit.
type staged struct {
	resource, name, source string

	mu       sync.Mutex
	segments []*segment
	rows     int64
	err      error // of a write: what is staged is not whole
}

// segment is one staged file. Its columns' names are wishes until it is closed.
type segment struct {
	path    string
	columns []schema.Column // that it got values for, Type as in the file
	rows    int64
	bytes   int64
	file    File // nil once it is closed
	writer  writers.Writer
	saved   manifestSegment // what the last checkpoint says of it while it is open
}

// Begin starts a load. Only one can be under way.
func (d *Dataset) Begin() (*Load, error) {
	if d.load != nil {
		return nil, errors.New("a load is under way already")
	}
	if err := d.settle(); err != nil {
		return nil, err
	}
	number := d.state.Generation + 1
	l := &Load{d: d, number: number, dir: filepath.Join(d.stageDir(), loadID(number))}
	if err := d.fs.RemoveAll(l.dir); err != nil {
		return nil, err
	}
	if err := d.fs.MkdirAll(l.dir); err != nil {
		return nil, err
	}
	d.load = l
	return l, nil
}

// Number is the load's number, one more than the last committed one's.
func (l *Load) Number() int64 { return l.number }

// ID is the load's number as text.
func (l *Load) ID() string { return loadID(l.number) }

// errDone is the answer to calls that come too late.
var errDone = errors.New("the load has ended already")

// table returns what is staged of the table that a batch belongs to.
func (l *Load) table(t *schema.Table) (*staged, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil, errDone
	}
	for _, s := range l.tables {
		if s.resource == t.Resource && s.name == t.Name && s.source == t.Source {
			return s, nil
		}
	}
	s := &staged{resource: t.Resource, name: t.Name, source: t.Source}
	l.tables = append(l.tables, s)
	return s, nil
}

// Write stages the rows of a batch. The batch may be used again when Write
// returns. After an error the load cannot be committed.
func (l *Load) Write(ctx context.Context, b *schema.Batch) error {
	if b.Rows == 0 {
		return nil
	}
	t, err := l.table(b.Table)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = l.write(ctx, t, b)
	}
	return t.err
}

func (l *Load) write(ctx context.Context, t *staged, b *schema.Batch) error {
	var s *segment
	if n := len(t.segments); n > 0 && t.segments[n-1].takes(b, l.d.o.FileBytes) {
		s = t.segments[n-1]
	} else {
		var err error
		if s, err = l.newSegment(); err != nil {
			return err
		}
		t.segments = append(t.segments, s)
	}
	b = s.fitted(b)
	if err := s.writer.Write(ctx, b); err != nil {
		return fmt.Errorf("table %s: %w", t.name, err)
	}
	s.note(b)
	t.rows += int64(b.Rows)
	return nil
}

func (l *Load) newSegment() (*segment, error) {
	l.mu.Lock()
	l.segments++
	s := &segment{path: filepath.Join(l.dir, fmt.Sprintf("rows-%04d", l.segments))}
	l.mu.Unlock()
	f, err := l.d.fs.Create(s.path)
	if err != nil {
		return nil, err
	}
	w, err := l.d.o.Format.Create(f, l.d.writerOptions())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.file, s.writer = f, w
	return s, nil
}

func (d *Dataset) writerOptions() writers.Options {
	return writers.Options{Compression: d.o.Compression, GroupBytes: d.o.RowGroupBytes, Busy: d.o.Busy}
}

// own returns the segment's column that c is, or nil.
func (s *segment) own(c *schema.Column) *schema.Column {
	t := schema.Table{Columns: s.columns}
	return t.Match(c)
}

// takes reports whether the batch can go into this file. A column that the
// file stores without nulls must have none in the batch.
func (s *segment) takes(b *schema.Batch, limit int64) bool {
	if s.file == nil || s.writer.Size() >= limit || !s.writer.Fits(b) {
		return false
	}
	full := 0
	for _, v := range b.Vectors {
		if v.Count == 0 {
			continue
		}
		if own := s.own(&v.Column); own != nil && !own.Nullable {
			if v.Count < b.Rows || v.Column.Nullable {
				return false
			}
			full++
		}
	}
	for i := range s.columns {
		if !s.columns[i].Nullable {
			full--
		}
	}
	return full == 0
}

// fitted returns the batch with columns marked nullable where this file stores
// nulls for them, or the batch has some: the mark decides how values are laid
// out. The vectors' values are shared.
func (s *segment) fitted(b *schema.Batch) *schema.Batch {
	out := *b
	out.Vectors = make([]*schema.Vector, 0, len(b.Vectors))
	for _, v := range b.Vectors {
		own := s.own(&v.Column)
		nullable := v.Count < b.Rows || own == nil && s.rows > 0 || own != nil && own.Nullable
		if nullable && !v.Column.Nullable {
			c := *v
			c.Column.Nullable = true
			v = &c
		}
		out.Vectors = append(out.Vectors, v)
	}
	return &out
}

// note remembers the columns of a batch that was written.
func (s *segment) note(b *schema.Batch) {
	s.rows += int64(b.Rows)
	for _, v := range b.Vectors {
		if v.Count > 0 && s.own(&v.Column) == nil {
			c := v.Column
			c.Facts = nil // the batch's owner goes on changing them
			s.columns = append(s.columns, c)
		}
	}
}

// as is the table as this file has it: the types are those that the values
// have, columns that the file never got are null in it.
func (s *segment) as(table *schema.Table) *schema.Table {
	in := &schema.Table{Name: table.Name, Resource: table.Resource, Columns: slices.Clone(table.Columns)}
	for i := range in.Columns {
		c := &in.Columns[i]
		own := s.own(c)
		if own == nil {
			c.Nullable = true
			continue
		}
		c.Type, c.Precision, c.Scale, c.Naive, c.Nullable, c.Source = own.Type, own.Precision, own.Scale, own.Naive, own.Nullable, own.Source
	}
	return in
}

// close ends the file. Names come from the table.
func (s *segment) close(table *schema.Table, meta map[string]string) error {
	if s.file == nil {
		return nil
	}
	in := s.as(table)
	info, err := s.writer.Close(in, meta)
	if err == nil {
		err = s.file.Sync()
	}
	err = errors.Join(err, s.file.Close())
	s.file, s.writer = nil, nil
	if err != nil {
		return fmt.Errorf("table %s: %w", table.Name, err)
	}
	s.columns, s.bytes = in.Columns, info.Bytes
	if info.Rows != s.rows {
		return fmt.Errorf("table %s: %d rows were staged, but the file has %d", table.Name, s.rows, info.Rows)
	}
	return nil
}

// Discard throws the load away. After Commit it does nothing.
func (l *Load) Discard() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil
	}
	err := l.end()
	return errors.Join(err, l.d.fs.RemoveAll(l.dir), l.d.fs.RemoveAll(l.rejectedPath()))
}

// end closes what is open and frees the dataset for the next load.
func (l *Load) end() error {
	l.done = true
	l.d.load = nil
	var err error
	for _, t := range l.tables {
		for _, s := range t.segments {
			if s.file != nil {
				err = errors.Join(err, s.file.Close())
				s.file, s.writer = nil, nil
			}
		}
	}
	if l.rejected != nil {
		err = errors.Join(err, l.rejected.Close())
		l.rejected = nil
	}
	return err
}
