// Package overview reads a dataset into one value that says what restlua show
// tells of it, in the terminal and as a page: tables with their first rows,
// loads and what they changed, where the next run starts, what was refused and
// what is not finished.
package overview

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

// Options say how much is read.
type Options struct {
	Rows     int      // first rows of each table; 0: none
	Tables   []string // whose rows are read; nil: all tables'
	Rejected int      // first rows of each load that were refused; 0: none
	// Folder is how query lines name the dataset's folder; empty: as dir does.
	Folder string
}

// Dataset is a dataset at one moment: everything in it belongs to one state,
// also where a load is committed while it is read.
type Dataset struct {
	*state.State
	Tables     []Table // parents in front of their child tables
	Cursors    []Cursor
	Rejected   []dataset.Rejected  // by load, the newest first
	Unfinished *dataset.Unfinished // nil: there is none
}

// Table is one table. Those of the engine, _rl_loads, are none.
type Table struct {
	*state.Table
	Depth   int // of a child table: how many tables it stands under
	Bytes   int64
	Columns []schema.Column // that have a type; those of Cells
	Cells   [][]dataset.Cell
	Queries []Query
	// Problem says why there are no rows to see: a file that is damaged or not
	// in its place; nil: nothing is wrong. The rest of the dataset can be told
	// nevertheless.
	Problem error
}

// How long Read waits for files that a load is about to put in place, and how
// often it looks.
const (
	settleTime = 2 * time.Second
	settlePoll = 20 * time.Millisecond
)

// Read reads the dataset in dir. An error that wraps fs.ErrNotExist says that
// there is none.
func Read(ctx context.Context, dir string, o Options) (*Dataset, error) {
	deadline := time.Now().Add(settleTime)
	for {
		s, err := dataset.Read(dir)
		if err != nil {
			return nil, err
		}
		d := &Dataset{State: s, Tables: tables(s)}
		if o.Folder == "" {
			o.Folder = dir
		}
		moved, err := d.readRows(ctx, dir, o)
		if err != nil {
			return nil, err
		}
		if !moved || time.Now().After(deadline) {
			d.Cursors = cursors(s)
			return d, d.readPending(dir, o)
		}
		// A load replaced files since the state was read, or has not put all of
		// its own in place.
		wait := time.NewTimer(settlePoll)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// readRows reads the first rows of the tables; moved says that files were not
// where the state has them.
func (d *Dataset) readRows(ctx context.Context, dir string, o Options) (moved bool, err error) {
	for i := range d.Tables {
		t := &d.Tables[i]
		t.Queries = queries(filepath.Join(o.Folder, t.Name), t.Mixed)
		if o.Rows == 0 || o.Tables != nil && !slices.Contains(o.Tables, t.Name) {
			continue
		}
		cells, err := dataset.ReadRows(ctx, dir, parquet.Format{}, t.Table, o.Rows)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if t.Problem = err; errors.Is(err, fs.ErrNotExist) {
			moved = true
		}
		t.Cells = t.typed(cells)
	}
	return moved, nil
}

// typed takes the cells of columns without a type out of the rows.
func (t *Table) typed(rows [][]dataset.Cell) [][]dataset.Cell {
	if len(t.Columns) == len(t.Table.Columns) {
		return rows
	}
	for i, row := range rows {
		var kept []dataset.Cell
		for k, cell := range row {
			if t.Table.Columns[k].Type != schema.None {
				kept = append(kept, cell)
			}
		}
		rows[i] = kept
	}
	return rows
}

// readPending reads what is not in the tables. Who may read the tables, but not
// the engine's folder, is told of the tables.
func (d *Dataset) readPending(dir string, o Options) error {
	var unfinished, rejected error
	d.Unfinished, unfinished = dataset.ReadUnfinished(dir, d.State)
	d.Rejected, rejected = dataset.ReadRejected(dir, o.Rejected)
	for _, err := range []error{unfinished, rejected} {
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// Table returns the table called name, or nil.
func (d *Dataset) Table(name string) *Table {
	for i := range d.Tables {
		if d.Tables[i].Name == name {
			return &d.Tables[i]
		}
	}
	return nil
}

// own reports whether the engine made a table or column for itself.
func own(name string) bool { return strings.HasPrefix(name, "_rl_") }

// Names are the tables of scripts, sorted; the engine's own are left out.
func Names(s *state.State) []string {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(s.Tables)) {
		if !own(n) {
			names = append(names, n)
		}
	}
	return names
}

// tables lists the tables, each followed by its child tables.
func tables(s *state.State) []Table {
	children := map[string][]string{}
	for _, n := range Names(s) {
		parent := s.Tables[n].Parent
		if s.Tables[parent] == nil || own(parent) {
			parent = ""
		}
		children[parent] = append(children[parent], n)
	}
	var out []Table
	var add func(names []string, depth int)
	add = func(names []string, depth int) {
		for _, n := range names {
			t := Table{Table: s.Tables[n], Depth: depth}
			for _, f := range t.Files {
				t.Bytes += f.Bytes
			}
			for _, c := range t.Table.Columns {
				if c.Type != schema.None {
					t.Columns = append(t.Columns, c)
				}
			}
			out = append(out, t)
			add(children[n], depth+1)
		}
	}
	add(children[""], 0)
	return out
}
