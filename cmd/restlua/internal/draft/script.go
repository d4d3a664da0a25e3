package draft

import (
	"fmt"
	"slices"
	"strings"
)

// Text writes the script as Lua.
func (s *Script) Text() string {
	d := s.defaults()
	body := &printer{}
	s.body(body, d)
	p := &printer{}
	s.head(p)
	uses := func(word string) bool { return strings.Contains(body.b.String(), word) }
	p.line(0, "")
	p.line(0, "local config = require(\"config\")")
	if uses("json.null") {
		p.line(0, "local json = require(\"json\")")
	}
	if uses("secrets.get(") {
		p.line(0, "local secrets = require(\"secrets\")")
	}
	s.locals(p)
	p.line(0, "")
	p.b.WriteString(body.b.String())
	return p.b.String()
}

// head says what this is, and what is to be done with it.
func (s *Script) head(p *printer) {
	title := clean(s.api.Title, 80)
	if title == "" {
		title = s.Name
	}
	if v := clean(s.api.Version, 40); v != "" {
		title += ", version " + v
	}
	p.comment(0, fmt.Sprintf("%s.lua: %s.", s.Name, title), "")
	if s.Selected() {
		p.comment(0, "  restlua run "+s.Name+".lua")
	} else {
		p.comment(0, "  restlua run "+s.Name+".lua --resource "+s.easiest().name)
	}
	p.comment(0, "", "A draft by restlua init, "+s.api.Intro+".",
		"What that does not say was guessed, and is marked so: look at it, then take the",
		"remarks away. restlua plan shows what a run would ask, without a request.")
	for _, n := range s.api.Notes {
		p.comment(0, "", clean(n, 160))
	}
}

// easiest is a resource that runs at once, to begin with.
func (s *Script) easiest() *resource {
	best, least := s.resources[0], 1<<30
	for _, r := range s.resources {
		n := len(r.needs)*100 + depth(r)*10 + len(r.params)
		if r.paging.value == "single_page" || r.paging.doubt {
			n += 5
		}
		if n < least {
			best, least = r, n
		}
	}
	return best
}

// locals are the settings.
func (s *Script) locals(p *printer) {
	get := func(name, value string) string {
		return fmt.Sprintf("config.get(%s, %s)", quote(s.Name+"."+name), value)
	}
	if len(s.api.Settings) > 0 {
		p.line(0, "")
		p.comment(0, "Parts of the API's address.")
		for _, x := range s.api.Settings {
			p.value(0, "local "+urlLocal(x.Name)+" = ", raw(get(urlLocal(x.Name), quote(x.Default))), "", firstSentence(x.About, 70))
		}
	}
	open := s.settings
	if len(open) == 0 {
		return
	}
	p.line(0, "")
	p.comment(0, "Values that have to come from you: --set "+s.Name+"."+open[0].local+"=..., or under",
		"["+s.Name+"] in config.toml. "+s.withoutThem())
	p.line(0, "local unset = \"not-set\"")
	for _, x := range open {
		p.value(0, "local "+x.local+" = ", raw(get(x.local, "unset")), "", x.about)
	}
}

func (s *Script) withoutThem() string {
	if s.Selected() {
		return "Resources that need one are left out until it is there."
	}
	return "Remarks on the resources say which they need."
}

// urlLocal is the variable for a variable of the API's address.
func urlLocal(name string) string {
	local := snake(name)
	if local == "" || local[0] >= '0' && local[0] <= '9' || taken[local] {
		local = "the_" + local
	}
	return local
}

func (s *Script) body(p *printer, d defaults) {
	p.line(0, "return {")
	p.line(1, "name = %s,", quote(s.Name))
	p.line(0, "")
	p.field(1, field{key: "client", value: s.client(d)})
	p.line(0, "")
	p.field(1, field{key: "resource_defaults", value: s.defaultsTable(d)})
	p.line(0, "")
	p.line(1, "resources = {")
	for i, r := range s.resources {
		if i > 0 {
			p.line(0, "")
		}
		p.comment(2, s.remarks(r)...)
		p.value(2, "", s.resource(r, d), ",", "")
	}
	p.line(1, "},")
	p.line(0, "}")
	s.leftOut(p)
}

// baseURL is the expression of client.base_url.
func (s *Script) baseURL() raw {
	var parts []string
	for _, x := range ParsePath(strings.TrimRight(s.api.BaseURL, "/") + "/") {
		if x.Param != "" {
			parts = append(parts, urlLocal(x.Param))
		} else {
			parts = append(parts, quote(x.Text))
		}
	}
	return raw(fmt.Sprintf("config.get(%s, %s)", quote(s.Name+".url"), strings.Join(parts, " .. ")))
}

func (s *Script) client(d defaults) table {
	a := &s.api.Auth
	base := field{key: "base_url", value: s.baseURL()}
	if s.api.NoHost {
		base.note = "made up: the description names no host"
	}
	t := table{base}
	var headers table
	for _, h := range s.api.Headers {
		headers = append(headers, field{key: h.Name, value: h.Value})
	}
	for _, h := range d.headers {
		headers = append(headers, field{key: h.name, value: h.value, note: h.note})
	}
	for _, k := range a.More {
		if !k.Query {
			headers = append(headers, field{key: k.Name, value: raw("secrets.get(" + quote(s.Name+"."+k.Secret) + ")")})
		}
	}
	if len(headers) > 0 {
		t = append(t, field{key: "headers", value: headers})
	}
	why := clean(a.Why, 120)
	var above []string
	if why != "" {
		above = []string{why}
	}
	if auth := a.table(s.Name, a.TokenURL); auth != nil {
		t = append(t, field{key: "auth", value: auth, above: above})
	} else {
		above = append(above, "If it wants a token:")
		t = append(t, field{key: "auth", above: above, off: true, value: table{{key: "type", value: "bearer"}, {key: "token", value: raw("secrets.get(" + quote(s.Name+".token") + ")")}}})
	}
	if d.paging != nil && d.inherits {
		t = append(t, field{key: "paginator", value: d.paging.value, note: d.paging.remark()})
	}
	return t
}

// remark says what a paginator was guessed from.
func (g *paging) remark() string {
	switch {
	case g.why == "":
		return ""
	case g.doubt:
		return "look at this: " + g.why
	}
	return "guessed from " + g.why
}

func (s *Script) defaultsTable(d defaults) table {
	t := table{}
	if !s.Selected() {
		t = append(t, field{key: "selected", value: false, above: []string{
			fmt.Sprintf("There are %d resources: a run takes those that --resource names, or that have", len(s.resources)), "selected = true."}})
	}
	if len(d.key) > 0 {
		t = append(t, field{key: "primary_key", value: keyValue(d.key), note: "guessed from its name"})
	}
	t = append(t, field{key: "write_disposition", value: "replace", note: "every run takes all records anew"})
	endpoint := table{}
	var params table
	for _, c := range d.params {
		params = append(params, field{key: template(c.name), value: c.value, note: c.note})
	}
	for _, k := range s.api.Auth.More {
		if k.Query {
			params = append(params, field{key: template(k.Name), value: raw("secrets.get(" + quote(s.Name+"."+k.Secret) + ")")})
		}
	}
	if len(params) > 0 {
		endpoint = append(endpoint, field{key: "params", value: params})
	}
	if d.selector != "" {
		endpoint = append(endpoint, field{key: "data_selector", value: d.selector})
	}
	if d.paging != nil && !d.inherits {
		endpoint = append(endpoint, field{key: "paginator", value: d.paging.value, note: d.paging.remark()})
	}
	if len(endpoint) > 0 {
		t = append(t, field{key: "endpoint", value: endpoint})
	}
	return t
}

func keyValue(key []string) any {
	if len(key) == 1 {
		return key[0]
	}
	l := list{}
	for _, k := range key {
		l = append(l, element{value: k})
	}
	return l
}

// mostLeft bounds how many endpoints that are left out are listed by name.
const mostLeft = 200

// leftOut lists what is not in the script, and why.
func (s *Script) leftOut(p *printer) {
	if s.single > 0 || len(s.left) > 0 {
		p.line(0, "")
		p.comment(0, "Not here:")
	}
	if s.single > 0 {
		p.comment(0, fmt.Sprintf("  %d GET that answer with one record, or with something unknown", s.single))
	}
	left := slices.Clone(s.left)
	slices.SortStableFunc(left, func(a, b Left) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	for i, l := range left {
		if i == mostLeft {
			p.comment(0, fmt.Sprintf("  and %d more", len(left)-mostLeft))
			return
		}
		p.comment(0, "  "+clean(l.Method+" "+l.Path, 100)+": "+clean(l.Why, 120))
	}
}
