package view

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
)

// indexItems finds the elements of the whole text, once.
func (b *body) indexItems() {
	if b.indexed {
		return
	}
	b.indexed = true
	raw := b.raw
	i := rawjson.SkipSpace(raw, 1)
	for i < len(raw) && raw[i] != ']' {
		end := rawjson.SkipTrusted(raw, i)
		if end == i {
			return
		}
		b.items = append(b.items, item{val: uint32(i), valEnd: uint32(end)})
		i = rawjson.SkipSpace(raw, end)
		if i >= len(raw) || raw[i] != ',' {
			return
		}
		i = rawjson.SkipSpace(raw, i+1)
	}
}

func (b *body) len() int {
	b.indexItems()
	return len(b.items)
}

// at returns element i, counted from 1; null and missing are LNil.
func (b *body) at(i int) lua.LValue {
	b.indexItems()
	if i < 1 || i > len(b.items) {
		return lua.LNil
	}
	e := &b.items[i-1]
	if e.value != nil {
		if IsNull(e.value) {
			return lua.LNil
		}
		return e.value
	}
	raw := b.raw[e.val:e.valEnd:e.valEnd]
	if raw[0] == '{' || raw[0] == '[' {
		e.value = &b.child(raw).ud
		return e.value
	}
	return scalar(b.space, raw)
}

// setAt writes element i, which may be one behind the end. LNil at the end
// shortens the array, elsewhere it writes null.
func (b *body) setAt(L *lua.LState, i int, v lua.LValue) {
	b.indexItems()
	n := len(b.items)
	if i < 1 || i > n+1 {
		L.RaiseError("index %d is outside a list of %d elements", i, n)
	}
	if v == lua.LNil {
		if i <= n {
			b.touch()
			if i == n {
				b.items = b.items[:n-1]
			} else {
				b.items[i-1] = item{value: b.space.null}
			}
		}
		return
	}
	b.touch()
	if i == n+1 {
		b.items = append(b.items, item{value: v})
		return
	}
	b.items[i-1] = item{value: v}
}

// insert puts v before element i; i may be one behind the end.
func (b *body) insert(L *lua.LState, i int, v lua.LValue) {
	b.indexItems()
	n := len(b.items)
	if i < 1 || i > n+1 {
		L.RaiseError("index %d is outside a list of %d elements", i, n)
	}
	b.touch()
	if v == lua.LNil {
		v = b.space.null
	}
	charge(L, (n-i)/64)
	b.items = append(b.items, item{})
	copy(b.items[i:], b.items[i-1:n])
	b.items[i-1] = item{value: v}
}

// remove takes element i out and returns it.
func (b *body) remove(L *lua.LState, i int) lua.LValue {
	v := b.at(i)
	n := len(b.items)
	if i < 1 || i > n {
		return lua.LNil
	}
	b.touch()
	charge(L, (n-i)/64)
	copy(b.items[i-1:], b.items[i:])
	b.items[n-1] = item{}
	b.items = b.items[:n-1]
	return v
}

func arrayIndex(L *lua.LState) int {
	h := handleOf(L.Get(1))
	if h == nil {
		L.Push(lua.LNil)
		return 1
	}
	b := h.live(L)
	if n, ok := L.Get(2).(lua.LNumber); ok && n == lua.LNumber(int(n)) {
		L.Push(b.at(int(n)))
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

func arrayNewIndex(L *lua.LState) int {
	h := handleOf(L.Get(1))
	if h == nil {
		return 0
	}
	b := h.live(L)
	n, ok := L.Get(2).(lua.LNumber)
	if !ok || n != lua.LNumber(int(n)) {
		L.RaiseError("the keys of a JSON list are its indices, not %s", describe(L.Get(2)))
	}
	b.setAt(L, int(n), L.Get(3))
	return 0
}

func arrayLen(L *lua.LState) int {
	n := 0
	if h := handleOf(L.Get(1)); h != nil {
		n = h.live(L).len()
	}
	L.Push(lua.LNumber(n))
	return 1
}
