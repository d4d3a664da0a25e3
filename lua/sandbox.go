package lua

import (
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/lua/view"
)

// sandbox makes the world of a script: the basic libraries without everything
// that reaches outside or around the limits (SCR-01). This function is the
// whole list of what is kept.
func (w *World) sandbox() {
	L := w.L
	for _, open := range []lua.LGFunction{lua.OpenBase, lua.OpenString, lua.OpenTable, lua.OpenMath, lua.OpenCoroutine} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	keep := map[string]bool{}
	for _, name := range strings.Fields(`
		_G _VERSION assert error getmetatable ipairs next pairs pcall rawequal rawget rawset select
		setmetatable tonumber tostring type unpack xpcall string table math coroutine`) {
		keep[name] = true
	}
	var gone []string
	L.G.Global.ForEach(func(k, _ lua.LValue) {
		if name, ok := k.(lua.LString); !ok || !keep[string(name)] {
			gone = append(gone, k.String())
		}
	})
	for _, name := range gone {
		L.G.Global.RawSetString(name, lua.LNil)
	}
	L.G.Registry.RawSetString("_LOADED", lua.LNil)
	L.G.Registry.RawSetString("_LOADERS", lua.LNil)

	view.Open(L)
	w.openString()
	w.openMath()
	w.openCoroutine()
	L.SetGlobal("tostring", L.NewFunction(toString))
	L.SetGlobal("tonumber", L.NewFunction(toNumber))
	L.SetGlobal("print", L.NewFunction(w.print))
	L.SetGlobal("require", L.NewFunction(w.require))
}

// toString is tostring with numbers as JSON prints them (SCR-13).
func toString(L *lua.LState) int {
	v := L.CheckAny(1)
	if n, ok := v.(lua.LNumber); ok {
		L.Push(lua.LString(numberText(n)))
		return 1
	}
	L.Push(L.ToStringMeta(v))
	return 1
}

// toNumber is tonumber; it reads numbers as the script's own text spells them,
// and gives an exact integer back as it is.
func toNumber(L *lua.LState) int {
	v := L.CheckAny(1)
	base := L.OptInt(2, 10)
	if base < 2 || base > 36 {
		L.ArgError(2, "base out of range")
	}
	if _, exact := view.Integer(v); exact && base == 10 {
		L.Push(v)
		return 1
	}
	s, ok := v.(lua.LString)
	if n, isNumber := v.(lua.LNumber); isNumber {
		if base == 10 {
			L.Push(n)
			return 1
		}
		s, ok = lua.LString(numberText(n)), true
	}
	if n, valid := parseNumber(strings.TrimSpace(string(s)), base); ok && valid {
		L.Push(n)
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

func parseNumber(s string, base int) (lua.LNumber, bool) {
	if strings.Contains(s, "_") {
		return 0, false
	}
	lower := strings.ToLower(s)
	if base != 10 {
		if base == 16 {
			lower = strings.TrimPrefix(lower, "0x")
		}
		n, err := strconv.ParseInt(lower, base, 64)
		return lua.LNumber(n), err == nil
	}
	if hex, ok := strings.CutPrefix(lower, "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 64)
		return lua.LNumber(n), err == nil
	}
	if strings.ContainsAny(lower, "ipn") { // inf, nan, hexadecimal exponents
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return lua.LNumber(f), err == nil
}

func (w *World) print(L *lua.LState) int {
	parts := make([]string, L.GetTop())
	size := 0
	for i := range parts {
		v := L.Get(i + 1)
		if n, ok := v.(lua.LNumber); ok {
			parts[i] = numberText(n)
		} else {
			parts[i] = L.ToStringMeta(v).String()
		}
		size += len(parts[i])
		w.bound(L, "print", size)
	}
	if w.env.Log != nil {
		w.env.Log("info", strings.Join(parts, "\t"), nil)
	}
	return 0
}

// threadCost is what a new coroutine is charged: it has stacks of its own,
// some 100 KiB.
const threadCost = 200

// openCoroutine lets coroutines run under the limits of the call they run in.
func (w *World) openCoroutine() {
	L := w.L
	t := L.GetGlobal("coroutine").(*lua.LTable)
	create := t.RawGetString("create").(*lua.LFunction).GFunction
	wrap := t.RawGetString("wrap").(*lua.LFunction).GFunction
	t.RawSetString("create", L.NewFunction(func(L *lua.LState) int {
		w.meter.Charge(L, threadCost)
		n := create(L)
		L.Get(-1).(*lua.LState).SetContext(&w.meter)
		return n
	}))
	t.RawSetString("wrap", L.NewFunction(func(L *lua.LState) int {
		w.meter.Charge(L, threadCost)
		n := wrap(L)
		if th, ok := L.Get(-1).(*lua.LFunction).Upvalues[0].Value().(*lua.LState); ok {
			th.SetContext(&w.meter)
		}
		return n
	}))
}
