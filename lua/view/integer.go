package view

import (
	"math/big"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// exact is a number that a Lua number cannot hold: an integer beyond 2^53, or
// a number beyond the range of float64. It keeps its text (SCR-13).
type exact struct{ text string }

func newInteger(s *space, text string) lua.LValue {
	return &lua.LUserData{Value: &exact{text}, Metatable: s.integer}
}

// Integer returns the digits of v when it is an exact integer beyond 2^53.
func Integer(v lua.LValue) (digits string, ok bool) {
	if ud, isData := v.(*lua.LUserData); isData {
		if e, isExact := ud.Value.(*exact); isExact {
			return e.text, true
		}
	}
	return "", false
}

// value is the number itself; exponents are small enough to be written out,
// else it is compared as text.
func (e *exact) value() (*big.Rat, bool) {
	if i := strings.IndexAny(e.text, "eE"); i >= 0 && len(e.text)-i > 6 {
		return nil, false
	}
	return new(big.Rat).SetString(e.text)
}

func compareExact(a, b *exact) int {
	x, ok1 := a.value()
	y, ok2 := b.value()
	if ok1 && ok2 {
		return x.Cmp(y)
	}
	return strings.Compare(a.text, b.text)
}

func exactArg(L *lua.LState, n int) *exact {
	if ud, ok := L.Get(n).(*lua.LUserData); ok {
		if e, ok := ud.Value.(*exact); ok {
			return e
		}
	}
	L.RaiseError("attempt to compare an integer beyond 2^53 with %s", describe(L.Get(n)))
	return nil
}

func integerMethods() map[string]lua.LGFunction {
	compare := func(holds func(int) bool) lua.LGFunction {
		return func(L *lua.LState) int {
			L.Push(lua.LBool(holds(compareExact(exactArg(L, 1), exactArg(L, 2)))))
			return 1
		}
	}
	m := map[string]lua.LGFunction{
		"__eq": compare(func(c int) bool { return c == 0 }),
		"__lt": compare(func(c int) bool { return c < 0 }),
		"__le": compare(func(c int) bool { return c <= 0 }),
		"__tostring": func(L *lua.LState) int {
			L.Push(lua.LString(exactArg(L, 1).text))
			return 1
		},
		"__concat": func(L *lua.LState) int {
			a, ok1 := Text(L.Get(1))
			b, ok2 := Text(L.Get(2))
			if !ok1 || !ok2 {
				v := L.Get(1)
				if ok1 {
					v = L.Get(2)
				}
				L.RaiseError("attempt to concatenate %s", describe(v))
			}
			L.Push(lua.LString(a + b))
			return 1
		},
	}
	for _, op := range []string{"__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm"} {
		m[op] = integerArithmetic
	}
	return m
}

func integerArithmetic(L *lua.LState) int {
	e := ""
	for i := 1; i <= 2; i++ {
		if s, ok := Integer(L.Get(i)); ok {
			e = s
			break
		}
	}
	L.RaiseError("%s is beyond 2^53 and kept exactly; json.number(v) makes a rounded number of it", e)
	return 0
}

// Text returns the text of a string, a number or an exact integer, as
// concatenation and placeholders use it.
func Text(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return NumberText(v), true
	}
	return Integer(v)
}

// describe names the kind of a value for messages, as a reader of the script
// knows it.
func describe(v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LNilType:
		return "nil"
	case lua.LBool:
		return "a boolean"
	case lua.LNumber:
		return "a number"
	case lua.LString:
		return "a string"
	case *lua.LFunction:
		return "a function"
	case *lua.LTable:
		return "a table"
	case *lua.LUserData:
		switch v.Value.(type) {
		case *handle:
			return "a table"
		case *exact:
			return "an integer beyond 2^53"
		case nullValue:
			return "json.null"
		}
		return "a userdata"
	}
	return "a " + v.Type().String()
}

// Describe names the kind of a value for messages: "a string", "json.null".
func Describe(v lua.LValue) string { return describe(v) }
