package draft

import (
	"slices"
)

// relate finds where the values for the parameters of a path come from: the
// records of the list that stands before the parameter, which makes that the
// parent, or a setting. byKey has the resources with fewer parameters. It
// reports false if no more settings can be made.
func (s *Script) relate(r *resource, byKey map[string]*resource) bool {
	path := r.endpoint.Path
	at, from := -1, ""
	for i := len(path) - 1; i >= 0 && at < 0; i-- {
		if path[i].Param == "" {
			continue
		}
		parent := byKey[parentKey(path, i)]
		if path[i].Parent != "" {
			parent = byKey[path[i].Parent]
		}
		if parent == nil || parent == r {
			continue
		}
		f := path[i].Field
		if f == "" {
			f = parentField(parent.records.item, path[i].Param, folded(singular(wordBefore(path, i))), keyOf(parent))
		}
		if f != "" && isName(f) {
			r.parent, at, from = parent, i, f
		}
	}
	for i, p := range path {
		switch {
		case p.Param == "":
			r.pieces = append(r.pieces, part{text: template(p.Text)})
		case i == at:
			r.pieces = append(r.pieces, part{field: from})
			r.takes(from)
		default:
			if i < at && s.inherit(r, path, i) {
				continue
			}
			local, ok := s.open(p.Param, wordBefore(path, i), p.About, "")
			if !ok {
				return false
			}
			r.need(local)
			r.pieces = append(r.pieces, part{local: local})
		}
	}
	if r.parent != nil {
		for _, local := range r.parent.needs {
			r.need(local)
		}
	}
	return true
}

// inherit takes the value of a parameter before the parent's from the parent,
// which has the same one at the same place.
func (s *Script) inherit(r *resource, path Path, i int) bool {
	if i >= len(r.parent.endpoint.Path) || r.parent.endpoint.Path[:i+1].Key() != path[:i+1].Key() {
		return false
	}
	p := r.parent.pieces[i]
	if p.field == "" {
		r.pieces = append(r.pieces, p)
		return p.local != ""
	}
	r.parent.takes(p.field)
	above := "_" + r.parent.parent.name + "_" + p.field
	r.takes(above)
	r.pieces = append(r.pieces, part{field: above})
	return true
}

// takes makes every record carry a field of its parent.
func (r *resource) takes(field string) {
	if !slices.Contains(r.include, field) {
		r.include = append(r.include, field)
	}
}

// keyOf is the part of a resource's key that stands in its records.
func keyOf(r *resource) string {
	if len(r.key) == 0 {
		return ""
	}
	return r.key[len(r.key)-1]
}

// parentKey is the Key of the list that a parameter of a path picks one of.
func parentKey(path Path, i int) string { return path[:i].Key() }

// wordBefore is the word of a path that a parameter belongs to.
func wordBefore(path Path, i int) string {
	if words := path[:i].words(); len(words) > 0 {
		return words[len(words)-1]
	}
	return ""
}
