package jsonpath

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/theory/jsonpath/spec"

	"github.com/restlua/restlua/engine/rawjson"
)

// evaluation runs the syntax tree of a path over one document. Filters are the
// library's own; they see decoded copies of the values that they judge.
type evaluation struct {
	doc    []byte
	rooted bool
	root   any // of doc, decoded, where rooted
}

func looksAtRoot(f *spec.FilterSelector) bool { return strings.Contains(f.String(), "$") }

func (e *evaluation) run(segments []*spec.Segment) [][]byte {
	start := rawjson.SkipSpace(e.doc, 0)
	end, err := rawjson.Skip(e.doc, start)
	if err != nil {
		return nil
	}
	nodes := [][]byte{e.doc[start:end:end]}
	if e.rooted {
		e.root = decode(nodes[0])
	}
	for _, s := range segments {
		var found [][]byte
		for _, n := range nodes {
			if s.IsDescendant() {
				found = e.descend(found, n, s.Selectors())
			} else {
				found = e.choose(found, n, s.Selectors())
			}
		}
		if nodes = found; len(nodes) == 0 {
			return nil
		}
	}
	return nodes
}

// descend applies the selectors to node and then to everything inside it.
func (e *evaluation) descend(found [][]byte, node []byte, selectors []spec.Selector) [][]byte {
	if node[0] != '{' && node[0] != '[' {
		return found
	}
	found = e.choose(found, node, selectors)
	for _, c := range children(node) {
		found = e.descend(found, c, selectors)
	}
	return found
}

// choose appends what the selectors find among the children of node.
func (e *evaluation) choose(found [][]byte, node []byte, selectors []spec.Selector) [][]byte {
	if node[0] != '{' && node[0] != '[' {
		return found
	}
	for _, s := range selectors {
		switch s := s.(type) {
		case spec.Name:
			if v, ok := rawjson.Get(node, string(s)); ok {
				found = append(found, v)
			}
		case spec.Index:
			if v, ok := element(node, int(s)); ok {
				found = append(found, v)
			}
		case spec.WildcardSelector:
			found = append(found, children(node)...)
		case spec.SliceSelector:
			if node[0] == '[' {
				found = slice(found, children(node), s)
			}
		case *spec.FilterSelector:
			for _, c := range children(node) {
				if s.Eval(decode(c), e.root) {
					found = append(found, c)
				}
			}
		}
	}
	return found
}

func slice(found, list [][]byte, s spec.SliceSelector) [][]byte {
	lower, upper := s.Bounds(len(list))
	switch step := s.Step(); {
	case step > 0:
		// upper-i is compared, not i+step: a step may be near the largest int.
		for i := lower; i < upper; {
			found = append(found, list[i])
			if step >= upper-i {
				break
			}
			i += step
		}
	case step < 0:
		for i := upper; i > lower; {
			found = append(found, list[i])
			if step <= lower-i {
				break
			}
			i += step
		}
	}
	return found
}

// children returns the elements of an array or the values of an object, in
// order. Of equal keys the last value counts, at the place of the first.
func children(node []byte) [][]byte {
	var values, keys [][]byte
	if node[0] == '[' {
		_ = rawjson.Elements(node, func(v []byte) bool {
			values = append(values, v)
			return true
		})
		return values
	}
	seen := map[string]int{}
	var spelling []byte
	_ = rawjson.Fields(node, func(k, v []byte) bool {
		spelling = spelling[:0]
		var err error
		if spelling, err = rawjson.AppendUnquoted(spelling, k); err != nil {
			return false
		}
		if i, ok := seen[string(spelling)]; ok {
			values[i] = v
			return true
		}
		seen[string(spelling)] = len(keys)
		keys, values = append(keys, k), append(values, v)
		return true
	})
	return values
}

// decode makes the value that a filter judges. Numbers are float64: a filter
// does not tell integers beyond 2^53 apart.
func decode(value []byte) any {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return floats(v)
}

// floats turns the numbers inside v into float64, so that 1 and 1.0 are equal
// in lists and objects too, and one beyond the range of float64 is infinite.
func floats(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, _ := strconv.ParseFloat(string(v), 64)
		return f
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = floats(v[k])
		}
	}
	return v
}
