package har

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

// endpoints makes the endpoints of the groups.
func (r *reader) endpoints(api *draft.API) {
	base := r.base()
	if len(r.all) > 0 {
		first := r.all[0].url
		api.BaseURL = first.Scheme + "://" + first.Host + strings.TrimSuffix("/"+base, "/")
	}
	for _, g := range r.groups {
		whole := &seen{}
		for _, doc := range g.docs {
			whole.add(doc, 0)
		}
		e := draft.Endpoint{Path: g.path(r), Response: whole.shape()}
		e.Params = r.params(g)
		for _, x := range g.all {
			for _, link := range x.ResponseHeader.Values("Link") {
				if strings.Contains(link, `rel="next"`) || strings.Contains(link, "rel=next") {
					e.Link, e.LinkWhy = true, "the header Link of the answers"
				}
			}
		}
		trim(&e.Path, base)
		api.Endpoints = append(api.Endpoints, e)
	}
}

// versionPart is a part of a path that all endpoints have in front.
var versionPart = lazy.Regexp(`^(?i:api|rest|v[0-9]+([._][0-9]+)*|[0-9]+\.[0-9]+)$`)

// base are the parts of the path that belong to the address of the API.
func (r *reader) base() string {
	var base []string
	for i := 0; ; i++ {
		for _, g := range r.groups {
			if i+1 >= len(g.segments) || g.segments[i].param || g.segments[i].text != r.groups[0].segments[i].text || !versionPart().MatchString(g.segments[i].text) {
				return strings.Join(base, "/")
			}
		}
		if len(r.groups) == 0 {
			return ""
		}
		base = append(base, r.groups[0].segments[i].text)
	}
}

// trim takes the base off a path, and off what it says of parents.
func trim(p *draft.Path, base string) {
	if base == "" || len(*p) == 0 {
		return
	}
	(*p)[0].Text = strings.TrimPrefix((*p)[0].Text, "/"+base)
	for i := range *p {
		(*p)[i].Parent = strings.TrimPrefix((*p)[i].Parent, base+"/")
	}
}

// params are the parameters of a group's queries, by name.
func (r *reader) params(g *group) []draft.Param {
	var names []string
	queries := make([]url.Values, len(g.all))
	for i, x := range g.all {
		queries[i] = x.url.Query()
		for name := range queries[i] {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var out []draft.Param
	for _, name := range names {
		if r.secretParam(name) || burst(name, queries) {
			continue
		}
		p := draft.Param{Name: name, Shape: &draft.Shape{Kind: draft.Text}}
		values := valuesOf(name, queries)
		if all(values, numberLike().MatchString) {
			p.Shape.Kind = draft.Integer
		}
		r.role(&p, g, queries, values)
		switch {
		case p.Role == draft.RoleCursor:
		case r.secretValue(values[0]):
			p.Required = true // a setting: its value is not for a script
		case p.Role == "" && p.Guessed() != "" && p.Guessed() != draft.RoleSize:
		case p.Role == "" && len(values) < len(queries): // some requests went without
		case p.Role == "" || p.Role == draft.RoleSize:
			p.Value = values[0]
			p.Varied = slices.ContainsFunc(values, func(v string) bool { return v != values[0] })
		}
		out = append(out, p)
	}
	return out
}

// valuesOf are the values of a parameter, in the order of the requests.
func valuesOf(name string, queries []url.Values) []string {
	var out []string
	for _, q := range queries {
		if v, ok := q[name]; ok && len(v) > 0 {
			out = append(out, v[0])
		}
	}
	return out
}

func all(values []string, is func(string) bool) bool {
	return len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return !is(v) })
}

// burst reports whether a parameter only keeps answers from being cached.
func burst(name string, queries []url.Values) bool {
	switch strings.ToLower(name) {
	case "_", "_t", "cb", "cachebuster", "_ts", "nocache", "rnd", "_dc":
		return all(valuesOf(name, queries), func(v string) bool { return len(v) >= 6 })
	}
	return false
}

// role finds out what a parameter does from how it changes: a number that grows
// by one is a page, one that grows by more an offset, and a value that stood in
// an answer before is a cursor.
func (r *reader) role(p *draft.Param, g *group, queries []url.Values, values []string) {
	if queries[0].Has(p.Name) {
		p.First = values[0]
	}
	if slices.ContainsFunc(values, func(v string) bool { return v != "" && r.cameBefore(g, p.Name, v) }) && p.Shape.Kind != draft.Integer {
		p.Role = draft.RoleCursor
		return
	}
	if p.Shape.Kind != draft.Integer {
		return
	}
	step := stepOf(p.Name, queries)
	switch role := p.Guessed(); {
	case role == draft.RoleSize:
		p.Role = draft.RoleSize
	case step == 1 && role != draft.RoleOffset:
		p.Role = draft.RolePage
	case step > 1:
		p.Role, p.Step = draft.RoleOffset, step
	case role == draft.RoleOffset && p.First == "":
		p.Role, p.Step = draft.RoleOffset, stepTo(values[0]) // the first page goes without
	}
}

// stepTo is the number that a text spells, or 0.
func stepTo(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// stepOf is by how much a number grows from one request to the next that is
// else the same; 0: it does not, or not always by the same.
func stepOf(name string, queries []url.Values) int {
	last := map[string]int{}
	step := 0
	for _, q := range queries {
		rest := url.Values{}
		for k, v := range q {
			if k != name && k != "_" {
				rest[k] = v
			}
		}
		key := rest.Encode()
		n, err := strconv.Atoi(q.Get(name))
		before, again := last[key]
		if q.Has(name) && err != nil {
			return 0
		}
		if !q.Has(name) {
			continue
		}
		if again && n > before {
			if step != 0 && step != n-before {
				return 0
			}
			step = n - before
		}
		last[key] = n
	}
	return step
}

// cameBefore reports whether a value of a parameter stood in an answer of the
// group, outside its records or in its headers, before it was sent.
func (r *reader) cameBefore(g *group, name, value string) bool {
	for i, x := range g.all {
		if x.url.Query().Get(name) == value {
			return false
		}
		if outside(g.docs[i], value, 0) || lastKey(g.docs[i], value) || inHeaders(x.ResponseHeader, value) {
			return true
		}
	}
	return false
}

// outside reports whether a text stands in a body, but not in a list.
func outside(v any, text string, deep int) bool {
	o, ok := v.(object)
	if !ok || deep > 4 {
		return false
	}
	for _, p := range o {
		if scalarText(p.value) == text || outside(p.value, text, deep+1) {
			return true
		}
	}
	return false
}

// lastKey reports whether a text is the id of the last record of a body.
func lastKey(doc any, text string) bool {
	records := recordsOf(doc)
	return len(records) > 0 && scalarText(records[len(records)-1].get("id")) == text
}

func inHeaders(h http.Header, value string) bool {
	for name, values := range h {
		if name != "Set-Cookie" && slices.Contains(values, value) {
			return true
		}
	}
	return false
}

// masked is a path without what looks like a key in it.
func (r *reader) masked(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if isID(p) || r.secretValue(p) {
			parts[i] = "{" + draft.ParamName(parts[max(i-1, 0)]) + "}"
		}
	}
	return strings.Join(parts, "/")
}
