package rest

import (
	"strings"
	"testing"
)

func TestFindLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		headers []string
		rel     string
		want    string
	}{
		{"PAG-HLINK-01", []string{`<https://a.test/x?page=2>; rel="next", <https://a.test/x?page=9>; rel="last"`}, "next", "https://a.test/x?page=2"},
		{"PAG-HLINK-02", []string{`</x?p=0>; rel="prev", </x?p=2&q=9>; rel=fwd; title="t"`}, "fwd", "/x?p=2&q=9"},
		{"API-10 several rels", []string{`</a>; rel="prev first", </b>; rel="last  NEXT"`}, "next", "/b"},
		{"API-10 commas and semicolons in the URL", []string{`</x?a=1,2;b=3>; rel="next"`}, "next", "/x?a=1,2;b=3"},
		{"API-10 quoted commas, semicolons and quotes", []string{`</a>; title="one, two; rel=\"next\""; rel="prev", </b>; title=","; rel="next"`}, "next", "/b"},
		{"API-10 upper-case names", []string{`</b>; REL="Next"`}, "next", "/b"},
		{"API-10 several headers", []string{`</a>; rel="prev"`, `</b>; rel="next"`}, "next", "/b"},
		{"PAG-HLINK-02 single quotes", []string{`</a>; rel='next'`}, "next", "/a"},
		{"PAG-HLINK-01 the last of several", []string{`</a>; rel="next", </b>; rel="next"`}, "next", "/b"},
		{"blanks everywhere", []string{" , < /b > ; rel = next ;x"}, "next", "/b"},
		{"the first rel counts", []string{`</a>; rel="prev"; rel="next"`}, "next", ""},
		{"no such rel", []string{`</a>; rel="prev"`}, "next", ""},
		{"a name inside another", []string{`</a>; rel="next-page"`}, "next", ""},
		{"rel without value", []string{`</a>; rel, </b>; rel=next`}, "next", "/b"},
		{"quote not closed", []string{`</a>; rel="next`}, "next", "/a"},
		{"bracket not closed", []string{`</a; rel="next"`}, "next", "/a"},
		{"bracket not closed, others behind", []string{`</a; rel="next", </b>; rel="last"`}, "next", "/a"},
		{"bracket not opened", []string{`/a?b=1>; rel="next"`}, "next", "/a?b=1"},
		{"no brackets", []string{`https://a.test/x?p=2; rel="next", https://a.test/x?p=9; rel="last"`}, "next", "https://a.test/x?p=2"},
		{"text before a link", []string{`nonsense, </a>; rel="next"`}, "next", "/a"},
		{"no link", []string{"", "nonsense"}, "next", ""},
	} {
		if got := findLink(c.headers, c.rel); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A Link header from anywhere ends the parser and never breaks it; what it
// finds stands between brackets in the header.
func FuzzFindLink(f *testing.F) {
	for _, s := range []string{`</a>; rel="next"`, `</a>;rel=next,</b>;rel="x y"`, `<`, `<a>;`, `<a>;=;"`, `<a>;rel="\`, ",,,", `<a>;rel="next`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := findLink([]string{header}, "next"); !strings.Contains(header, got) {
			t.Errorf("%q is not in %q", got, header)
		}
	})
}

func TestResolveURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, page, link, want string }{
		{"PAG-JLINK-02 absolute", "https://a.test/x", "http://b.test/y?z=%2F#f", "http://b.test/y?z=%2F#f"},
		{"PAG-JLINK-02 dots", "https://a.test/x", "http://b.test/y/../z//./%2F?a=/../b", "http://b.test/z//%2F?a=/../b"},
		{"PAG-JLINK-03", "http://example.com:8080/api/resource?q=1", "/api/resource?page=2", "http://example.com:8080/api/resource?page=2"},
		{"PAG-JLINK-04 query only", "http://e.test/x/y?q=1", "?page=2", "http://e.test/x/y?page=2"},
		{"PAG-JLINK-03 the page's query is dropped", "http://e.test/x/y?q=1", "#z", "http://e.test/x/y#z"},
		{"PAG-JLINK-04 sibling", "http://e.test/x/y", "z?page=3", "http://e.test/x/z?page=3"},
		{"PAG-JLINK-04 scheme kept", "https://e.test/x/y", "//host/p", "https://host/p"},
		{"PAG-JLINK-05 escapes kept", "https://e.test/x", "/a%2Fb?c=%20d+e", "https://e.test/a%2Fb?c=%20d+e"},
		{"blanks", "https://e.test/x", " /a b ", "https://e.test/a%20b"},
	} {
		if got, err := resolveURL(c.page, c.link); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	for _, link := range []string{"ftp://a.test/x", "javascript:x()", "http://", "http://[::1"} {
		if got, err := resolveURL("https://e.test/", link); err == nil {
			t.Errorf("%q is followed to %q", link, got)
		}
	}
}
