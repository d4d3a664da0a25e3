package stdlib

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
)

func jsonModule() Module {
	return newModule("json", "JSON text to values and back, without loss of a digit or of the order of keys.",
		Function{
			Name: "decode", Params: "text: string", Returns: "any",
			Doc: "The value of JSON text. Objects and arrays read and write like tables and decode only what is asked for. " +
				"null is nil. Text that is no JSON is an error with line and column.",
			Example: `local user = json.decode('{"id": 9007199254740993, "tags": ["a", "b"], "closed_at": null}')
assert(tostring(user.id) == "9007199254740993")
assert(#user.tags == 2 and user.tags[1] == "a")
assert(user.closed_at == nil)`,
			run: jsonDecode,
		},
		Function{
			Name: "encode", Params: "value: any, options?: { indent?: integer|string }", Returns: "string",
			Doc: "The JSON text of a value. Tables with keys 1..n are arrays, other tables objects; json.array marks an empty array. " +
				"indent is a number of spaces (at most 16) or a text of spaces and tabs for each level; without it the text has one line. " +
				"A table with both kinds of keys, a cycle, a function, NaN, infinity or text that is no UTF-8 is an error with the path.",
			Example: `assert(json.encode({ 1, 2.5, "x" }) == '[1,2.5,"x"]')
assert(json.encode({ a = 1 }, { indent = 2 }) == '{\n  "a": 1\n}')`,
			run: jsonEncode,
		},
		Function{
			Name: "pretty", Params: "value: any", Returns: "string",
			Doc:     "The JSON text of a value over several lines, for people: json.encode with an indent of 2.",
			Example: `assert(json.pretty({ 1 }) == "[\n  1\n]")`,
			run:     func(c *call) int { return c.pushText(string(indented(c, c.json(1), "  "))) },
		},
		Function{
			Name: "null", Returns: "userdata", Value: true,
			Doc:     "JSON's null, for writing one: as a field of a table, in a config. Reading a null gives nil.",
			Example: `assert(json.encode({ parent = json.null }) == '{"parent":null}')`,
			value:   func(L *lua.LState) lua.LValue { return view.Null(L) },
		},
		Function{
			Name: "array", Params: "list?: table", Returns: "table",
			Doc:     "Marks a table as an array, so that it is one in JSON even when it is empty. Returns the table, or a new one.",
			Example: `assert(json.encode({ tags = json.array{} }) == '{"tags":[]}')`,
			run:     jsonArray,
		},
		Function{
			Name: "has", Params: "value: table, key: string|integer", Returns: "boolean",
			Doc: "Whether an object has a field, or an array an element. A field that is null is there, though it reads as nil.",
			Example: `local issue = json.decode('{"closed_at": null}')
assert(json.has(issue, "closed_at"))
assert(not json.has(issue, "closed"))`,
			run: jsonHas,
		},
		Function{
			Name: "copy", Params: "value: any", Returns: "any",
			Doc: "A copy of a value that does not change with it and outlives the hook call: keep that, not the record itself.",
			Example: `local record = json.decode('{"id": 1}')
local kept = json.copy(record)
record.id = 2
assert(kept.id == 1)`,
			run: jsonCopy,
		},
		Function{
			Name: "number", Params: "value: any", Returns: "number?",
			Doc: "A number to calculate with: of an integer beyond 2^53 the nearest one, of text the number that it spells, else nil.",
			Example: `local big = json.decode("9007199254740993")
assert(json.number(big) == 9007199254740992)
assert(json.number("12.5") == 12.5)
assert(json.number("x") == nil)`,
			run: jsonNumber,
		},
	)
}

func jsonDecode(c *call) int {
	raw := []byte(c.text(1))
	c.check(rawjson.Valid(raw))
	return c.pushJSON(bytes.TrimSpace(raw))
}

func jsonEncode(c *call) int {
	o := c.options(2, "indent")
	indent := ""
	switch v := o.get("indent").(type) {
	case *lua.LNilType:
	case lua.LNumber:
		if v != lua.LNumber(int(v)) || v < 0 || v > 16 {
			c.fail("%s: indent: expected a whole number from 0 to 16, got %s", o.where, numberText(float64(v)))
		}
		indent = strings.Repeat(" ", int(v))
	case lua.LString:
		indent = string(v)
		if len(indent) > 16 || strings.Trim(indent, " \t") != "" {
			c.fail("%s: indent: expected up to 16 spaces and tabs, got %q", o.where, indent)
		}
	default:
		o.failField("indent", "a number of spaces or text")
	}
	raw := c.json(1)
	if indent != "" {
		raw = indented(c, raw, indent)
	} else {
		raw = rawjson.AppendCompact(nil, raw)
	}
	return c.pushText(string(raw))
}

// indented is raw over several lines. The indents may be far longer than the
// text, so their length is counted first.
func indented(c *call, raw []byte, indent string) []byte {
	size, depth, quoted := len(raw), 0, false
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			depth++
			size += depth*len(indent) + 1
		case b == ',':
			size += depth*len(indent) + 1
		case b == '}' || b == ']':
			depth--
			size += depth*len(indent) + 1
		case b == ':':
			size++
		}
	}
	c.bound(size)
	var out bytes.Buffer
	c.check(json.Indent(&out, raw, "", indent))
	return out.Bytes()
}

func jsonArray(c *call) int {
	if c.missing(1) {
		t := c.L.NewTable()
		view.MarkArray(c.L, t)
		c.L.Push(t)
		return 1
	}
	t, ok := c.L.Get(1).(*lua.LTable)
	if !ok {
		c.failArgument(1, "a table made by the script")
	}
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		if _, ok := key.(lua.LNumber); !ok {
			c.fail("argument 1: expected keys 1, 2, 3 and so on, got %q", key.String())
		}
	}
	view.MarkArray(c.L, t)
	c.L.Push(t)
	return 1
}

func jsonHas(c *call) int {
	key := c.L.Get(2)
	index, isIndex := key.(lua.LNumber)
	name, isName := key.(lua.LString)
	if !isIndex && !isName {
		c.failArgument(2, "a field's name or an index")
	}
	if t, ok := isPlain(c.L, c.L.Get(1)); ok {
		return c.pushBool(t.RawGet(key) != lua.LNil)
	}
	if !isTable(c.L.Get(1)) {
		c.failArgument(1, "a table")
	}
	raw := c.json(1)
	if raw[0] == '{' {
		_, has := rawjson.Get(raw, string(name))
		return c.pushBool(isName && has)
	}
	n := 0
	c.check(rawjson.Elements(raw, func([]byte) bool { n++; return true }))
	return c.pushBool(isIndex && index >= 1 && int(index) <= n && index == lua.LNumber(int(index)))
}

func jsonCopy(c *call) int {
	switch v := c.L.Get(1).(type) {
	case lua.LString, lua.LNumber, lua.LBool, *lua.LNilType:
		c.L.Push(v)
		return 1
	}
	if v := c.L.Get(1); view.IsNull(v) {
		c.L.Push(v)
		return 1
	}
	return c.pushJSON(c.json(1))
}

func jsonNumber(c *call) int {
	s, ok := scalarText(c.L.Get(1))
	if _, isBool := c.L.Get(1).(lua.LBool); isBool {
		ok = false
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	// ParseFloat also takes "inf", "0x1p4" and "1_000", which JSON does not.
	if !ok || err != nil || !json.Valid([]byte(strings.TrimSpace(s))) {
		c.L.Push(lua.LNil)
		return 1
	}
	return c.pushNumber(f)
}
