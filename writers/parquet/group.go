package parquet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/restlua/restlua/engine/schema"
)

// Write adds the rows of b to the row group under way, and writes that one when
// it is full.
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
	small := b.Size() < smallBatch
	if small {
		if f.gather(b); f.waiting < pageBytes && !f.full() {
			return nil
		}
	}
	if err := f.encodeWaiting(ctx); err != nil {
		return err
	}
	if !small {
		given := map[*column]*schema.Vector{}
		for _, v := range b.Vectors {
			if v.Count > 0 {
				given[f.know(&v.Column)] = v
			}
		}
		if err := f.encode(ctx, given, b.Rows); err != nil {
			return err
		}
	}
	if f.full() {
		return f.endGroup(ctx)
	}
	return nil
}

// count adds n bytes to what the row group under way holds.
func (f *file) count(n int64) {
	if f.held == 0 && n > 0 {
		f.memory.open.Add(1)
	}
	f.held += n
	f.memory.held.Add(n)
	if f.held == 0 && n < 0 {
		f.memory.open.Add(-1)
	}
}

// full reports whether the row group under way should be written.
func (f *file) full() bool {
	rows := f.waitingRows
	for _, n := range f.parts {
		rows += n
	}
	return f.held >= f.groupBytes || rows >= groupRows || f.memory.short(f.held, f.groupBytes+f.groupBytes/4)
}

// know returns the file's column that c is, a new one where there is none.
func (f *file) know(c *schema.Column) *column {
	col := f.find(c)
	if col == nil {
		col = &column{Column: *c, chunks: make([]*chunkMeta, len(f.groups))}
		col.Facts = nil // the batch's owner goes on changing them
		f.columns = append(f.columns, col)
	}
	return col
}

// gather copies a small batch behind those that wait.
func (f *file) gather(b *schema.Batch) {
	for _, v := range b.Vectors {
		if v.Count == 0 {
			continue
		}
		col := f.know(&v.Column)
		col.waiting.Column = col.Column
		before := col.waiting.Size()
		col.waiting.AppendRows(f.waitingRows, v, b.Rows, nil)
		f.waiting += col.waiting.Size() - before
		f.count(int64(col.waiting.Size() - before))
	}
	f.waitingRows += b.Rows
}

// encodeWaiting makes pages of what was gathered.
func (f *file) encodeWaiting(ctx context.Context) error {
	if f.waitingRows == 0 {
		return nil
	}
	given := map[*column]*schema.Vector{}
	for _, col := range f.columns {
		if col.waiting.Count > 0 {
			given[col] = &col.waiting
		}
	}
	f.count(-int64(f.waiting))
	err := f.encode(ctx, given, f.waitingRows)
	for _, col := range f.columns {
		col.waiting.Reset()
	}
	f.waiting, f.waitingRows = 0, 0
	return err
}

// encode makes pages of rows, columns side by side.
func (f *file) encode(ctx context.Context, given map[*column]*schema.Vector, rows int) error {
	before := int64(0)
	var work []*column
	for _, col := range f.columns {
		if col.open == nil && (given[col] != nil || !col.Nullable) {
			col.open = newChunk(f.codec, col.Column)
		}
		if col.open != nil {
			work = append(work, col)
			before += col.open.held()
		}
	}
	// The largest first: a text that takes half of the time must not be the
	// last one to begin.
	size := func(c *column) int {
		if v := given[c]; v != nil {
			return v.Size()
		}
		return 0
	}
	slices.SortStableFunc(work, func(a, b *column) int { return cmp.Compare(size(b), size(a)) })
	err := f.sideBySide(ctx, work, func(s *scratch, col *column) ([]*page, error) {
		for _, n := range f.parts[col.open.parts:] { // those before its first value
			if err := col.open.addNulls(s, n); err != nil {
				return nil, err
			}
		}
		if v := given[col]; v != nil {
			return col.open.add(s, v, rows)
		}
		return nil, col.open.addNulls(s, rows)
	})
	if err != nil {
		return err
	}
	for _, col := range work {
		col.open.settle()
	}
	f.parts = append(f.parts, rows)
	after := int64(0)
	for _, col := range work {
		after += col.open.held()
	}
	f.count(after - before)
	return nil
}

// sideBySide does something for columns, on workers, and packs the pages that
// it leaves. A text that takes most of the time is so shared among them.
func (f *file) sideBySide(ctx context.Context, columns []*column, do func(*scratch, *column) ([]*page, error)) error {
	var mu sync.Mutex
	var pages []*page
	var failure error
	var workers sync.WaitGroup
	working := 0
	var start func()
	// next gives a worker its next piece of work. One that finds nothing ends; who
	// leaves pages packs them itself, if nobody else comes for them. All but one
	// make way for those who have batches to fill.
	next := func() (p *page, col *column) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case failure != nil || ctx.Err() != nil:
		case working > 1 && working+f.busy() > f.workers:
		case len(pages) > 0:
			p, pages = pages[0], pages[1:]
		case len(columns) > 0:
			col, columns = columns[0], columns[1:]
		}
		if p == nil && col == nil {
			working--
		} else if len(pages)+len(columns) > 0 && working+1+f.busy() <= f.workers {
			start()
		}
		return p, col
	}
	start = func() {
		working++
		workers.Go(func() {
			s := f.memory.get()
			defer f.memory.put(s)
			for {
				p, col := next()
				var left []*page
				var err error
				switch {
				case p != nil:
					err = p.pack(s)
				case col != nil:
					left, err = do(s, col)
				default:
					return
				}
				mu.Lock()
				pages = append(pages, left...)
				if failure == nil {
					failure = err
				}
				mu.Unlock()
			}
		})
	}
	mu.Lock()
	start()
	mu.Unlock()
	workers.Wait()
	return cmp.Or(failure, ctx.Err())
}

// endGroup writes the row group under way.
func (f *file) endGroup(ctx context.Context) error {
	if err := f.encodeWaiting(ctx); err != nil {
		return err
	}
	if len(f.parts) == 0 {
		return nil
	}
	var open []*column
	for _, col := range f.columns {
		if col.open != nil {
			open = append(open, col)
		}
	}
	err := f.sideBySide(ctx, open, func(s *scratch, col *column) ([]*page, error) { return nil, col.open.end(s) })
	if err != nil {
		return err
	}
	g := group{parts: f.parts}
	for _, n := range f.parts {
		g.rows += int64(n)
	}
	for _, col := range f.columns {
		var meta *chunkMeta
		if col.open != nil {
			if meta, err = f.place(col.open); err != nil {
				return err
			}
			col.open = nil
		}
		col.chunks = append(col.chunks, meta)
	}
	f.count(-f.held)
	f.parts = nil
	f.groups = append(f.groups, g)
	f.rows += g.rows
	return nil
}
