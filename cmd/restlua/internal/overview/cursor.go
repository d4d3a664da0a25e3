package overview

import (
	"maps"
	"slices"

	"github.com/restlua/restlua/engine/state"
)

// Cursor is something that a resource keeps for the next run. One of Value,
// Parents, Deferred and Hooks is set.
type Cursor struct {
	Resource string   `json:"resource"`
	Path     string   `json:"path,omitempty"`     // of a cursor
	Value    string   `json:"value,omitempty"`    // where the next run starts, JSON as it stood in the record
	Parents  []Parent `json:"parents,omitempty"`  // the first cursors that each have a parent
	Count    int      `json:"count,omitempty"`    // of all such parents
	Deferred int      `json:"deferred,omitempty"` // parents whose records failed and are asked for first
	Hooks    string   `json:"hooks,omitempty"`    // what hooks keep in ctx.state, JSON
}

// Parent is a cursor that belongs to one parent (OPR-33).
type Parent struct {
	Key   string `json:"key"`
	Value string `json:"value"` // JSON
}

// maxParents is how many parents' cursors are told of a resource.
const maxParents = 20

// cursors lists what resources keep, by name.
func cursors(s *state.State) []Cursor {
	var out []Cursor
	for _, name := range slices.Sorted(maps.Keys(s.Resources)) {
		r := s.Resources[name]
		for _, path := range slices.Sorted(maps.Keys(r.Incremental)) {
			out = append(out, Cursor{Resource: name, Path: path, Value: value(r.Incremental[path])})
		}
		for _, path := range slices.Sorted(maps.Keys(r.PerParent)) {
			c := Cursor{Resource: name, Path: path, Count: len(r.PerParent[path])}
			for _, key := range slices.Sorted(maps.Keys(r.PerParent[path])) {
				if len(c.Parents) == maxParents {
					break
				}
				c.Parents = append(c.Parents, Parent{key, value(r.PerParent[path][key])})
			}
			if c.Count > 0 {
				out = append(out, c)
			}
		}
		if n := len(r.Deferred); n > 0 {
			out = append(out, Cursor{Resource: name, Deferred: n})
		}
		if text := string(r.State); text != "" && text != "null" && text != "{}" {
			out = append(out, Cursor{Resource: name, Hooks: text})
		}
	}
	return out
}

func value(c *state.Cursor) string {
	if len(c.LastValue) == 0 {
		return "null"
	}
	return string(c.LastValue)
}
