package scripttest

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// oneAnswer answers every request with the same text.
type oneAnswer string

func (a oneAnswer) RoundTrip(q *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Request: q, ContentLength: -1, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

const itemsScript = `return { client = { base_url = "https://x.example/" }, resources = { "items" } }`

// SCR-41: a recording of `run --record` answers a test.
func TestReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "items.lua", itemsScript)
	script, err := lua.Load(path, lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Run(context.Background(), script, engine.Options{
		Dataset: filepath.Join(dir, "data"), Transport: oneAnswer(`[{"id": 1, "day": "2024-02-01", "price": 1.50}]`), Record: filepath.Join(dir, "items.har"),
	})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := Run(context.Background(), write(t, dir, "items_test.lua", `
		local test = require("test")
		test.case("as recorded", function(t)
			t.replay("items.har")
			local load = t.run("items.lua")
			t.equal(#load.rows("items"), 1)
			t.equal(load.rows("items")[1].id, 1)
			t.equal(load.requests, { { method = "GET", url = "https://x.example/items" } })
			t.fails("there is no table", function() load.rows("item") end)
		end)`), Options{})
	if err != nil || len(cases) != 1 || cases[0].Err != nil {
		t.Errorf("%v, %v", cases, err)
	}
}

// Cases run in the order of the file; those that do not match are left out;
// nothing stays behind; a case that does not end is ended with its load.
func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "items.lua", itemsScript)
	path := write(t, dir, "a_test.lua", `
		local test = require("test")
		test.case("b first", function(t) print("hello") t.equal(1, 1) end)
		test.case("a second", function(t) t.equal(1, 2) end)
		test.case("other", function(t) error("never runs") end)`)
	var logged []string
	cases, err := Run(context.Background(), path, Options{Match: regexp.MustCompile("first|second"), Log: func(text string) { logged = append(logged, text) }})
	if err != nil || len(cases) != 2 || cases[0].Name != "b first" || cases[0].Err != nil || cases[1].Err == nil {
		t.Fatalf("%v, %v", cases, err)
	}
	if !slices.Equal(logged, []string{"hello"}) {
		t.Errorf("logged %v", logged)
	}
	for text, want := range map[string]string{
		`local test = require("test") test.case("a", function() end) test.case("a", function() end)`: `there is a case "a" already`,
		`require("test").case("a")`:  "expected a name and a function",
		`require("test").case("a", `: "a_test.lua:1: syntax error",
	} {
		if _, err := Run(context.Background(), write(t, dir, "a_test.lua", text), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, write(t, dir, "a_test.lua", `require("test").case("a", function(t) t.run("items.lua") end)`), Options{}); err == nil {
		t.Error("a cancelled run succeeds")
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "items.lua", itemsScript)
	for code, want := range map[string]string{
		`t.run(1)`:                            "t.run: expected the name of a script, not",
		`t.run("none.lua")`:                   "none.lua: no such file",
		`t.run("items.lua", { limit = "x" })`: "limit must not be a string",
		`t.equal(1)`:                          "t.equal: expected two values",
		`t.equal(print, 1)`:                   "t.equal: argument 1: a function cannot be written as JSON",
		`t.fails(1)`:                          "t.fails: expected a text and a function",
		`t.fails("x", function() error("y") end)`: `expected an error with "x", got:`,
		`t.replay()`:                   "t.replay: expected the name of a recording",
		`t.api = 1 t.run("items.lua")`: "t.api: expected a table of answers",
		`t.api["GET /a"] = { jsn = 1 } t.run("items.lua")`:              `unknown field "jsn"`,
		`t.api["GET /a"] = { json = {}, body = "" } t.run("items.lua")`: "json and body exclude each other",
		`t.api["get /a"] = {} t.run("items.lua")`:                       `"get /a" is not of the form`,
		`t.state = { items = 1 } t.run("items.lua")`:                    "t.state: expected {",
	} {
		path := write(t, dir, "m_test.lua", "require('test').case('m', function(t) "+code+" end)")
		cases, err := Run(context.Background(), path, Options{})
		if err != nil || len(cases) != 1 || cases[0].Err == nil || !strings.Contains(cases[0].Err.Error(), want) {
			t.Errorf("%s:\n got %v, %v\nwant %s", code, cases, err, want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want, lines string }{
		{`1`, `1.0`, ""},
		{`9007199254740993`, `9007199254740992`, "  the value: got 9007199254740993, want 9007199254740992"},
		{`{"a":null}`, `{}`, ""},
		{`[]`, `{}`, ""},
		{`{"a":{"b":[1,2]}}`, `{"a":{"b":[1,3]}}`, "  a.b[2]: got 2, want 3"},
		{`{"odd key":1}`, `{"odd key":"1"}`, `  ["odd key"]: got 1, want "1"`},
		{`[1]`, `[1,2]`, "  [2]: got nothing, want 2"},
		{`true`, `{"a":1}`, `  the value: got true, want {"a":1}`},
	} {
		lines, err := compare([]byte(c.got), []byte(c.want))
		if err != nil || strings.Join(lines, "\n") != c.lines {
			t.Errorf("%s, %s: %q, %v, want %q", c.got, c.want, lines, err, c.lines)
		}
	}
}

// A route is told by method and path, below base_url or whole, and by its query
// where it has one.
func TestRoutes(t *testing.T) {
	t.Parallel()
	a := &api{base: "https://x.example/v1/"}
	for _, key := range []string{"GET /items?page=2", "GET /items", "GET /v1/whole", "GET https://other.example/items", "POST /items"} {
		r, err := newRoute(key)
		if err != nil {
			t.Fatal(err)
		}
		r.answers = make([]answer, 1)
		a.routes = append(a.routes, r)
	}
	for request, want := range map[string]int{
		"GET https://x.example/v1/items?page=2":    0,
		"GET https://x.example/v1/items?page=3":    1,
		"GET https://x.example/v1/whole":           2,
		"GET https://x.example/v1/none":            -1,
		"GET https://x.example/v2/items":           -1,
		"GET https://other.example/items":          3,
		"POST https://x.example/v1/items":          4,
		"DELETE https://x.example/v1/items?page=2": -1,
	} {
		method, url, _ := strings.Cut(request, " ")
		q, err := http.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		found := a.answer(q)
		got := slices.IndexFunc(a.routes, func(r *route) bool { return found == &r.answers[0] })
		if got != want {
			t.Errorf("%s: route %d, want %d", request, got, want)
		}
	}
}

// SCR-40: what is documented is there, and the example passes.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "items.lua", itemsScript)
	d := Documentation()
	code := d.Functions[0].Example + "\ntest.case('fields', function(t)\nt.api['GET /items'] = { json = require('json').array{} }\nlocal load = t.run('items.lua')\n"
	for i, name := range []string{"t", "load"} {
		for _, f := range d.Classes[i].Fields {
			code += "assert(" + name + "." + f.Name + " ~= nil, '" + f.Name + "')\n"
		}
	}
	cases, err := Run(context.Background(), write(t, dir, "doc_test.lua", code+"end)"), Options{})
	if err != nil || len(cases) != 2 || cases[0].Err != nil || cases[1].Err != nil {
		t.Errorf("%v, %v", cases, err)
	}
}
