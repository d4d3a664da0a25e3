package openapi

import (
	"strings"

	"github.com/pb33f/go-yaml"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
)

// mostDeep bounds schemas that lie in each other without end.
const mostDeep = 40

// shape makes the shape of a schema. Each schema is made once, so that schemas
// that refer to themselves end.
func (r *reader) shape(x node, deep int) *draft.Shape {
	if x.n == nil || x.n.Kind != yaml.MappingNode || deep > mostDeep {
		return &draft.Shape{}
	}
	s, ok := r.shapes[x.n]
	if !ok {
		s = &draft.Shape{}
		r.shapes[x.n] = s
		r.fill(s, x, deep)
	}
	if s.Name == "" && x.ref != "" {
		s.Name = x.ref
	}
	return s
}

// fill adds what a schema says to a shape.
func (r *reader) fill(s *draft.Shape, x node, deep int) {
	for _, t := range r.texts(r.get(x, "type")) {
		if t == "null" {
			s.Null = true
		} else if s.Kind == draft.Unknown {
			s.Kind = kinds[t]
		}
	}
	s.Null = s.Null || r.get(x, "nullable").truth()
	s.Format = r.get(x, "format").line()
	s.About = r.get(x, "description").text()
	s.Sample = r.sample(x)
	for name, p := range r.fields(r.get(x, "properties")) {
		add(s, draft.Field{Name: name, Shape: r.shape(p, deep+1)})
	}
	if items := r.get(x, "items"); items.there() {
		s.Items = r.shape(items, deep+1)
	}
	for p := range r.elements(r.get(x, "allOf")) {
		join(s, r.shape(p, deep+1), false)
	}
	r.choose(s, r.get(x, "oneOf"), deep)
	r.choose(s, r.get(x, "anyOf"), deep)
	for _, name := range r.texts(r.get(x, "required")) {
		for i := range s.Fields {
			if s.Fields[i].Name == name {
				s.Fields[i].Required = true
			}
		}
	}
	if s.Kind == draft.Unknown {
		switch {
		case len(s.Fields) > 0:
			s.Kind = draft.Object
		case s.Items != nil:
			s.Kind = draft.List
		}
	}
}

// choose joins the shapes that a value may have; where it may be a list, it is
// one. A field that not all of them have is not required.
func (r *reader) choose(s *draft.Shape, among node, deep int) {
	var all []*draft.Shape
	list := s.Kind == draft.List
	for p := range r.elements(among) {
		one := r.shape(p, deep+1)
		switch {
		case one == s:
		case r.get(p, "type").line() == "null":
			s.Null = true
		default:
			all = append(all, one)
			list = list || one.Kind == draft.List && s.Kind == draft.Unknown
		}
	}
	for _, one := range all {
		if list && one.Kind != draft.List {
			continue
		}
		if s.Kind != draft.Unknown && one.Kind != draft.Unknown && one.Kind != s.Kind {
			continue
		}
		join(s, one, len(all) > 1)
	}
}

// join adds what one shape says to another. loose: its fields are not required.
func join(s, other *draft.Shape, loose bool) {
	if s == other {
		return
	}
	if s.Kind == draft.Unknown {
		s.Kind = other.Kind
	}
	s.Null = s.Null || other.Null
	if s.Items == nil {
		s.Items = other.Items
	}
	for _, text := range []struct{ to, from *string }{{&s.Format, &other.Format}, {&s.About, &other.About}, {&s.Sample, &other.Sample}, {&s.Name, &other.Name}} {
		if *text.to == "" {
			*text.to = *text.from
		}
	}
	for _, f := range other.Fields {
		f.Required = f.Required && !loose
		add(s, f)
	}
}

// mostFields bounds the fields of an object that are looked at.
const mostFields = 2000

// add adds a field, or what is newly known of it.
func add(s *draft.Shape, f draft.Field) {
	for i := range s.Fields {
		if s.Fields[i].Name == f.Name {
			s.Fields[i].Required = s.Fields[i].Required || f.Required
			if s.Fields[i].Shape.Kind == draft.Unknown {
				s.Fields[i].Shape = f.Shape
			}
			return
		}
	}
	if len(s.Fields) < mostFields {
		s.Fields = append(s.Fields, f)
	}
}

var kinds = map[string]draft.Kind{
	"object": draft.Object, "array": draft.List, "string": draft.Text,
	"integer": draft.Integer, "number": draft.Number, "boolean": draft.Bool,
}

// sample is an example of a schema's value, if it is no object or list.
func (r *reader) sample(x node) string {
	if t := r.get(x, "example").text(); t != "" {
		return t
	}
	for e := range r.elements(r.get(x, "examples")) {
		if t := e.text(); t != "" {
			return t
		}
	}
	return ""
}

// ofExample is the shape of an example.
func (r *reader) ofExample(x node, deep int) *draft.Shape {
	s := &draft.Shape{}
	if x.n == nil || deep > mostDeep {
		return s
	}
	switch x.n.Kind {
	case yaml.MappingNode:
		s.Kind = draft.Object
		for name, v := range r.fields(x) {
			add(s, draft.Field{Name: name, Shape: r.ofExample(v, deep+1)})
		}
	case yaml.SequenceNode:
		s.Kind = draft.List
		for v := range r.elements(x) {
			s.Items = r.ofExample(v, deep+1)
			break
		}
	case yaml.ScalarNode:
		s.Sample = x.text()
		switch x.n.ShortTag() {
		case "!!int":
			s.Kind = draft.Integer
		case "!!float":
			s.Kind = draft.Number
		case "!!bool":
			s.Kind = draft.Bool
		case "!!null":
			s.Null = true
		default:
			s.Kind = draft.Text
			if strings.HasPrefix(s.Sample, "http") {
				s.Format = "uri"
			}
		}
	}
	return s
}
