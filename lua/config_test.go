package lua

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// dump writes a node as path=value@line of key/line of value, in order.
func dump(path string, f config.Field, out *[]string) {
	n := f.Value
	text := n.Text
	switch n.Kind {
	case config.KindNull:
		text = "null"
	case config.KindBool:
		text = fmt.Sprint(n.Bool)
	case config.KindFunc:
		text = "function"
	case config.KindList:
		text = "list"
	case config.KindTable:
		text = "table"
		if n.EmptyTable {
			text = "{}"
		}
	}
	*out = append(*out, fmt.Sprintf("%s=%s@%d/%d", path, text, f.Pos.Line, n.Pos.Line))
	for i, e := range n.List {
		dump(fmt.Sprintf("%s[%d]", path, i+1), config.Field{Value: e, Pos: e.Pos}, out)
	}
	for _, g := range n.Fields {
		dump(strings.TrimPrefix(path+"."+g.Name, "."), g, out)
	}
}

func dumped(n *config.Node) []string {
	var out []string
	dump("", config.Field{Value: n, Pos: n.Pos}, &out)
	return out[1:]
}

// SCR-30, LUA-01, LUA-02: values, their order and their lines, through locals,
// calls, loops and assignments.
func TestConfig(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"LUA-01 kinds", `return {
  name = "x",
  on = true,
  n = 100,
  half = 1.5,
  list = { "a",
    "b" },
  empty = {},
  fn = function()
  end,
}`, `name=x@2/2 on=true@3/3 n=100@4/4 half=1.5@5/5 list=list@6/6 list[1]=a@6/6 list[2]=b@7/7 empty={}@8/8 fn=function@9/9`},
		{"LUA-04 integers", `return { n = 100.0, big = 2^53, text = "n" .. 10 / 2 }`, `n=100@1/1 big=9007199254740992@1/1 text=n5@1/1`},
		{"SCR-30 locals", `local auth = {
  type = "bearer",
}
local client = { auth = auth }
return {
  client = client,
}`, `client=table@6/4 client.auth=table@4/1 client.auth.type=bearer@2/2`},
		{"SCR-30 functions", `local function resource(name)
  return {
    name = name,
    endpoint = { path = "/" .. name },
  }
end
return { resources = {
  resource("a"),
} }`, `resources=list@7/7 resources[1]=table@2/2 resources[1].name=a@3/3 resources[1].endpoint=table@4/4 resources[1].endpoint.path=/a@4/4`},
		{"SCR-30 assignments and loops", `local c = {}
c.name = "x"
c.list = {}
for i = 1, 2 do
  c.list[#c.list + 1] = { i }
end
c.list.n = nil
return c`, `name=x@2/2 list=list@3/3 list[1]=list@5/5 list[1][1]=1@5/5 list[2]=list@5/5 list[2][1]=2@5/5`},
		{"SCR-30 odd keys", `return { ["odd key"] = 1, [2 + 1] = 2 }`, ``},
		{"LUA-02 false", `return { paginator = false }`, `paginator=false@1/1`},
		{"LUA-10 the same table twice", `local t = { 1 } return { a = t, b = t }`, `a=list@1/1 a[1]=1@1/1 b=list@1/1 b[1]=1@1/1`},
		{"LUA-11 constructor functions", `local function bearer(token) return { type = "bearer", token = token } end
return { auth = bearer("x") }`, `auth=table@2/1 auth.type=bearer@1/1 auth.token=x@1/1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := mustParse(t, tt.text)
			n, err := s.Config(context.Background(), hook.Env{})
			if tt.want == "" {
				wantError(t, err, "t.lua:1: the config: a table with both list elements and named fields")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(dumped(n), " "); got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
			// The same again: nothing was changed by the first time (LUA-10).
			again, err := s.Config(context.Background(), hook.Env{})
			if err != nil || strings.Join(dumped(again), " ") != tt.want {
				t.Errorf("evaluated again: %v, %v", dumped(again), err)
			}
		})
	}
}

// SCR-30: the lines of a module name its file.
func TestConfigOfModules(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"lib/parts.lua": {Data: []byte("return {\n\n  type = 'bearer' }")}}
	s, err := Parse("t.lua", "return { auth = require('lib.parts') }", Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Config(context.Background(), hook.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := n.Get("auth").Get("type").Pos, (config.Pos{File: "lib/parts.lua", Line: 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"syntax", "return {\n  a = = 1\n}", []string{"t.lua:2: syntax error near '='"}},
		{"end of text", "return {\n  a = 1\n", []string{"t.lua:2: syntax error at the end"}},
		{"nothing", "local x = 1", []string{"t.lua: the script returns nothing"}},
		{"no table", "\nreturn 5", []string{"t.lua:2: the script must return a table, not a number"}},
		{"run", "local x\nreturn { a = x.y }", []string{"t.lua:2: attempt to index a nil value (key 'y')"}},
		{"own error", "error('no token')", []string{"t.lua:1: no token"}},
		{"SCR-21 hint", "error({ message = 'no token', hint = 'set it' })", []string{"no token (hint: set it)"}},
		{"SCR-14 mixed", "return { a = {\n { 1, x = 2 } } }", []string{"t.lua:2: a[1]: a table with both"}},
		{"SCR-14 cycle", "local t = {}\nt.t = t\nreturn t", []string{"t: this table contains itself"}},
		{"SCR-14 NaN", "return {\n a = 0/0 }", []string{"t.lua:2: a: a number that is NaN"}},
		{"key", "return { a = { [print] = 1 } }", []string{"a: a table whose key is a function"}},
		{"concat", "local x\nreturn { a = 'x' .. x }", []string{"t.lua:2: attempt to concatenate a nil value"}},
		{"call", "local x\nreturn { a = x() }", []string{"t.lua:2: attempt to call a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse("t.lua", tt.text, Options{})
			if err == nil {
				_, err = s.Config(context.Background(), hook.Env{})
			}
			wantError(t, err, tt.want...)
		})
	}
}

// SCR-06: math.random is seeded by the load.
func TestRandom(t *testing.T) {
	t.Parallel()
	const text = `return { a = math.random(1e6), b = math.random() , c = math.random(5, 5) }`
	one := dumped(evaluate(t, text, hook.Env{LoadID: 1}))
	again := dumped(evaluate(t, text, hook.Env{LoadID: 1}))
	other := dumped(evaluate(t, text, hook.Env{LoadID: 2}))
	if fmt.Sprint(one) != fmt.Sprint(again) || fmt.Sprint(one) == fmt.Sprint(other) {
		t.Errorf("got %v, %v and %v", one, again, other)
	}
}

// SCR-31: text that the script did not write itself is known as such, wherever
// it came from.
func TestComputed(t *testing.T) {
	t.Parallel()
	settings := func(path string) (any, bool, []string, error) {
		switch path {
		case "day":
			return "2024-01-01", true, nil, nil
		case "all":
			return map[string]any{"since": "2024-03-03"}, true, nil, nil
		}
		return nil, false, []string{"here"}, nil
	}
	n := evaluate(t, `local config, secrets, json = require("config"), require("secrets"), require("json")
local day, start = "2024-05-05", nil
start = config.get("start", day)
local t = { literal = "2024-01-01", setting = config.get("day"), secret = secrets.get("day"),
	default = config.get("none", "2024-02-02"), joined = config.get("day") .. "T00:00:00Z", inner = config.get("all"),
	module = json.decode('"2024-04-04"'), start = start, set_later = "2024-07-07", replaced = "2024-08-08", plain = "2024-09-09" }
t.set_later = config.get("day")
t.replaced = "2024-06-06"
local plain = t.plain
t.through = plain
return t`, hook.Env{Config: settings, Secrets: settings})
	for name, want := range map[string]bool{
		"literal": false, "setting": true, "secret": true, "default": true, "joined": true,
		"module": true, "start": true, "set_later": true, "replaced": false, "through": false,
	} {
		if got := n.Get(name); got == nil || got.Computed != want {
			t.Errorf("%s: computed is not %v: %+v", name, want, got)
		}
	}
	if got := n.Get("inner").Get("since"); !got.Computed {
		t.Errorf("inside a setting: %+v", got)
	}
}
