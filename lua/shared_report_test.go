package lua

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/restlua/restlua/engine/hook"
)

// SCR-04: what a hook writes concerns its own resource; what cannot be told
// apart concerns all of them.
func TestSharesState(t *testing.T) {
	t.Parallel()
	const head = "local n = 0\nlocal lib = nil\n"
	for _, c := range []struct {
		name, script  string
		first, second bool
	}{
		{"nothing", `return { resources = { { map = function(r) local m = n return m end }, {} } }`, false, false},
		{"one resource", "return { resources = { {}, {\n rows = function() n = n + 1 end } } }", false, true},
		{"a global in the first of many", "return { resources = { {\n map = function() g = 1 end }, {}, {}, {}, {}, {}, {}, {}, {}, {} } }", true, false},
		{"of the client", `return { client = { auth = function() n = n + 1 end }, resources = { {}, {} } }`, true, true},
		{"of the defaults", `return { resource_defaults = { map = function() n = 1 end }, resources = { {}, {} } }`, true, true},
		{"at the end", `return { on_finish = function() n = 1 end, resources = { {}, {} } }`, false, false},
		{"one function for both", "local function f() n = n + 1 end\nreturn { resources = { { map = f }, { map = f } } }", true, true},
		{"in a table that is no config", "local t = { f = function() n = n + 1 end }\nreturn { resources = { { map = function(r) t.f() end }, {} } }", true, true},
		{"in a module", `lib = require("lib") return { resources = { { map = function(r) lib.count() end }, {} } }`, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{"lib.lua": {Data: []byte("local M, n = {}, 0\nfunction M.count() n = n + 1 end\nreturn M")}}
			s, err := Parse("t.lua", head+c.script, Options{FS: files})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Config(context.Background(), hook.Env{}); err != nil {
				t.Fatal(err)
			}
			if got := s.SharesState("resources[1]"); got != c.first {
				t.Errorf("first resource: %v, want %v", got, c.first)
			}
			if got := s.SharesState("resources[2]"); got != c.second {
				t.Errorf("second resource: %v, want %v", got, c.second)
			}
		})
	}
}
