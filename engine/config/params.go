package config

import (
	"slices"
	"strings"
)

// params are the query parameters of an endpoint while it is read. Some of them
// are not sent: they are bound in the path, or are older forms of placeholders.
type params struct {
	s           *scope
	list        []entry
	bound       map[string]bool // put into the path
	incremental *Incremental    // of a param of that type
}

// secretNames are parameters that hold secrets (RED-01), as fold writes them.
var secretNames = map[string]bool{"api_key": true, "apikey": true, "access_token": true, "token": true, "secret": true, "password": true, "pwd": true, "client_secret": true}

// checkParam checks the shape of one query parameter (VAL-42 to VAL-44).
func (d *decoder) checkParam(e entry) {
	if secretNames[fold(e.key)] && e.kind() == KindString && e.node.Text != "" && !e.node.Secret && !strings.Contains(e.node.Text, "{") {
		d.warn(e.value, "a secret stands in the script; take it from secrets.get")
	}
	switch {
	case e.kind() == KindFunc:
		d.fail(e.value, "", "a parameter must be a string, a number, true or false, a list or a table with type, not a function")
	case e.kind() == KindList:
		for _, item := range e.items() {
			if _, ok := scalarText(item); !ok {
				d.fail(item, "", "an element of a parameter must be a string, a number, true or false, not %s", item.describe(false))
			}
		}
	case e.isTable() && !e.node.EmptyTable:
		words := types("param")
		typ := e.get("type")
		if typ.kind() != KindString {
			d.fail(e.value, "", "the parameter %q is a table, and has no valid type: expected one of %s", e.key, strings.Join(words, ", "))
			return
		}
		if !slices.Contains(words, typ.text()) {
			d.unknownWord(typ, "type of a parameter,", words)
			return
		}
		d.checkTable(e.value, structure("param."+typ.text()))
	}
}

// params reads the entries of params, merged. What checkParam reported is left
// out.
func (d *decoder) params(v value, list []entry, s *scope) *params {
	p := &params{s: s, list: list, bound: map[string]bool{}}
	var incremental []string
	for _, e := range list {
		if e.paramType() != "incremental" {
			continue
		}
		incremental = append(incremental, e.key)
		for _, key := range []string{"end_value", "end_param"} {
			if v := e.get(key); v.given() { // VAL-44
				d.fail(v, "use endpoint.incremental to set "+key, "only `start_param` and `initial_value` are allowed in the configuration of param: `%s`", e.key)
			}
		}
		t := e.table(structure("param.incremental"))
		t.drop("end_value", "end_param")
		if p.incremental = d.incrementalTable(t); p.incremental != nil {
			p.incremental.StartParam = e.key
		}
	}
	if len(incremental) > 1 { // VAL-43
		d.fail(v, "", "only a single incremental parameter is allowed per endpoint, found %s", quoteAll(incremental))
	}
	return p
}

// paramType is "resolve", "incremental", or "" for a plain parameter.
func (e entry) paramType() string {
	if !e.isTable() {
		return ""
	}
	return e.get("type").text()
}

func (p *params) find(name string) (entry, bool) {
	for _, e := range p.list {
		if e.key == name && e.given() {
			return e, true
		}
	}
	return entry{}, false
}

// bind parses the path and puts in what params holds for it: static values
// (PLH-01), whose text may hold placeholders itself (PLH-18), and resolve
// params. A name is looked up among params before it is taken apart (PLH-19).
func (p *params) bind(text string, v value) Template {
	s := p.s
	out := Template{Text: text}
	pieces, wrong := split(text)
	if wrong != "" {
		s.d.fail(v, bracesHint, "the path %s of resource %q: %s", shown(text, v), s.resource, wrong)
		return out
	}
	for _, piece := range pieces {
		if !piece.placeholder {
			out.Parts = append(out.Parts, Part{Literal: piece.text})
			continue
		}
		if e, ok := p.find(piece.text); ok {
			p.bound[e.key] = true
			out.Parts = append(out.Parts, p.boundParts(e, v)...)
		} else if part, ok := s.placeholder(piece.text, v, "path"); ok {
			out.Parts = append(out.Parts, part)
		}
	}
	p.unbound(text, v)
	return out
}

// boundParts is what stands in the path for one of the params.
func (p *params) boundParts(e entry, path value) []Part {
	s := p.s
	if e.kind() == KindString {
		return s.template(e.node.Text, e.value, "params").Parts
	}
	if text, ok := scalarText(e.value); ok {
		return []Part{{Literal: text}}
	}
	switch e.paramType() {
	case "resolve":
		parent, field := e.get("resource").text(), e.get("field").text()
		if parent == "" || field == "" {
			return nil // checkTable says what is missing
		}
		return []Part{{Context: "resources", Parent: parent, Field: field, Param: e.key}}
	case "":
		s.d.fail(path, "", "the path of resource %q has the placeholder %q, and the parameter is %s, which cannot stand in a path", s.resource, e.key, e.describe(false))
	default: // VAL-37
		s.d.fail(path, "", "the path %s of resource %q tries to bind param %q with type %q; paths can only bind \"resolve\" type params", shown(path.text(), path), s.resource, e.key, e.paramType())
	}
	return nil
}

// unbound collects the resolve params, and reports those that are not in the
// path (VAL-36): they are never sent in the query (PARAM-07).
func (p *params) unbound(path string, v value) {
	var unused []string
	for _, e := range p.list {
		if e.paramType() != "resolve" {
			continue
		}
		parent, field := e.get("resource"), e.get("field")
		p.s.d.jsonPath(field)
		if parent.text() != "" && field.text() != "" {
			p.s.references = append(p.s.references, reference{parent.text(), e.key, e.value})
		}
		if !p.bound[e.key] {
			unused = append(unused, e.key)
		}
		p.bound[e.key] = true
	}
	if len(unused) > 0 {
		p.s.d.fail(v, "to put a field of the parent into the query write {resources.<parent>.<field>}",
			"resource %q defines resolve params %s that are not bound in the path %s", p.s.resource, quoteAll(unused), shown(path, v))
	}
}

// query are the parameters that are sent: not the bound ones, not null.
func (p *params) query() []Param {
	var out []Param
	for _, e := range p.list {
		plain := e.paramType() == "" && (e.kind() == KindString || e.kind() == KindNumber || e.kind() == KindBool || e.kind() == KindList)
		if p.bound[e.key] || !plain {
			continue
		}
		out = append(out, Param{Name: p.s.template(e.key, e.value, "params"), Value: p.s.value(e.value, "params")})
	}
	return out
}

// sinceNames are parameters that ask for what is new.
var sinceNames = []string{"since", "updated_since", "updated_after", "modified_since", "modified_after", "created_since", "created_after", "changed_since", "start_date", "from_date", "start_time"}

// remark warns of a fixed value where an incremental is meant (SCR-31).
func (p *params) remark() {
	for _, e := range p.list {
		fixed := e.kind() == KindString && !e.node.Computed && !strings.Contains(e.node.Text, "{")
		if fixed && slices.Contains(sinceNames, fold(e.key)) {
			p.s.d.warn(e.value, "%q has a fixed value; with endpoint.incremental each load asks only for what is new", e.key)
		}
	}
}
