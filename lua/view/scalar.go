package view

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
)

// maxExact is the greatest integer up to which every integer is a Lua number
// of its own (SCR-13).
const maxExact = 1 << 53

// scalar makes the Lua value of the text of a string, number or word.
func scalar(s *space, raw []byte) lua.LValue {
	switch raw[0] {
	case '"':
		return s.texts.text(raw)
	case 't':
		return lua.LTrue
	case 'f':
		return lua.LFalse
	case 'n':
		return lua.LNil
	}
	return number(s, raw)
}

// text makes a Lua string of the text of one.
func text(raw []byte) lua.LValue {
	if len(raw) >= 2 && bytes.IndexByte(raw, '\\') < 0 {
		return lua.LString(raw[1 : len(raw)-1])
	}
	t, err := rawjson.Unquote(raw)
	if err != nil {
		return lua.LNil
	}
	return lua.LString(t)
}

// texts remembers short strings that were read, as states, types and names come
// again and again: a Lua string costs two allocations.
type texts [256]struct {
	raw   string // with quotes
	value lua.LValue
}

// maxRemembered is how long a string is at most to be remembered, with quotes.
const maxRemembered = 24

func (t *texts) text(raw []byte) lua.LValue {
	var h uint64
	switch n := len(raw); {
	case n > maxRemembered:
		return text(raw)
	case n >= 8:
		h = binary.LittleEndian.Uint64(raw) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(raw[n-8:]), 29)
	case n >= 4:
		h = uint64(binary.LittleEndian.Uint32(raw))<<32 | uint64(binary.LittleEndian.Uint32(raw[n-4:]))
	default:
		h = uint64(raw[0])<<8 | uint64(raw[n/2])
	}
	e := &t[h*0x9e3779b97f4a7c15>>56]
	if e.raw != string(raw) {
		e.raw, e.value = string(raw), text(raw)
	}
	return e.value
}

// smallNumbers are the integers that are so common that each has a value ready.
var smallNumbers = func() (list [256]lua.LValue) {
	for i := range list {
		list[i] = lua.LNumber(i)
	}
	return list
}()

// number makes a Lua number where it keeps the value, else an exact integer.
func number(s *space, raw []byte) lua.LValue {
	if n, ok := smallInt(raw); ok {
		if n >= 0 && n < int64(len(smallNumbers)) && raw[0] != '-' {
			return smallNumbers[n]
		}
		return lua.LNumber(n)
	}
	integer := !bytes.ContainsAny(raw, ".eE")
	if integer {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err == nil && n >= -maxExact && n <= maxExact {
			return lua.LNumber(n)
		}
		return newInteger(s, string(raw))
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		// Greater than a float64 can be: the text is all there is.
		return newInteger(s, string(raw))
	}
	return lua.LNumber(f)
}

// smallInt reads integers of up to 15 digits.
func smallInt(raw []byte) (int64, bool) {
	digits := raw
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(raw) {
		n = -n
	}
	return n, true
}
