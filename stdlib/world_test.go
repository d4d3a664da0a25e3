package stdlib

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
)

// OPR-63: what secrets.get and config.get find, and what they say when they
// find nothing.
func TestLookup(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`assert(config.get("desk.ratio") == 0.5 and config.get("desk.on") == true and tostring(config.get("desk.big")) == "9007199254740993")`,
		`assert(json.encode(config.get("desk.list")) == '["a",null,2]' and json.encode(config.get("desk.empty")) == "[]" and json.encode(config.get("desk")) == '{"a":["1"],"b":"2"}')`,
		`assert(config.get("no", nil) == nil and config.get("no", false) == false and config.get("desk.nothing", 1) == nil)`,
	)
	fails(t,
		failure{`secrets.get("github.tokn")`, `secrets.get: "github.tokn" is not set; looked in: the environment (GITHUB__TOKN), secrets.toml`},
		failure{`config.get("")`, `config.get: argument 1: expected a name like "github.token", got ""`},
		failure{`config.get("a..b")`, `config.get: argument 1: expected a name like "github.token", got "a..b"`},
		failure{`config.get({})`, `config.get: argument 1: expected text, got a table`},
	)
	h := testHost()
	h.Secrets = nil
	checkFailure(t, failure{`secrets.get("a")`, `secrets.get: "a" is not set, and there is no place to look for it`}, runLua(t, h, `secrets.get("a")`))
	h.Secrets = func(string) (any, bool, []string, error) {
		return nil, false, nil, errors.New("secrets.toml:3: expected =")
	}
	checkFailure(t, failure{`secrets.get("a", 1)`, `secrets.get: secrets.toml:3: expected =`}, runLua(t, h, `secrets.get("a", 1)`))
}

func TestLog(t *testing.T) {
	t.Parallel()
	type line struct {
		level, text string
		fields      map[string]any
	}
	var got []line
	h := testHost()
	h.Log = func(level, text string, fields map[string]any) { got = append(got, line{level, text, fields}) }
	err := runLua(t, h, `log.debug("a") log.info("b", { n = 1, x = 0.5, big = json.decode("9007199254740993"), s = "t", t = { 1 } }) log.warn("c", {}) log.error("d", json.decode('{"k":null}'))`)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 || got[0].level != "debug" || got[1].level != "info" || got[2].level != "warn" || got[3].level != "error" {
		t.Fatalf("lines: %v", got)
	}
	fields := got[1].fields
	if fields["n"] != int64(1) || fields["x"] != 0.5 || fields["big"] != int64(9007199254740993) || fields["s"] != "t" {
		t.Errorf("fields: %v", fields)
	}
	if v, ok := got[3].fields["k"]; !ok || v != nil {
		t.Errorf("fields: %v", got[3].fields)
	}
	fails(t,
		failure{`log.info()`, "log.info: argument 1: expected text, got nothing"},
		failure{`log.info("a", 1)`, "log.info: argument 2: expected a table, got a number"},
		failure{`log.info("a", { 1 })`, "log.info: argument 2: expected a table with named fields, got a list"},
		failure{`log.info("a", { f = print })`, "log.info: argument 2: f: a function cannot be written as JSON"},
	)
}

// The row of uuid.v4 follows from the load and the resource, and from nothing
// else.
func TestUUID(t *testing.T) {
	t.Parallel()
	draw := func(h *Host) (ids []string) {
		h.Log = func(_, text string, _ map[string]any) { ids = append(ids, text) }
		if err := runLua(t, h, `for _ = 1, 3 do local id = uuid.v4() assert(id:match("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"), id) log.info(id) end`); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	first, again := draw(testHost()), draw(testHost())
	if !slices.Equal(first, again) || first[0] == first[1] {
		t.Errorf("%v and %v", first, again)
	}
	otherLoad, otherResource := testHost(), testHost()
	otherLoad.LoadID++
	otherResource.Resource = "comments"
	if draw(otherLoad)[0] == first[0] || draw(otherResource)[0] == first[0] {
		t.Error("another load or resource has the same ids")
	}
	succeeds(t, `assert(uuid.v5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "x") == uuid.v5("url", "x"))
		assert(uuid.v5("dns", "python.org") == "886313e1-3b8a-5372-9b90-0c9aee199e5d")`)
	fails(t,
		failure{`uuid.v5("x", "y")`, `uuid.v5: argument 1: expected a UUID or one of dns, url, oid, x500, got "x"`},
		failure{`uuid.v5("dns")`, `uuid.v5: argument 2: expected text, got nothing`},
	)
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`local r = http.get("users", { params = { tag = { "a", "b c" }, page = 2 }, headers = { Accept = "x/y" } })
		assert(r.status == 200 and r.elapsed == 1.5 and r.url == "users?page=2&tag=a&tag=b%20c" and r.json.method == "GET")
		assert(r.headers["CONTENT-TYPE"] == "application/json" and r.headers.link == "<a>, <b>" and r.headers.missing == nil)
		local names = {} for name in pairs(r.headers) do names[#names + 1] = name end
		assert(table.concat(names, " ") == "Content-Type Link")
		assert(json.decode(r.body).method == "GET" and rawequal(r.json, r.json) and tostring(r) == "response 200 of users?page=2&tag=a&tag=b%20c")`,
		`assert(http.post("x", { data = { a = "1 2", b = true } }).json.body == "a=1%202&b=true" and http.post("x", { data = {} }).json.type == "application/x-www-form-urlencoded")
		assert(http.post("x", { body = "raw", headers = { ["Content-Type"] = "text/plain" } }).json.type == "text/plain" and http.post("x").json.body == "")
		assert(http.request{ method = "delete", url = "x" }.json.method == "DELETE" and http.request{ url = "x" }.json.method == "GET")
		assert(http.post("x", { json = json.decode('{"z":1.50}') }).json.body == '{"z":1.50}' and http.post("x", { json = json.array{} }).json.body == "[]")`,
	)
	fails(t,
		failure{`http.get(1)`, "http.get: argument 1: expected text, got a number"},
		failure{`http.get("x", { json = {} })`, `http.get: argument 2: unknown field "json" (it may have: params, headers)`},
		failure{`http.post("x", { json = {}, body = "" })`, "http.post: argument 2: json, data and body exclude each other"},
		failure{`http.post("x", { body = {} })`, "http.post: argument 2: body: expected text, got a table"},
		failure{`http.get("x", { params = { a = print } })`, "http.get: argument 2: params: a: expected text, a number or a list of them, got a function"},
		failure{`http.request{ method = "GET /", url = "x" }`, `http.request: argument 1: method: expected a word like GET, got "GET /"`},
		failure{`http.request{}`, `http.request: argument 1: url: expected text, got nothing`},
		failure{`local x = http.get("x").code`, `http response: there is no field "code" (it has status, headers, body, json, url, elapsed)`},
		failure{`http.wait("x")`, `http.wait: "x" is no duration (expected one like "1h30m", "7d" or "1.5s")`},
		failure{`http.wait(-1)`, `http.wait: argument 1: expected a wait of 0 seconds to a day, got a number`},
		failure{`http.wait("25h")`, `http.wait: argument 1: expected a wait of 0 seconds to a day, got text`},
		failure{`http.get("x").status = 1`, `http response: a response does not change`},
	)
}

func TestHTTPIsForHooks(t *testing.T) {
	t.Parallel()
	h := testHost()
	h.Evaluating = true
	checkFailure(t, failure{"evaluating", "http.get: http is for hooks; while the script is evaluated there are no requests"}, runLua(t, h, `http.get("x")`))
	h.Wait = nil
	checkFailure(t, failure{"evaluating", "http.wait: there is no waiting here; it is for hooks"}, runLua(t, h, `http.wait(1)`))
	h = testHost()
	h.HTTP = nil
	checkFailure(t, failure{"no client", "http.get: no requests are possible here"}, runLua(t, h, `http.get("x")`))
	h.HTTP = func(context.Context, *hook.Request) (*hook.Response, error) {
		return nil, errors.New("host not allowed")
	}
	checkFailure(t, failure{"error", "http.get: host not allowed"}, runLua(t, h, `http.get("x")`))
	h.HTTP = func(context.Context, *hook.Request) (*hook.Response, error) {
		return &hook.Response{Status: 502, URL: "https://h/x", Body: []byte("<html>"), Headers: http.Header{}}, nil
	}
	checkFailure(t, failure{"no JSON", "http response: the body of https://h/x (status 502) is no JSON: line 1 column 1: unexpected '<'"}, runLua(t, h, `local x = http.get("x").json`))
}

// The request reaches the client as it was written.
func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	var got *hook.Request
	h := testHost()
	h.HTTP = func(_ context.Context, r *hook.Request) (*hook.Response, error) {
		got = r
		return &hook.Response{Status: 204}, nil
	}
	if err := runLua(t, h, `http.request{ method = "put", url = "https://h/x?a=1", params = { b = 2 }, headers = { ["x-one"] = 1 }, json = { c = 3 } }`); err != nil {
		t.Fatal(err)
	}
	want := &hook.Request{Method: "PUT", URL: "https://h/x?a=1", Params: []hook.Pair{{Name: "b", Value: "2"}}, Headers: http.Header{"X-One": {"1"}}, JSON: []byte(`{"c":3}`)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// SCR-03: a call that was cancelled ends inside the functions that run long.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h := testHost()
	h.Context = func() context.Context { return ctx }
	for name, argument := range map[string]string{
		"gzip.compress": `"a"`, "csv.decode": `"a"`, "csv.encode": `{ { 1 } }`, "xml.decode": `"<a/>"`,
		"re.find_all": `"a", "a"`, "re.replace": `"a", "a", "b"`, "re.split": `"a", "a"`, "text.slug": `"a"`, "text.html_to_text": `"a"`,
		"gzip.decompress": `"\31\139\8\0\0\0\0\0\0\255\3\0\0\0\0\0\0\0\0\0"`,
	} {
		code := name + "(" + argument + ")"
		checkFailure(t, failure{code, name + ": interrupted: context canceled"}, runLua(t, h, code))
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`local u = url.parse("https://u:p%40@h:81/a%20b;x?q=1+2&q=%C3%A9&e=#f") assert(u.user == "u" and u.password == "p@" and u.port == 81 and u.path == "/a b;x" and u.query.q[1] == "1 2" and u.query.q[2] == "é" and u.query.e == "" and u.fragment == "f")
		local again = url.build(u) assert(again == "https://u:p%40@h:81/a%20b;x?e=&q=1%202&q=%C3%A9#f", again)`,
		`local u = url.parse("/a") assert(u.scheme == nil and u.host == nil and u.port == nil and u.query == nil and u.path == "/a")`,
		`local u = url.parse("http://[::1]:8/") assert(u.host == "::1" and url.build(u) == "http://[::1]:8/")`,
		`assert(url.build{ scheme = "https", host = "h", path = "a", query = "?x=%20" } == "https://h/a?x=%20" and url.build{ path = "a" } == "a" and url.build{} == "")`,
		`for reference, want in pairs{ ["../x"] = "https://h/x", ["?q"] = "https://h/a/b?q", ["//g/y"] = "https://g/y", [""] = "https://h/a/b" } do assert(url.join("https://h/a/b", reference) == want, reference) end`,
		`assert(url.encode("é~-._/+ ") == "%C3%A9~-._%2F%2B%20" and url.encode(42) == "42" and url.encode(json.decode("9007199254740993")) == "9007199254740993" and url.decode("1+2%2b") == "1+2+")`,
		`assert(url.query{} == "" and url.query{ a = true, b = json.null, c = 1.5, d = {}, e = time.from_unix(0) } == "a=true&b=null&c=1.5&e=1970-01-01T00%3A00%3A00Z")
		assert(url.query(json.decode('{"z":1,"a":[2,3]}')) == "a=2&a=3&z=1" and url.query(json.decode('[["z",1],["a",2]]')) == "z=1&a=2")`,
	)
	fails(t,
		failure{`url.parse("http://h:x/")`, `url.parse: argument 1: "http://h:x/" is no URL: invalid port ":x" after host`},
		failure{`url.parse("/?a=%zz")`, `url.parse: argument 1: the query "a=%zz" is not encoded well`},
		failure{`url.decode("%zz")`, `url.decode: unexpected "%zz"`},
		failure{`url.build{ hst = "x" }`, `url.build: argument 1: unknown field "hst" (it may have: scheme, user, password, host, port, path, query, fragment)`},
		failure{`url.build{ host = "x", port = 0 }`, `url.build: argument 1: port: expected a number from 1 to 65535, got "0"`},
		failure{`url.query("a=b")`, `url.query: argument 1: expected a table, got text`},
		failure{`url.query{ a = {{}} }`, `url.query: argument 1: a: expected text, a number or a list of them`},
		failure{`url.query{ "a" }`, `url.query: argument 1: expected pairs of name and value, got text`},
		failure{`url.query{ { "a" } }`, `url.query: argument 1: a: expected text, a number or a list of them, got nothing`},
		failure{`url.encode({})`, `url.encode: argument 1: expected text or a number, got a table`},
		failure{`url.encode(("/"):rep(2^25))`, `url.encode: the result is longer than 64 MiB`},
	)
}

func TestRE(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`assert(re.match("ab", "b") == "b" and select("#", re.match("ab", "(a)(x)?(b)")) == 3 and select(2, re.match("ab", "(a)(x)?(b)")) == nil)`,
		`local m = re.find("xaby", "(a)(?P<n>z)?b") assert(m.first == 2 and m.last == 3 and m[1] == "a" and m[2] == nil and m.n == nil and re.find("x", "y") == nil)`,
		`assert(#re.find_all("aaaa", "a") == 4 and #re.find_all("aaaa", "a", 2) == 2 and #re.find_all("", "a") == 0 and #re.find_all("ab", "") == 3)`,
		`assert(re.replace("aaa", "a", "b", 2) == "bba" and re.replace("a1", "(?P<l>[a-z])", "<${l}$$>") == "<a$>1" and re.replace("x", "y", "z") == "x")
		assert(re.replace("abc", "b", function() end) == "abc" and re.replace("abc", "(b)", function(m) return #m[1] end) == "a1c" and re.replace("ab", "", "-") == "-a-b-")`,
		`assert(#re.split("a1b2c", "\\d", 2) == 2 and re.split("a1b2c", "\\d", 2)[2] == "b2c" and #re.split("abc", ",") == 1)`,
		`assert(re.match(("a"):rep(30), "(a?){30}a{30}"), "no pattern takes long")`,
		`for i = 1, 600 do assert(re.match("x" .. i, "x" .. i)) end`,
	)
	fails(t,
		failure{`re.match("a", "(")`, "re.match: argument 2: missing closing ): \"(\""},
		failure{`re.match("a", "a{1001}")`, "re.match: argument 2: invalid repeat count: \"{1001}\""},
		failure{`re.match("a", ("a"):rep(2^15))`, "re.match: argument 2: the pattern is longer than 16 KiB"},
		failure{`re.find_all(("a"):rep(2^12), ("()"):rep(1000))`, "re.find_all: more than 1047 matches; give a limit"},
		failure{`re.replace(("a"):rep(2^20), "(?s).*", ("$0"):rep(2^20))`, "re.replace: the result is longer than 64 MiB"},
		failure{`re.match("a")`, "re.match: argument 2: expected text, got nothing"},
		failure{`re.find_all("a", "a", 1.5)`, "re.find_all: argument 3: expected a whole number from 0 to 1048576, got 1.5"},
		failure{`re.replace("a", "a", 1)`, "re.replace: argument 3: expected text or a function, got a number"},
		failure{`re.replace("a", "a", function() return {} end)`, "re.replace: argument 3: the function must return text or nil, got a table"},
		failure{`re.replace("a", "a", function() error("no", 0) end)`, "no"},
		failure{`re.replace(("a"):rep(2^16), "a", ("b"):rep(2^11))`, "re.replace: the result is longer than 64 MiB"},
	)
}

// A search that could take long is refused; how long depends on how Go
// compiles the pattern.
func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	err := runLua(t, testHost(), `re.match(("a"):rep(2^20), "(?:a?){500}b")`)
	if err == nil || !strings.Contains(err.Error(), "re.match: argument 1: the text is too long for this pattern (1048576 bytes, at most ") {
		t.Errorf("got %v", err)
	}
}

// Searching match by match gives what package regexp gives at once.
func TestPatternAll(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	c := &call{L: L, world: &world{Host: testHost()}, name: "re.find_all"}
	texts := []string{"", "a", "ab ab", "aé\xffb\nab\n", "\n\n", "a,b;c", "aaa", "日本 語 ab"}
	for _, text := range []string{"", "a", "^", "(?m)^", "(?m)^a|b", "$", "(?m)$", `\b`, `\B`, `\b\w`, `\w+\b`, "a*", "a??", "(a)|(b)", `\A.|b`, "x*", "(?s).", `[^a]*`, "(?i)A"} {
		p, err := compilePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range texts {
			want := p.re.FindAllStringSubmatchIndex(s, -1)
			got := slices.Collect(p.all(c, s))
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%q in %q: %v, want %v", text, s, got, want)
			}
		}
	}
}

// The patterns of a world are bounded.
func TestPatternCache(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	view.Open(L)
	c := &call{L: L, world: &world{Host: testHost()}, name: "re.match"}
	for i := range 3 * maxPatterns {
		L.SetTop(0)
		L.Push(lua.LString("x"))
		L.Push(lua.LString(numberText(float64(i))))
		c.pattern(2)
		if len(c.patterns) > maxPatterns {
			t.Fatalf("%d patterns are kept", len(c.patterns))
		}
	}
}

// countingMeter stops a call after a number of steps, as worlds do.
type countingMeter struct {
	context.Context
	left int
}

func (m *countingMeter) Charge(L *lua.LState, steps int) {
	if m.left -= steps; m.left < 0 {
		L.RaiseError("took too long")
	}
}

// SCR-03: functions charge what they do, so that one call cannot do the work
// of millions of instructions unseen.
func TestWorkIsCharged(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		`base64.encode(big)`, `base64.decode(big)`, `hex.encode(big)`, `hex.decode(big)`, `json.pretty(big)`, `url.encode(big)`, `text.trim(big)`,
		`gzip.compress(big)`, `gzip.decompress(gzip.compress(big))`, `re.find_all(big, "a")`, `re.replace(big, "a", "b")`, `re.split(big, "a")`,
		`csv.decode(("a\n"):rep(10000))`, `xml.decode("<a>" .. ("<b/>"):rep(10000) .. "</a>")`, `text.html_to_text(("<b>"):rep(10000))`,
	} {
		L := lua.NewState()
		view.Open(L)
		L.SetContext(&countingMeter{t.Context(), 1000})
		for _, m := range Modules() {
			L.SetGlobal(m.Name, m.Open(L, testHost()))
		}
		L.SetGlobal("big", lua.LString(strings.Repeat("a", 1<<20)))
		err := L.DoString(code)
		if err == nil || !strings.Contains(err.Error(), "took too long") {
			t.Errorf("%s: %v", code, err)
		}
		L.Close()
	}
}
