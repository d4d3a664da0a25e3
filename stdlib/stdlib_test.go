package stdlib

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
)

// testHost is a world with a few settings and an API that tells what it was
// asked for.
func testHost() *Host {
	lookup := func(values map[string]any) hook.Lookup {
		return func(path string) (any, bool, []string, error) {
			v, ok := values[path]
			return v, ok, []string{"the environment (" + strings.ToUpper(strings.ReplaceAll(path, ".", "__")) + ")", "secrets.toml"}, nil
		}
	}
	return &Host{Env: hook.Env{
		Secrets: lookup(map[string]any{"github.token": "ghp_example"}),
		Config: lookup(map[string]any{
			"desk.page_size": int64(100), "desk.big": int64(9007199254740993), "desk.ratio": 0.5, "desk.on": true,
			"desk.list": []any{"a", nil, int64(2)}, "desk.empty": []any{}, "desk": map[string]any{"b": "2", "a": []any{"1"}}, "desk.nothing": nil,
		}),
		LoadID:   1700000000,
		Resource: "issues",
		Started:  time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC),
		HTTP:     echo,
		Wait:     func(context.Context, time.Duration) error { return nil },
	}}
}

// echo answers with the URL and the body of the request.
func echo(_ context.Context, r *hook.Request) (*hook.Response, error) {
	url := r.URL
	if len(r.Params) > 0 {
		url += "?" + encodePairs(r.Params)
	}
	body := string(r.Body)
	if r.JSON != nil {
		body = string(r.JSON)
	}
	answer := rawjson.Set([]byte(`{}`), "method", rawjson.AppendQuoted(nil, r.Method))
	answer = rawjson.Set(answer, "url", rawjson.AppendQuoted(nil, url))
	answer = rawjson.Set(answer, "body", rawjson.AppendQuoted(nil, body))
	answer = rawjson.Set(answer, "type", rawjson.AppendQuoted(nil, r.Headers.Get("Content-Type")))
	return &hook.Response{
		Status: 200, URL: url, Body: answer, Elapsed: 1500 * time.Millisecond,
		Headers: http.Header{"Content-Type": {"application/json"}, "Link": {"<a>", "<b>"}},
	}, nil
}

// runLua runs code in a new world in which every module is a global.
func runLua(t *testing.T, h *Host, code string) error {
	t.Helper()
	L := lua.NewState()
	defer L.Close()
	view.Open(L)
	modules := map[string]*lua.LTable{}
	for _, m := range Modules() {
		modules[m.Name] = m.Open(L, h)
		L.SetGlobal(m.Name, modules[m.Name])
	}
	L.SetGlobal("require", L.NewFunction(func(L *lua.LState) int {
		L.Push(modules[L.CheckString(1)])
		return 1
	}))
	f, err := L.Load(strings.NewReader(code), "test.lua")
	if err != nil {
		t.Fatalf("%v\n%s", err, code)
	}
	return L.CallByParam(lua.P{Fn: f, Protect: true})
}

// succeeds runs code that asserts.
func succeeds(t *testing.T, codes ...string) {
	t.Helper()
	for _, code := range codes {
		if err := runLua(t, testHost(), code); err != nil {
			t.Errorf("%s\n%v", code, err)
		}
	}
}

// failure is code and the message that it must end with, without the place.
type failure struct{ code, want string }

func fails(t *testing.T, failures ...failure) {
	t.Helper()
	for _, f := range failures {
		checkFailure(t, f, runLua(t, testHost(), f.code))
	}
}

func checkFailure(t *testing.T, f failure, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s\nsucceeded, want %s", f.code, f.want)
		return
	}
	got, _, _ := strings.Cut(err.Error(), "\nstack traceback")
	got = strings.TrimPrefix(got, "test.lua:1: ")
	if got != f.want {
		t.Errorf("%s\n got %s\nwant %s", f.code, got, f.want)
	}
}

// Every documented example runs as it stands, in a world of its own.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, m := range Modules() {
		for _, f := range m.Functions {
			t.Run(m.Name+"."+f.Name, func(t *testing.T) {
				t.Parallel()
				if err := runLua(t, testHost(), "local "+m.Name+" = require('"+m.Name+"')\n"+f.Example); err != nil {
					t.Errorf("%s\n%v", f.Example, err)
				}
			})
		}
	}
}

// The table of each module has exactly what is documented, and the
// documentation is complete.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	modules := Modules()
	if !slices.IsSortedFunc(modules, func(a, b Module) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the modules are not sorted by name")
	}
	for _, m := range modules {
		if m.Doc == "" || !strings.HasSuffix(m.Doc, ".") {
			t.Errorf("%s: Doc is no sentence: %q", m.Name, m.Doc)
		}
		L := lua.NewState()
		view.Open(L)
		table := m.Open(L, testHost())
		documented := map[string]bool{}
		for _, f := range m.Functions {
			full := m.Name + "." + f.Name
			if documented[f.Name] {
				t.Errorf("%s is documented twice", full)
			}
			documented[f.Name] = true
			if f.Returns == "" || f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || !strings.Contains(f.Example, full) {
				t.Errorf("%s: Returns, Doc (a sentence) or Example (a call of it) is missing", full)
			}
			v := table.RawGetString(f.Name)
			if _, isFunction := v.(*lua.LFunction); isFunction == f.Value || v == lua.LNil {
				t.Errorf("%s is %s in the table", full, kind(v))
			}
		}
		table.ForEach(func(key, _ lua.LValue) {
			if !documented[key.String()] {
				t.Errorf("%s.%s is not documented", m.Name, key)
			}
		})
		L.Close()
	}
}

// Every type that a function gives is documented, and its fields are there.
func TestClasses(t *testing.T) {
	t.Parallel()
	values := map[string]string{"time.Time": `time.now()`, "http.Response": `http.get("x")`, "re.Match": `re.find("ab", "(a)")`}
	for _, m := range Modules() {
		documented := map[string]bool{}
		for _, class := range m.Classes {
			documented[class.Name] = true
			for _, f := range class.Fields {
				name := strings.ReplaceAll("."+f.Name, ".[integer]", "[1]")
				if f.Doc == "" || f.Type == "" {
					t.Errorf("%s%s: Type or Doc is missing", class.Name, name)
				}
				succeeds(t, `local v = `+values[class.Name]+` assert(v`+name+` ~= nil)`)
			}
		}
		for _, f := range m.Functions {
			name := strings.TrimRight(f.Returns, "?[]")
			if strings.HasPrefix(name, m.Name+".") && !documented[name] {
				t.Errorf("%s.%s: %s is not documented", m.Name, f.Name, name)
			}
		}
	}
}

// The table "Standard library" of the script documentation.
func TestModulesAreComplete(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"json":    "decode encode null array has copy number pretty",
		"secrets": "get",
		"config":  "get",
		"time":    "now parse from_unix duration",
		"url":     "parse build join encode decode query",
		"base64":  "encode decode url_encode url_decode",
		"hex":     "encode decode",
		"crypto":  "sha256 sha1 md5 hmac random_bytes jwt_sign aws_sigv4",
		"http":    "get post request wait",
		"re":      "match find find_all replace split",
		"csv":     "decode encode",
		"xml":     "decode",
		"gzip":    "compress decompress",
		"uuid":    "v4 v5",
		"log":     "debug info warn error",
		"text":    "trim split starts_with ends_with slug html_to_text",
	}
	for _, m := range Modules() {
		var names []string
		for _, f := range m.Functions {
			names = append(names, f.Name)
		}
		wanted := strings.Fields(want[m.Name])
		slices.Sort(wanted)
		slices.Sort(names)
		if !slices.Equal(names, wanted) {
			t.Errorf("%s has %v, want %v", m.Name, names, wanted)
		}
		delete(want, m.Name)
	}
	for name := range want {
		t.Errorf("module %s is missing", name)
	}
}
