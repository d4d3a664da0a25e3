package lua

import (
	"context"
	"testing"

	"github.com/restlua/restlua/engine/hook"
)

// An assignment reads all values before it writes any: in the config, and in the
// worlds of hooks, which are compiled in another way.
func TestParallelAssignment(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		`local a, b = 1, 2 a, b = b, a assert(a == 2 and b == 1)`,
		`local x, y, z = 1, 2, 3 x, y, z = z, x, y assert(x == 3 and y == 1 and z == 2)`,
		`a, b = 1, 2 a, b = b, a assert(a == 2 and b == 1)`,
		`local page, cursor = { more = false, next = "y" }, 1 cursor, page = page.more and page.next, nil assert(cursor == false and page == nil)`,
		`local p, c = { next = "y" } p, c = 3, p.next assert(p == 3 and c == "y")`,
		`local i, t = 1, {} i, t[i] = i + 1, 20 assert(i == 2 and t[1] == 20 and t[2] == nil)`,
		`local t, k = { n = 1 }, "n" t, t[k], k = nil, 2, nil assert(t == nil and k == nil)`,
		`local function two() return 1, 2 end local a, b, c = 7, 8, 9 a, b, c = c, two() assert(a == 9 and b == 1 and c == 2)`,
		`local function two() return 1, 2 end local a, b = 7, 8 a, b = two(), a assert(a == 1 and b == 7)`,
		`local function all(...) local a, b, c = 0, 0, 0 a, b, c = ... return a, b, c end local a, b, c = all(1, 2) assert(a == 1 and b == 2 and c == nil)`,
		`local a a, a = 1, 2 assert(a == 1)`,
		`local a, b = 1 a, b = 5 assert(a == 5 and b == nil)`,
		`local n, a, b = 0, 1, 2 local function f() n = n + 1 return n end a, b = b, f(), f() assert(a == 2 and b == 1 and n == 2)`,
		`local function up() local a, b = 1, 2 local function swap() a, b = b, a end swap() return a, b end local a, b = up() assert(a == 2 and b == 1)`,
		`local s, n = 0, 3 while n > 0 do s, n = s + n, n - 1 end assert(s == 6 and n == 0)`,
		`local a, b = "x", "y" a, b = b .. a, a .. b assert(a == "yx" and b == "xy")`,
	} {
		s := mustParse(t, code+"\nreturn { client = { base_url = \"https://api.example.com/\" }, resources = {} }")
		if _, err := s.Config(context.Background(), hook.Env{}); err != nil {
			t.Errorf("config: %s: %v", code, err)
		}
		w, err := s.World(context.Background(), hook.Env{})
		if err != nil {
			t.Errorf("world: %s: %v", code, err)
			continue
		}
		w.Close()
	}
	// Lines of fields that are set so are known.
	s := mustParse(t, "local c, d = { client = {} }\nd,\n  c.client.base_urll = 1, \"https://api.example.com/\"\nc.resources = {}\nreturn c")
	n, err := s.Config(context.Background(), hook.Env{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range n.Get("client").Fields {
		if f.Name == "base_urll" && f.Pos.Line != 3 {
			t.Errorf("base_urll stands on line %d, want 3", f.Pos.Line)
		}
	}
}
