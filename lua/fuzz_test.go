package lua

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// Any value of a script becomes a node or an error with a place, and JSON that
// is valid or an error; nothing panics.
func FuzzAnyValue(f *testing.F) {
	for _, expr := range []string{
		"{}", "{ 1, 2, x = 3 }", "{ [1.5] = 1, [-1] = 2 }", "{ { { {} } } }", "'a\\255'", "0/0", "-1/0", "2^60", "nil", "print",
		"coroutine.create(print)", "setmetatable({}, { __index = function() return 1 end })", "setmetatable({}, { __tostring = print })",
		"{ [print] = 1 }", "{ [true] = 1 }", "{ 1, nil, 3 }", "('x'):rep(100)", "(function() local t = {} t.t = t return t end)()",
		"{ [1e300] = 1 }", "string", "_G", "{ n = -0.0 }", "{ ['a.b'] = { ['c\"d'] = print } }", "function(...) return ... end",
		"('%5.2f'):format(1)", "('x'):gsub('%f[x]', '%%')", "('[x]'):find('[]]')", "select('#', 1, 2)", "table.concat({ 1, 2 }, ',')",
		"('a'):match('(()a)')", "('a'):find('%')", "('a'):find('[')", "tonumber('0x')", "unpack({ 1, 2 })", "next({})", "{ ... }",
	} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		s, err := Parse("t.lua", "return { value = "+expr+" }", Options{MaxText: 1 << 16, MemoryGrowth: 32 << 20})
		if err != nil {
			if !strings.Contains(err.Error(), "t.lua") {
				t.Errorf("error without place: %v", err)
			}
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if _, err := s.Config(ctx, hook.Env{}); err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Message, "t.lua") {
				t.Errorf("error without place: %v", err)
			}
		}
		s, err = Parse("t.lua", hookScript("", "function(r) r.x = "+expr+"\nreturn r end"), Options{MaxText: 1 << 16, MemoryGrowth: 32 << 20})
		if err != nil {
			return
		}
		w, err := s.World(ctx, hook.Env{Resource: "things"})
		if err != nil {
			return
		}
		defer w.Close()
		out, err := w.Map(ctx, ref, []byte(`{"a":1,"x":2}`))
		if err != nil {
			if !strings.Contains(err.Error(), "processing_steps[1].map: ") {
				t.Errorf("error without path: %v", err)
			}
			return
		}
		if out != nil && rawjson.Valid(out) != nil {
			t.Errorf("%s became %q", expr, out)
		}
	})
}

// A view reads any JSON text as encoding/json does.
func FuzzView(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `{"a":[1,2,{"b":null}],"c":"x\u00e9\n"}`, ` [ 1 , "a" ] `, `{"a":1,"a":2}`, `1e5`, `"x"`, `{"":0}`, `[[[[]]]]`, `123456789012345678901234567890`} {
		f.Add(s)
	}
	w := world(f, mustParse(f, hookScript("", `function(r)
		local function copy(v)
			if type(v) ~= "table" then return v end
			local out, n = {}, 0
			for k, e in pairs(v) do out[k] = copy(e) n = n + 1 end
			return out
		end
		return { copy(r) }
	end`)), hook.Env{})
	f.Fuzz(func(t *testing.T, text string) {
		if rawjson.Valid([]byte(text)) != nil {
			return
		}
		out, err := w.Map(context.Background(), ref, []byte(text))
		if err != nil {
			return // nested too deeply, a list with null, an odd key
		}
		if !json.Valid(out) {
			t.Errorf("%s became %s", text, out)
		}
	})
}
