package draft

import (
	"fmt"
	"strings"
)

// table is a table of Lua with keys in their order.
type table []field

// field is a key with its value: string, bool, int, raw, table or list.
type field struct {
	key   string
	value any
	above []string // lines of comment in front
	note  string   // comment behind
	off   bool     // the whole field is a comment
}

// list is a list of Lua; elements may be preceded by comments.
type list []element

type element struct {
	value any
	above []string
}

// raw is an expression of Lua.
type raw string

// width is how long a line may be that could be broken.
const width = 100

// printer writes values of Lua, two blanks for each level.
type printer struct{ b strings.Builder }

func (p *printer) line(indent int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text != "" {
		p.b.WriteString(strings.Repeat("  ", indent))
	}
	p.b.WriteString(text + "\n")
}

// comment writes lines of comment.
func (p *printer) comment(indent int, lines ...string) {
	for _, l := range lines {
		p.line(indent, "%s", strings.TrimRight("-- "+l, " "))
	}
}

// value writes a value, and what stands behind it: a comma, and a note.
func (p *printer) value(indent int, before string, v any, comma, note string) {
	behind := ""
	if note != "" {
		behind = " -- " + note
	}
	if text, ok := inline(v); ok && (2*indent+len(before)+len(text)+len(comma) <= width || !breakable(v)) {
		p.line(indent, "%s%s%s%s", before, text, comma, behind)
		return
	}
	p.line(indent, "%s{%s", before, behind)
	switch v := v.(type) {
	case table:
		for _, f := range v {
			p.field(indent+1, f)
		}
	case list:
		for _, e := range v {
			p.comment(indent+1, e.above...)
			p.value(indent+1, "", e.value, ",", "")
		}
	}
	p.line(indent, "}%s", comma)
}

func (p *printer) field(indent int, f field) {
	p.comment(indent, f.above...)
	if f.off {
		text, _ := inline(f.value)
		p.comment(indent, keyText(f.key)+" = "+text+",")
		return
	}
	before := keyText(f.key) + " = "
	line := 2*indent + len(before)
	if text, ok := inline(f.value); ok && (line+len(text) < width || !breakable(f.value)) {
		line += len(text)
	}
	if f.note != "" && line+len(f.note) > width+10 {
		p.comment(indent, strings.ToUpper(f.note[:1])+f.note[1:]+":")
		f.note = ""
	}
	p.value(indent, before, f.value, ",", f.note)
}

func breakable(v any) bool {
	switch v := v.(type) {
	case table:
		return len(v) > 0
	case list:
		return len(v) > 0
	}
	return false
}

// inline writes a value on one line; false if comments in it forbid that.
func inline(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return quote(v), true
	case raw:
		return string(v), true
	case table:
		parts, ok := []string{}, true
		for _, f := range v {
			text, fits := inline(f.value)
			ok = ok && fits && len(f.above) == 0 && f.note == "" && !f.off
			parts = append(parts, keyText(f.key)+" = "+text)
		}
		return braces(parts), ok
	case list:
		parts, ok := []string{}, true
		for _, e := range v {
			text, fits := inline(e.value)
			ok = ok && fits && len(e.above) == 0
			parts = append(parts, text)
		}
		return braces(parts), ok
	}
	return fmt.Sprint(v), true
}

func braces(parts []string) string {
	if len(parts) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// canonical is equal for equal values, whatever is remarked on them.
func canonical(v any) string {
	text, _ := inline(v)
	return text
}

// keyText writes the key of a table.
func keyText(key string) string {
	if isName(key) && !luaKeyword(key) {
		return key
	}
	return "[" + quote(key) + "]"
}

func luaKeyword(s string) bool {
	switch s {
	case "config", "secrets", "json", "unset", "require":
		return false
	}
	return taken[s]
}
