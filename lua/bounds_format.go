package lua

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/lua/view"
)

// stringFormat is string.format with the verbs of Lua 5.1: c d i o u x X e E f
// g G q s and %%. Width and precision have up to two digits.
func (w *World) stringFormat(L *lua.LState) int {
	format := textArg(L, 1)
	var out []byte
	arg := 1
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			out = append(out, c)
			continue
		}
		spec := i
		i++
		if i < len(format) && format[i] == '%' {
			out = append(out, '%')
			continue
		}
		for i < len(format) && strings.IndexByte("-+ #0", format[i]) >= 0 {
			i++
		}
		digits := func() {
			for n := 0; n < 2 && i < len(format) && format[i] >= '0' && format[i] <= '9'; n++ {
				i++
			}
		}
		digits()
		if i < len(format) && format[i] == '.' {
			i++
			digits()
		}
		if i >= len(format) || i-spec > 10 {
			L.RaiseError("string.format: %q is no format", format[spec:])
		}
		arg++
		if arg > L.GetTop() {
			L.RaiseError("string.format: there is no value for %q", format[spec:i+1])
		}
		out = appendFormat(L, out, format[spec:i], format[i], arg)
		w.bound(L, "string.format", len(out))
	}
	w.bound(L, "string.format", len(out))
	L.Push(lua.LString(out))
	return 1
}

// appendFormat appends argument arg; flags begin with % and have no verb.
func appendFormat(L *lua.LState, out []byte, flags string, verb byte, arg int) []byte {
	v := L.Get(arg)
	switch verb {
	case 's':
		s, ok := view.Text(v)
		if !ok {
			s = L.ToStringMeta(v).String()
		}
		if flags == "%" {
			return append(out, s...)
		}
		return fmt.Appendf(out, flags+"s", s)
	case 'q':
		s := textArg(L, arg)
		return appendQuotedLua(out, s)
	case 'c':
		return append(out, byte(int(number(L, arg))))
	case 'd', 'i', 'u', 'o', 'x', 'X':
		if digits, ok := view.Integer(v); ok && (verb == 'd' || verb == 'i' || verb == 'u') {
			return fmt.Appendf(out, strings.ReplaceAll(flags, "0", "")+"s", digits)
		}
		n := number(L, arg)
		if math.IsNaN(n) || math.IsInf(n, 0) {
			L.ArgError(arg, "number has no integer representation")
		}
		if verb == 'i' || verb == 'u' {
			verb = 'd'
		}
		return fmt.Appendf(out, flags+string(verb), int64(n))
	case 'e', 'E', 'f', 'g', 'G':
		return fmt.Appendf(out, precise(flags)+string(verb), number(L, arg))
	}
	L.RaiseError("string.format: unknown verb %q", "%"+string(verb))
	return out
}

// precise adds the precision that C has where none is given.
func precise(flags string) string {
	if strings.Contains(flags, ".") {
		return flags
	}
	return flags + ".6"
}

func number(L *lua.LState, arg int) float64 {
	switch v := L.Get(arg).(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		if n, err := strconv.ParseFloat(strings.TrimSpace(string(v)), 64); err == nil {
			return n
		}
	}
	L.ArgError(arg, "number expected, got "+view.TypeName(L.Get(arg)))
	return 0
}

func appendQuotedLua(out []byte, s string) []byte {
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
