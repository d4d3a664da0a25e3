package lua

import (
	"net/http"
	"net/textproto"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
)

// message is a request or response as a script holds it: it lives as long as
// the call that it was made for.
type message struct {
	world    *World
	of       string // "request"
	fields   []string
	get      map[string]func() lua.LValue
	set      map[string]func(L *lua.LState, v lua.LValue)
	ended    bool
	userdata *lua.LUserData
}

// newMessage makes the userdata of m.
func (w *World) newMessage(m *message) *lua.LUserData {
	L := w.L
	m.world = w
	mt := L.CreateTable(0, 3)
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		m.live(L)
		name := L.Get(2).String()
		get, ok := m.get[name]
		if !ok {
			unknownField(L, m.of, name, m.fields)
		}
		L.Push(get())
		return 1
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		m.live(L)
		name := L.Get(2).String()
		if _, ok := m.get[name]; !ok {
			unknownField(L, m.of, name, m.fields)
		}
		set, ok := m.set[name]
		if !ok {
			L.RaiseError("%s.%s cannot be changed", m.of, name)
		}
		set(L, L.Get(3))
		return 0
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	m.userdata = &lua.LUserData{Value: m, Env: L.Env, Metatable: mt}
	return m.userdata
}

func (m *message) live(L *lua.LState) {
	if m.ended {
		L.RaiseError("this %s belongs to an earlier call", m.of)
	}
}

// textSetter sets a field that is text.
func textSetter(of, name string, to *string) func(*lua.LState, lua.LValue) {
	return func(L *lua.LState, v lua.LValue) {
		s, ok := view.Text(v)
		if !ok {
			L.RaiseError("%s.%s must be text, not %s", of, name, view.Describe(v))
		}
		*to = s
	}
}

// headers are the headers of a message as a table that reads and writes
// without regard to case.
type headers struct {
	of    string
	from  http.Header
	table *lua.LTable // nil until they are read
}

// value is the table, made when first asked for.
func (h *headers) value(L *lua.LState) lua.LValue {
	if h.table != nil {
		return h.table
	}
	t := L.CreateTable(0, len(h.from))
	for _, name := range sortedKeys(h.from) {
		t.RawSetString(textproto.CanonicalMIMEHeaderKey(name), lua.LString(strings.Join(h.from[name], ", ")))
	}
	mt := L.CreateTable(0, 3)
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		L.Push(t.RawGetString(textproto.CanonicalMIMEHeaderKey(L.Get(2).String())))
		return 1
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		t.RawSetString(textproto.CanonicalMIMEHeaderKey(L.Get(2).String()), L.Get(3))
		return 0
	}))
	t.Metatable = mt
	h.table = t
	return t
}

// replace takes the headers from another table.
func (h *headers) replace(L *lua.LState, v lua.LValue) {
	t, ok := v.(*lua.LTable)
	if !ok {
		L.RaiseError("%s.headers must be a table, not %s", h.of, view.Describe(v))
	}
	old := h.from
	h.from, h.table = nil, nil
	fresh := h.value(L).(*lua.LTable)
	h.from = old
	for k, e := t.Next(lua.LNil); k != lua.LNil; k, e = t.Next(k) {
		fresh.RawSetString(textproto.CanonicalMIMEHeaderKey(k.String()), e)
	}
}

// result is the headers after the call. What was not changed keeps its
// several values.
func (h *headers) result() (http.Header, error) {
	if h.table == nil {
		return h.from, nil
	}
	out := http.Header{}
	for k, v := h.table.Next(lua.LNil); k != lua.LNil; k, v = h.table.Next(k) {
		name := textproto.CanonicalMIMEHeaderKey(k.String())
		values, err := texts(h.of+".headers."+name, v)
		if err != nil {
			return nil, err
		}
		if old := h.from.Values(name); len(values) == 1 && values[0] == strings.Join(old, ", ") {
			values = old
		}
		for _, s := range values {
			if strings.ContainsAny(s, "\r\n\x00") {
				return nil, &Error{Message: h.of + ".headers." + name + ": a line break cannot stand in a header"}
			}
		}
		if len(values) > 0 {
			out[name] = values
		}
	}
	return out, nil
}

// texts are the values of a param or header: text, a number, a boolean, or a
// list of them; json.null and nil are none.
func texts(path string, v lua.LValue) ([]string, error) {
	if s, ok := view.Text(v); ok {
		return []string{s}, nil
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return []string{v.String()}, nil
	case *lua.LTable:
		var out []string
		for i := 1; i <= v.Len(); i++ {
			e := v.RawGetInt(i)
			s, ok := view.Text(e)
			if b, isBool := e.(lua.LBool); isBool {
				s, ok = b.String(), true
			}
			if !ok {
				return nil, &Error{Message: path + " must be text, a number, true or false, or a list of them, not a list with " + view.Describe(e)}
			}
			out = append(out, s)
		}
		if shape, _ := view.ShapeOf(v); shape == view.List || shape == view.Empty {
			return out, nil
		}
	}
	if view.IsNull(v) {
		return nil, nil
	}
	return nil, &Error{Message: path + " must be text, a number, true or false, or a list of them, not " + view.Describe(v)}
}

// params are the query parameters of a request as a table.
type params struct {
	from  []hook.Pair
	table *lua.LTable
}

func (p *params) value(L *lua.LState) lua.LValue {
	if p.table != nil {
		return p.table
	}
	t := L.CreateTable(0, len(p.from))
	for _, pair := range p.from {
		switch old := t.RawGetString(pair.Name).(type) {
		case lua.LString:
			list := L.NewTable()
			list.Append(old)
			list.Append(lua.LString(pair.Value))
			t.RawSetString(pair.Name, list)
		case *lua.LTable:
			old.Append(lua.LString(pair.Value))
		default:
			t.RawSetString(pair.Name, lua.LString(pair.Value))
		}
	}
	p.table = t
	return t
}

// replace takes the params from another table.
func (p *params) replace(L *lua.LState, v lua.LValue) {
	t, ok := v.(*lua.LTable)
	if !ok {
		L.RaiseError("request.params must be a table, not %s", view.Describe(v))
	}
	p.table = t
}

// result is the params after the call: the old ones in their order, new ones
// behind them.
func (p *params) result() ([]hook.Pair, error) {
	if p.table == nil {
		return p.from, nil
	}
	left := map[string][]string{}
	var added []string
	for k, v := p.table.Next(lua.LNil); k != lua.LNil; k, v = p.table.Next(k) {
		name, ok := view.KeyText(k)
		if !ok {
			return nil, &Error{Message: "request.params: a name must be text, not " + view.Describe(k)}
		}
		values, err := texts("request.params."+name, v)
		if err != nil {
			return nil, err
		}
		if len(values) > 0 {
			left[name] = values
			added = append(added, name)
		}
	}
	out := make([]hook.Pair, 0, len(p.from)+1)
	for _, pair := range p.from {
		if values := left[pair.Name]; len(values) > 0 {
			out = append(out, hook.Pair{Name: pair.Name, Value: values[0]})
			left[pair.Name] = values[1:]
		}
	}
	for _, name := range added {
		for _, value := range left[name] {
			out = append(out, hook.Pair{Name: name, Value: value})
		}
		left[name] = nil
	}
	return out, nil
}
