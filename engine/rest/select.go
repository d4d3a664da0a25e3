package rest

import (
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
)

// selection says where in a response its records are. It does not change.
type selection struct {
	names []string       // the way through keys, where the path is nothing else
	path  *jsonpath.Path // any other path; nil: names
	text  string         // of the path, for messages; empty: it is detected
	key   string         // column that gets the keys of an object's values (API-19); empty: none
}

// newSelection reads the selector of an endpoint.
func newSelection(e *config.Endpoint) (selection, error) {
	s := selection{text: e.DataSelector, key: e.KeyColumn}
	if s.text == "" && e.SingleEntity {
		s.text = "$" // ENT-03
	}
	if s.text == "" {
		return s, nil
	}
	text := s.text
	if s.key != "" {
		// `users.*` with a key column means the object `users`, whose keys count.
		for _, wildcard := range []string{".*", "[*]"} {
			text = strings.TrimSuffix(text, wildcard)
		}
		if text == "*" {
			text = "$"
		}
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		return s, err
	}
	if names, ok := path.Names(); ok {
		s.names = names
	} else {
		s.path = path
	}
	return s, nil
}

// detected reports whether the first page decides where the records are.
func (s *selection) detected() bool { return s.text == "" }

// found is what a selection found in a page.
type found struct {
	records [][]byte
	null    bool // the selected value is null (SEL-03)
	list    bool // it is a list
}

// find appends the records of doc to records (SEL-01, SEL-02) and checks all of
// doc. The records are slices of doc. Where one pass finds them, marks are set to
// those of doc.
func (s *selection) find(doc []byte, records [][]byte, marks *rawjson.Marks) (found, error) {
	if s.path == nil && s.key == "" {
		marks.Set(doc)
		f := finder{doc: doc, marks: marks, records: records}
		return f.run(s.names)
	}
	if err := rawjson.Valid(doc); err != nil {
		return found{}, err
	}
	var matches [][]byte
	if s.path != nil {
		matches = s.path.All(doc)
	} else {
		matches = matchNames(doc, s.names)
	}
	if s.key != "" {
		return keyed(matches, s.key, records), nil
	}
	if len(matches) != 1 {
		return found{records: append(records, matches...), list: true}, nil
	}
	return rowsOf(matches[0], records), nil
}

// rowsOf makes the records of one value: the elements of a list, nothing of
// null, else the value itself.
func rowsOf(value []byte, records [][]byte) found {
	switch {
	case rawjson.IsNull(value):
		return found{records: records, null: true}
	case value[0] == '[':
		_ = rawjson.Elements(value, func(v []byte) bool {
			records = append(records, v)
			return true
		})
		return found{records: records, list: true}
	}
	return found{records: append(records, value)}
}

func matchNames(doc []byte, names []string) [][]byte {
	i := rawjson.SkipSpace(doc, 0)
	end, _ := rawjson.Skip(doc, i)
	value := doc[i:end:end]
	for _, name := range names {
		var ok bool
		if value, ok = rawjson.Get(value, name); !ok {
			return nil
		}
	}
	return [][]byte{value}
}

// keyed makes a record of each value of an object, with its key in a column
// (API-19). A list counts as an object with its places, from 0, as keys: that
// is how some languages print an object whose keys happen to be numbers.
func keyed(matches [][]byte, column string, records [][]byte) found {
	out := found{records: records, list: true}
	for _, m := range matches {
		switch m[0] {
		case '{':
			_ = rawjson.Fields(m, func(key, value []byte) bool {
				out.records = append(out.records, withKey(column, key, value))
				return true
			})
		case '[':
			n := 0
			_ = rawjson.Elements(m, func(value []byte) bool {
				out.records = append(out.records, withKey(column, rawjson.AppendQuoted(nil, itoa(int64(n))), value))
				n++
				return true
			})
		case 'n':
			out.null = true
		default:
			out.records = append(out.records, m)
		}
	}
	return out
}

func withKey(column string, key, value []byte) []byte {
	if value[0] != '{' {
		value = rawjson.Set([]byte("{}"), "value", value)
	}
	return rawjson.Set(value, column, key)
}

// finder finds the records of a page in one pass over its text.
type finder struct {
	doc     []byte
	marks   *rawjson.Marks // of doc
	records [][]byte
	out     found
}

// run walks doc along names. Where the walk meets broken text, the error comes
// from a check of the whole document, so that its place is right.
func (f *finder) run(names []string) (found, error) {
	i := rawjson.SkipSpace(f.doc, 0)
	end, ok := f.value(i, names)
	if ok {
		ok = rawjson.SkipSpace(f.doc, end) == len(f.doc)
	}
	if !ok {
		return found{}, rawjson.Valid(f.doc)
	}
	f.out.records = f.records
	return f.out, nil
}

// value walks the value at i and returns its end.
func (f *finder) value(i int, names []string) (end int, ok bool) {
	if i >= len(f.doc) {
		return i, false
	}
	if len(names) == 0 {
		return f.selected(i)
	}
	if f.doc[i] == '{' {
		return f.object(i, names)
	}
	end, err := f.marks.Skip(f.doc, i) // no key to follow: no records
	return end, err == nil
}

// selected takes the records out of the value at i.
func (f *finder) selected(i int) (end int, ok bool) {
	// Of equal keys the last one counts: it takes the place of an earlier one.
	f.records, f.out = f.records[:0], found{}
	if f.doc[i] == '[' {
		f.out.list = true
		return f.array(i)
	}
	end, err := f.marks.Skip(f.doc, i)
	if err != nil {
		return end, false
	}
	if v := f.doc[i:end:end]; rawjson.IsNull(v) {
		f.out.null = true
	} else {
		f.records = append(f.records, v)
	}
	return end, true
}

func (f *finder) array(i int) (end int, ok bool) {
	b := f.doc
	i = rawjson.SkipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, true
	}
	for {
		start := rawjson.SkipSpace(b, i)
		end, err := f.marks.Skip(b, start)
		if err != nil {
			return end, false
		}
		f.records = append(f.records, b[start:end:end])
		i = rawjson.SkipSpace(b, end)
		switch {
		case i < len(b) && b[i] == ',':
			i++
		case i < len(b) && b[i] == ']':
			return i + 1, true
		default:
			return i, false
		}
	}
}

func (f *finder) object(i int, names []string) (end int, ok bool) {
	b := f.doc
	i = rawjson.SkipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, true
	}
	for {
		start := rawjson.SkipSpace(b, i)
		if start >= len(b) || b[start] != '"' {
			return start, false
		}
		end, err := f.marks.Skip(b, start)
		if err != nil {
			return end, false
		}
		key := b[start:end]
		if i = rawjson.SkipSpace(b, end); i >= len(b) || b[i] != ':' {
			return i, false
		}
		i = rawjson.SkipSpace(b, i+1)
		if rawjson.KeyEqual(key, names[0]) {
			f.records, f.out = f.records[:0], found{}
			end, ok = f.value(i, names[1:])
			if !ok {
				return end, false
			}
		} else if end, err = f.marks.Skip(b, i); err != nil {
			return end, false
		}
		i = rawjson.SkipSpace(b, end)
		switch {
		case i < len(b) && b[i] == ',':
			i++
		case i < len(b) && b[i] == '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}
