package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/hook"
)

// Options of Decode. The zero value works.
type Options struct {
	File       string                   // of the script, for messages
	Name       string                   // default name of the source
	CheckPath  func(path string) error  // says whether text is a JSONPath; nil: not checked
	NormalName func(name string) string // how a name becomes a table's (NRM-15); nil: as it is
}

// Decode turns the table that a script returned into a Config, or into all its
// mistakes, sorted by line. It does not change n, and may be called again with
// the same n (LUA-10).
//
// It works in two passes. The first holds every table against the structure
// that declares it: kinds, words, unknown and missing keys. The second merges
// defaults, resolves placeholders and checks what concerns several keys; it
// takes what the first one reported as not given, so that one mistake makes one
// error.
func Decode(n *Node, o Options) (*Config, Errors) {
	d := &decoder{options: o, reported: map[string]bool{}, ownTable: map[*Resource]bool{}}
	root := value{nothing, "", Pos{File: o.File}}.at(n, "", Pos{})
	if root.kind() != KindTable {
		d.fail(root, "", "the script must return a table with client and resources, not %s", root.describe(false))
		return nil, d.errors
	}
	d.nameResources(root.get("resources"))
	d.checkTable(root, structure("config"))
	cfg := d.config(root.table(structure("config")))
	if len(d.errors) > 0 {
		return nil, d.errors.Sorted()
	}
	slices.SortStableFunc(d.warnings, func(a, b Warning) int { return cmp.Compare(a.Pos.Line, b.Pos.Line) })
	cfg.Warnings = d.warnings
	return cfg, nil
}

// decoder collects what is wrong with one config.
type decoder struct {
	options  Options
	names    []string // of the resources, by index, for messages
	errors   Errors
	warnings []Warning
	reported map[string]bool    // path and text of what was said
	ownTable map[*Resource]bool // table_name is set
}

// fail reports a mistake at v. What is said twice, because a default holds for
// several resources, is reported once.
func (d *decoder) fail(v value, hint, format string, args ...any) {
	e := &Error{Pos: d.pos(v.pos), Path: v.path, Name: d.resourceName(v.path), Text: fmt.Sprintf(format, args...), Hint: hint}
	if said := e.Path + "\x00" + e.Text; !d.reported[said] {
		d.reported[said] = true
		d.errors = append(d.errors, e)
	}
}

// warn remarks on something that works.
func (d *decoder) warn(v value, format string, args ...any) {
	w := Warning{Pos: d.pos(v.pos), Path: v.path, Text: fmt.Sprintf(format, args...)}
	if said := w.Path + "\x00" + w.Text; !d.reported[said] {
		d.reported[said] = true
		d.warnings = append(d.warnings, w)
	}
}

func (d *decoder) pos(p Pos) Pos {
	if p.File == "" {
		p.File = d.options.File
	}
	return p
}

// resourceName is the name of the resource that a path lies in, or "".
func (d *decoder) resourceName(path string) string {
	if i := resourceIndex(path); i >= 0 && i < len(d.names) {
		return d.names[i]
	}
	return ""
}

func (d *decoder) nameResources(list value) {
	for _, r := range list.items() {
		name := r.text()
		if name == "" {
			name = r.get("name").text()
		}
		d.names = append(d.names, name)
	}
}

// normal is how a name becomes a table's or a column's.
func (d *decoder) normal(name string) string {
	if d.options.NormalName == nil {
		return name
	}
	return d.options.NormalName(name)
}

// jsonPath checks a JSONPath and returns it.
func (d *decoder) jsonPath(v value) string {
	path := v.text()
	if path != "" {
		d.checkPath(v, path)
	}
	return path
}

// fieldPath checks what a placeholder takes from a record: a key as it is
// spelled (PLH-19), or a JSONPath, which only its signs tell.
func (d *decoder) fieldPath(v value, field string) {
	if strings.ContainsAny(field, "[]*") {
		d.checkPath(v, field)
	}
}

func (d *decoder) checkPath(v value, path string) {
	if d.options.CheckPath == nil {
		return
	}
	if err := d.options.CheckPath(path); err != nil {
		d.fail(v, "", "%s is no JSONPath: %v", value{&Node{Kind: KindString, Text: path}, "", Pos{}}.show(false), err)
	}
}

func (d *decoder) config(t *table) *Config {
	c := &Config{Name: t.text("name"), OnStart: t.get("on_start").ref(), OnFinish: t.get("on_finish").ref()}
	if c.Name == "" {
		c.Name = d.options.Name
	}
	if strings.ContainsAny(c.Name, `/\`) || c.Name == "." || c.Name == ".." {
		d.fail(t.get("name"), "", "%q names the dataset's folder and must not lead elsewhere", c.Name)
	}
	c.Client = d.client(t.get("client").table(structure("client")))
	in := inherit(t)
	for _, v := range t.get("resources").items() {
		if v.kind() == KindString || v.kind() == KindTable {
			c.Resources = append(c.Resources, d.resource(v, in, &c.Client))
		}
	}
	d.relations(c.Resources)
	d.tables(c.Resources)
	return c
}

// refs are the references to the functions of a list, or to the one that v is.
func refs(v value) []hook.Ref {
	if r := v.ref(); r != "" {
		return []hook.Ref{r}
	}
	var out []hook.Ref
	for _, item := range v.items() {
		if r := item.ref(); r != "" {
			out = append(out, r)
		}
	}
	return out
}
