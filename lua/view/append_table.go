package view

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// Shape is how a plain table is written (SCR-14).
type Shape uint8

// The shapes of a table.
const (
	Empty  Shape = iota // {}: an object
	List                // keys 1..n
	Object              // other keys
	Mixed               // both: cannot be written
)

// ShapeOf returns the shape of t and, of a list, its length.
func ShapeOf(t *lua.LTable) (Shape, int) {
	numbers, names := 0, 0
	greatest := 0
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		n, ok := k.(lua.LNumber)
		if !ok {
			names++
			continue
		}
		numbers++
		if i := int(n); lua.LNumber(i) != n || i < 1 {
			greatest = -1
		} else if greatest >= 0 && i > greatest {
			greatest = i
		}
	}
	switch {
	case numbers == 0 && names == 0:
		return Empty, 0
	case numbers > 0 && names > 0:
		return Mixed, 0
	case numbers > 0 && greatest == numbers:
		return List, numbers
	}
	return Object, 0
}

// errMixed is the message of a table with both kinds of keys.
const errMixed = "a table with both list elements and named fields cannot be written as JSON"

func (a *appender) table(dst []byte, t *lua.LTable) ([]byte, error) {
	shape, n := ShapeOf(t)
	if t.Metatable == lua.LValue(a.space.marked) {
		// A list that was marked may have holes; they are null.
		if shape == Object || shape == List {
			if m := t.MaxN(); m > 0 && onlyIndices(t, m) {
				shape, n = List, m
			}
		}
		if shape == Empty {
			return append(dst, '[', ']'), nil
		}
	}
	switch shape {
	case Mixed:
		return dst, &Error{Msg: errMixed}
	case List:
		dst = append(dst, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = a.value(dst, t.RawGetInt(i)); err != nil {
				return dst, under(index(i), err)
			}
		}
		return append(dst, ']'), nil
	}
	dst = append(dst, '{')
	first := true
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		key, ok := KeyText(k)
		if !ok {
			return dst, &Error{Msg: "a table whose key is " + describe(k) + " cannot be written as JSON"}
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var err error
		if dst, err = a.member(dst, key, v); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func onlyIndices(t *lua.LTable, n int) bool {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if i, ok := k.(lua.LNumber); !ok || i != lua.LNumber(int(i)) || i < 1 || int(i) > n {
			return false
		}
	}
	return true
}

// KeyText returns the text of a key of an object: a string, or a number as
// JSON prints it.
func KeyText(k lua.LValue) (string, bool) {
	switch k := k.(type) {
	case lua.LString:
		return string(k), true
	case lua.LNumber:
		if b, err := appendNumber(nil, float64(k)); err == nil {
			return string(b), true
		}
		return strconv.FormatFloat(float64(k), 'g', -1, 64), true
	}
	return Integer(k)
}
