package draft

import (
	"slices"
	"strings"
)

// keyNames are the names of fields that identify a record, the surest first.
var keyNames = []string{"id", "uuid", "guid", "gid", "sid", "_id", "uid"}

// localKeys identify a record among its siblings.
var localKeys = []string{"key", "slug", "code", "number", "name", "login", "username", "handle", "ref", "sha"}

// keyField is the field of a record that identifies it; empty: none is known.
func keyField(item *Shape) string { return keyFieldOf(item, nil) }

// keyFieldOf is keyField; fields of the names in asked have a value whatever is
// said of them: one record is asked for by them.
func keyFieldOf(item *Shape, asked []string) string {
	for _, name := range keyNames {
		for _, f := range fieldsOf(item) {
			if (f.Name == name || folded(f.Name) == name) && (canBeKey(f) || slices.Contains(asked, name) && canBeKey(filled(f))) {
				return f.Name
			}
		}
	}
	return ""
}

func fieldsOf(s *Shape) []Field {
	if s == nil {
		return nil
	}
	return s.Fields
}

// filled is a field that has a value in every record.
func filled(f Field) Field {
	s := *f.Shape
	s.Null = false
	f.Shape = &s
	return f
}

// canBeKey reports whether a field may be part of a primary key: a column that
// is never null.
func canBeKey(f Field) bool {
	return isName(f.Name) && !f.Twice && !f.Shape.Null && (f.Shape.Kind == Text || f.Shape.Kind == Integer || f.Shape.Kind == Unknown && len(f.Shape.Fields) == 0)
}

// primaryKey is the field that identifies the records of a list. detail is the
// parameter of the endpoint that asks for one of them, or empty. local keys are
// sure only among the records of one parent.
func primaryKey(item *Shape, path Path, detail string) (key, why string, local bool) {
	words := path.words()
	noun := ""
	if len(words) > 0 {
		noun = folded(singular(words[len(words)-1]))
	}
	var asked []string
	if detail != "" {
		asked = paramFields(detail, noun)
	}
	if key := keyFieldOf(item, asked); key != "" {
		return key, "its name", false
	}
	for _, name := range asked {
		for _, f := range fieldsOf(item) {
			if folded(f.Name) == name && canBeKey(filled(f)) {
				return f.Name, "the path " + clean(path.String(), 60) + "/{" + clean(detail, 40) + "}", true
			}
		}
	}
	for _, f := range fieldsOf(item) {
		name := folded(f.Name)
		if !f.Required || !canBeKey(f) {
			continue
		}
		for _, ending := range []string{"id", "uuid", "key", "number", "code"} {
			if noun != "" && name == noun+ending {
				return f.Name, "its name", ending != "id" && ending != "uuid"
			}
		}
	}
	for _, name := range []string{"key", "slug", "code"} {
		if f := item.field(name); f != nil && f.Required && canBeKey(*f) {
			return f.Name, "its name", true
		}
	}
	return "", "", false
}

// paramFields are the names, folded, of the fields that a parameter of a path
// may stand for, in the records of the list above it; the best first. noun is
// what that list holds.
func paramFields(param, noun string) []string {
	p := folded(param)
	out := []string{p}
	add := func(names ...string) {
		for _, n := range names {
			if n != "" && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	if noun != "" {
		if rest, ok := strings.CutPrefix(p, noun); ok {
			add(rest)
		}
		if rest, ok := strings.CutSuffix(p, noun); ok {
			add(rest)
		}
	}
	if p == "username" || p == "user" || p == "login" {
		add("login", "username", "handle")
	}
	for _, ending := range slices.Concat([]string{"uuid", "guid", "gid", "sid", "id"}, localKeys) {
		if strings.HasSuffix(p, ending) {
			add(ending)
		}
	}
	return out
}

// parentField is the field of a parent's record that a parameter takes; empty:
// none is known.
func parentField(item *Shape, param, noun, key string) string {
	fields := fieldsOf(item)
	if len(fields) == 0 {
		return "id" // nothing is said of the records
	}
	for _, name := range paramFields(param, noun) {
		for _, f := range fields {
			if folded(f.Name) != name || !isName(f.Name) || !f.Shape.scalar() {
				continue
			}
			if f.Name == key || f.Required || name == folded(param) || name == "login" || slices.Contains(keyNames, name) || !slices.Contains(localKeys, name) || key == "" {
				return f.Name
			}
		}
	}
	return key
}
