package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/stdlib"
)

// File is one file of the annotations, by its path in the folder of scripts.
type File struct{ Path, Text string }

// The place of the annotations in a folder of scripts.
const (
	annotationsFile = "restlua.d.lua"
	modulesFolder   = ".restlua"
)

// Annotations are the files, .luarc.json first, by which the Lua language server (LuaLS) completes
// and explains scripts: restlua.d.lua with all types, a file for each module,
// by whose name the server finds what require gives, and settings.
func (r *Reference) Annotations() []File {
	files := []File{{".luarc.json", luarc}, {annotationsFile, r.types()}}
	for _, m := range r.modules {
		files = append(files, File{modulesFolder + "/" + m.Name + ".lua", r.moduleFile(m)})
	}
	return files
}

// luarc are the settings of the language server: the sandbox's language and
// library (SCR-01).
const luarc = `{
  "runtime.version": "LuaJIT",
  "runtime.builtin": {
    "bit": "disable",
    "debug": "disable",
    "ffi": "disable",
    "io": "disable",
    "jit": "disable",
    "os": "disable",
    "string.buffer": "disable",
    "table.clear": "disable",
    "table.new": "disable"
  },
  "workspace.library": [".restlua"],
  "workspace.checkThirdParty": false
}
`

const typesHead = `---@meta
-- The types of restlua scripts, written by ` + "`restlua init`" + `, which writes them anew
-- when it is called again. For completion in a script's table:
--
--   ---@type restlua.config
--   local source = { client = { ... }, resources = { ... } }
--   return source

`

// types is the text of restlua.d.lua.
func (r *Reference) types() string {
	var b strings.Builder
	b.WriteString(typesHead)
	for _, c := range r.classes {
		r.class(&b, "restlua."+c.Name, c)
	}
	groups := map[string]bool{"": true}
	for i := range r.structures {
		s := &r.structures[i]
		if !groups[s.Group] {
			var names []string
			for _, v := range r.tables(s.Group) {
				names = append(names, typeName(v.Name))
			}
			fmt.Fprintf(&b, "---@alias %s %s\n\n", typeName(s.Group), strings.Join(names, "|"))
		}
		groups[s.Group] = true
		r.structureType(&b, s)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func typeName(name string) string { return "restlua." + name }

func (r *Reference) structureType(b *strings.Builder, s *config.Structure) {
	fmt.Fprintf(b, "---%s\n", s.Doc)
	if s.Open {
		values := "any"
		if s.Values != "" {
			values = typeName(s.Values) + "|any"
			if r.structure(s.Values) != nil {
				values = typeName(s.Values)
			}
		}
		fmt.Fprintf(b, "---@alias %s table<string, %s>\n\n", typeName(s.Name), values)
		return
	}
	fmt.Fprintf(b, "---@class %s\n", typeName(s.Name))
	for i := range s.Fields {
		f := &s.Fields[i]
		optional := "?"
		if f.Required {
			optional = ""
		}
		doc := f.Doc
		for _, remark := range remarks(f) {
			if remark != "required" {
				doc += " " + strings.ToUpper(remark[:1]) + remark[1:] + "."
			}
		}
		fmt.Fprintf(b, "---@field %s%s %s %s Example: `%s`\n", f.Key, optional, r.fieldType(s, f), doc, f.Example)
	}
	b.WriteString("\n")
}

// fieldType is the type of a key's value.
func (r *Reference) fieldType(s *config.Structure, f *config.FieldDoc) string {
	var parts []string
	if words := r.words(s, f); words != nil {
		for _, w := range words {
			parts = append(parts, `"`+w+`"`)
		}
	} else if f.Kinds&config.Text != 0 {
		parts = append(parts, "string")
	}
	for _, k := range []struct {
		kind config.Kinds
		name string
	}{{config.Number, "number"}, {config.Integer, "integer"}, {config.Bool, "boolean"}} {
		if f.Kinds&k.kind != 0 {
			parts = append(parts, k.name)
		}
	}
	if f.Kinds&config.List != 0 {
		parts = append(parts, r.listType(f))
	}
	if f.Kinds&config.Table != 0 {
		table := "table"
		if f.Table != "" {
			table = typeName(f.Table)
		}
		parts = append(parts, table)
	}
	if f.Kinds&config.Func != 0 {
		parts = append(parts, callType(f.Call))
	}
	if f.Kinds&config.Reset != 0 {
		parts = append(parts, "false", "userdata")
	}
	return strings.Join(parts, "|")
}

func (r *Reference) listType(f *config.FieldDoc) string {
	var parts []string
	for _, k := range []struct {
		kind config.Kinds
		name string
	}{{config.Text, "string"}, {config.Number, "number"}, {config.Integer, "integer"}, {config.Bool, "boolean"}, {config.List, "any[]"}} {
		if f.Items&k.kind != 0 {
			parts = append(parts, k.name)
		}
	}
	if f.Items&config.Table != 0 {
		parts = append(parts, typeName(r.items(f)))
	}
	if f.Items&config.Func != 0 {
		parts = append(parts, callType(f.Call))
	}
	switch len(parts) {
	case 0:
		return "any[]"
	case 1:
		if !strings.HasPrefix(parts[0], "(") {
			return parts[0] + "[]"
		}
		return parts[0] + "[]"
	}
	return "(" + strings.Join(parts, "|") + ")[]"
}

// argumentTypes are the types of what hooks get and give, by the names that
// signatures use for them.
var argumentTypes = map[string]string{
	"record": "any", "records": "any[]", "value": "any", "values": "any[]",
	"emit": "fun(record: any)", "ctx": "restlua.ctx",
	"resp": "restlua.response?", "err": "string?", "again": "any",
	"request": "restlua.request", "response": "restlua.response", "state": "table",
	"config": "table", "session": "table", "report": "table", "http": "restlua.module.http",
	"keep": "any", "name": "string", "has_next": "any", "holds": "any", "action": "string?", "{ headers, data }": "{ headers: table, data: table }",
}

// optionalResults may be nil.
var optionalResults = []string{"request", "record"}

// callType makes the type of a function of its signature:
// "function(record, ctx) -> keep".
func callType(call string) string {
	head, result, gives := strings.Cut(call, " -> ")
	args := strings.TrimSuffix(strings.TrimPrefix(head, "function("), ")")
	var parts []string
	for _, name := range strings.Split(args, ", ") {
		parts = append(parts, name+": "+argumentTypes[name])
	}
	if !strings.Contains(args, "ctx") {
		parts = append(parts, "ctx: restlua.ctx")
	}
	t := "fun(" + strings.Join(parts, ", ") + ")"
	if gives {
		t += ": " + argumentTypes[result]
		if slices.Contains(optionalResults, result) {
			t += "?"
		}
	}
	return "(" + t + ")"
}

func (r *Reference) class(b *strings.Builder, name string, c stdlib.Class) {
	fmt.Fprintf(b, "---%s\n---@class %s\n", c.Doc, name)
	for _, f := range c.Fields {
		kind := f.Type
		for _, m := range r.modules {
			if kind == m.Name {
				kind = "restlua.module." + m.Name
			}
		}
		fmt.Fprintf(b, "---@field %s %s %s\n", f.Name, kind, f.Doc)
	}
	b.WriteString("\n")
}

// moduleFile is what require gives for a module.
func (r *Reference) moduleFile(m stdlib.Module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "---@meta %s\n-- Written by `restlua init`, which writes it anew when it is called again.\n\n", m.Name)
	for _, c := range m.Classes {
		r.class(&b, c.Name, c)
	}
	fmt.Fprintf(&b, "---%s\n---@class restlua.module.%s\nlocal %s = {}\n\n", m.Doc, m.Name, m.Name)
	for _, f := range m.Functions {
		for line := range strings.Lines(f.Doc) {
			b.WriteString("---" + line)
		}
		b.WriteString("\n---\n---```lua\n")
		for line := range strings.Lines(f.Example) {
			b.WriteString("---" + line)
		}
		b.WriteString("\n---```\n")
		if f.Value {
			fmt.Fprintf(&b, "---@type %s\n%s.%s = nil\n\n", f.Returns, m.Name, f.Name)
			continue
		}
		var names []string
		for _, p := range splitParams(f.Params) {
			name, kind, _ := strings.Cut(p, ": ")
			fmt.Fprintf(&b, "---@param %s %s\n", name, kind)
			names = append(names, strings.TrimSuffix(name, "?"))
		}
		if f.Returns != "" && f.Returns != "nil" {
			fmt.Fprintf(&b, "---@return %s\n", returnType(f.Returns))
		}
		fmt.Fprintf(&b, "function %s.%s(%s) end\n\n", m.Name, f.Name, strings.Join(names, ", "))
	}
	fmt.Fprintf(&b, "return %s\n", m.Name)
	return b.String()
}

// returnType writes "string?..." (any number of results) as LuaLS does.
func returnType(t string) string {
	if one, ok := strings.CutSuffix(t, "..."); ok {
		return one + " ..."
	}
	return t
}

// splitParams splits parameters at the commas that stand in no brackets.
func splitParams(params string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range params {
		switch c {
		case '{', '(', '<', '[':
			depth++
		case '}', ')', '>', ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(params[start:i]))
				start = i + 1
			}
		}
	}
	if last := strings.TrimSpace(params[start:]); last != "" {
		out = append(out, last)
	}
	return out
}
