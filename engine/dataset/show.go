package dataset

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers"
)

// Cell is one value of a row as text; a null has no text.
type Cell struct {
	Text string
	Null bool
}

// ReadRows returns the first n rows of a table of the dataset in dir, in the
// order of the table's columns. The table is that of a state that Read gave.
// It needs no lock: where a load has replaced the files since then, or has not
// put them all in place yet, the error wraps fs.ErrNotExist, and the state is
// to be read again.
func ReadRows(ctx context.Context, dir string, format writers.Format, table *state.Table, n int) ([][]Cell, error) {
	return newDataset(dir, Options{Format: format}).rows(ctx, table, n)
}

// rows reads the first n rows of a table.
func (d *Dataset) rows(ctx context.Context, t *state.Table, n int) (out [][]Cell, err error) {
	var sources []*source
	for _, f := range t.Files {
		sources = append(sources, &source{path: filepath.Join(d.tableDir(t.Name), f.Name), file: f, columns: t.Columns, live: true})
	}
	var want []*schema.Column
	for i := range t.Columns {
		want = append(want, &t.Columns[i])
	}
	r := d.read(sources, want...)
	defer func() { err = errors.Join(err, r.close()) }()
	for len(out) < n {
		b, _, err := r.next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		values := walkers(b.Vectors)
		for row := 0; row < b.Rows && len(out) < n; row++ {
			cells := make([]Cell, len(values))
			for i := range values {
				at, ok := values[i].at(row)
				cells[i].Null = !ok
				if ok {
					cells[i].Text = string(values[i].v.AppendText(nil, at, 0))
				}
			}
			out = append(out, cells)
		}
	}
	return out, nil
}
