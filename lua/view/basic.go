package view

import (
	lua "github.com/yuin/gopher-lua"
)

// openBasic replaces the basic functions that must know views.
func openBasic(L *lua.LState) {
	next := L.NewFunction(baseNext)
	L.SetGlobal("next", next)
	L.SetGlobal("pairs", L.NewClosure(basePairs, next))
	L.SetGlobal("ipairs", L.NewClosure(baseIpairs, L.NewFunction(ipairsStep)))
	L.SetGlobal("type", L.NewFunction(baseType))
	L.SetGlobal("rawequal", L.NewFunction(baseRawEqual))
	L.SetGlobal("rawget", L.NewFunction(baseRawGet))
	L.SetGlobal("rawset", L.NewFunction(baseRawSet))
	L.SetGlobal("unpack", L.NewFunction(baseUnpack))
}

// TypeName is what type(v) says: "table" for views, "number" for exact
// integers.
func TypeName(v lua.LValue) string {
	if ud, ok := v.(*lua.LUserData); ok {
		switch ud.Value.(type) {
		case *handle:
			return "table"
		case *exact:
			return "number"
		}
	}
	return v.Type().String()
}

func baseType(L *lua.LState) int {
	L.Push(lua.LString(TypeName(L.CheckAny(1))))
	return 1
}

// tableArg returns argument n, which must be a table or a view.
func tableArg(L *lua.LState, n int) (*lua.LTable, *body) {
	v := L.Get(n)
	if t, ok := v.(*lua.LTable); ok {
		return t, nil
	}
	if h := handleOf(v); h != nil {
		return nil, h.live(L)
	}
	L.ArgError(n, "table expected, got "+TypeName(v))
	return nil, nil
}

func baseNext(L *lua.LState) int {
	t, b := tableArg(L, 1)
	key := L.Get(2)
	var k, v lua.LValue
	ok := true
	switch {
	case t != nil:
		k, v = t.Next(key)
	case b.array:
		k, v, ok = b.nextItem(key)
	default:
		k, v, ok = b.next(key)
	}
	if !ok {
		L.RaiseError("invalid key to 'next'")
	}
	L.Push(k)
	if k == lua.LNil {
		return 1
	}
	L.Push(v)
	return 2
}

func (b *body) nextItem(key lua.LValue) (k, v lua.LValue, ok bool) {
	i := 0
	if key != lua.LNil {
		n, isNumber := key.(lua.LNumber)
		if i = int(n); !isNumber || lua.LNumber(i) != n || i < 1 {
			return nil, nil, false
		}
	}
	for i++; i <= b.len(); i++ {
		if v := b.at(i); v != lua.LNil {
			return lua.LNumber(i), v, true
		}
	}
	return lua.LNil, lua.LNil, true
}

func basePairs(L *lua.LState) int {
	tableArg(L, 1)
	v := L.Get(1)
	L.Push(L.Get(lua.UpvalueIndex(1)))
	L.Push(v)
	L.Push(lua.LNil)
	return 3
}

func baseIpairs(L *lua.LState) int {
	tableArg(L, 1)
	v := L.Get(1)
	L.Push(L.Get(lua.UpvalueIndex(1)))
	L.Push(v)
	L.Push(lua.LNumber(0))
	return 3
}

func ipairsStep(L *lua.LState) int {
	t, b := tableArg(L, 1)
	i := L.CheckInt(2) + 1
	v := lua.LValue(lua.LNil)
	switch {
	case t != nil:
		v = t.RawGetInt(i)
	case b.array:
		v = b.at(i)
	}
	if v == lua.LNil {
		return 0
	}
	L.Push(lua.LNumber(i))
	L.Push(v)
	return 2
}

func baseRawEqual(L *lua.LState) int {
	L.Push(lua.LBool(L.RawEqual(L.CheckAny(1), L.CheckAny(2))))
	return 1
}

// rawget and rawset read and write views as they do plain tables: a view has
// no other fields than those of its text.
func baseRawGet(L *lua.LState) int {
	t, _ := tableArg(L, 1)
	if t == nil {
		L.Push(L.GetTable(L.Get(1), L.CheckAny(2)))
		return 1
	}
	L.Push(L.RawGet(t, L.CheckAny(2)))
	return 1
}

// farIndexSteps are charged for a rawset with a number.
const farIndexSteps = 1000

func baseRawSet(L *lua.LState) int {
	t, _ := tableArg(L, 1)
	key, v := L.CheckAny(2), L.CheckAny(3)
	switch {
	case t == nil:
		L.SetTable(L.Get(1), key, v)
	default:
		if n, ok := key.(lua.LNumber); key == lua.LNil || ok && n != n {
			L.RaiseError("table index is nil or NaN")
		}
		if _, ok := key.(lua.LNumber); ok {
			charge(L, farIndexSteps) // a list may be filled up to the index
		}
		L.RawSet(t, key, v)
	}
	L.SetTop(1)
	return 1
}

// maxUnpack is how many values unpack gives at most.
const maxUnpack = 8000

func baseUnpack(L *lua.LState) int {
	l := listArg(L, 1)
	from, to := L.OptInt(2, 1), L.OptInt(3, l.len())
	if from > to {
		return 0
	}
	if to-from >= maxUnpack || to-from < 0 {
		L.RaiseError("unpack: too many values (more than %d)", maxUnpack)
	}
	for i := from; i <= to; i++ {
		L.Push(l.at(i))
	}
	return to - from + 1
}
