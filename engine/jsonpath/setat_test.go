package jsonpath

import "testing"

// JSP-07: a place in a body is a text split at dots, no JSONPath.
func TestSetAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, doc, path, want string }{
		{"JSP-07 no body yet", ``, "cursor.next", `{"cursor":{"next":2}}`},
		{"JSP-07 siblings stay", `{"existing":"data"}`, "pagination.offset", `{"existing":"data","pagination":{"offset":2}}`},
		{"JSP-07 siblings at the place", `{"page":{"size":9,"n":1},"q":1.50}`, "page.n", `{"page":{"size":9,"n":2},"q":1.50}`},
		{"JSP-07 one name", `{"a":1}`, "a", `{"a":2}`},
		{"JSP-07 signs are names", `{}`, "$.a[0]", `{"$":{"a[0]":2}}`},
	} {
		var doc []byte
		if c.doc != "" {
			doc = []byte(c.doc)
		}
		got, err := SetAt(doc, c.path, []byte(`2`))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if string(got) != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got, err := SetAt([]byte(`{"a":5}`), "a.b", []byte(`2`)); err == nil {
		t.Errorf("a place below a number gives %s", got)
	}
}
