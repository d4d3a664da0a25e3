package lua

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/restlua/restlua/engine/hook"
)

// SCR-01: what is gone, and what stays.
func TestSandbox(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields(`io os debug package load loadstring dofile loadfile collectgarbage module newproxy getfenv setfenv
		_printregs _GOPHER_LUA_VERSION string.dump string.gfind channel`) {
		n := evaluate(t, "return { gone = "+name+" == nil }", hook.Env{})
		if !n.Get("gone").Bool {
			t.Errorf("%s can be reached", name)
		}
	}
	for _, name := range strings.Fields(`assert error ipairs next pairs pcall rawequal rawget rawset select setmetatable getmetatable tonumber tostring
		type unpack xpcall print require string.format table.concat math.floor math.random coroutine.wrap`) {
		n := evaluate(t, "return { kind = type("+name+") }", hook.Env{})
		if got := n.Get("kind").Text; got != "function" {
			t.Errorf("%s is a %s", name, got)
		}
	}
}

// SCR-01: metatables of views and texts cannot be used to break out or to
// change other worlds.
func TestSandboxMetatables(t *testing.T) {
	t.Parallel()
	got, err := mapWith(t, "", `function(r) return { getmetatable(r) == false, (pcall(setmetatable, r, {})), (pcall(string.rep)) } end`, `{}`)
	if err != nil || got != `[true,false,false]` {
		t.Errorf("got %s, %v", got, err)
	}
	s := mustParse(t, hookScript("", `function(r) local old = string.upper string.upper = function() return "changed" end return { old("x") } end`))
	for range 2 {
		w := world(t, s, hook.Env{})
		if got, err := w.Map(context.Background(), ref, []byte(`{}`)); err != nil || string(got) != `["X"]` {
			t.Errorf("got %s, %v", got, err)
		}
	}
}

// SCR-01: print writes to the log.
func TestPrint(t *testing.T) {
	t.Parallel()
	var lines []string
	env := hook.Env{Log: func(level, text string, _ map[string]any) { lines = append(lines, level+": "+text) }}
	evaluate(t, `print("a", 1, 2.5, nil, true) return {}`, env)
	if want := "info: a\t1\t2.5\tnil\ttrue"; len(lines) != 1 || lines[0] != want {
		t.Errorf("got %q, want %q", lines, want)
	}
}

// SCR-02: modules beside the script.
func TestRequire(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"lib/dates.lua": {Data: []byte(`count = (count or 0) + 1 local m = { n = count } function m.day() return "day" .. 1 end return m`)},
		"a.lua":         {Data: []byte(`return require("b")`)},
		"b.lua":         {Data: []byte(`return require("c")`)},
		"c.lua":         {Data: []byte(`return require("a")`)},
		"broken.lua":    {Data: []byte("local x =\n= 3")},
		"fails.lua":     {Data: []byte("local x\nreturn x.y")},
		"none.lua":      {Data: []byte("local x = 1")},
	}
	run := func(text string) (string, error) {
		s, err := Parse("t.lua", text, Options{FS: files})
		if err != nil {
			return "", err
		}
		n, err := s.Config(context.Background(), hook.Env{})
		if err != nil {
			return "", err
		}
		return n.Get("v").Text, nil
	}
	if got, err := run(`local d = require("lib.dates") require("lib.dates") return { v = d.day() .. require("lib.dates").n }`); err != nil || got != "day11" {
		t.Errorf("each file once: got %q, %v", got, err)
	}
	if got, err := run(`return { v = tostring(require("none")) }`); err != nil || got != "true" {
		t.Errorf("module without result: got %q, %v", got, err)
	}
	tests := []struct {
		name string
		want []string
	}{
		{"a", []string{"cycle", "a -> b -> c -> a", "a.lua:1", "t.lua:1"}},
		{"nothing", []string{`require("nothing")`, "no such module", "nothing.lua", "t.lua:1"}},
		{"broken", []string{"broken.lua:2"}},
		{"fails", []string{"fails.lua:2: attempt to index a nil value (key 'y')"}},
		{"/etc/passwd", []string{"words with dots"}},
		{"../secret", []string{"words with dots"}},
		{"..secret", []string{"outside the script's folder"}},
		{"lib..dates", []string{"outside the script's folder"}},
		{`C:\\x`, []string{"words with dots"}},
	}
	for _, tt := range tests {
		_, err := run(`return { v = require("` + tt.name + `") }`)
		if tt.name == "a" {
			wantError(t, err, tt.want[:2]...)
			continue
		}
		wantError(t, err, tt.want...)
	}
	s := mustParse(t, `return { v = require("lib.dates") }`)
	_, err := s.Config(context.Background(), hook.Env{})
	wantError(t, err, "no such module")
}

// SCR-02: a link does not lead out of the script's folder.
func TestRequireLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inside := filepath.Join(dir, "scripts")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "secret.lua"), `return "secret"`)
	write(filepath.Join(inside, "lib", "ok.lua"), `return "ok"`)
	write(filepath.Join(inside, "t.lua"), `return { v = require("lib.ok") }`)
	write(filepath.Join(inside, "u.lua"), `return { v = require("link") }`)
	write(filepath.Join(inside, "v.lua"), `return { v = require("folder.secret") }`)
	if err := os.Symlink(filepath.Join(dir, "secret.lua"), filepath.Join(inside, "link.lua")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := os.Symlink(dir, filepath.Join(inside, "folder")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, want, fails string }{
		{"t.lua", "ok", ""},
		{"u.lua", "", "outside the script's folder"},
		{"v.lua", "", "outside the script's folder"},
	} {
		s, err := Load(filepath.Join(inside, tt.name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.Config(context.Background(), hook.Env{})
		if tt.fails != "" {
			wantError(t, err, tt.fails)
		} else if err != nil || n.Get("v").Text != tt.want {
			t.Errorf("%s: got %v, %v", tt.name, n, err)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "github.lua")
	if err := os.WriteFile(path, []byte("return {}"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Load(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Name() != "github" || len(s.Hash()) != 64 {
		t.Errorf("name %q, hash %q", s.Name(), s.Hash())
	}
	if other := mustParse(t, "return {} "); other.Hash() == s.Hash() {
		t.Error("two texts have one hash")
	}
	if _, err := Load(path+".none", Options{}); err == nil {
		t.Error("no error of a file that is not there")
	}
}
