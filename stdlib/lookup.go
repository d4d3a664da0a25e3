package stdlib

import (
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
)

// lookup is secrets.get and config.get (OPR-63).
func lookup(c *call, find hook.Lookup) int {
	path := c.text(1)
	if path == "" || slices.Contains(strings.Split(path, "."), "") {
		c.fail("argument 1: expected a name like \"github.token\", got %q", path)
	}
	var value any
	var ok bool
	var places []string
	if find != nil {
		var err error
		value, ok, places, err = find(path)
		c.check(err)
	}
	switch {
	case ok:
		c.L.Push(plainValue(c.L, value))
	case c.L.GetTop() >= 2: // a default of nil is one, too
		c.L.Push(c.L.Get(2))
	case len(places) == 0:
		c.fail("%q is not set, and there is no place to look for it", path)
	default:
		c.fail("%q is not set; looked in: %s", path, strings.Join(places, ", "))
	}
	if c.Gave != nil {
		c.Gave(c.L.Get(-1))
	}
	return 1
}

// plainValue makes tables of what a Lookup gives. Integers beyond 2^53 stay
// exact.
func plainValue(L *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case int64:
		return view.FromJSON(L, strconv.AppendInt(nil, v, 10))
	case []any:
		t := L.CreateTable(len(v), 0)
		for _, element := range v {
			t.Append(orNull(L, plainValue(L, element)))
		}
		view.MarkArray(L, t)
		return t
	case map[string]any:
		t := L.CreateTable(0, len(v))
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			t.RawSetString(key, plainValue(L, v[key]))
		}
		return t
	default:
		return lua.LNil
	}
}

// orNull keeps a list's places where an element is null.
func orNull(L *lua.LState, v lua.LValue) lua.LValue {
	if v == lua.LNil {
		return view.Null(L)
	}
	return v
}
