package lua

import "testing"

// SCR-10: constant field names mean the same in tables with metatables and in
// views, to read and to write.
func TestConstantKeys(t *testing.T) {
	t.Parallel()
	const before = `
		local inherits = setmetatable({ own = 1 }, { __index = { base = 2 } })
		local computed = setmetatable({}, {
			__index = function(_, k) return "no " .. k end,
			__newindex = function(t, k, v) rawset(t, k, v * 2) end,
		})`
	got, err := mapWith(t, before, `function(r)
		computed.twice = 4
		computed.twice = computed.twice + 1
		inherits.base, inherits.none = inherits.base + 1, nil
		r.a.b = r.a.b + 1
		r.list = { inherits.own, inherits.base, computed.twice, computed.other, rawget(inherits, "base") }
		r.gone = nil
		return r
	end`, `{"gone":0,"a":{"b":1,"c":1.50}}`)
	if want := `{"a":{"b":2,"c":1.50},"list":[1,3,9,"no other",3]}`; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	_, err = mapWith(t, "", `function(r) return r.a.b end`, `{}`)
	wantError(t, err, "t.lua:2", "'b'")
	_, err = mapWith(t, "", "function(r)\n r.a.b = 1 end", `{}`)
	wantError(t, err, "t.lua:3", "'b'")
}
