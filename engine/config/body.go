package config

import (
	"bytes"
	"encoding/json"
)

// body reads json and data. One of them that is empty gives way to the other
// (BODY-09).
func (d *decoder) body(t *table, defaultJSON value, s *scope, e *Endpoint) {
	jsonBody, data := t.get("json"), t.get("data")
	if jsonBody.given() {
		if jsonBody.kind() == KindTable {
			e.JSON = s.fields(mergeEntries(jsonBody, defaultJSON), "json")
		} else {
			e.JSON = s.value(jsonBody, "json")
		}
	}
	e.Data = s.data(data)
	if e.JSON == nil || e.Data == nil {
		return
	}
	if len(e.JSON.Fields) == 0 && len(e.JSON.List) == 0 {
		e.JSON = nil
		return
	}
	d.fail(data, "", "cannot use both 'json' and 'data' of an endpoint")
}

// data reads a form or a raw body; an empty one is none (BODY-06).
func (s *scope) data(v value) *Data {
	switch {
	case v.kind() == KindString:
		return &Data{IsRaw: true, Raw: s.template(v.node.Text, v, "data")}
	case v.kind() == KindList && len(v.node.List) > 0:
		d := &Data{}
		for _, item := range v.items() {
			pair := item.items()
			if len(pair) != 2 || pair[0].kind() != KindString {
				s.d.fail(item, `for example { "name", "value" }`, "must be a pair of name and value, not %s", item.describe(false))
				continue
			}
			d.Pairs = s.field(d.Pairs, pair[0].text(), pair[1])
		}
		return d
	case v.isTable() && len(v.node.Fields) > 0:
		d := &Data{}
		for _, e := range v.entries() {
			d.Pairs = s.field(d.Pairs, e.key, e.value)
		}
		return d
	}
	return nil
}

// field appends a form field, once for each value of a list.
func (s *scope) field(to []HeaderTemplate, name string, v value) []HeaderTemplate {
	values := []value{v}
	if v.kind() == KindList {
		values = v.items()
	}
	for _, x := range values {
		if text, ok := s.text(x, "data"); ok {
			to = append(to, HeaderTemplate{s.template(name, v, "data"), text})
		}
	}
	return to
}

// pairs reads a table of names and texts with placeholders in both; null is
// left out.
func (s *scope) pairs(v value, where string) []HeaderTemplate {
	var out []HeaderTemplate
	for _, e := range v.entries() {
		if text, ok := s.text(e.value, where); ok {
			out = append(out, HeaderTemplate{s.template(e.key, e.value, where), text})
		}
	}
	return out
}

// text reads a string with placeholders, or a number or boolean as text.
func (s *scope) text(v value, where string) (Template, bool) {
	if v.kind() == KindString {
		return s.template(v.node.Text, v, where), true
	}
	if text, ok := scalarText(v); ok {
		return Template{Parts: []Part{{Literal: text}}, Text: text}, true
	}
	if v.given() && where == "data" { // headers are checked by their shape
		s.d.fail(v, "", "a form field must be a string, a number, true or false, not %s", v.describe(false))
	}
	return Template{}, false
}

// value reads a JSON value whose strings hold placeholders.
func (s *scope) value(v value, where string) *Value {
	out := &Value{Kind: v.kind(), Bool: v.node.Bool}
	switch v.kind() {
	case KindNil:
		out.Kind = KindNull
	case KindNumber:
		out.Number = v.node.Text
	case KindString:
		out.Text = s.template(v.node.Text, v, where)
	case KindList:
		for _, item := range v.items() {
			out.List = append(out.List, s.value(item, where))
		}
	case KindTable:
		return s.fields(v.entries(), where)
	case KindFunc:
		s.d.fail(v, "", "a function cannot stand in %s", where)
		out.Kind = KindNull
	}
	return out
}

func (s *scope) fields(list []entry, where string) *Value {
	out := &Value{Kind: KindTable}
	for _, e := range list {
		out.Fields = append(out.Fields, ValueRow{s.template(e.key, e.value, where), s.value(e.value, where)})
	}
	return out
}

// json is the JSON text of a value without placeholders: a literal row, a
// partition.
func (d *decoder) json(v value) []byte { return d.appendJSON(nil, v) }

func (d *decoder) appendJSON(dst []byte, v value) []byte {
	switch v.kind() {
	case KindBool:
		return append(dst, v.show(false)...)
	case KindNumber:
		return append(dst, v.node.Text...)
	case KindString:
		return appendQuoted(dst, v.node.Text)
	case KindList:
		dst = append(dst, '[')
		for i, item := range v.items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = d.appendJSON(dst, item)
		}
		return append(dst, ']')
	case KindTable:
		dst = append(dst, '{')
		for i, e := range v.entries() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, e.key), ':')
			dst = d.appendJSON(dst, e.value)
		}
		return append(dst, '}')
	case KindFunc:
		d.fail(v, "", "a function cannot stand in data")
	}
	return append(dst, "null"...)
}

// appendQuoted appends s as a JSON string, without the escapes that are for
// HTML only. The encoder cannot fail on a string.
func appendQuoted(dst []byte, s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
