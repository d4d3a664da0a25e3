package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
// order of the table's columns. It needs no lock: where a load replaces the
// files meanwhile, it reads the new ones.
func ReadRows(ctx context.Context, dir string, format writers.Format, table string, n int) ([]schema.Column, [][]Cell, error) {
	const attempts = 3
	for i := 1; ; i++ {
		s, err := Read(dir)
		if err != nil {
			return nil, nil, err
		}
		t := s.Tables[table]
		if t == nil {
			return nil, nil, fmt.Errorf("the dataset has no table %q", table)
		}
		rows, err := newDataset(dir, Options{Format: format}).rows(ctx, t, n)
		if errors.Is(err, fs.ErrNotExist) && i < attempts {
			continue
		}
		return t.Columns, rows, err
	}
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
