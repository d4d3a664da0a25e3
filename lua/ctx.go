package lua

import (
	"regexp"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
	"github.com/restlua/restlua/stdlib"
)

// ctxFields are the fields of the ctx that hooks get as their last argument.
var ctxFields = []string{"resource", "state", "log", "load_id", "incremental", "parent"}

// newCtx makes the ctx of this world. Reading a field that it does not have is
// an error.
func (w *World) newCtx() *lua.LTable {
	L := w.L
	t := L.NewTable()
	if w.env.Resource != "" {
		t.RawSetString("resource", lua.LString(w.env.Resource))
	}
	t.RawSetString("load_id", loadID(L, w.env.LoadID))
	state := w.env.State
	if len(state) == 0 {
		state = []byte("{}")
	}
	t.RawSetString("state", view.FromJSON(L, state))
	incremental := L.NewTable()
	if len(w.env.IncrementalStart) > 0 {
		incremental.RawSetString("start_value", view.FromJSON(L, w.env.IncrementalStart))
	}
	t.RawSetString("incremental", incremental)
	for _, m := range stdlib.Modules() {
		if m.Name == "log" {
			t.RawSetString("log", m.Open(L, &w.host))
		}
	}
	parents := w.parents()
	mt := L.NewTable()
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		switch key := L.Get(2).String(); key {
		case "parent":
			L.Push(w.parent(parents))
		case "resource", "log":
			L.Push(lua.LNil)
		case "state":
			L.Push(lua.LNil)
		default:
			unknownField(L, "ctx", key, ctxFields)
		}
		return 1
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	t.Metatable = mt
	return t
}

// loadID is exact, though it is greater than 2^53.
func loadID(L *lua.LState, id int64) lua.LValue {
	return view.FromJSON(L, []byte(formatInt(id)))
}

// State is ctx.state as JSON text, to be kept with the load (SCR-05).
func (w *World) State() ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.ctx.RawGetString("state")
	if v == lua.LNil {
		return []byte("{}"), nil
	}
	if !view.Changed(v) && len(w.env.State) == 0 && view.IsObject(v) {
		return nil, nil
	}
	out, err := w.json(nil, v)
	if err != nil {
		return nil, &Error{Path: "ctx.state", Message: err.Error()}
	}
	if out[0] != '{' {
		return nil, &Error{Path: "ctx.state", Message: "it must be a table with named fields, not " + view.Describe(v)}
	}
	return out, nil
}

// StateAhead reports whether ctx.state was changed by a paginator, a response
// action or a login. These run while pages are asked for, which is ahead of the
// rows that are taken in, so in the middle of a load nobody can say what of
// ctx.state belongs to which row.
func (w *World) StateAhead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead
}

// watchState notes what ctx.state is now; the function that it returns compares.
// The world's lock is held at both times.
func (w *World) watchState() (compare func()) {
	if w.ahead {
		return func() {}
	}
	was, text := w.stateNow()
	return func() {
		is, now := w.stateNow()
		w.ahead = w.ahead || was != is || text != now
	}
}

// stateNow is the value of ctx.state and, once somebody has changed it, its text.
func (w *World) stateNow() (lua.LValue, string) {
	v := w.ctx.RawGetString("state")
	if !view.Changed(v) {
		return v, ""
	}
	text, err := w.json(nil, v)
	if err != nil {
		return v, err.Error()
	}
	return v, string(text)
}

var parentRE = regexp.MustCompile(`\{\s*resources\.([A-Za-z0-9_]+)\.`)

// parents are the names of the parents of the world's resource: those that
// its placeholders name.
func (w *World) parents() []string {
	list, ok := w.config.RawGetString("resources").(*lua.LTable)
	if !ok || w.env.Resource == "" {
		return nil
	}
	var names []string
	var texts func(v lua.LValue, depth int)
	texts = func(v lua.LValue, depth int) {
		switch v := v.(type) {
		case lua.LString:
			for _, m := range parentRE.FindAllStringSubmatch(string(v), -1) {
				names = append(names, m[1])
			}
		case *lua.LTable:
			if s, ok := v.RawGetString("resource").(lua.LString); ok && v.RawGetString("type") == lua.LValue(lua.LString("resolve")) {
				names = append(names, string(s))
			}
			for k, e := v.Next(lua.LNil); k != lua.LNil && depth < 10; k, e = v.Next(k) {
				texts(e, depth+1)
			}
		}
	}
	for i := 1; i <= list.Len(); i++ {
		res, ok := list.RawGetInt(i).(*lua.LTable)
		if ok && res.RawGetString("name") == lua.LValue(lua.LString(w.env.Resource)) {
			texts(res.RawGetString("endpoint"), 0)
		}
	}
	return names
}

// parent is ctx.parent: the fields of the parent that the record at hand
// includes, without the prefix that they have in the record. nil without a
// parent.
func (w *World) parent(names []string) lua.LValue {
	if w.record == nil || len(names) == 0 {
		return lua.LNil
	}
	t := w.L.NewTable()
	_ = rawjson.Fields(view.Raw(w.record), func(rawKey, value []byte) bool {
		key, err := rawjson.Unquote(rawKey)
		for _, name := range names {
			if field, ok := strings.CutPrefix(key, "_"+name+"_"); ok && err == nil {
				t.RawSetString(field, w.lease.View(w.L, value))
				break
			}
		}
		return true
	})
	return t
}

// unknownField raises the error of a field that does not exist (SCR-20).
func unknownField(L *lua.LState, of, name string, known []string) {
	hint := "; it has " + strings.Join(known, ", ")
	if like := nearest(name, known); like != "" {
		hint = " (did you mean \"" + like + "\"?)"
	}
	L.RaiseError("%s has no field %q%s", of, name, hint)
}
