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
		l.Rows, l.Requests = maps.Clone(l.Rows), maps.Clone(l.Requests)
		l.Changes = maps.Clone(l.Changes)
		for name, x := range l.Changes {
			x.Columns = slices.Clone(x.Columns)
			l.Changes[name] = x
		}
		c.Loads[i] = l
	}
	return &c
}

// Clone returns a copy that shares nothing with r; nil of nil.
func (r *Resource) Clone() *Resource {
	if r == nil {
		return nil
	}
	c := &Resource{State: slices.Clone(r.State), Incremental: cloneCursors(r.Incremental), Deferred: slices.Clone(r.Deferred)}
	for i := range c.Deferred {
		c.Deferred[i] = slices.Clone(c.Deferred[i])
	}
	if r.PerParent != nil {
		c.PerParent = make(map[string]map[string]*Cursor, len(r.PerParent))
	}
	for path, cursors := range r.PerParent {
		c.PerParent[path] = cloneCursors(cursors)
	}
	return c
}

func cloneCursors(cursors map[string]*Cursor) map[string]*Cursor {
	if cursors == nil {
		return nil
	}
	out := make(map[string]*Cursor, len(cursors))
	for key, c := range cursors {
		if c != nil {
			c = &Cursor{
				InitialValue: slices.Clone(c.InitialValue), LastValue: slices.Clone(c.LastValue),
				StartValue: slices.Clone(c.StartValue), Boundary: slices.Clone(c.Boundary),
			}
		}
		out[key] = c
	}
	return out
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
