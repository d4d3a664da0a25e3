package view

import (
	"bytes"
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
		return text(raw)
	case 't':
		return lua.LTrue
	case 'f':
		return lua.LFalse
	case 'n':
		return lua.LNil
	}
	return number(s, raw)
}

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

// number makes a Lua number where it keeps the value, else an exact integer.
func number(s *space, raw []byte) lua.LValue {
	if n, ok := smallInt(raw); ok {
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
