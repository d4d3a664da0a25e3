package normalize

import (
	"fmt"
	"strings"

	"github.com/restlua/restlua/engine/schema"
)

// ordered are the tables that exist: the root and every child that has rows or
// was committed by an earlier load.
func (n *Normalizer) ordered() []*table {
	var out []*table
	for _, t := range n.tables {
		if t == n.root || t.rows > 0 || n.known[t.source] != nil {
			out = append(out, t)
		}
	}
	return out
}

// Tables returns the resource's tables with settled names and types: the root
// first, then child tables in order of appearance, then those that only earlier
// loads filled. Columns stand in order of appearance, declared ones first, the
// engine's own last; columns that only ever were null are left out (NRM-26).
func (n *Normalizer) Tables() []*schema.Table {
	names := n.tableNames()
	var out []*schema.Table
	seen := map[string]bool{}
	for _, t := range n.ordered() {
		seen[t.source] = true
		s := &schema.Table{Name: names[t], Resource: n.o.Resource, Source: t.source}
		if t.parent != nil {
			s.Parent = names[t.parent]
		}
		s.Columns = append(t.columns(), systemColumns(t.parent != nil)...)
		out = append(out, s)
	}
	for _, k := range n.o.Known {
		if !seen[k.Source] {
			c := *k
			c.Columns = append([]schema.Column(nil), k.Columns...)
			out = append(out, &c)
		}
	}
	return out
}

// systemColumns are the engine's own columns (NRM-40).
func systemColumns(child bool) []schema.Column {
	names := []string{schema.ID, schema.LoadID}
	if child {
		names = append(names, schema.ParentID, schema.ListIdx, schema.RootID)
	}
	var out []schema.Column
	for _, name := range names {
		out = append(out, schema.Column{Name: name, Source: name, Type: schema.Bigint})
	}
	return out
}

// tableNames settles the names of child tables, parents before children
// (NRM-13).
func (n *Normalizer) tableNames() map[*table]string {
	names := map[*table]string{n.root: n.root.name}
	var below func(parent *table)
	below = func(parent *table) {
		var wishes []schema.Named
		var children []*table
		for _, t := range n.tables {
			if t.parent != parent {
				continue
			}
			w := schema.Named{Source: relative(t), Raw: t.raw, Name: t.wish}
			if k := n.known[t.source]; k != nil {
				w.Settled, w.Name = true, strings.TrimPrefix(k.Name, names[parent]+"__")
			}
			wishes = append(wishes, w)
			children = append(children, t)
		}
		for _, met := range schema.Settle(wishes) {
			n.warn("list"+met[0]+met[1], fmt.Sprintf("the lists %s and %s of table %s come to one name; the second table is called after its path", met[0], met[1], names[parent]))
		}
		for i, t := range children {
			if k := n.known[t.source]; k != nil {
				names[t] = k.Name
			} else {
				names[t] = schema.JoinPath(names[parent], wishes[i].Name)
			}
			below(t)
		}
	}
	below(n.root)
	return names
}

// relative is the path of a list within its row.
func relative(t *table) string {
	if t.parent == nil || t.parent.source == "" {
		return t.source
	}
	return strings.TrimPrefix(t.source, t.parent.source+"/*")
}

// columns are the data columns of a table, names settled (NRM-12).
func (t *table) columns() []schema.Column {
	var cols []*column
	var wishes []schema.Named
	for _, c := range t.cols {
		if c.col.Type == schema.None {
			continue
		}
		cols = append(cols, c)
		wishes = append(wishes, schema.Named{Source: c.col.Source, Raw: c.raw, Name: c.col.Name, Settled: c.settled})
	}
	for _, met := range schema.Settle(wishes) {
		t.n.warn("column"+t.source+met[0]+met[1], fmt.Sprintf("the fields %s and %s of table %s come to one column name; the second is called after its path", met[0], met[1], t.name))
	}
	out := make([]schema.Column, len(cols))
	for i, c := range cols {
		out[i] = c.col
		out[i].Name = wishes[i].Name
		facts := *c.facts
		out[i].Facts = &facts
	}
	return out
}
