package config

import (
	"slices"
	"strings"
)

// Structure declares one kind of table that a script may write: its keys, what
// each may hold and what it means. The structures drive decoding, the check for
// unknown keys, the reference page, the editor annotations and the JSON schema,
// so that every key is described in one place.
type Structure struct {
	Name   string     // "client", "endpoint", "paginator.cursor"
	Doc    string     // one sentence
	Open   bool       // the keys are the script's own: headers, params, json
	Values string     // of an open one: the Structure, or group of variants, that a table as value is; empty: any
	Group  string     // of a variant: "paginator", "auth" or "param"; empty: no variant
	Type   string     // of a variant: the value of its key `type`; empty: told by its keys
	Old    []string   // of a variant: deprecated spellings of Type
	Also   []string   // of a variant: other spellings of Type that are as good
	Bare   bool       // of a variant: Type alone may stand for the whole table
	Fields []FieldDoc // in the order of the reference page
}

// FieldDoc declares one key of a Structure.
type FieldDoc struct {
	Key      string
	Kinds    Kinds    // what the value may be
	Table    string   // the Structure, or group of variants, of a table value
	Items    Kinds    // what elements of a list may be; 0: not looked at
	Words    []string // the allowed texts; nil: any text
	Min, Max string   // bounds of a number; empty: none
	Unit     string   // of a number: "seconds", "bytes"; with seconds a text such as "2m" or "7d" is as good
	Default  string   // what holds when the key is not given, as written in Lua; empty: nothing
	Required bool
	Secret   bool   // never shown in messages
	OldOf    string // this key is a deprecated spelling of that one
	NoEffect string // the key is accepted and changes nothing, for this reason
	Call     string // how a function is called: "function(record) -> keep"
	Doc      string // one sentence
	Example  string // Lua
}

// Kinds is a set of kinds of values.
type Kinds uint16

// The kinds that a field may accept. A null (json.null) is read as "not given"
// everywhere; Reset marks the keys where null, or false, has a meaning of its
// own: it takes away what would hold otherwise.
const (
	Text Kinds = 1 << iota
	Number
	Integer
	Bool
	List
	Table
	Func
	Reset
)

// kindNames are the words of messages and of the reference, in that order.
var kindNames = [...]struct {
	kind Kinds
	name string
}{
	{Text, "a string"}, {Number, "a number"}, {Integer, "a whole number"}, {Bool, "true or false"},
	{List, "a list"}, {Table, "a table"}, {Func, "a function"},
}

// String lists the kinds as a message does: "a string or a table".
func (k Kinds) String() string {
	names := k.Names()
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// Names lists the kinds one by one, Reset apart.
func (k Kinds) Names() []string {
	var names []string
	for _, n := range kindNames {
		if k&n.kind != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// Structures returns the declaration of all tables, the top one ("config")
// first, variants behind the group that they belong to. The caller owns it.
func Structures() []Structure {
	out := slices.Clone(structures)
	for i := range out {
		out[i].Fields = slices.Clone(out[i].Fields)
	}
	return out
}

// structures is the one declaration; the tables stand in files by noun.
var structures = slices.Concat(
	sourceStructures, clientStructures, resourceStructures, endpointStructures,
	incrementalStructures, paginatorStructures, authStructures,
)

// structure finds a structure that is no variant by name; nil if there is none.
func structure(name string) *Structure {
	for i := range structures {
		if structures[i].Name == name {
			return &structures[i]
		}
	}
	return nil
}

// variants are the structures of a group, in the order of the reference.
func variants(group string) []*Structure {
	var out []*Structure
	for i := range structures {
		if structures[i].Group == group {
			out = append(out, &structures[i])
		}
	}
	return out
}

// field finds the declaration of a key, or nil.
func (s *Structure) field(key string) *FieldDoc {
	for i := range s.Fields {
		if s.Fields[i].Key == key {
			return &s.Fields[i]
		}
	}
	return nil
}

// keys are the current spellings of all keys.
func (s *Structure) keys() []string {
	var out []string
	for i := range s.Fields {
		if s.Fields[i].OldOf == "" {
			out = append(out, s.Fields[i].Key)
		}
	}
	return out
}

// types are the values of `type` that select a variant of the group.
func types(group string) []string {
	var out []string
	for _, s := range variants(group) {
		if s.Type != "" {
			out = append(out, s.Type)
		}
	}
	return out
}
