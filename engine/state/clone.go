package state

import (
	"encoding/json"
	"maps"
	"slices"
)

// Clone returns a copy that shares nothing with s.
func (s *State) Clone() *State {
	c := *s
	c.Resources = make(map[string]*Resource, len(s.Resources))
	for name, r := range s.Resources {
		c.Resources[name] = r.Clone()
	}
	c.Tables = make(map[string]*Table, len(s.Tables))
	for name, t := range s.Tables {
		c.Tables[name] = t.Clone()
	}
	c.Loads = make([]Load, len(s.Loads))
	for i, l := range s.Loads {
		l.Rows = maps.Clone(l.Rows)
		c.Loads[i] = l
	}
	return &c
}

// Clone returns a copy that shares nothing with r; nil of nil.
func (r *Resource) Clone() *Resource {
	if r == nil {
		return nil
	}
	c := &Resource{State: slices.Clone(r.State)}
	if r.Incremental != nil {
		c.Incremental = make(map[string]*Cursor, len(r.Incremental))
	}
	for path, i := range r.Incremental {
		if i == nil {
			c.Incremental[path] = nil
			continue
		}
		c.Incremental[path] = &Cursor{
			InitialValue: slices.Clone(i.InitialValue), LastValue: slices.Clone(i.LastValue),
			StartValue: slices.Clone(i.StartValue), Boundary: slices.Clone(i.Boundary),
		}
	}
	return c
}

// Clone returns a copy that shares nothing with t; nil of nil.
func (t *Table) Clone() *Table {
	if t == nil {
		return nil
	}
	c := *t
	c.PrimaryKey, c.MergeKey = slices.Clone(t.PrimaryKey), slices.Clone(t.MergeKey)
	c.Columns = slices.Clone(t.Columns)
	for i, col := range c.Columns {
		if col.Facts != nil {
			facts := *col.Facts
			c.Columns[i].Facts = &facts
		}
	}
	c.Files = slices.Clone(t.Files)
	for i := range c.Files {
		c.Files[i].MinKey, c.Files[i].MaxKey = cloneKey(c.Files[i].MinKey), cloneKey(c.Files[i].MaxKey)
	}
	return &c
}

func cloneKey(key []json.RawMessage) []json.RawMessage {
	c := slices.Clone(key)
	for i := range c {
		c[i] = slices.Clone(c[i])
	}
	return c
}
