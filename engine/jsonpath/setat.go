package jsonpath

import (
	"fmt"
	"strings"

	"github.com/restlua/restlua/engine/rawjson"
)

// SetAt returns doc with value put at the dotted place, which is no JSONPath:
// `page.next` names the key "next" in the object "page" (JSP-07). Objects that
// are missing or null are made, what stands beside stays as it is. An empty doc
// counts as {}. doc itself is not changed.
func SetAt(doc []byte, dotted string, value []byte) ([]byte, error) {
	names := strings.Split(dotted, ".")
	for _, n := range names {
		if n == "" {
			return nil, fmt.Errorf("%q is no place in a body: expected names with dots between them, like \"page.next\"", dotted)
		}
	}
	return setAt(doc, names, 0, value)
}

// setAt puts value at names[depth:] of doc.
func setAt(doc []byte, names []string, depth int, value []byte) ([]byte, error) {
	i := rawjson.SkipSpace(doc, 0)
	switch {
	case i == len(doc) || depth > 0 && rawjson.IsNull(doc):
		doc = []byte("{}")
	case doc[i] != '{':
		place := "the body"
		if depth > 0 {
			place = fmt.Sprintf("%q", strings.Join(names[:depth], "."))
		}
		return nil, fmt.Errorf("cannot set %q in the body: %s is %s, not an object", strings.Join(names, "."), place, kind(doc[i]))
	}
	name := names[depth]
	if depth+1 < len(names) {
		inner, _ := rawjson.Get(doc, name)
		var err error
		if value, err = setAt(inner, names, depth+1, value); err != nil {
			return nil, err
		}
	}
	return rawjson.Set(doc, name, value), nil
}

// kind names the kind of the JSON value that begins with c.
func kind(c byte) string {
	switch c {
	case '[':
		return "a list"
	case '"':
		return "text"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
