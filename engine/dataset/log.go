package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// The tables that tell of the loads (NRM-47).
const (
	loadsTable      = ownPrefix + "loads"
	loadTablesTable = loadsTable + "__tables"
)

// loadsSchema is the schema of _rl_loads and of its child table.
func loadsSchema() (loads, tables *schema.Table) {
	column := func(name string, t schema.Type) schema.Column {
		return schema.Column{Name: name, Source: "/" + name, Type: t}
	}
	own := func(names ...string) (out []schema.Column) {
		for _, n := range names {
			out = append(out, schema.Column{Name: n, Source: n, Type: schema.Bigint})
		}
		return out
	}
	loads = &schema.Table{Name: loadsTable, Resource: loadsTable, Columns: append([]schema.Column{
		column("load_id", schema.Bigint), column("started_at", schema.Timestamp), column("committed_at", schema.Timestamp),
		column("source", schema.Text), column("script_hash", schema.Text), column("schema_hash", schema.Text), column("status", schema.Text),
	}, own(schema.ID, schema.LoadID)...)}
	tables = &schema.Table{Name: loadTablesTable, Resource: loadsTable, Parent: loadsTable, Source: "/tables", Columns: append([]schema.Column{
		column("name", schema.Text), column("rows_added", schema.Bigint), column("rows_deleted", schema.Bigint), column("rows_total", schema.Bigint),
	}, own(schema.ID, schema.LoadID, schema.ParentID, schema.ListIdx, schema.RootID)...)}
	return loads, tables
}

// logLoad adds the load's own rows to what it commits.
func (w *committing) logLoad(ctx context.Context) error {
	loads, tables := loadsSchema()
	root, child := &schema.Batch{Table: loads}, &schema.Batch{Table: tables}
	id := w.number << schema.IDShift
	source := w.d.o.Source
	if source == "" {
		source = w.d.state.Source
	}
	addRow(root, w.number, state.Time(w.StartedAt).UnixMicro(), w.at.UnixMicro(), source, w.ScriptHash, w.schemaHash(), "committed", id, w.number)
	for i, c := range w.changes {
		r := &c.report
		added, deleted := r.Added+r.Updated, r.Deleted+r.Updated
		if c.ended {
			added, deleted = r.Added, r.Deleted
		}
		addRow(child, c.table.Name, added, deleted, c.oldRows()+r.Added-r.Deleted, id+1+int64(i), w.number, id, int64(i), id)
	}
	for _, b := range []*schema.Batch{root, child} {
		if err := w.Write(ctx, b); err != nil {
			return err
		}
	}
	g := &group{Resource: Resource{Name: loadsTable, Disposition: appendRows, Tables: []*schema.Table{loads, tables}}}
	for _, t := range g.Tables {
		c, err := w.change(g, &g.Resource, t)
		if err != nil {
			return err
		}
		c.join = true
		for _, s := range w.tables {
			if s.resource == loadsTable && s.source == t.Source {
				c.staged = append(c.staged, s)
			}
		}
		if err := c.close(w); err != nil {
			return err
		}
	}
	return w.dispose(ctx, g)
}

// addRow appends a row without nulls; values are int64 or string.
func addRow(b *schema.Batch, values ...any) {
	for i, x := range values {
		if len(b.Vectors) <= i {
			b.Vectors = append(b.Vectors, &schema.Vector{Column: b.Table.Columns[i]})
		}
		v := b.Vectors[i]
		v.Grow(b.Rows)
		switch x := x.(type) {
		case int64:
			v.Ints = append(v.Ints, x)
		case string:
			v.AppendBytes([]byte(x))
		}
	}
	b.Rows++
}

// schemaHash stands for names and types of all columns after the load.
func (w *committing) schemaHash() string {
	type column struct{ Name, Type string }
	all := map[string][]column{}
	describe := func(name string, columns []schema.Column) {
		all[name] = nil
		for _, c := range columns {
			all[name] = append(all[name], column{c.Name, c.TypeName()})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.d.state.Tables)) {
		if w.d.state.Tables[name].Resource != loadsTable {
			describe(name, w.d.state.Tables[name].Columns)
		}
	}
	for _, c := range w.changes {
		describe(c.table.Name, c.table.Columns)
	}
	text, err := json.Marshal(all) // keys are sorted
	if err != nil {
		return "" // strings always encode
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
