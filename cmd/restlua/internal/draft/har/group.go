package har

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

// reader takes one recording in.
type reader struct {
	all     []exchange
	groups  []*group
	values  map[string][]source // where a value stands in records
	secrets map[string]bool     // values of credentials
}

// group are the requests of one endpoint.
type group struct {
	segments []segment
	all      []exchange
	docs     []any // bodies, decoded
}

// segment is a part of a path between slashes.
type segment struct {
	text   string // of the first request
	param  bool
	values []string
}

// source is a field of the records of a list in which a value stands.
type source struct {
	key   string // of the list's path, as draft.Path.Key has it
	field string
}

var (
	uuidLike   = lazy.Regexp(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	numberLike = lazy.Regexp(`^-?[0-9]+$`)
	hexLike    = lazy.Regexp(`^[0-9a-fA-F]{16,}$`)
	codeLike   = lazy.Regexp(`^[A-Za-z0-9_:=.~-]{10,}$`)
	dateLike   = lazy.Regexp(`^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$`)
)

// isID reports whether a part of a path is the key of one thing, by its looks.
func isID(s string) bool {
	if numberLike().MatchString(s) || uuidLike().MatchString(s) || hexLike().MatchString(s) {
		return true
	}
	if len(s) >= 24 && codeLike().MatchString(s) && !strings.ContainsAny(s, "-_.:=~") {
		return true // no word is as long
	}
	if !codeLike().MatchString(s) || dateLike().MatchString(s) || strings.HasSuffix(s, ".json") {
		return false
	}
	digits := 0
	for _, c := range s {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	return digits >= 3
}

// group puts the requests of one endpoint together. Parts of paths that look
// like keys are parameters; so are those that are keys of records which came
// from the list that stands before them.
func (r *reader) group() {
	known := map[string]map[string]bool{} // of a list's path: the texts in its records
	for _, x := range r.all {
		doc := decode(x.body)
		for _, record := range recordsOf(doc) {
			at := strings.Join(segmentsOf(x.url.Path), "/")
			if known[at] == nil {
				known[at] = map[string]bool{}
			}
			for _, p := range record {
				if text, ok := p.value.(string); ok && len(text) < 200 {
					known[at][text] = true
				}
			}
		}
	}
	byKey := map[string]*group{}
	for _, x := range r.all {
		parts := segmentsOf(x.url.Path)
		g := &group{}
		for i, p := range parts {
			key := i > 0 && (isID(p) || r.secretValue(p) || known[strings.Join(parts[:i], "/")][p])
			g.segments = append(g.segments, segment{text: p, param: key, values: []string{p}})
		}
		key := g.template()
		if have := byKey[key]; have != nil {
			for i := range g.segments {
				have.segments[i].values = append(have.segments[i].values, parts[i])
			}
			g = have
		} else {
			byKey[key] = g
			r.groups = append(r.groups, g)
		}
		g.all = append(g.all, x)
		g.docs = append(g.docs, decode(x.body))
	}
	for _, g := range r.groups {
		key := g.key()
		for _, doc := range g.docs {
			for _, record := range recordsOf(doc) {
				r.index(key, record)
			}
		}
	}
}

// segmentsOf are the parts of a path that say something.
func segmentsOf(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// index notes where the values of a record stand.
func (r *reader) index(key string, record object) {
	for _, p := range record {
		text := scalarText(p.value)
		if text == "" || len(text) > 200 {
			continue
		}
		s := source{key, p.name}
		if list := r.values[text]; len(list) < 50 && !slices.Contains(list, s) {
			r.values[text] = append(list, s)
		}
	}
}

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	}
	return ""
}

// recordsOf are the objects of the longest list near the top of a body.
func recordsOf(doc any) []object {
	var best []object
	var look func(v any, deep int)
	look = func(v any, deep int) {
		switch v := v.(type) {
		case []any:
			var out []object
			for _, e := range v {
				if o, ok := e.(object); ok {
					out = append(out, o)
				}
			}
			if len(out) > len(best) {
				best = out
			}
		case object:
			if deep < 3 {
				for _, p := range v {
					look(p.value, deep+1)
				}
			}
		}
	}
	look(doc, 0)
	return best
}

// path is the template of a group.
func (g *group) path(r *reader) draft.Path {
	var p draft.Path
	names := map[string]bool{}
	for i, s := range g.segments {
		p = append(p, draft.Piece{Text: "/"})
		if !s.param {
			p[len(p)-1].Text += s.text
			continue
		}
		name := "id"
		if i > 0 && !g.segments[i-1].param {
			name = draft.ParamName(g.segments[i-1].text)
		}
		for names[name] {
			name += "_2"
		}
		names[name] = true
		x := draft.Piece{Param: name}
		x.Parent, x.Field = r.parent(g, i)
		p = append(p, x)
	}
	return joined(p)
}

// joined puts neighbouring texts together.
func joined(p draft.Path) draft.Path {
	var out draft.Path
	for _, x := range p {
		if x.Param == "" && len(out) > 0 && out[len(out)-1].Param == "" {
			out[len(out)-1].Text += x.Text
			continue
		}
		out = append(out, x)
	}
	return out
}

// parent finds the list out of whose records the values of a part of a path
// came: the list that stands before it, else one that has all the values, if
// they are such as do not meet by chance.
func (r *reader) parent(g *group, at int) (key, field string) {
	prefix := (&group{segments: g.segments[:at]}).key()
	n := map[source]int{}
	chance := false
	values := slices.Compact(slices.Sorted(slices.Values(g.segments[at].values)))
	for _, v := range values {
		chance = chance || len(v) < 5
		for _, s := range r.values[v] {
			n[s]++
		}
	}
	var all []source
	for s, times := range n {
		if times == len(values) && (s.key == prefix || !chance) && s.key != g.key() {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return "", ""
	}
	slices.SortFunc(all, func(a, b source) int {
		return cmp.Or(cmp.Compare(rank(a, prefix), rank(b, prefix)), strings.Compare(a.key, b.key), strings.Compare(a.field, b.field))
	})
	return all[0].key, all[0].field
}

// rank orders sources: that before the parameter first, then fields that are
// called like keys.
func rank(s source, prefix string) int {
	n := 0
	if s.key != prefix {
		n += 10
	}
	switch s.field {
	case "id", "uuid", "key", "slug":
	default:
		n++
	}
	return n
}

// template is equal for the requests of one endpoint.
func (g *group) template() string {
	var parts []string
	for _, s := range g.segments {
		if s.param {
			parts = append(parts, "{}")
		} else {
			parts = append(parts, s.text)
		}
	}
	return strings.Join(parts, "/")
}

// key is the key of the group's path, as draft.Path has it.
func (g *group) key() string {
	return draft.ParsePath("/" + strings.ReplaceAll(g.template(), "{}", "{x}")).Key()
}
