package har

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
)

// pair is a field of an object, in the order of the text.
type pair struct {
	name  string
	value any
}

// object is a JSON object with its order; lists are []any, numbers json.Number.
type object []pair

func (o object) get(name string) any {
	for _, p := range o {
		if p.name == name {
			return p.value
		}
	}
	return nil
}

// mostDeep bounds how deep bodies are looked at.
const mostDeep = 24

// decode reads a body; what is not JSON is nil.
func decode(body []byte) any {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil && err != io.EOF {
		return nil
	}
	return v
}

func value(d *json.Decoder, deep int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	var out any
	var o object
	list := []any{}
	for d.More() {
		name := ""
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ = key.(string)
		}
		v, err := value(d, deep+1)
		if err != nil {
			return nil, err
		}
		if open == '{' {
			o = append(o, pair{name, v})
		} else {
			list = append(list, v)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if out = any(list); open == '{' {
		out = o
	}
	return out, nil
}

// seen is what was seen of one place in all bodies of an endpoint.
type seen struct {
	name                                  string // of the field
	times                                 int    // how often there was a value
	object, list, text, whole, real, flag int
	null                                  int
	dates, links                          int // of the texts
	sample                                string
	fields                                []*seen
	items                                 *seen
	values                                map[string]bool // of scalars, while they differ
	twice                                 bool            // a value came twice in one list
}

// mostFields bounds the fields of one object.
const mostFields = 500

func (s *seen) add(v any, deep int) {
	s.times++
	switch v := v.(type) {
	case nil:
		s.null++
	case object:
		s.object++
		if deep > mostDeep {
			return
		}
		for _, p := range v {
			if f := s.field(p.name); f != nil {
				f.add(p.value, deep+1)
			}
		}
	case []any:
		s.list++
		if s.items == nil {
			s.items = &seen{}
		}
		if deep > mostDeep {
			return
		}
		s.items.fresh()
		for _, e := range v {
			s.items.add(e, deep+1)
		}
	case string:
		s.text++
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			s.dates++
		}
		if strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") {
			s.links++
		}
		s.scalar(v)
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			s.real++
		} else {
			s.whole++
		}
		s.scalar(string(v))
	case bool:
		s.flag++
	}
}

// fresh begins another list: values are compared within one.
func (s *seen) fresh() {
	for _, f := range s.fields {
		f.values = nil
	}
}

func (s *seen) scalar(text string) {
	s.twice = s.twice || s.values[text]
	if s.values == nil {
		s.values = map[string]bool{}
	}
	s.values[text] = true
	if s.sample == "" {
		s.sample = text
	}
}

func (s *seen) field(name string) *seen {
	for _, f := range s.fields {
		if f.name == name {
			return f
		}
	}
	if len(s.fields) >= mostFields {
		return nil
	}
	f := &seen{name: name}
	s.fields = append(s.fields, f)
	return f
}

// shape is what the values that were seen have in common. Samples are kept only
// for what tells a link from other text: the rest is somebody's data.
func (s *seen) shape() *draft.Shape {
	out := &draft.Shape{Null: s.null > 0}
	switch kinds := []int{s.object, s.list, s.text, s.whole + s.real, s.flag}; slices.Max(kinds) {
	case 0:
		return out
	case s.object:
		out.Kind = draft.Object
	case s.list:
		out.Kind = draft.List
	case s.text:
		out.Kind = draft.Text
		switch s.text {
		case s.dates:
			out.Format = "date-time"
		case s.links:
			out.Format = "uri"
		}
		if strings.HasPrefix(s.sample, "/") {
			out.Format = "uri"
		}
	case s.flag:
		out.Kind = draft.Bool
	default:
		out.Kind = draft.Integer
		if s.real > 0 {
			out.Kind = draft.Number
		}
	}
	for _, f := range s.fields {
		out.Fields = append(out.Fields, draft.Field{Name: f.name, Required: f.times == s.object, Twice: f.twice, Shape: f.shape()})
	}
	if s.items != nil {
		out.Items = s.items.shape()
	}
	return out
}
