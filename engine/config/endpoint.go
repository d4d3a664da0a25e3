package config

import "github.com/restlua/restlua/engine/charset"

// endpoint reads the endpoint of r, whose merged table is resource: own is what
// the resource says, defaults what holds else.
func (d *decoder) endpoint(own, defaults value, resource *table, r *Resource, client *Client) {
	t := mergeEndpoint(own, defaults)
	if !t.has("incremental") && resource.has("incremental") {
		t.list = append(t.list, entry{key: "incremental", value: resource.get("incremental")})
	}
	inc := t.get("incremental")
	s := &scope{d: d, resource: r.Name, incremental: t.has("incremental"),
		window: inc.get("window").given(), partitions: resource.get("partitions").given()}
	e := &Endpoint{
		Method:          t.text("method"),
		DataSelector:    d.path(t, "data_selector"),
		ResponseActions: d.actions(t.get("response_actions")),
		Format:          t.text("format"),
		KeyColumn:       t.text("key_column"),
		OnEmptyBody:     t.text("on_empty_body"),
	}
	reading := t.get("response_format").table(structure("response_format"))
	e.Lenient = reading.bool("lenient")
	if e.Encoding = reading.text("encoding"); e.Encoding != "" {
		if _, err := charset.Lookup(e.Encoding); err != nil {
			d.fail(reading.get("encoding"), "", "%s", err)
		}
	}
	r.Endpoint = e

	params := d.params(t.get("params"), mergeEntries(t.get("params"), defaults.get("params")), s)
	path := t.get("path")
	text := path.text()
	if !path.given() { // BLD-03
		text = r.Name
		path = value{&Node{Kind: KindString, Text: text}, resource.path, resource.pos}
	}
	e.SingleEntity = singleEntity(text)
	e.Path = params.bind(text, path)
	e.Params = params.query()
	e.Headers = s.pairs(t.get("headers"), "headers")
	d.body(t, defaults.get("json"), s, e)

	e.Incremental = d.incremental(inc)
	if p := params.incremental; p != nil { // INC-04
		e.Incremental = p
	}
	d.pages(t, e, client)
	switch auth := t.get("auth"); {
	case auth.reset(): // MRG-14
		e.Auth = &Auth{Kind: "none", Path: auth.path, Pos: d.pos(auth.pos)}
	case auth.given():
		e.Auth = d.auth(auth)
	}
	d.references(s, r)
	d.uses(s, params, e, resource, r)
}

// pages settles selector and paginator: those of a single entity are the whole
// response and one page (ENT-03, ENT-04); null and auto leave the choice to the
// client (MRG-11, MRG-12).
func (d *decoder) pages(t *table, e *Endpoint, client *Client) {
	v := t.get("paginator")
	given := v.given() && !v.reset()
	if given {
		e.Paginator = d.paginator(v)
	}
	if e.SingleEntity {
		if e.DataSelector == "" {
			e.DataSelector = "$"
		}
		if !given {
			e.Paginator = &Paginator{Kind: "single_page", OnRepeat: "error", Path: t.path, Pos: d.pos(t.pos)}
		}
	}
	p := e.Paginator
	if p == nil {
		p = client.Paginator
	}
	if p != nil && e.Data != nil && (p.CursorBodyPath != "" || p.OffsetBodyPath != "" || p.LimitBodyPath != "" || p.PageBodyPath != "") {
		d.fail(t.get("data"), "send json in place of data", "the paginator writes into a JSON body, and the endpoint sends data") // BODY-11
	}
}

// uses checks what needs a placeholder or a parameter to have an effect.
func (d *decoder) uses(s *scope, params *params, e *Endpoint, resource *table, r *Resource) {
	inc := e.Incremental
	if inc != nil && inc.Window > 0 && !s.usesStart && inc.StartParam == "" {
		d.fail(value{nothing, inc.Path, inc.Pos}, "set start_param and end_param, or write {window.start} in path, params, headers or body",
			"the window is in no request")
	}
	if r.Partitions != nil && !s.usesParts {
		d.fail(resource.get("partitions"), "write {partition} in path, params, headers or body", "partitions are in no request: every one would ask the same")
	}
	if inc == nil && !s.usesStart {
		params.remark()
	}
}
