// Package jsonpath finds values in JSON text by path: RFC 9535 and the short
// forms that scripts use (`a.b`, `items[0]`, `a,b`, `many-results`,
// `['@odata.nextLink']`). Values come back as slices of the text, so document
// order, digits and the spelling of keys are kept.
package jsonpath

import (
	"fmt"
	"regexp"
	"strconv"

	theory "github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"github.com/restlua/restlua/engine/rawjson"
)

// Path is a parsed path. It does not change and may be used by many goroutines
// at once.
type Path struct {
	text     string
	steps    []step          // the whole path, where simple
	simple   bool            // names and indices only
	segments []*spec.Segment // nil where simple
	rooted   bool            // a filter looks at the whole document
}

// step is a name or, where index is set, a place in an array.
type step struct {
	name    string
	index   int
	isIndex bool
}

// Error says where the text of a path is wrong.
type Error struct {
	Path string // as written
	Pos  int    // in bytes, from 1
	Msg  string
	Hint string // how to write it; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%q is no JSONPath: position %d: %s", e.Path, e.Pos, e.Msg)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Parse reads text, a path by RFC 9535 or in a short form:
//
//   - without `$`: `data.items`, `[0].id`, `*`, `..id`
//   - names with `-`, or `@` in front: `many-results`, `@odata`
//   - names in quotes behind a dot, and without them in brackets: `a."odd key"`, `a[b]`
//   - unions of names: `a,b` and `a|b` are `['a','b']`
//   - in filters `=`, `&`, `|` for `==`, `&&`, `||`, keys of the element without
//     `@.`, and text without quotes: `[?(state==open)]`
//
// An error is an *Error.
func Parse(text string) (*Path, error) {
	query, err := theory.Parse(text)
	if err != nil {
		rfc, places, shortErr := expand(text)
		if shortErr != nil {
			return nil, shortErr
		}
		if query, err = theory.Parse(rfc); err != nil {
			return nil, located(text, places, err)
		}
	}
	p := &Path{text: text, simple: true}
	for _, s := range query.Query().Segments() {
		st, ok := simpleStep(s)
		if !ok {
			p.simple = false
		}
		for _, sel := range s.Selectors() {
			if f, ok := sel.(*spec.FilterSelector); ok && looksAtRoot(f) {
				p.rooted = true
			}
		}
		p.steps = append(p.steps, st)
	}
	if !p.simple {
		p.steps, p.segments = nil, query.Query().Segments()
	}
	return p, nil
}

func simpleStep(s *spec.Segment) (st step, ok bool) {
	if s.IsDescendant() || len(s.Selectors()) != 1 {
		return st, false
	}
	switch sel := s.Selectors()[0].(type) {
	case spec.Name:
		return step{name: string(sel)}, true
	case spec.Index:
		return step{index: int(sel), isIndex: true}, true
	}
	return st, false
}

var errorPlace = regexp.MustCompile(`^jsonpath: (.*?)(?: at position (\d+))?$`)

// located makes the parser's error, which speaks of the expanded text, one of
// the text as written.
func located(text string, places []int, err error) error {
	e := &Error{Path: text, Pos: len(text) + 1, Msg: err.Error()}
	if m := errorPlace.FindStringSubmatch(err.Error()); m != nil {
		e.Msg = m[1]
		if n, err := strconv.Atoi(m[2]); err == nil && n >= 1 && n <= len(places) {
			e.Pos = places[n-1] + 1
		}
	}
	return e
}

// String returns the path as written.
func (p *Path) String() string { return p.text }

// Names returns the keys that the path goes through, if it is nothing but
// keys; `$` has none.
func (p *Path) Names() (names []string, ok bool) {
	if !p.simple {
		return nil, false
	}
	for _, s := range p.steps {
		if s.isIndex {
			return nil, false
		}
		names = append(names, s.name)
	}
	return names, true
}

// First returns the text of the first value that the path finds in doc, a
// slice of doc (JSP-03). Text that is not JSON has no values from where it
// breaks.
func (p *Path) First(doc []byte) (value []byte, ok bool) {
	if p.simple {
		return p.follow(doc)
	}
	all := p.All(doc)
	if len(all) == 0 {
		return nil, false
	}
	return all[0], true
}

// All returns every value that the path finds, as slices of doc, in document
// order; where the path itself gives an order (`a,b`, a step of -1), in that.
func (p *Path) All(doc []byte) [][]byte {
	if p.simple {
		if v, ok := p.follow(doc); ok {
			return [][]byte{v}
		}
		return nil
	}
	e := evaluation{doc: doc, rooted: p.rooted}
	return e.run(p.segments)
}

// follow walks a simple path. The last of equal keys counts.
func (p *Path) follow(doc []byte) ([]byte, bool) {
	start := rawjson.SkipSpace(doc, 0)
	end, err := rawjson.Skip(doc, start)
	if len(p.steps) > 0 {
		// A broken document still has what stands before the break: the
		// steps below stop where it breaks.
		end, err = len(doc), nil
	}
	if err != nil {
		return nil, false
	}
	v := doc[start:end:end]
	for _, s := range p.steps {
		ok := false
		if s.isIndex {
			v, ok = element(v, s.index)
		} else {
			v, ok = rawjson.Get(v, s.name)
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}

// element returns the i-th element of an array, from its end where i < 0.
func element(array []byte, i int) (value []byte, ok bool) {
	if i < 0 {
		n := 0
		if rawjson.Elements(array, func(v []byte) bool { n++; value = v; return true }) != nil {
			return nil, false
		}
		if i == -1 {
			return value, n > 0
		}
		if i += n; i < 0 {
			return nil, false
		}
	}
	at := 0
	_ = rawjson.Elements(array, func(v []byte) bool {
		if at == i {
			value, ok = v, true
			return false
		}
		at++
		return true
	})
	return value, ok
}
