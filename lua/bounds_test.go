package lua

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/hook"
)

// SCR-03: what would run or grow without end, ends in an error that names hook
// and limit; pcall in the script does not outlive a limit of the call.
func TestBounds(t *testing.T) {
	t.Parallel()
	options := Options{MaxText: 1 << 20, MemoryGrowth: 32 << 20, CallDepth: 300, PatternSteps: 200_000}
	tests := []struct{ name, fn, want string }{
		{"loop", `function() while true do end end`, "took longer than 300ms"},
		{"loop in pcall", `function() while true do pcall(function() while true do end end) end end`, "took longer than 300ms"},
		{"loop in a coroutine", `function() coroutine.wrap(function() while true do end end)() end`, "took longer than 300ms"},
		{"loop in a resumed coroutine", `function() coroutine.resume(coroutine.create(function() while true do end end)) while true do end end`, "took longer than 300ms"},
		{"loop in a comparison", `function() table.sort({ 3, 2, 1 }, function() while true do end end) end`, "took longer than 300ms"},
		{"loop in gsub", `function() string.gsub("a", "a", function() while true do end end) end`, "took longer than 300ms"},
		{"loop in a metamethod", `function() local t = setmetatable({}, { __index = function() while true do end end }) return t.x end`, "took longer than 300ms"},
		{"loop of long texts", `function() local s = ("x"):rep(2^20) while true do local _ = s:upper() == s:lower() end end`, "took longer than 300ms"},
		{"recursion", `function() local function f() return 1 + f() end return f() end`, "nested too deeply"},
		{"recursion through pcall", `function() local function f() local ok, e = pcall(f) error(e, 0) end return f() end`, "nested too deeply"},
		{"recursion through tostring", `function() local t = {} setmetatable(t, { __tostring = function() return tostring(t) end }) return tostring(t) end`, "nested too deeply"},
		{"rep", `function() return ("x"):rep(1e9) end`, "string.rep: the text would be longer than 1 MiB"},
		{"rep of much", `function() return ("x"):rep(1e300) end`, "string.rep: the text would be longer than 1 MiB"},
		{"rep of rep", `function() return ("x"):rep(1e5):rep(1e5) end`, "string.rep: the text would be longer than 1 MiB"},
		{"doubling", `function() local s = "x" while true do s = s .. s end end`, "concatenation: the text would be longer than 1 MiB"},
		{"concatenation of many", `function() local s = ("x"):rep(2^19) return s .. s .. s .. s end`, "concatenation: the text would be longer than 1 MiB"},
		{"table.concat", `function() local t = {} for i = 1, 100 do t[i] = ("x"):rep(2^15) end return table.concat(t) end`, "table.concat: the text would be longer than 1048576 bytes"},
		{"table.concat with separator", `function() return table.concat({ 1, 2, 3 }, ("x"):rep(2^20)) end`, "table.concat: the text would be longer"},
		{"format", `function() local s = ("x"):rep(2^19) return ("%s%s%s"):format(s, s, s) end`, "string.format: the text would be longer than 1 MiB"},
		{"format width", `function() return ("%999999999d"):format(1) end`, "string.format: "},
		{"gsub", `function() return ("x"):rep(2^15):gsub("x", ("y"):rep(1000)) end`, "string.gsub: the text would be longer than 1 MiB"},
		{"gsub with captures", `function() return ("x"):rep(2^12):gsub("(x)", ("%1"):rep(1000)) end`, "string.gsub: the text would be longer than 1 MiB"},
		{"pattern bomb in find", `function() return ("a"):rep(60):find(("a*"):rep(30) .. "b") end`, "string.find: the pattern took more than 200000 steps on a text of 60 bytes"},
		{"pattern bomb in match", `function() return ("a"):rep(60):match(("a-"):rep(30) .. "b") end`, "string.match: the pattern took more than"},
		{"pattern bomb in gsub", `function() return ("a"):rep(60):gsub(("a?"):rep(60) .. ("a"):rep(60) .. "b", "") end`, "string.gsub: the pattern took more than"},
		{"pattern bomb in gmatch", `function() for _ in ("a"):rep(60):gmatch(("a*"):rep(30) .. "b") do end end`, "string.gmatch: the pattern took more than"},
		{"unpack", `function() return unpack({}, 1, 1e8) end`, "unpack: too many values"},
		{"string.byte", `function() return ("x"):rep(2^20):byte(1, -1) end`, "string.byte: too many results"},
		{"growing table", `function() local t = {} while true do t[#t + 1] = { 1, 2, 3, 4, 5, 6, 7, 8 } end end`, "needed more than 32 MiB of memory"},
		{"growing list of texts", `function() local t = {} while true do t[#t + 1] = ("x"):rep(2^19) end end`, "needed more than 32 MiB of memory"},
		{"coroutines", `function() local t = {} while true do t[#t + 1] = coroutine.create(function() end) end end`, "needed more than 32 MiB of memory"},
		{"coroutines in coroutines", `function() local function f() coroutine.wrap(f)() end f() end`, "needed more than 32 MiB of memory"},
		{"growing closure", `function() local f while true do local g = f f = function() return g end end end`, "needed more than 32 MiB of memory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse("t.lua", hookScript("", tt.fn), options)
			if err != nil {
				t.Fatal(err)
			}
			timeout := 300 * time.Millisecond
			if len(tt.want) < 13 || tt.want[:13] != "took longer t" {
				timeout = 20 * time.Second
			}
			w := world(t, s, hook.Env{HookTimeout: timeout})
			_, err = w.Map(context.Background(), ref, []byte(`{}`))
			wantError(t, err, tt.want, "processing_steps[1].map: t.lua:2:")
		})
	}
}

// SCR-03: the world works on after a call that was stopped.
func TestBoundsRecover(t *testing.T) {
	t.Parallel()
	w := world(t, mustParse(t, hookScript("", `function(r) while r.loop do end return r end`)), hook.Env{HookTimeout: 20 * time.Millisecond})
	if _, err := w.Map(context.Background(), ref, []byte(`{"loop":true}`)); err == nil {
		t.Fatal("no error of an endless loop")
	}
	if got, err := w.Map(context.Background(), ref, []byte(`{"loop":false}`)); err != nil || string(got) != `{"loop":false}` {
		t.Fatalf("got %s, %v", got, err)
	}
}

// SCR-03: the evaluation of a script is bounded as well.
func TestBoundsOfEvaluation(t *testing.T) {
	t.Parallel()
	s, err := Parse("t.lua", "local x = 1\nwhile true do end", Options{EvalTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Config(context.Background(), hook.Env{})
	wantError(t, err, "t.lua:2: the evaluation of the script took longer than 20ms")
	_, err = s.World(context.Background(), hook.Env{})
	wantError(t, err, "t.lua:2: ")
}

// A cancelled load stops its hooks, and its error can be told apart.
func TestCancel(t *testing.T) {
	t.Parallel()
	w := world(t, mustParse(t, hookScript("", `function() while true do end end`)), hook.Env{HookTimeout: time.Hour})
	cause := errors.New("the load was stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	_, err := w.Map(ctx, ref, []byte(`{}`))
	if !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
}

// A script may be long, but not nested without end.
func TestNesting(t *testing.T) {
	t.Parallel()
	deep := func(open, middle, end string) string {
		s := ""
		for range 400 {
			s += open
		}
		s += middle
		for range 400 {
			s += end
		}
		return s
	}
	for _, text := range []string{"return " + deep("{", "", "}"), "return " + deep("- ", "1", ""), deep("do ", "", " end")} {
		_, err := Parse("t.lua", text, Options{})
		wantError(t, err, "t.lua:1: nested deeper than 250")
	}
	if _, err := Parse("t.lua", "return 'a'"+deep(" .. 'b'", "", " .. 'c'"), Options{}); err != nil {
		t.Error(err)
	}
}
