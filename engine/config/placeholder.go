package config

import (
	"regexp"
	"slices"
	"strings"
)

// piece is literal text or the name of a placeholder.
type piece struct {
	text        string
	placeholder bool
}

// bracesHint ends every message about braces.
const bracesHint = "to send a brace itself write {{ or }}"

// split takes a template apart: {name} is a placeholder, {{ and }} are braces
// (PLH-10). wrong says what is not balanced (VAL-45).
func split(text string) (pieces []piece, wrong string) {
	var literal strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		doubled := i+1 < len(text) && text[i+1] == c
		switch {
		case c != '{' && c != '}':
			literal.WriteByte(c)
			i++
		case doubled:
			literal.WriteByte(c)
			i += 2
		case c == '}':
			return nil, "a single '}' stands in the text"
		default:
			name, _, closed := strings.Cut(text[i+1:], "}")
			if !closed || strings.Contains(name, "{") {
				return nil, "expected '}' before the end of the text"
			}
			if literal.Len() > 0 {
				pieces = append(pieces, piece{literal.String(), false})
				literal.Reset()
			}
			pieces = append(pieces, piece{name, true})
			i += len(name) + 2
		}
	}
	if literal.Len() > 0 {
		pieces = append(pieces, piece{literal.String(), false})
	}
	return pieces, ""
}

// reference is one place where an endpoint refers to a parent.
type reference struct {
	parent string
	text   string // as written: "resources.users.id", or the name of the resolve param
	at     value
}

// scope is what the placeholders of one endpoint may refer to, and collects
// what they do refer to.
type scope struct {
	d           *decoder
	resource    string
	incremental bool // the endpoint has the key incremental
	window      bool // incremental.window is set
	partitions  bool
	references  []reference
	usesStart   bool // {incremental.start_value} or {window.*} stands somewhere
	usesParts   bool // {partition} stands somewhere
}

// contexts are the valid first words of a placeholder.
func (s *scope) contexts() []string {
	words := []string{"resources"}
	if s.incremental {
		words = append(words, "incremental")
	}
	if s.window {
		words = append(words, "window")
	}
	if s.partitions {
		words = append(words, "partition")
	}
	return words
}

// template parses text that stands at v, in the part of an endpoint called
// where: "params", "json", "data" or "headers".
func (s *scope) template(text string, v value, where string) Template {
	out := Template{Text: text}
	pieces, wrong := split(text)
	if wrong != "" {
		s.d.fail(v, bracesHint, "%s: %s", shown(text, v), wrong)
		return out
	}
	for _, p := range pieces {
		if !p.placeholder {
			out.Parts = append(out.Parts, Part{Literal: p.text})
			continue
		}
		if part, ok := s.placeholder(p.text, v, where); ok {
			out.Parts = append(out.Parts, part)
		}
	}
	return out
}

// shown quotes the text of a template; a secret is masked.
func shown(text string, v value) string {
	return value{&Node{Kind: KindString, Text: text, Secret: v.node.Secret}, "", Pos{}}.show(false)
}

// placeholder reads the name between two braces (section 3).
func (s *scope) placeholder(name string, v value, where string) (Part, bool) {
	context, rest, dotted := strings.Cut(name, ".")
	if !slices.Contains(s.contexts(), context) || !dotted && context != "partition" {
		s.unknown(name, v, where)
		return Part{}, false
	}
	switch context {
	case "resources":
		return s.parent(name, rest, v)
	case "incremental":
		words := []string{"start_value", "initial_value", "last_value", "end_value", "lag", "cursor_path"}
		if !slices.Contains(words, rest) {
			s.d.fail(v, suggest(rest, words), "placeholder {%s}: incremental has no %q; it has %s", name, rest, strings.Join(words, ", "))
			return Part{}, false
		}
		s.usesStart = s.usesStart || rest == "start_value" || rest == "last_value"
		return Part{Context: context, Field: rest}, true
	case "window":
		field, layout, _ := strings.Cut(rest, ":")
		if field != "start" && field != "end" {
			s.d.fail(v, suggest(field, []string{"start", "end"}), "placeholder {%s}: window has no %q; it has start and end", name, field)
			return Part{}, false
		}
		s.usesStart = true
		return Part{Context: context, Field: field, Layout: layout}, true
	}
	s.usesParts = true
	if dotted {
		s.d.fieldPath(v, rest)
	}
	return Part{Context: context, Field: rest}, true
}

// parent reads {resources.<parent>.<field>}: the field is all behind the second
// dot, a JSONPath (PLH-04).
func (s *scope) parent(name, rest string, v value) (Part, bool) {
	parent, field, _ := strings.Cut(rest, ".")
	if parent == "" || field == "" {
		s.d.fail(v, "", "invalid placeholder {%s}; expected {resources.<resource>.<field>}", name)
		return Part{}, false
	}
	s.d.fieldPath(v, field)
	s.references = append(s.references, reference{parent, name, v})
	return Part{Context: "resources", Parent: parent, Field: field}, true
}

// unknown reports a placeholder that refers to nothing: VAL-35, VAL-38, VAL-39.
func (s *scope) unknown(name string, v value, where string) {
	context, _, dotted := strings.Cut(name, ".")
	words := s.contexts()
	hint := bracesHint
	switch near := Nearest(context, words); {
	case context == "incremental":
		hint = "the endpoint has no incremental"
	case context == "window":
		hint = "incremental.window is not set"
	case context == "partition":
		hint = "the resource has no partitions"
	case near != "":
		hint = "did you mean \"" + near + "\"?"
	}
	if where == "path" {
		if !dotted {
			s.d.fail(v, "add it to params, or write {resources.<resource>.<field>}",
				"the path %s of resource %q has the placeholder %q, and params has no such parameter", shown(v.text(), v), s.resource, name)
			return
		}
		s.d.fail(v, hint, "the path %s of resource %q has the placeholder %q, which is not a valid name; valid names begin with %s",
			shown(v.text(), v), s.resource, name, strings.Join(words, "., ")+".")
		return
	}
	s.d.fail(v, hint, "expression %q in %s of resource %q is not valid; valid expressions begin with one of %s", name, where, s.resource, strings.Join(words, "., ")+".")
}

var entityPlaceholder = regexp.MustCompile(`\{([A-Za-z0-9._-]+)\}`)

// singleEntity reports whether the last segment of a path holds a placeholder
// (ENT-01, ENT-02, ENT-06): such a path asks for one thing. A window is a range
// of things, so {window.start} does not count.
func singleEntity(path string) bool {
	path = strings.TrimRight(path, "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	for _, m := range entityPlaceholder.FindAllStringSubmatch(last, -1) {
		if !strings.HasPrefix(m[1], "window.") {
			return true
		}
	}
	return false
}
