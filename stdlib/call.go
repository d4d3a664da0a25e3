package stdlib

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
)

// maxText bounds every text that a function makes, in bytes (SCR-03).
const maxText = 64 << 20

// world is what one module keeps in one world of a script.
type world struct {
	*Host
	patterns patternCache
	random   randomSource
}

// call is one call of a module's function: its arguments and results, and its
// name for messages. Its methods that check raise a Lua error.
type call struct {
	*world
	L    *lua.LState
	name string // "json.decode"
}

// fail raises an error that starts with the function's name.
func (c *call) fail(format string, args ...any) {
	c.L.RaiseError("%s: %s", c.name, fmt.Sprintf(format, args...))
}

// failArgument raises an error about argument n, counted from 1.
func (c *call) failArgument(n int, expected string) {
	c.fail("argument %d: expected %s, got %s", n, expected, kind(c.L.Get(n)))
}

// check raises an error if err is one.
func (c *call) check(err error) {
	if err != nil {
		c.fail("%s", strings.TrimPrefix(err.Error(), c.name+": "))
	}
}

// spend counts work: steps of about one instruction of the VM, or 256 bytes of
// text. It raises an error if the call at hand was cancelled or passed a limit
// of time or memory; loops over long texts call it now and then.
func (c *call) spend(steps int) {
	if meter, ok := c.L.Context().(view.Meter); ok {
		meter.Charge(c.L, steps)
	}
	if err := c.context().Err(); err != nil {
		c.fail("interrupted: %v", err)
	}
}

// bound raises an error if a result of n bytes is too long.
func (c *call) bound(n int) {
	if n > maxText {
		c.fail("the result is longer than %d MiB", maxText>>20)
	}
}

// missing reports whether argument n was left out or is nil.
func (c *call) missing(n int) bool { return c.L.Get(n) == lua.LNil }

// text is argument n, which must be text; numbers are not taken for text.
func (c *call) text(n int) string {
	s, ok := c.L.Get(n).(lua.LString)
	if !ok {
		c.failArgument(n, "text")
	}
	return string(s)
}

func (c *call) optText(n int, otherwise string) string {
	if c.missing(n) {
		return otherwise
	}
	return c.text(n)
}

// scalar is argument n as text, where a number or boolean may stand for it.
func (c *call) scalar(n int) string {
	s, ok := scalarText(c.L.Get(n))
	if !ok {
		c.failArgument(n, "text or a number")
	}
	return s
}

// integer is argument n, which must be a whole number from lowest to highest.
func (c *call) integer(n, lowest, highest int) int {
	v, ok := c.L.Get(n).(lua.LNumber)
	f := float64(v)
	if !ok {
		c.failArgument(n, "a number")
	}
	if f != math.Trunc(f) || f < float64(lowest) || f > float64(highest) {
		c.fail("argument %d: expected a whole number from %d to %d, got %s", n, lowest, highest, numberText(f))
	}
	return int(f)
}

func (c *call) optInteger(n, lowest, highest, otherwise int) int {
	if c.missing(n) {
		return otherwise
	}
	return c.integer(n, lowest, highest)
}

// json is the JSON text of argument n, whatever it is.
func (c *call) json(n int) []byte {
	raw, err := view.AppendJSON(c.L, nil, c.L.Get(n))
	if err != nil {
		c.fail("argument %d: %v", n, err)
	}
	c.bound(len(raw))
	return raw
}

// pushText is the result s.
func (c *call) pushText(s string) int {
	c.bound(len(s))
	c.spend(len(s) >> 8)
	c.L.Push(lua.LString(s))
	return 1
}

func (c *call) pushBool(b bool) int {
	c.L.Push(lua.LBool(b))
	return 1
}

func (c *call) pushNumber(f float64) int {
	c.L.Push(lua.LNumber(f))
	return 1
}

// pushJSON is the value of the valid JSON text raw, which is given away.
func (c *call) pushJSON(raw []byte) int {
	c.bound(len(raw))
	c.spend(len(raw) >> 8)
	c.L.Push(view.FromJSON(c.L, raw))
	return 1
}

// list makes a table of texts.
func (c *call) list(texts []string) *lua.LTable {
	t := c.L.CreateTable(len(texts), 0)
	for _, s := range texts {
		t.Append(lua.LString(s))
	}
	return t
}

// fields is a table or view argument that is read field by field.
type fields struct {
	c     *call
	where string // "argument 2"
	v     lua.LValue
}

// options is argument n, a table that may have the fields known and no others;
// a missing argument has no fields.
func (c *call) options(n int, known ...string) fields {
	if c.missing(n) {
		return fields{c: c, where: "argument " + strconv.Itoa(n), v: lua.LNil}
	}
	return c.table(n, known...)
}

// table is argument n, a table that must be there and may have the fields known
// and no others.
func (c *call) table(n int, known ...string) fields {
	f := fields{c: c, where: "argument " + strconv.Itoa(n), v: c.L.Get(n)}
	if !isTable(f.v) {
		c.failArgument(n, "a table")
	}
	each(c.L, f.v, func(key, _ lua.LValue) {
		name, ok := key.(lua.LString)
		for _, k := range known {
			if ok && string(name) == k {
				return
			}
		}
		c.fail("%s: unknown field %q (it may have: %s)", f.where, key.String(), strings.Join(known, ", "))
	})
	return f
}

// get is the field called name; lua.LNil where there is none.
func (f fields) get(name string) lua.LValue {
	if f.v == lua.LNil {
		return lua.LNil
	}
	return f.c.L.GetField(f.v, name)
}

func (f fields) has(name string) bool { return f.get(name) != lua.LNil }

func (f fields) failField(name, expected string) {
	f.c.fail("%s: %s: expected %s, got %s", f.where, name, expected, kind(f.get(name)))
}

// text is the field called name, which must be text; otherwise where it is
// missing.
func (f fields) text(name, otherwise string) string {
	v := f.get(name)
	if v == lua.LNil {
		return otherwise
	}
	s, ok := v.(lua.LString)
	if !ok {
		f.failField(name, "text")
	}
	return string(s)
}

// needText is the field called name, which must be there and not empty.
func (f fields) needText(name string) string {
	s := f.text(name, "")
	if s == "" {
		f.failField(name, "text")
	}
	return s
}

// json is the JSON text of the field called name.
func (f fields) json(name string) []byte {
	raw, err := view.AppendJSON(f.c.L, nil, f.get(name))
	if err != nil {
		f.c.fail("%s: %s: %v", f.where, name, err)
	}
	f.c.bound(len(raw))
	return raw
}

// isTable reports whether v is a table or a view of an object or array.
func isTable(v lua.LValue) bool {
	_, ok := v.(*lua.LTable)
	return ok || view.IsObject(v) || view.IsArray(v)
}

// isPlain reports whether v is a table that reads its own fields only.
func isPlain(L *lua.LState, v lua.LValue) (t *lua.LTable, ok bool) {
	t, ok = v.(*lua.LTable)
	return t, ok && (t.Metatable == lua.LNil || view.IsMarkedArray(L, t))
}

// kind names what v is, for messages.
func kind(v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LNilType:
		return "nothing"
	case lua.LBool:
		return "a boolean"
	case lua.LNumber:
		return "a number"
	case lua.LString:
		return "text"
	case *lua.LFunction:
		return "a function"
	case *lua.LUserData:
		switch v.Value.(type) {
		case time.Time:
			return "a time"
		case *response:
			return "a response"
		}
	}
	if _, ok := view.Integer(v); ok {
		return "an integer beyond 2^53"
	}
	switch {
	case isTable(v):
		return "a table"
	case view.IsNull(v):
		return "json.null"
	default:
		return "a " + v.Type().String()
	}
}

// scalarText is v as it stands in a query or a form: text as it is, numbers
// with all their digits.
func scalarText(v lua.LValue) (s string, ok bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LBool:
		return strconv.FormatBool(bool(v)), true
	case lua.LNumber:
		return numberText(float64(v)), true
	case *lua.LUserData:
		if t, ok := v.Value.(time.Time); ok {
			return isoText(t), true
		}
	}
	return view.Integer(v)
}

// numberText writes a number as JSON does: whole ones without point or
// exponent up to 2^63.
func numberText(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// each calls yield for every field of v, a table in the order in which its
// fields were set or a view in the order of the document.
func each(L *lua.LState, v lua.LValue, yield func(key, value lua.LValue)) {
	if t, ok := isPlain(L, v); ok {
		for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
			yield(key, value)
		}
		return
	}
	raw, err := view.AppendJSON(L, nil, v)
	if err != nil || len(raw) == 0 {
		return
	}
	if raw[0] == '[' {
		n := 0
		_ = rawjson.Elements(raw, func(value []byte) bool {
			n++
			yield(lua.LNumber(n), view.FromJSON(L, value))
			return true
		})
		return
	}
	_ = rawjson.Fields(raw, func(rawKey, value []byte) bool {
		key, err := rawjson.Unquote(rawKey)
		if err == nil {
			yield(lua.LString(key), view.FromJSON(L, value))
		}
		return true
	})
}
