package rest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
)

// scope expands the templates of one series. Values of placeholders are JSON
// text, so that digits survive (LUA-04).
type scope struct {
	resource *Resource
	binding  Binding
}

// unsetError says that a placeholder has no value to put into text.
type unsetError struct{ text string }

func (e *unsetError) Error() string { return e.text }

// lookup returns the value of a placeholder. nil means that an incremental has
// no such value (yet); a field that the parent lacks is an error (REL-05).
func (s *scope) lookup(p *config.Part) ([]byte, error) {
	switch p.Context {
	case "resources":
		return s.fromParent(p)
	case "incremental":
		v := s.binding.Incremental
		if v == nil {
			return nil, nil
		}
		switch p.Field {
		case "start_value":
			return v.Start, nil
		case "initial_value":
			return v.Initial, nil
		case "last_value":
			return v.Last, nil
		case "end_value":
			return v.End, nil
		case "lag":
			return v.Lag, nil
		case "cursor_path":
			return v.CursorPath, nil
		}
	case "window":
		if s.binding.Window == nil {
			return nil, nil
		}
		value := s.binding.Window.Start
		if p.Field == "end" {
			value = s.binding.Window.End
		}
		if p.Layout == "" || value == nil {
			return value, nil
		}
		return layOut(value, p.Layout)
	case "partition":
		if p.Field == "" {
			return s.binding.Partition, nil
		}
		value, ok := s.resource.fieldPaths[p.Field].First(s.binding.Partition)
		if !ok {
			return nil, fmt.Errorf("the field %q is not in the partition %s", p.Field, excerpt(s.binding.Partition, 200))
		}
		return value, nil
	}
	return nil, fmt.Errorf("unknown placeholder {%s.%s}", p.Context, p.Field)
}

// fromParent returns the field of the parent's record, or the list of the
// parents' fields where several are asked for at once (OPR-30).
func (s *scope) fromParent(p *config.Part) ([]byte, error) {
	if s.binding.Parents == nil {
		return s.parentField(p, s.binding.Parent)
	}
	list := []byte{'['}
	for i, parent := range s.binding.Parents {
		value, err := s.parentField(p, parent)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, value...)
	}
	return append(list, ']'), nil
}

func (s *scope) parentField(p *config.Part, record []byte) ([]byte, error) {
	if path := s.resource.fieldPaths[p.Field]; path != nil {
		if value, ok := path.First(record); ok {
			return value, nil
		}
	}
	// A key that spells the whole field is found too (PLH-19).
	if value, ok := rawjson.Get(record, p.Field); ok {
		return value, nil
	}
	bound := "{resources." + p.Parent + "." + p.Field + "}"
	if p.Param != "" {
		bound = "the param " + p.Param
	}
	return nil, fmt.Errorf("the field %q is not in the record of resource %q, but %s needs it; the record has the fields %s", p.Field, p.Parent, bound, fieldNames(record))
}

// text expands t to text (PLH-07, PLH-09).
func (s *scope) text(t *config.Template) (string, error) {
	if len(t.Parts) == 1 && t.Parts[0].Context == "" {
		return t.Parts[0].Literal, nil
	}
	var b strings.Builder
	for i := range t.Parts {
		p := &t.Parts[i]
		if p.Context == "" {
			b.WriteString(p.Literal)
			continue
		}
		value, err := s.lookup(p)
		if err != nil {
			return "", err
		}
		if value == nil || rawjson.IsNull(value) {
			return "", s.unset(t, p, value != nil)
		}
		if p.Context == "resources" && s.binding.Parents != nil {
			b.WriteString(joined(value, s.resource.separator))
		} else {
			b.WriteString(scalarText(value))
		}
	}
	return b.String(), nil
}

// unset explains why text cannot be made: "users//posts" or "users/null/posts"
// would be asked without anybody noticing.
func (s *scope) unset(t *config.Template, p *config.Part, isNull bool) error {
	place := p.Context + "." + p.Field
	if p.Context == "resources" {
		return &unsetError{fmt.Sprintf("the field %q of resource %q is null and cannot be put into %q (filter such records with processing_steps, or use the field in json)", p.Field, p.Parent, t.Text)}
	}
	if isNull {
		return &unsetError{fmt.Sprintf("{%s} is null and cannot be put into %q", place, t.Text)}
	}
	return &unsetError{fmt.Sprintf("{%s} has no value and cannot be put into %q (set incremental.initial_value, or make it a parameter of its own, which is left out while it has no value)", place, t.Text)}
}

// optional expands t; ok is false where it is exactly one placeholder that is
// null or not set: the whole parameter is left out then (PARAM-02, INC-14).
func (s *scope) optional(t *config.Template) (text string, ok bool, err error) {
	if p := single(t); p != nil {
		value, err := s.lookup(p)
		if err != nil || value == nil || rawjson.IsNull(value) {
			return "", false, err
		}
	}
	text, err = s.text(t)
	return text, err == nil, err
}

// single returns the placeholder of a template that is nothing else.
func single(t *config.Template) *config.Part {
	if len(t.Parts) == 1 && t.Parts[0].Context != "" {
		return &t.Parts[0]
	}
	return nil
}

// json appends v as JSON. A string that is exactly one placeholder keeps the
// value's type (PLH-08); any other is text (PLH-09).
func (s *scope) json(dst []byte, v *config.Value) ([]byte, error) {
	switch v.Kind {
	case config.KindBool:
		return strconv.AppendBool(dst, v.Bool), nil
	case config.KindNumber:
		return append(dst, v.Number...), nil
	case config.KindString:
		if p := single(&v.Text); p != nil {
			value, err := s.lookup(p)
			if err != nil {
				return nil, err
			}
			if value == nil {
				value = []byte("null")
			}
			return append(dst, value...), nil
		}
		text, err := s.text(&v.Text)
		return rawjson.AppendQuoted(dst, text), err
	case config.KindList:
		dst = append(dst, '[')
		for i, x := range v.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = s.json(dst, x); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case config.KindTable:
		dst = append(dst, '{')
		for i := range v.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			name, err := s.text(&v.Fields[i].Name)
			if err != nil {
				return nil, err
			}
			dst = append(rawjson.AppendQuoted(dst, name), ':')
			if dst, err = s.json(dst, v.Fields[i].Value); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
	return append(dst, "null"...), nil
}

// scalarText is how a JSON value reads inside text: strings without quotes,
// numbers digit by digit, lists and objects as compact JSON (LUA-06).
func scalarText(value []byte) string {
	if len(value) > 0 && value[0] == '"' {
		if text, err := rawjson.Unquote(value); err == nil {
			return text
		}
	}
	return string(rawjson.AppendCompact(nil, value))
}

// paramTexts is a JSON value as values of a query parameter: a list repeats the
// parameter (PARAM-03).
func paramTexts(value []byte) []string {
	if value[0] != '[' {
		return []string{scalarText(value)}
	}
	var texts []string
	_ = rawjson.Elements(value, func(v []byte) bool {
		texts = append(texts, scalarText(v))
		return true
	})
	return texts
}

// joined is a JSON list as text with a separator between its elements.
func joined(list []byte, separator string) string {
	var parts []string
	_ = rawjson.Elements(list, func(v []byte) bool {
		parts = append(parts, scalarText(v))
		return true
	})
	return strings.Join(parts, separator)
}

// layOut formats a border of a window (OPR-34). Numbers are epoch seconds, or
// milliseconds where they are too great for seconds.
func layOut(value []byte, layout string) ([]byte, error) {
	text := scalarText(value)
	for _, known := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(known, text); err == nil {
			return rawjson.AppendQuoted(nil, t.Format(layout)), nil
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the window's border %s is no time, so the layout %q cannot be used", excerpt(value, 60), layout)
	}
	const latestSecond = 1 << 36 // year 4147
	t := time.Unix(n, 0)
	if n > latestSecond {
		t = time.UnixMilli(n)
	}
	return rawjson.AppendQuoted(nil, t.UTC().Format(layout)), nil
}

// parseFields parses the paths of all placeholders once.
func (r *Resource) parseFields() error {
	var fail error
	template := func(t *config.Template) {
		for i := range t.Parts {
			p := &t.Parts[i]
			if p.Context == "resources" && !slices.ContainsFunc(r.bound, func(b *config.Part) bool { return b.Field == p.Field }) {
				r.bound = append(r.bound, p)
			}
			if p.Context != "resources" && p.Context != "partition" || p.Field == "" || r.fieldPaths[p.Field] != nil {
				continue
			}
			path, err := jsonpath.Parse(p.Field)
			if err != nil {
				// A key such as "user@domain" is no path and found by its
				// spelling (PLH-19).
				if p.Context == "partition" || strings.ContainsAny(p.Field, "[]*") {
					fail = err
				}
				continue
			}
			r.fieldPaths[p.Field] = path
		}
	}
	var value func(v *config.Value)
	value = func(v *config.Value) {
		if v == nil {
			return
		}
		template(&v.Text)
		for _, x := range v.List {
			value(x)
		}
		for i := range v.Fields {
			template(&v.Fields[i].Name)
			value(v.Fields[i].Value)
		}
	}
	e := r.endpoint
	template(&e.Path)
	for i := range e.Params {
		template(&e.Params[i].Name)
		value(e.Params[i].Value)
	}
	for i := range e.Headers {
		template(&e.Headers[i].Name)
		template(&e.Headers[i].Value)
	}
	value(e.JSON)
	if e.Data != nil {
		template(&e.Data.Raw)
		for i := range e.Data.Pairs {
			template(&e.Data.Pairs[i].Name)
			template(&e.Data.Pairs[i].Value)
		}
	}
	return fail
}
