package draft

import (
	"slices"
	"strings"
)

// defaults is what most resources have in common and the script says once.
type defaults struct {
	paging   *paging
	inherits bool // the paginator stands in client, for "auto" of an endpoint would mean it there
	key      []string
	selector string
	params   []constant // sizes of pages
	headers  []constant // in all resources
}

// defaults finds what at least half of the resources share.
func (s *Script) defaults() defaults {
	var d defaults
	if len(s.resources) == 0 {
		return d
	}
	half := (len(s.resources) + 1) / 2
	known := slices.DeleteFunc(slices.Clone(s.resources), func(r *resource) bool { return r.paging.value == "auto" })
	if len(known) > 0 {
		best, n := most(known, func(r *resource) string { return canonical(r.paging.value) })
		if n > 1 || len(s.resources) == 1 {
			d.paging = &best.paging
		}
	}
	d.inherits = len(known) == len(s.resources)
	if best, n := most(s.resources, func(r *resource) string { return strings.Join(r.key, "\x00") }); n >= half {
		d.key = best.key
		if best.parent != nil && len(best.key) > 1 {
			d.key = nil // it names one parent
		}
	}
	if best, n := most(s.resources, func(r *resource) string { return r.records.selector() }); n >= half {
		d.selector = best.records.selector()
	}
	sized := func(r *resource) string {
		if c := r.sized(); c != nil {
			return c.name + "\x00" + canonical(c.value)
		}
		return ""
	}
	if best, n := most(s.resources, sized); n >= half && n > 1 && best.sized() != nil {
		d.params = []constant{*best.sized()}
	}
	for _, h := range s.resources[0].headers {
		all := true
		for _, r := range s.resources {
			all = all && slices.ContainsFunc(r.headers, func(x constant) bool {
				return x.name == h.name && canonical(x.value) == canonical(h.value)
			})
		}
		if _, open := h.value.(raw); all && !open {
			d.headers = append(d.headers, h)
		}
	}
	return d
}

// most is the first of the resources with the value that most of them have, and
// how many have it.
func most(resources []*resource, value func(*resource) string) (*resource, int) {
	n := map[string]int{}
	for _, r := range resources {
		n[value(r)]++
	}
	best := resources[0]
	for _, r := range resources {
		if n[value(r)] > n[value(best)] {
			best = r
		}
	}
	return best, n[value(best)]
}

// sized is the parameter for the size of a page, or nil.
func (r *resource) sized() *constant {
	if r.paging.size == nil {
		return nil
	}
	for i := range r.params {
		if r.params[i].name == r.paging.size.Name {
			return &r.params[i]
		}
	}
	return nil
}

// remarks stand above a resource.
func (s *Script) remarks(r *resource) []string {
	var out []string
	if about := firstSentence(r.endpoint.Summary, 90); about != "" {
		if !strings.HasSuffix(about, "…") {
			about += "."
		}
		out = append(out, about)
	}
	if len(r.needs) > 0 && !s.Selected() {
		names := make([]string, len(r.needs))
		for i, n := range r.needs {
			names[i] = s.Name + "." + n
		}
		out = append(out, "Needs "+strings.Join(names, ", ")+".")
	}
	if len(r.more) > 0 {
		out = append(out, "Takes also: "+clean(strings.Join(r.more, ", "), 84))
	}
	return out
}

// resource is the table of a resource, without what the defaults say.
func (s *Script) resource(r *resource, d defaults) table {
	t := table{{key: "name", value: r.name}}
	switch {
	case len(r.needs) > 0 && s.Selected():
		conditions := make([]string, len(r.needs))
		for i, n := range r.needs {
			conditions[i] = n + " ~= unset"
		}
		t = append(t, field{key: "selected", value: raw(strings.Join(conditions, " and "))})
	case r.endpoint.Deprecated && s.Selected():
		t = append(t, field{key: "selected", value: false, note: "deprecated"})
	}
	if !slices.Equal(r.key, d.key) {
		f := field{key: "primary_key", value: keyValue(r.key), note: "guessed from " + r.keyWhy}
		switch {
		case len(r.key) == 0:
			f.value, f.note = list{}, "none is known"
		case len(r.key) > 1:
			f.note = "guessed from its name; other parents may have the same records"
			if r.keyLocal {
				f.note = "guessed from " + r.keyWhy + "; another parent may have the same"
			}
		}
		t = append(t, f)
	}
	if s.changes(r) {
		if len(r.key) > 0 {
			t = append(t, field{key: "write_disposition", value: "merge"})
		} else {
			t = append(t, field{key: "write_disposition", value: "append", note: "without a key, a record that changed is another row"})
		}
	}
	t = append(t, field{key: "endpoint", value: s.endpoint(r, d)})
	if len(r.include) > 0 {
		l := list{}
		for _, f := range r.include {
			l = append(l, element{value: f})
		}
		t = append(t, field{key: "include_from_parent", value: l})
	}
	return t
}

// changes reports whether a resource loads only what is new.
func (s *Script) changes(r *resource) bool { return r.since != nil && r.since.sure }

func (s *Script) endpoint(r *resource, d defaults) table {
	t := table{{key: "path", value: s.path(r)}}
	var params table
	own := r.sized()
	for i := range r.params {
		c := &r.params[i]
		if c == own && len(d.params) > 0 && c.name == d.params[0].name && canonical(c.value) == canonical(d.params[0].value) {
			continue
		}
		params = append(params, field{key: template(c.name), value: c.value, note: c.note})
	}
	for _, c := range d.params {
		has := slices.ContainsFunc(r.params, func(x constant) bool { return x.name == c.name })
		if !has && !takes(r.paging.value, c.name) {
			params = append(params, field{key: template(c.name), value: raw("json.null"), note: "not taken here"})
		}
	}
	if len(params) > 0 {
		t = append(t, field{key: "params", value: params})
	}
	var headers table
	for _, h := range r.headers {
		if !slices.ContainsFunc(d.headers, func(x constant) bool { return x.name == h.name }) {
			headers = append(headers, field{key: template(h.name), value: h.value, note: h.note})
		}
	}
	if len(headers) > 0 {
		t = append(t, field{key: "headers", value: headers})
	}
	if sel := r.records.selector(); sel != d.selector {
		f := field{key: "data_selector", value: sel}
		if len(r.records.others) > 0 {
			f.note = "guessed: there is also " + clean(strings.Join(r.records.others, ", "), 60)
		}
		t = append(t, f)
	}
	if d.paging == nil || canonical(d.paging.value) != canonical(r.paging.value) {
		t = append(t, field{key: "paginator", value: r.paging.value, note: r.paging.remark()})
	}
	return s.incremental(t, r)
}

// takes reports whether a paginator sets a parameter itself.
func takes(value any, param string) bool {
	t, _ := value.(table)
	for _, f := range t {
		if f.key == "limit_param" && f.value == param {
			return true
		}
	}
	return false
}

func (s *Script) incremental(t table, r *resource) table {
	if r.since == nil {
		return t
	}
	inc := table{{key: "cursor_path", value: pathText([]string{r.since.field})}, {key: "start_param", value: r.since.param}}
	if r.since.from != "" {
		inc = append(inc, field{key: "initial_value", value: raw(r.since.from)})
	}
	if r.since.missing {
		inc = append(inc, field{key: "on_cursor_value_missing", value: "include"})
	}
	f := field{key: "incremental", value: inc, note: "guessed from " + r.since.why}
	if !r.since.sure {
		f.off, f.note = true, ""
		f.above = []string{"For what is new since the last run, if this fits (guessed from " + r.since.why + "):"}
	}
	return append(t, f)
}

// path is the value of endpoint.path.
func (s *Script) path(r *resource) any {
	var parts []string
	text := ""
	open := false
	flush := func() {
		if text != "" {
			parts = append(parts, quote(text))
		}
		text = ""
	}
	for i, x := range r.pieces {
		switch {
		case x.local != "":
			flush()
			parts = append(parts, x.local)
			open = true
		case x.field != "":
			text += "{resources." + r.parent.name + "." + x.field + "}"
		case i == 0:
			text += strings.TrimLeft(x.text, "/")
		default:
			text += x.text
		}
	}
	if !open {
		return text
	}
	flush()
	return raw(strings.Join(parts, " .. "))
}
