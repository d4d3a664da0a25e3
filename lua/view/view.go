// Package view is the model of values that cross the border between JSON text
// and a script: JSON objects and arrays become views that read and write like
// tables and decode only what is asked for; plain tables become JSON text.
//
// A view is a userdata whose metatable reads and writes an index over the raw
// text. Writes go into an overlay, so that what was not touched keeps its exact
// text (SCR-11). Views made with a Lease die with it (SCR-15); views made with
// FromJSON live as long as the script keeps them.
package view

import (
	"context"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// Meter is implemented by the context of an LState whose work is bounded: the
// functions here that can run or allocate long charge it in proportion. One
// step is about one instruction of the VM, or 256 bytes copied. Charge raises
// an error in L when a limit is passed.
type Meter interface {
	context.Context
	Charge(L *lua.LState, steps int)
}

// charge counts work done by library functions; an LState without a Meter is
// not bounded.
func charge(L *lua.LState, steps int) {
	if m, ok := L.Context().(Meter); ok {
		m.Charge(L, steps)
	}
}

// space holds what views need in one world: metatables and json.null.
type space struct {
	object  *lua.LTable
	array   *lua.LTable
	integer *lua.LTable
	marked  *lua.LTable // metatable of tables marked as arrays
	null    *lua.LUserData
	texts   texts
}

const spaceKey = "restlua.view"

// Open makes views known to L: metatables, json.null, exact integers, and the
// basic functions that must know views (type, pairs, ipairs, next, unpack,
// rawequal, table.*).
func Open(L *lua.LState) {
	spaceOf(L)
	openBasic(L)
	openTable(L)
}

// spaceOf returns the space of L's world, made on first use.
func spaceOf(L *lua.LState) *space {
	if ud, ok := L.G.Registry.RawGetString(spaceKey).(*lua.LUserData); ok {
		return ud.Value.(*space)
	}
	s := &space{
		object:  metatable(L, map[string]lua.LGFunction{"__index": objectIndex, "__newindex": objectNewIndex, "__len": objectLen, "__tostring": viewToString}),
		array:   metatable(L, map[string]lua.LGFunction{"__index": arrayIndex, "__newindex": arrayNewIndex, "__len": arrayLen, "__tostring": viewToString}),
		integer: metatable(L, integerMethods()),
		marked:  metatable(L, nil),
	}
	null := metatable(L, map[string]lua.LGFunction{"__tostring": nullToString, "__index": nullIndex})
	s.null = &lua.LUserData{Value: nullValue{}, Env: L.Env, Metatable: null}
	L.G.Registry.RawSetString(spaceKey, &lua.LUserData{Value: s, Env: L.Env, Metatable: lua.LNil})
	return s
}

func metatable(L *lua.LState, methods map[string]lua.LGFunction) *lua.LTable {
	t := L.CreateTable(0, len(methods)+1)
	for name, f := range methods {
		t.RawSetString(name, L.NewFunction(f))
	}
	// Scripts can neither read nor change it.
	t.RawSetString("__metatable", lua.LFalse)
	return t
}

type nullValue struct{}

func nullToString(L *lua.LState) int {
	L.Push(lua.LString("null"))
	return 1
}

func nullIndex(L *lua.LState) int {
	L.RaiseError("attempt to index json.null (field '%s')", L.Get(2).String())
	return 0
}

// FromJSON makes the Lua value of valid JSON text. Objects and arrays are views
// on raw, which must not change while they live; null is lua.LNil. Text of 4
// GiB or more is not supported and reads as nil.
func FromJSON(L *lua.LState, raw []byte) lua.LValue {
	return decode(L.Env, spaceOf(L), nil, raw)
}

// AppendJSON appends the JSON text of v: views as they are (with their
// changes), tables as SCR-14 says, json.null and nil as null. Errors name the
// path of what cannot be written: also what would make the text longer than
// MaxText, or than the limit of the context of L.
func AppendJSON(L *lua.LState, dst []byte, v lua.LValue) ([]byte, error) {
	a := appender{L: L, space: spaceOf(L), limit: len(dst) + maxText(L)}
	out, err := a.value(dst, v)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// Null is json.null of L.
func Null(L *lua.LState) lua.LValue { return spaceOf(L).null }

// IsNull reports whether v is json.null.
func IsNull(v lua.LValue) bool {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return false
	}
	_, ok = ud.Value.(nullValue)
	return ok
}

// MarkArray marks t as an array, so that it is written as one even when it is
// empty (json.array). A metatable that t had is lost.
func MarkArray(L *lua.LState, t *lua.LTable) { t.Metatable = spaceOf(L).marked }

// IsMarkedArray reports whether t was marked by MarkArray.
func IsMarkedArray(L *lua.LState, t *lua.LTable) bool {
	return t.Metatable == lua.LValue(spaceOf(L).marked)
}

// IsObject reports whether v is a view on a JSON object.
func IsObject(v lua.LValue) bool { h := handleOf(v); return h != nil && !h.b.array }

// IsArray reports whether v is a view on a JSON array.
func IsArray(v lua.LValue) bool { h := handleOf(v); return h != nil && h.b.array }

// Changed reports whether v is a view that was written to, or one inside it.
func Changed(v lua.LValue) bool { h := handleOf(v); return h != nil && h.b.changed }

// NumberText is a number as JSON prints it, 100 and never 100.0; nan, inf and
// -inf where JSON has none.
func NumberText(n lua.LNumber) string {
	b, err := appendNumber(make([]byte, 0, 24), float64(n))
	if err != nil {
		switch f := float64(n); {
		case math.IsNaN(f):
			return "nan"
		case f < 0:
			return "-inf"
		}
		return "inf"
	}
	return string(b)
}

// Raw is the text under a view, without what was written to it; nil of other
// values.
func Raw(v lua.LValue) []byte {
	if h := handleOf(v); h != nil && !h.ended() {
		return h.b.raw
	}
	return nil
}
