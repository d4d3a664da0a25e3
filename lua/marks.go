package lua

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/restlua/restlua/engine/config"
)

// marks are the places of the tables that a script made while its config was
// evaluated. The script is compiled for that with every table constructor
// telling its number (rewrite.go), so places are known through variables,
// loops, functions and modules.
type marks struct {
	files  map[string]*chunk
	tables map[*lua.LTable]tableMark
	fields map[fieldMark]config.Pos
	given  map[string]bool // texts that secrets.get and config.get gave
	texts  map[string]bool // constants of the files; nil until they are asked for
}

type tableMark struct {
	file        *chunk
	constructor *ast.TableExpr
}

type fieldMark struct {
	table *lua.LTable
	key   lua.LValue
}

func newMarks() *marks {
	return &marks{files: map[string]*chunk{}, tables: map[*lua.LTable]tableMark{}, fields: map[fieldMark]config.Pos{}, given: map[string]bool{}}
}

// caller is the file whose code calls the function at hand.
func (m *marks) caller(L *lua.LState) *chunk {
	dbg, ok := L.GetStack(1)
	if !ok {
		return nil
	}
	if _, err := L.GetInfo("S", dbg, lua.LNil); err != nil {
		return nil
	}
	return m.files[dbg.Source]
}

// mark is called with a new table and the number of its constructor.
func (w *World) mark(L *lua.LState) int {
	n := int(L.CheckNumber(2))
	L.SetTop(1)
	if t, ok := L.Get(1).(*lua.LTable); ok && w.marks != nil {
		if c := w.marks.caller(L); c != nil && n < len(c.tables) {
			w.marks.tables[t] = tableMark{c, c.tables[n]}
		}
	}
	return 1
}

// markAssign is called with a table, a key and the line where it was set.
func (w *World) markAssign(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok || w.marks == nil {
		return 0
	}
	if c := w.marks.caller(L); c != nil {
		w.marks.fields[fieldMark{t, L.Get(2)}] = config.Pos{File: c.name, Line: int(L.CheckNumber(3))}
	}
	return 0
}

// table is the place of t, or otherwise the place around it.
func (m *marks) table(t *lua.LTable, otherwise config.Pos) config.Pos {
	if mark, ok := m.tables[t]; ok && mark.constructor.Line() > 0 {
		return config.Pos{File: mark.file.name, Line: mark.constructor.Line()}
	}
	return otherwise
}

// field is the place of a key of t and that of its value.
func (m *marks) field(t *lua.LTable, key lua.LValue, table config.Pos) (keyPos, valuePos config.Pos) {
	if pos, ok := m.fields[fieldMark{t, key}]; ok {
		return pos, pos
	}
	mark, ok := m.tables[t]
	if !ok {
		return table, table
	}
	at := func(line int) config.Pos {
		if line <= 0 {
			return table
		}
		return config.Pos{File: mark.file.name, Line: line}
	}
	index := 0
	for _, f := range mark.constructor.Fields {
		if f.Key == nil {
			index++
			if key == lua.LValue(lua.LNumber(index)) {
				return at(f.Value.Line()), at(f.Value.Line())
			}
			continue
		}
		if s, ok := f.Key.(*ast.StringExpr); ok && key == lua.LValue(lua.LString(s.Value)) {
			return at(f.Key.Line()), at(f.Value.Line())
		}
	}
	return table, table
}

// wrote reports whether a text of the config stands in the script, as far as the
// text tells: it is a constant there, and none that a setting or secret gave.
func (m *marks) wrote(text string) bool {
	if m.texts == nil {
		m.texts = map[string]bool{}
		for _, c := range m.files {
			m.constants(c.plain)
		}
	}
	return m.texts[text] && !m.given[text]
}

func (m *marks) constants(f *lua.FunctionProto) {
	for _, v := range f.Constants {
		if s, ok := v.(lua.LString); ok {
			m.texts[string(s)] = true
		}
	}
	for _, inner := range f.FunctionPrototypes {
		m.constants(inner)
	}
}

// literal reports whether the value of a field of t is a text right in the
// constructor of t, and was not set later.
func (m *marks) literal(t *lua.LTable, name string) bool {
	mark, ok := m.tables[t]
	if _, later := m.fields[fieldMark{t, lua.LString(name)}]; later || !ok {
		return false
	}
	for _, f := range mark.constructor.Fields {
		if key, ok := f.Key.(*ast.StringExpr); ok && key.Value == name {
			_, text := f.Value.(*ast.StringExpr)
			return text
		}
	}
	return false
}
