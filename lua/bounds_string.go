package lua

import (
	"math"
	"math/rand"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/lua/view"
)

// bound raises the error of a text that would be too long, and charges the
// work of making it.
func (w *World) bound(L *lua.LState, what string, size int) {
	if limit := w.meter.options.MaxText; size > limit || size < 0 {
		L.RaiseError("%s: the text would be longer than %s", what, byteSize(limit))
	}
	w.meter.Charge(L, size/256)
}

// textArg returns argument n as text: a string, a number or an exact integer.
func textArg(L *lua.LState, n int) string {
	s, ok := view.Text(L.Get(n))
	if !ok {
		L.ArgError(n, "string expected, got "+view.TypeName(L.Get(n)))
	}
	return s
}

// openString replaces the functions of the library string that can run or
// allocate long by bounded ones (SCR-03), and makes all of them accept exact
// integers and numbers as JSON prints them.
func (w *World) openString() {
	t := w.L.GetGlobal("string").(*lua.LTable)
	for _, name := range []string{"dump", "gfind"} {
		t.RawSetString(name, lua.LNil)
	}
	for name, f := range map[string]lua.LGFunction{
		"rep": w.stringRep, "format": w.stringFormat, "gsub": w.stringGsub, "gmatch": w.stringGmatch,
		"find": w.stringFind, "match": w.stringMatch,
	} {
		t.RawSetString(name, w.L.NewFunction(f))
	}
	for name, f := range map[string]func(string) string{"upper": upper, "lower": lower, "reverse": reverse} {
		t.RawSetString(name, w.L.NewFunction(func(L *lua.LState) int {
			s := textArg(L, 1)
			w.bound(L, "string."+name, len(s))
			L.Push(lua.LString(f(s)))
			return 1
		}))
	}
	t.RawSetString("len", w.L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LNumber(len(textArg(L, 1))))
		return 1
	}))
	t.RawSetString("sub", w.L.NewFunction(stringSub))
	t.RawSetString("byte", w.L.NewFunction(stringByte))
}

// upper and lower change ASCII letters only, as Lua does in the C locale:
// strings are bytes.
func upper(s string) string {
	return mapBytes(s, 'a', 'z', 'A')
}

func lower(s string) string { return mapBytes(s, 'A', 'Z', 'a') }

func mapBytes(s string, from, to, first byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= from && c <= to {
			b[i] = c - from + first
		}
	}
	return string(b)
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// span turns Lua's inclusive indices, negative from the end, into a Go slice.
func span(n, from, to int) (int, int) {
	if from < 0 {
		from = max(n+from+1, 1)
	}
	from = max(from, 1)
	if to < 0 {
		to = n + to + 1
	}
	to = min(to, n)
	if from > to {
		return 0, 0
	}
	return from - 1, to
}

func stringSub(L *lua.LState) int {
	s := textArg(L, 1)
	from, to := span(len(s), L.CheckInt(2), L.OptInt(3, -1))
	L.Push(lua.LString(s[from:to]))
	return 1
}

// maxBytes is how many bytes string.byte gives at most.
const maxBytes = 8000

func stringByte(L *lua.LState) int {
	s := textArg(L, 1)
	first := L.OptInt(2, 1)
	from, to := span(len(s), first, L.OptInt(3, first))
	if to-from > maxBytes {
		L.RaiseError("string.byte: too many results (more than %d)", maxBytes)
	}
	for i := from; i < to; i++ {
		L.Push(lua.LNumber(s[i]))
	}
	return to - from
}

func (w *World) stringRep(L *lua.LState) int {
	s, n := textArg(L, 1), L.CheckNumber(2)
	if n < 1 || s == "" || math.IsNaN(float64(n)) {
		L.Push(lua.LString(""))
		return 1
	}
	if float64(n) > float64(w.meter.options.MaxText)/float64(len(s)) {
		w.bound(L, "string.rep", w.meter.options.MaxText+1)
	}
	w.bound(L, "string.rep", len(s)*int(n))
	L.Push(lua.LString(strings.Repeat(s, int(n))))
	return 1
}

// concat is what a .. b .. c calls in compiled scripts (rewrite.go).
func (w *World) concat(L *lua.LState) int {
	n := L.GetTop()
	var few [8]string
	parts := few[:0]
	size := 0
	for i := 1; i <= n; i++ {
		s, ok := view.Text(L.Get(i))
		if !ok {
			return w.concatValues(L, n)
		}
		size += len(s)
		parts = append(parts, s)
	}
	w.bound(L, "concatenation", size)
	L.Push(lua.LString(strings.Join(parts, "")))
	return 1
}

// concatValues concatenates from the right, with the __concat of operands that
// are no text.
func (w *World) concatValues(L *lua.LState, n int) int {
	right := L.Get(n)
	for i := n - 1; i >= 1; i-- {
		left := L.Get(i)
		a, ok1 := view.Text(left)
		b, ok2 := view.Text(right)
		if ok1 && ok2 {
			w.bound(L, "concatenation", len(a)+len(b))
			right = lua.LString(a + b)
			continue
		}
		f, ok := L.GetMetaField(left, "__concat").(*lua.LFunction)
		if !ok {
			f, ok = L.GetMetaField(right, "__concat").(*lua.LFunction)
		}
		if !ok {
			wrong := left
			if ok1 {
				wrong = right
			}
			L.RaiseError("attempt to concatenate %s", valueName(wrong))
		}
		L.Push(f)
		L.Push(left)
		L.Push(right)
		L.Call(2, 1)
		right = L.Get(-1)
		L.Pop(1)
	}
	L.Push(right)
	return 1
}

// valueName is "a nil value", "a table value": Lua's words for operands.
func valueName(v lua.LValue) string {
	if view.IsNull(v) {
		return "json.null"
	}
	return "a " + view.TypeName(v) + " value"
}

// numberText is a number as JSON prints it.
func numberText(n lua.LNumber) string { return view.NumberText(n) }

func byteSize(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return formatInt(int64(n>>20)) + " MiB"
	}
	return formatInt(int64(n)) + " bytes"
}

// openMath seeds math.random from the load, so that a load can be repeated
// (SCR-06).
func (w *World) openMath() {
	t := w.L.GetGlobal("math").(*lua.LTable)
	source := rand.New(rand.NewSource(w.env.LoadID + int64(w.env.Worker)<<32))
	t.RawSetString("randomseed", w.L.NewFunction(func(L *lua.LState) int {
		source.Seed(int64(L.CheckNumber(1)))
		return 0
	}))
	t.RawSetString("random", w.L.NewFunction(func(L *lua.LState) int {
		low, high := 1.0, 0.0
		switch L.GetTop() {
		case 0:
			L.Push(lua.LNumber(source.Float64()))
			return 1
		case 1:
			high = math.Floor(float64(L.CheckNumber(1)))
		default:
			low, high = math.Floor(float64(L.CheckNumber(1))), math.Floor(float64(L.CheckNumber(2)))
		}
		if !(low <= high) || high-low >= 1<<53 {
			L.RaiseError("math.random: the interval is empty or too large")
		}
		L.Push(lua.LNumber(low + float64(source.Int63n(int64(high-low)+1))))
		return 1
	}))
}
