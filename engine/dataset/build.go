package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers"
)

const (
	// smallFile is up to which size a file counts as small.
	smallFile = 64 << 20
	// manySmall is how many small files a merge table may have before they are
	// joined.
	manySmall = 32
	// joinBytes is the mean size of files from which on they are joined by
	// copying their row groups.
	joinBytes = 2 << 20
)

// build writes the files of the table's next generation into the stage and
// lists them.
func (c *change) build(ctx context.Context, w *committing) error {
	if err := c.adapt(w); err != nil {
		return err
	}
	parts := c.parts(w.d)
	c.table.Mixed = slices.ContainsFunc(parts, func(p []*source) bool {
		return len(p) == 1 && p[0].older && !p[0].rewritten()
	})
	stage := filepath.Join(w.dir, c.table.Name)
	if c.appends(parts) {
		for _, p := range parts[:len(c.old.Files)] {
			f := p[0].file
			f.MinKey, f.MaxKey = c.bounds(p)
			c.table.Files = append(c.table.Files, f)
		}
		parts = parts[len(c.old.Files):]
	}
	if len(parts) == 0 && len(c.table.Files) > 0 {
		return c.finish()
	}
	if len(parts) == 0 {
		parts = [][]*source{nil} // RDR-03
	}
	if err := w.d.fs.MkdirAll(stage); err != nil {
		return err
	}
	for n, p := range parts {
		name := w.d.fileName(c.table.Name, w.number, n+1)
		f, err := c.make(ctx, w, p, filepath.Join(stage, name+staging))
		if err != nil {
			return err
		}
		f.Name = name
		f.MinKey, f.MaxKey = c.bounds(p)
		c.table.Files = append(c.table.Files, f)
	}
	if err := w.d.fs.SyncDir(stage); err != nil {
		return err
	}
	return c.finish()
}

// finish sums the files up.
func (c *change) finish() error {
	r := &c.report
	r.Files, r.Bytes = len(c.table.Files), 0
	c.table.Rows = 0
	for _, f := range c.table.Files {
		c.table.Rows += f.Rows
		r.Bytes += f.Bytes
	}
	r.Total, r.Mixed = c.table.Rows, c.table.Mixed
	if want := c.oldRows() + r.Added - r.Deleted; want != r.Total {
		return fmt.Errorf("%d rows were expected, but the files have %d; nothing was committed", want, r.Total)
	}
	return nil
}

// adapt finds out which files do not have the table's schema.
func (c *change) adapt(w *committing) error {
	bytes := int64(0)
	keeps := c.table.Mixed // union: older files stay as they are
	for _, s := range c.sources {
		s.changed = !sameColumns(s.columns, c.table.Columns)
		if !s.live {
			continue
		}
		if c.old.Mixed {
			columns, err := w.d.columnsOf(s.path)
			if err != nil {
				return err
			}
			s.changed = !sameColumns(columns, c.table.Columns)
		}
		if s.changed && keeps {
			s.changed, s.older = false, true
		}
		if s.changed {
			bytes += s.file.Bytes
		}
	}
	if bytes > rewriteLimit && !w.AllowRewrite {
		return &RewriteError{Table: c.table.Name, Bytes: bytes}
	}
	return nil
}

// columnsOf reads a file's schema.
func (d *Dataset) columnsOf(path string) (columns []schema.Column, err error) {
	f, err := d.fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := d.o.Format.Open(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r.Columns(), nil
}

// appends reports whether the older files stay as they are, with one file or
// none behind them. Then they keep their names, too.
func (c *change) appends(parts [][]*source) bool {
	if c.old == nil || len(c.old.Files) == 0 || len(parts) < len(c.old.Files) || len(parts) > len(c.old.Files)+1 {
		return false
	}
	for i, f := range c.old.Files {
		if len(parts[i]) != 1 {
			return false
		}
		if s := parts[i][0]; !s.live || s.file.Name != f.Name || s.changed || s.rewritten() {
			return false
		}
	}
	return len(parts) == len(c.old.Files) || !parts[len(c.old.Files)][0].live
}

// parts arranges the sources into files: usually each for itself, several in
// one where many are small, or where one load staged its rows in pieces.
func (c *change) parts(d *Dataset) [][]*source {
	var kept []*source
	rows, small := int64(0), 0
	for _, s := range c.sources {
		rows += s.file.Rows - s.hits
		if s.file.Bytes < smallFile {
			small++
		}
	}
	onlyLive := true
	for _, s := range c.sources {
		// A file without rows goes when there are others, unless that alone
		// would give all files new names.
		if s.hits < s.file.Rows || s.file.Rows == 0 && s.live && (rows == 0 || !c.reshaped()) {
			kept = append(kept, s)
			onlyLive = onlyLive && s.live
		}
	}
	if rows == 0 && len(kept) > 1 {
		kept = kept[:1]
	}
	joinLive := c.join && (small > manySmall || c.always)
	var parts [][]*source
	var size int64 // of the last part while it can grow
	for _, s := range kept {
		n := len(parts)
		joins := s.file.Bytes < smallFile && n > 0 && size > 0 && size+s.file.Bytes <= min(d.o.FileBytes, 2*smallFile) &&
			(joinLive || !s.live && !parts[n-1][0].live)
		if joins {
			parts[n-1] = append(parts[n-1], s)
			size += s.file.Bytes
			continue
		}
		parts = append(parts, []*source{s})
		if size = 0; s.file.Bytes < smallFile {
			size = max(1, s.file.Bytes)
		}
	}
	return parts
}

// reshaped reports whether the files get new names anyhow.
func (c *change) reshaped() bool {
	staged := 0
	for _, s := range c.sources {
		if s.live && (s.changed || s.rewritten()) {
			return true
		}
		if !s.live {
			staged++
		}
	}
	return staged > 1
}

// make makes one file of the sources, at path.
func (c *change) make(ctx context.Context, w *committing, from []*source, path string) (state.File, error) {
	for _, s := range from {
		if s.live && (len(from) > 1 || s.changed || s.rewritten()) {
			c.report.Rewritten++
		}
	}
	if len(from) == 1 && !from[0].rewritten() && !from[0].changed {
		s := from[0]
		if s.live || w.kept { // its checkpoint lists the staged file until the load is committed
			return s.file, w.d.fs.Link(s.path, path)
		}
		return s.file, w.d.fs.Rename(s.path, path)
	}
	if e, ok := w.d.o.Format.(writers.Evolver); ok && w.d.copies(from) {
		return c.evolve(ctx, w, e, from, path)
	}
	return c.gather(ctx, w, from, path)
}

// copies reports whether a file can be made of the sources without reading all
// of their values. Small files are read: their row groups would stay small.
func (d *Dataset) copies(from []*source) bool {
	bytes := int64(0)
	for _, s := range from {
		if s.rewritten() {
			return false
		}
		bytes += s.file.Bytes
	}
	return len(from) == 1 || len(from) > 1 && bytes/int64(len(from)) >= d.o.joinBytes
}

// evolve brings files to the table's schema, as one, by the format's own way.
func (c *change) evolve(ctx context.Context, w *committing, e writers.Evolver, from []*source, path string) (f state.File, err error) {
	var sources []writers.Source
	rows := int64(0)
	for _, s := range from {
		in, err := w.d.fs.Open(s.path)
		if err != nil {
			return f, err
		}
		defer in.Close() // read only: nothing can be lost
		stat, err := in.Stat()
		if err != nil {
			return f, err
		}
		sources = append(sources, writers.Source{R: in, Size: stat.Size(), Table: &schema.Table{Name: c.table.Name, Columns: s.columns}})
		rows += s.file.Rows
	}
	var info writers.Info
	err = w.d.create(path, func(out io.Writer) error {
		info, err = e.Evolve(ctx, sources, out, &c.table.Table, w.d.meta(&c.table.Table, w.number), w.d.writerOptions())
		return err
	})
	if err == nil && info.Rows != rows {
		err = fmt.Errorf("%s has %d rows, %d were expected", path, info.Rows, rows)
	}
	return state.File{Rows: info.Rows, Bytes: info.Bytes}, err
}

// create writes a file and syncs it.
func (d *Dataset) create(path string, write func(w io.Writer) error) error {
	f, err := d.fs.Create(path)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// gather reads the sources and writes the rows that stay.
func (c *change) gather(ctx context.Context, w *committing, from []*source, path string) (state.File, error) {
	want := make([]*schema.Column, len(c.table.Columns))
	for i := range want {
		want[i] = &c.table.Columns[i]
	}
	var info writers.Info
	err := w.d.create(path, func(out io.Writer) error {
		writer, err := w.d.o.Format.Create(out, w.d.writerOptions())
		if err != nil {
			return err
		}
		g := newGather(writer, &c.table.Table)
		err = w.d.read(from, want...).each(ctx, func(b *schema.Batch, s *source) error {
			var drop []bool
			if s.edit != nil {
				if err := s.edit(b); err != nil {
					return err
				}
			}
			if s.hits > 0 {
				drop = c.marks(b, s)
			}
			return g.add(ctx, b, drop)
		})
		if err == nil {
			err = g.flush(ctx)
		}
		if err == nil {
			info, err = writer.Close(&c.table.Table, w.d.meta(&c.table.Table, w.number))
		}
		return err
	})
	rows := int64(0)
	for _, s := range from {
		rows += s.file.Rows - s.hits
	}
	if err == nil && info.Rows != rows {
		err = fmt.Errorf("%d rows were expected, but %d were written", rows, info.Rows)
	}
	return state.File{Rows: info.Rows, Bytes: info.Bytes}, err
}

// marks says which rows of a batch are left out.
func (c *change) marks(b *schema.Batch, s *source) []bool {
	drop := make([]bool, b.Rows)
	for i := range c.table.Columns {
		if c.table.Columns[i].Name != s.by {
			continue
		}
		ids := walker{v: b.Vectors[i]}
		for row := range b.Rows {
			if at, ok := ids.at(row); ok {
				drop[row] = s.drop.has(b.Vectors[i].Ints[at])
			}
		}
	}
	return drop
}
