package lua

import (
	lua "github.com/yuin/gopher-lua"
)

// The VM keeps values at whole indices in a slice and fills it with nils up to
// the index that is written, in one instruction, which no meter can stop. Two
// things bound that (SCR-03): indices from maxListIndex on live in the table's
// hash part, where a number as key costs what any key does, and before a list
// is filled up to a far index the meter looks at the limits.

// maxListIndex bounds what one instruction can fill: 64 MiB of nils.
const maxListIndex = 1 << 22

// farIndex is from which index on the meter looks.
const farIndex = 1 << 16

// The bound is a variable of the VM's package, meant to be set by programs that
// embed it, and there is no other way to it. It is only ever lowered, here,
// before main runs: no VM sees it change. ARCHITECTURE.md says what that means
// for a program that uses the VM for something else as well.
var _ = func() struct{} {
	lua.MaxArrayIndex = min(lua.MaxArrayIndex, maxListIndex)
	return struct{}{}
}()

// index is what the key k of t[k] = v passes in compiled scripts (rewrite.go).
// Its arguments are k and, where it is known, t.
func (w *World) index(L *lua.LState) int {
	k := L.Get(1)
	n, ok := k.(lua.LNumber)
	if ok && n >= farIndex && n <= maxListIndex {
		w.lookAtList(L, int(n), L.Get(2))
	}
	L.Push(k)
	return 1
}

func (w *World) lookAtList(L *lua.LState, n int, v lua.LValue) {
	t, ok := v.(*lua.LTable)
	if !ok {
		w.meter.Charge(L, lookEvery)
		return
	}
	w.meter.Charge(L, lookEvery/16) // as finding the length may take long
	length := t.Len()
	if n == maxListIndex && length == n-1 {
		L.RaiseError("a list cannot have more than %d elements", maxListIndex-1)
	}
	if n > length+1 {
		w.meter.Charge(L, lookEvery)
	}
}
