package reference

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/config"
)

// Place is what a path leads to: one or more structures, or a key in one or
// more of them.
type Place struct {
	Path       string // as asked for
	Structures []*config.Structure
	Keys       []Key // empty: the structures themselves
}

// Key is one key of a structure.
type Key struct {
	Of    *config.Structure
	Field *config.FieldDoc
}

// UnknownError is a path that leads nowhere.
type UnknownError struct {
	Path string // the part that leads nowhere, or the whole
	Text string
	Hint string // may be empty
}

func (e *UnknownError) Error() string { return e.Text }

var indexRE = regexp.MustCompile(`\[[^\]]*\]`)

// Find follows a path, from the top of a config or from any of its tables:
// "endpoint.paginator.cursor", "resources[2].endpoint.path". A single key is
// found in whatever table it stands. An empty path is the top. The error is an
// *UnknownError.
func (r *Reference) Find(path string) (Place, error) {
	plain := strings.Trim(indexRE.ReplaceAllString(path, ""), ".")
	at := Place{Path: plain, Structures: r.tables("config")}
	if plain == "" {
		at.Path = "config"
		return at, nil
	}
	steps := strings.Split(plain, ".")
	if found, ok := r.first(steps[0]); ok {
		at.Structures, at.Keys = found.Structures, found.Keys
	} else {
		return Place{}, unknown(path, fmt.Sprintf("there is no key %q", steps[0]), steps[0], r.beginnings())
	}
	for i, step := range steps[1:] {
		next, ok := r.step(at, step)
		if !ok {
			before := strings.Join(steps[:i+1], ".")
			words := r.continuations(at)
			if len(words) == 0 {
				return Place{}, unknown(path, before+" has no keys of its own", step, nil)
			}
			return Place{}, unknown(path, fmt.Sprintf("%s has no key %q", before, step), step, words)
		}
		at.Structures, at.Keys = next.Structures, next.Keys
	}
	return at, nil
}

func unknown(path, text, word string, words []string) error {
	e := &UnknownError{Path: path, Text: text}
	switch near := config.Nearest(word, words); {
	case near != "":
		e.Hint = "did you mean " + near + "?"
	case len(words) > 0:
		e.Hint = "it may be " + either(words)
	}
	return e
}

// first finds what a path may begin with: a key of the top table, a structure
// or group, or a key of any other table.
func (r *Reference) first(step string) (Place, bool) {
	top := Place{Structures: r.tables("config")}
	if step == "config" {
		return top, true
	}
	if at, ok := r.step(top, step); ok {
		return at, true
	}
	if s := r.tables(step); s != nil {
		return Place{Structures: s}, true
	}
	var all Place
	for i := range r.structures {
		all.Structures = append(all.Structures, &r.structures[i])
	}
	return r.key(all, step)
}

// beginnings are the words that a path may begin with.
func (r *Reference) beginnings() []string {
	var words []string
	for i := range r.structures {
		s := &r.structures[i]
		words = append(words, s.Name, s.Group)
		for k := range s.Fields {
			words = append(words, s.Fields[k].Key)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// step goes on from a place by one word of a path: a key, the type of a
// variant, or a key that is the script's own.
func (r *Reference) step(at Place, word string) (Place, bool) {
	tables := r.below(at)
	if found, ok := r.key(Place{Structures: tables}, word); ok {
		return found, true
	}
	for _, s := range tables {
		if s.Group != "" && (s.Name == s.Group+"."+word || slices.Contains(s.Old, word) || slices.Contains(s.Also, word)) {
			return Place{Structures: []*config.Structure{s}}, true
		}
	}
	for _, s := range tables {
		if s.Open && s.Values != "" {
			values := Place{Structures: r.tables(s.Values)}
			if found, ok := r.key(values, word); ok {
				return found, true
			}
			return values, true
		}
	}
	return Place{}, false
}

// key finds a key in the structures of a place.
func (r *Reference) key(at Place, word string) (Place, bool) {
	var found Place
	for _, s := range at.Structures {
		if f := field(s, word); f != nil {
			found.Keys = append(found.Keys, Key{s, f})
		}
	}
	return found, found.Keys != nil
}

// below are the structures whose keys may follow a place.
func (r *Reference) below(at Place) []*config.Structure {
	if len(at.Keys) == 0 {
		return at.Structures
	}
	var out []*config.Structure
	for _, k := range at.Keys {
		for _, s := range r.tables(k.Field.Table) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// continuations are the words that may follow a place.
func (r *Reference) continuations(at Place) []string {
	var words []string
	for _, s := range r.below(at) {
		if s.Group != "" {
			words = append(words, strings.TrimPrefix(s.Name, s.Group+"."))
		}
	}
	for _, s := range r.below(at) {
		for i := range s.Fields {
			if key := s.Fields[i].Key; s.Fields[i].OldOf == "" && !slices.Contains(words, key) {
				words = append(words, key)
			}
		}
	}
	return words
}

// Complete lists the paths that begin with what was typed, one word further.
func (r *Reference) Complete(typed string) []string {
	before, word := "", typed
	words := r.beginnings()
	if i := strings.LastIndexByte(typed, '.'); i >= 0 {
		at, err := r.Find(typed[:i])
		if err != nil {
			return nil
		}
		before, word, words = typed[:i+1], typed[i+1:], r.continuations(at)
	}
	var out []string
	for _, w := range words {
		if w != "" && strings.HasPrefix(w, word) {
			out = append(out, before+w)
		}
	}
	return out
}
