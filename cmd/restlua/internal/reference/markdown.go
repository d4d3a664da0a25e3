package reference

import (
	"fmt"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/stdlib"
)

// Markdown is the reference page: all keys, hooks and modules.
func (r *Reference) Markdown() string {
	p := &page{reference: r}
	p.para("# Reference")
	p.para("<!-- Written by `restlua fields --markdown`; do not change it here. -->")
	p.para("Everything that a script may write and use: [the keys of its table](#keys), [the functions that it may put there](#hooks), [the modules that it may require](#standard-library). " +
		"On the command line `restlua fields PATH` shows the same, and `restlua init` writes annotations with which an editor completes and explains it.")
	p.para("## Keys")
	p.para("`json.null` in a place where it is not listed means that the key is not given.")
	groups := map[string]bool{"": true}
	for i := range r.structures {
		s := &r.structures[i]
		if !groups[s.Group] {
			p.group(s.Group)
		}
		groups[s.Group] = true
		p.structure(s)
	}
	p.hooks()
	p.para("## Standard library")
	p.para("A script gets a module with `require`, as in `local json = require(\"json\")`. Files beside the script are modules too: `require(\"lib.dates\")` is `lib/dates.lua`.")
	for _, m := range r.modules {
		p.module(m)
	}
	return strings.TrimRight(p.String(), "\n") + "\n"
}

// page is the reference page that is being written.
type page struct {
	strings.Builder
	reference *Reference
}

func (p *page) para(s string) { p.WriteString(s + "\n\n") }

func (p *page) group(name string) {
	p.para("### " + name)
	p.para("One of these tables, told by `type` or by their keys.")
	for _, s := range p.reference.tables(name) {
		fmt.Fprintf(p, "- [`%s`](#%s): %s\n", strings.TrimPrefix(s.Name, name+"."), anchor(s.Name), s.Doc)
	}
	p.WriteString("\n")
}

func (p *page) structure(s *config.Structure) {
	p.para("### " + s.Name)
	doc := s.Doc
	if s.Bare {
		doc += fmt.Sprintf(" `%q` alone stands for the table with defaults.", s.Type)
	}
	if len(s.Old) > 0 {
		doc += " Deprecated spellings of the type: `" + strings.Join(s.Old, "`, `") + "`."
	}
	if len(s.Also) > 0 {
		doc += " Another spelling of the type: `" + strings.Join(s.Also, "`, `") + "`."
	}
	if s.Open {
		doc += " The keys are the script's own."
		if s.Values != "" {
			doc += " Tables in it: [" + s.Values + "](#" + anchor(s.Values) + ")."
		}
	}
	p.para(doc)
	if s.Open {
		return
	}
	p.WriteString("| key | value | meaning | example |\n|---|---|---|---|\n")
	for i := range s.Fields {
		f := &s.Fields[i]
		value := cell(p.reference.value(s, f))
		if f.Table != "" && f.NoEffect == "" {
			value += " ([" + f.Table + "](#" + anchor(f.Table) + "))"
		}
		meaning := f.Doc
		for _, remark := range remarks(f) {
			meaning += " " + strings.ToUpper(remark[:1]) + remark[1:] + "."
		}
		if f.Call != "" {
			meaning += " `" + f.Call + "`"
		}
		fmt.Fprintf(p, "| `%s` | %s | %s | `%s` |\n", f.Key, value, cell(meaning), cell(f.Example))
	}
	p.WriteString("\n")
}

func (p *page) hooks() {
	p.para("## Hooks")
	p.para("A function in the table is a hook: it is called while the load runs. Hooks of one resource run one after the other and share variables with each other, and with nothing else; what must be kept from load to load goes into `ctx.state`. " +
		"Every hook gets `ctx` as its last argument, also where it is not listed. A call may take `client.session.hook_timeout`.")
	p.WriteString("| where | function | meaning |\n|---|---|---|\n")
	for _, h := range p.reference.hooks() {
		fmt.Fprintf(p, "| `%s` | `%s` | %s |\n", h.place, cell(h.field.Call), cell(h.field.Doc))
	}
	p.WriteString("\n")
	for _, c := range p.reference.classes {
		p.class(c)
	}
}

func (p *page) class(c stdlib.Class) {
	p.para("### " + c.Name)
	p.para(c.Doc)
	p.WriteString("| field | type | meaning |\n|---|---|---|\n")
	for _, f := range c.Fields {
		name, kind := f.Name, f.Type
		if call, ok := strings.CutPrefix(kind, "fun(self: "+c.Name); ok {
			// A method is shown as it is called.
			args, result, _ := strings.Cut(strings.TrimPrefix(call, ", "), "): ")
			name, kind = ":"+name+"("+args+")", result
		}
		fmt.Fprintf(p, "| `%s` | `%s` | %s |\n", cell(name), cell(kind), cell(f.Doc))
	}
	p.WriteString("\n")
}

func (p *page) module(m stdlib.Module) {
	p.para("### " + m.Name)
	p.para(m.Doc)
	for _, f := range m.Functions {
		title := m.Name + "." + f.Name
		if !f.Value {
			title += "(" + f.Params + ")"
		}
		if f.Returns != "" && f.Returns != "nil" {
			title += ": " + f.Returns
		}
		p.para("#### `" + title + "`")
		p.para(f.Doc)
		p.para("```lua\n" + f.Example + "\n```")
	}
	for _, c := range m.Classes {
		p.class(c)
	}
}

// cell makes text fit into a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}

// anchor is the name that a heading gets as the target of links.
func anchor(heading string) string {
	return strings.NewReplacer(".", "", " ", "-").Replace(strings.ToLower(heading))
}
