package draft

import (
	"slices"
	"strings"
)

// Kind is the kind of a JSON value.
type Kind int

// The kinds; Unknown is a value of which nothing is said.
const (
	Unknown Kind = iota
	Object
	List
	Text
	Integer
	Number
	Bool
)

// Shape is what is known of a JSON value. Shapes may be circular.
type Shape struct {
	Kind   Kind
	Name   string // of the schema, where it has one: equal names are equal things
	Format string // as in JSON Schema: date-time, uri, uuid, ...
	About  string
	Sample string // an example of a text or number
	Null   bool   // the value may be null
	Fields []Field
	Items  *Shape // of a list; nil: nothing is known of them
}

// Field is a field of an object.
type Field struct {
	Name     string
	Required bool
	Twice    bool   // a recording had one value in two records of a list
	Shape    *Shape // never nil
}

// field is a field by its exact name.
func (s *Shape) field(name string) *Field {
	if s == nil {
		return nil
	}
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

// fold is a field by its name, folded.
func (s *Shape) fold(name string) *Field {
	if s == nil {
		return nil
	}
	for i := range s.Fields {
		if folded(s.Fields[i].Name) == name {
			return &s.Fields[i]
		}
	}
	return nil
}

func (s *Shape) scalar() bool { return s.Kind >= Text || s.Kind == Unknown && len(s.Fields) == 0 }

// place is a value in a body, and the way to it through keys of objects.
type place struct {
	way   []string
	shape *Shape
}

func (p place) last() string { return p.way[len(p.way)-1] }

// maxDepth is how many keys deep values outside the records are looked for.
const maxDepth = 3

// places are all values of an object that are reached through objects only,
// those nearer to the top first, then in their order.
func (s *Shape) places() []place {
	var out []place
	level := []place{{nil, s}}
	for depth := 0; depth < maxDepth; depth++ {
		var next []place
		for _, at := range level {
			if at.shape == nil || at.shape.Kind != Object {
				continue
			}
			for _, f := range at.shape.Fields {
				next = append(next, place{append(slices.Clone(at.way), f.Name), f.Shape})
			}
		}
		out = append(out, next...)
		level = next
	}
	return out
}

// folded is a name without what different spellings of it differ in:
// page_size, pageSize and page[size] are one.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '_', r == '-', r == '[', r == ']', r == '$', r == '.', r == ' ', r == '@', r == ':':
			return -1
		}
		return r
	}, name)
}

// pathText writes keys as a JSONPath.
func pathText(names []string) string {
	plain := len(names) > 0
	for _, n := range names {
		plain = plain && isName(n)
	}
	if plain {
		return strings.Join(names, ".")
	}
	var b strings.Builder
	b.WriteByte('$')
	for _, n := range names {
		b.WriteString("['")
		for _, r := range n {
			switch {
			case r == '\'' || r == '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			case r < 0x20:
				const digits = "0123456789abcdef"
				b.WriteString(`\u00` + string([]byte{digits[r>>4], digits[r&15]}))
			default:
				b.WriteRune(r)
			}
		}
		b.WriteString("']")
	}
	return b.String()
}

// isName reports whether s can stand as a name in Lua and in a JSONPath.
// Keywords count.
func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
