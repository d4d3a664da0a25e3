package view

import (
	"sort"

	lua "github.com/yuin/gopher-lua"
)

// MaxText is the longest string that a library function makes, in bytes
// (SCR-03).
const MaxText = 64 << 20

// maxText is MaxText, or the limit of the context of L.
func maxText(L *lua.LState) int {
	if m, ok := L.Context().(interface{ MaxText() int }); ok {
		return m.MaxText()
	}
	return MaxText
}

// openTable replaces the functions of the library table by ones that accept
// views and are bounded.
func openTable(L *lua.LState) {
	t := L.NewTable()
	for name, f := range map[string]lua.LGFunction{
		"concat": tableConcat, "insert": tableInsert, "remove": tableRemove, "sort": tableSort,
		"getn": tableGetN, "maxn": tableMaxN, "unpack": baseUnpack,
	} {
		t.RawSetString(name, L.NewFunction(f))
	}
	L.SetGlobal("table", t)
}

// list is a plain table or an array view, read by index from 1.
type list struct {
	t *lua.LTable
	b *body
}

func listArg(L *lua.LState, n int) list {
	t, b := tableArg(L, n)
	if b != nil && !b.array {
		// An object has no elements, as a table without keys 1..n.
		b = &body{array: true, indexed: true}
	}
	return list{t, b}
}

func (l list) len() int {
	if l.t != nil {
		return l.t.Len()
	}
	return l.b.len()
}

func (l list) at(i int) lua.LValue {
	if l.t != nil {
		return l.t.RawGetInt(i)
	}
	return l.b.at(i)
}

func (l list) set(L *lua.LState, i int, v lua.LValue) {
	if l.t != nil {
		l.t.RawSetInt(i, v)
		return
	}
	l.b.setAt(L, i, v)
}

func tableConcat(L *lua.LState) int {
	l := listArg(L, 1)
	sep := L.OptString(2, "")
	from, to := L.OptInt(3, 1), L.OptInt(4, l.len())
	limit := maxText(L)
	var out []byte
	for i := from; i <= to; i++ {
		s, ok := Text(l.at(i))
		if !ok {
			L.RaiseError("table.concat: element %d is %s, not text", i, describe(l.at(i)))
		}
		if i > from {
			out = append(out, sep...)
		}
		if len(out)+len(s)+len(sep) > limit {
			L.RaiseError("table.concat: the text would be longer than %d bytes", limit)
		}
		out = append(out, s...)
		charge(L, 1+(len(s)+len(sep))/256)
	}
	L.Push(lua.LString(out))
	return 1
}

func tableInsert(L *lua.LState) int {
	l := listArg(L, 1)
	n := l.len()
	at, v := n+1, L.Get(2)
	switch L.GetTop() {
	case 2:
	case 3:
		at, v = L.CheckInt(2), L.Get(3)
	default:
		L.RaiseError("table.insert: expected (list, value) or (list, index, value)")
	}
	if l.t == nil {
		l.b.insert(L, at, v)
		return 0
	}
	charge(L, 1+max(0, n-at)/64)
	if at == n+1 {
		l.t.RawSetInt(at, v)
		return 0
	}
	if at < 1 || at > n {
		L.RaiseError("table.insert: index %d is outside a list of %d elements", at, n)
	}
	l.t.Insert(at, v)
	return 0
}

func tableRemove(L *lua.LState) int {
	l := listArg(L, 1)
	n := l.len()
	at := L.OptInt(2, n)
	if at < 1 || at > n {
		L.Push(lua.LNil)
		return 1
	}
	if l.t == nil {
		L.Push(l.b.remove(L, at))
		return 1
	}
	charge(L, 1+(n-at)/64)
	L.Push(l.t.Remove(at))
	return 1
}

func tableGetN(L *lua.LState) int {
	L.Push(lua.LNumber(listArg(L, 1).len()))
	return 1
}

func tableMaxN(L *lua.LState) int {
	l := listArg(L, 1)
	if l.t == nil {
		L.Push(lua.LNumber(l.len()))
		return 1
	}
	greatest := lua.LNumber(0)
	for k, _ := l.t.Next(lua.LNil); k != lua.LNil; k, _ = l.t.Next(k) {
		if n, ok := k.(lua.LNumber); ok && n > greatest {
			greatest = n
		}
	}
	L.Push(greatest)
	return 1
}

func tableSort(L *lua.LState) int {
	l := listArg(L, 1)
	var less *lua.LFunction
	if L.Get(2) != lua.LNil {
		less = L.CheckFunction(2)
	}
	values := make([]lua.LValue, l.len())
	for i := range values {
		values[i] = l.at(i + 1)
	}
	charge(L, len(values))
	sort.Sort(&sorter{L, values, less})
	for i, v := range values {
		l.set(L, i+1, v)
	}
	return 0
}

type sorter struct {
	L      *lua.LState
	values []lua.LValue
	less   *lua.LFunction
}

func (s *sorter) Len() int      { return len(s.values) }
func (s *sorter) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }
func (s *sorter) Less(i, j int) bool {
	L := s.L
	charge(L, 1)
	if s.less == nil {
		a, b := s.values[i], s.values[j]
		if TypeName(a) != TypeName(b) || a.Type() != b.Type() {
			L.RaiseError("table.sort: attempt to compare %s with %s", describe(a), describe(b))
		}
		return L.LessThan(a, b)
	}
	L.Push(s.less)
	L.Push(s.values[i])
	L.Push(s.values[j])
	L.Call(2, 1)
	v := L.Get(-1)
	L.Pop(1)
	return lua.LVAsBool(v)
}
