package jsonpath

import (
	"errors"
	"strings"
	"testing"
)

func TestShortForms(t *testing.T) {
	t.Parallel()
	const doc = `{"a":{"b":[{"id":1,"s":"open"},{"id":2,"s":"shut","x y":7}],"x y":3},"list":[4],"k-v":5,"@o":6,"a.b":8}`
	for _, c := range []struct{ name, path, want string }{
		{"JSP-01 names with dots", "a.b[0].id", "1"},
		{"JSP-01 root", "$.a.b[-1].id", "2"},
		{"JSP-01 slice", "a.b[0:1].id", "1"},
		{"JSP-01 wildcards", "a.b[*].id", "1 2"},
		{"JSP-01 a bare wildcard", "list.*", "4"},
		{"JSP-01 descendants", "a..id", "1 2"},
		{"JSP-01 quoted names in brackets", "a['x y']", "3"},
		{"JSP-01 unions", "list,k-v", "[4] 5"},
		{"JSP-01 unions with blanks", "list , k-v", "[4] 5"},
		{"JSP-01 unions with a bar", "list|k-v", "[4] 5"},
		{"JSP-01 filter", "a.b[?(@.id>1)].id", "2"},
		{"JSP-01 filter with &", "a.b[?(@.id>=1 & @.id<2)].id", "1"},
		{"JSP-01 filter with a bare key", "a.b[?id>1].id", "2"},
		{"JSP-01 filter with a bare text", "a.b[?(@.s==open)].id", "1"},
		{"JSP-01 filter with a bare key that is there", "a.b[?(s)].id", "1 2"},
		{"JSP-02 names with signs", "k-v", "5"},
		{"JSP-02 @ in front", "@o", "6"},
		{"JSP-02 a key with a dot", "['a.b']", "8"},
		{"JSP-02 double quotes", `["a.b"]`, "8"},
		{"JSP-02 quotes behind a dot", `a."x y"`, "3"},
		{"JSP-02 quotes at the beginning", `'a.b'`, "8"},
		{"JSP-02 bare names in brackets", "a[b][0][id]", "1"},
		{"JSP-02 a list of them", "a.b[0][id,s]", `1 "open"`},
		{"JSP-04 no match", "a.zz.id", ""},
		{"JSP-05 a name on a list", "a.b.id", ""},
	} {
		p, err := Parse(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, v := range p.All([]byte(doc)) {
			got = append(got, string(v))
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: %s finds %s, want %s", c.name, c.path, got, c.want)
		}
		// JSP-03: the first match is the first of all.
		first, ok := p.First([]byte(doc))
		if ok != (len(got) > 0) || ok && string(first) != got[0] {
			t.Errorf("%s: first is %s, all are %s", c.name, first, got)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path, says string
		pos              int
	}{
		{"JSP-06 ends with a dot", "a.", "ends where a name was expected", 3},
		{"JSP-06 blank", "has space", "unexpected ' '", 4},
		{"JSP-06 empty", "", "empty", 1},
		{"JSP-06 number", "a.0", "a number is no name", 3},
		{"JSP-06 quote", `a."x`, "quote is not closed", 3},
		{"JSP-06 bracket", "a[b", "[ is not closed", 2},
		{"JSP-06 Python's words", "a[?(@.x==True)]", "", 10},
	} {
		_, err := Parse(c.path)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v", c.name, err)
		} else if e.Pos != c.pos || !strings.Contains(e.Msg, c.says) {
			t.Errorf("%s: position %d: %s; want %d: %s", c.name, e.Pos, e.Msg, c.pos, c.says)
		}
	}
}
