// Package reference shows the one declaration of the config's keys, and that of
// the standard library, in the forms that people and editors read: on a
// terminal, as a page, as annotations and as a JSON schema.
package reference

import (
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/lua/scripttest"
	"github.com/restlua/restlua/stdlib"
)

// Reference is all that a script may write and use. It does not change.
type Reference struct {
	structures []config.Structure
	modules    []stdlib.Module
	classes    []stdlib.Class // of what hooks get
}

// New reads the declarations.
func New() *Reference {
	return &Reference{structures: config.Structures(), modules: append(stdlib.Modules(), scripttest.Documentation()), classes: lua.Classes()}
}

// structure finds a structure by its name; nil if there is none.
func (r *Reference) structure(name string) *config.Structure {
	for i := range r.structures {
		if r.structures[i].Name == name {
			return &r.structures[i]
		}
	}
	return nil
}

// tables are the structures that a name stands for: one structure, or the
// variants of a group.
func (r *Reference) tables(name string) []*config.Structure {
	if s := r.structure(name); s != nil {
		return []*config.Structure{s}
	}
	var out []*config.Structure
	for i := range r.structures {
		if name != "" && r.structures[i].Group == name {
			out = append(out, &r.structures[i])
		}
	}
	return out
}

// items names the structure or group of a list's elements, and of a table's
// values where their keys are the script's own.
func (r *Reference) items(f *config.FieldDoc) string {
	if s := r.structure(f.Table); s != nil && s.Open {
		return s.Values
	}
	return f.Table
}

// field finds the declaration of a key of s; nil if it has none.
func field(s *config.Structure, key string) *config.FieldDoc {
	for i := range s.Fields {
		if s.Fields[i].Key == key {
			return &s.Fields[i]
		}
	}
	return nil
}

// bareWords are the texts that may stand for a whole table of a group: the
// types of its variants.
func (r *Reference) bareWords(group string) []string {
	var out []string
	for _, s := range r.tables(group) {
		if s.Group == group && s.Bare {
			out = append(out, s.Type)
		}
	}
	return out
}

// words are the texts that a key allows; nil: any text.
func (r *Reference) words(s *config.Structure, f *config.FieldDoc) []string {
	switch {
	case f.Words != nil:
		return f.Words
	case f.Key == "type" && s.Type != "":
		return []string{s.Type}
	case f.Kinds&config.Text != 0 && f.Table != "":
		return r.bareWords(f.Table)
	}
	return nil
}

// value says in words what a key may hold: `"asc" or "desc"`, `a list of strings`.
func (r *Reference) value(s *config.Structure, f *config.FieldDoc) string {
	var parts []string
	if words := r.words(s, f); words != nil {
		for _, w := range words {
			parts = append(parts, `"`+w+`"`)
		}
	} else if f.Kinds&config.Text != 0 {
		parts = append(parts, config.Text.String())
	}
	parts = append(parts, (f.Kinds & (config.Number | config.Integer | config.Bool)).Names()...)
	if f.Kinds&config.List != 0 {
		parts = append(parts, "a list"+ofItems(f.Items))
	}
	parts = append(parts, (f.Kinds & (config.Table | config.Func)).Names()...)
	if f.Kinds&config.Reset != 0 {
		parts = append(parts, "json.null")
	}
	return either(parts)
}

// ofItems says what a list holds: " of strings or tables".
func ofItems(k config.Kinds) string {
	var parts []string
	for _, name := range k.Names() {
		noun := strings.TrimPrefix(name, "a ")
		if name == config.Bool.String() {
			parts = append(parts, noun)
		} else {
			parts = append(parts, noun+"s")
		}
	}
	if parts == nil {
		return ""
	}
	return " of " + either(parts)
}

// either joins alternatives as a sentence does.
func either(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " or " + parts[len(parts)-1]
}

// bounds says which numbers a key allows: "1 to 1000", "at least 1"; "" for all.
func bounds(f *config.FieldDoc) string {
	switch {
	case f.Min != "" && f.Max != "":
		return f.Min + " to " + f.Max
	case f.Min != "":
		return "at least " + f.Min
	case f.Max != "":
		return "at most " + f.Max
	}
	return ""
}

// remarks are what is to be said of a key beside its value and doc.
func remarks(f *config.FieldDoc) []string {
	var out []string
	if f.Required {
		out = append(out, "required")
	}
	if f.Default != "" {
		out = append(out, "default "+f.Default)
	}
	if b := bounds(f); b != "" {
		out = append(out, b)
	}
	if f.OldOf != "" {
		out = append(out, "deprecated, write "+f.OldOf)
	}
	return out
}

// hookPlace is one place of a config that takes a function.
type hookPlace struct {
	place string // "endpoint.auth"
	field *config.FieldDoc
}

// hooks are all places that take a function. A key that stands in several
// structures with the same words is listed once.
func (r *Reference) hooks() []hookPlace {
	var out []hookPlace
	for i := range r.structures {
		s := &r.structures[i]
		for k := range s.Fields {
			f := &s.Fields[k]
			if f.Call == "" || f.OldOf != "" {
				continue
			}
			same := slices.ContainsFunc(out, func(h hookPlace) bool {
				return h.field.Key == f.Key && h.field.Call == f.Call && h.field.Doc == f.Doc
			})
			if !same {
				out = append(out, hookPlace{s.Name + "." + f.Key, f})
			}
		}
	}
	return out
}
