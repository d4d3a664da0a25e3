package lua

import (
	"context"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/stdlib"
)

func TestIncomplete(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"f(": true, "{ a = 1,": true, "function f()": true, "1 +": true, "if a then": true, "x = [[ab": true, "local x =": true, "for": true,
		"'abc": false, "1": false, "return 1": false, "end": false, "x = 1": false, "f()": false, "": false,
	} {
		if got := Incomplete(code); got != want {
			t.Errorf("%q: %v, want %v", code, got, want)
		}
	}
}

// A tool runs code of its own in a script's world, under the same bounds.
func TestTool(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	module := stdlib.Module{Name: "probe", Open: func(L *lua.LState, _ *stdlib.Host) *lua.LTable {
		m := L.NewTable()
		m.RawSetString("n", lua.LNumber(41))
		return m
	}}
	s, err := Parse("t.lua", "count = require('probe').n + 1\nreturn count", Options{Modules: []stdlib.Module{module}})
	if err != nil {
		t.Fatal(err)
	}
	tool := s.Tool(hook.Env{})
	defer tool.Close()
	if v, err := tool.Run(ctx); err != nil || v != lua.LNumber(42) {
		t.Fatalf("%v, %v", v, err)
	}
	if v, err := tool.Eval(ctx, time.Second, "input", "count * 2"); err != nil || v != lua.LNumber(84) {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := tool.Eval(ctx, time.Second, "input", "count = 1"); err != nil || v != lua.LNil {
		t.Errorf("%v, %v", v, err)
	}
	_, err = tool.Eval(ctx, time.Second, "input", "count.x.y")
	wantError(t, err, "input:1: attempt to index a")
	_, err = tool.Eval(ctx, 20*time.Millisecond, "input", "(function() while true do end end)()")
	wantError(t, err, "this took longer than 20ms")
	_, err = tool.Eval(ctx, time.Second, "input", "if")
	wantError(t, err, "input:1: syntax error")
	f, err := tool.Eval(ctx, time.Second, "input", "function(a) return a + 1 end")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := tool.Call(ctx, time.Second, "it", f.(*lua.LFunction), lua.LNumber(1)); err != nil || v != lua.LNumber(2) {
		t.Errorf("%v, %v", v, err)
	}
}
