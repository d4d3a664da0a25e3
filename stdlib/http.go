package stdlib

import (
	"net/http"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
)

func httpModule() Module {
	m := newModule("http", "Requests from hooks, through the load's own client: its authentication, limits, retries, redaction, recording and host rules. "+
		"A URL without host joins base_url. While the script is evaluated there are no requests.",
		Function{
			Name: "get", Params: "url: string, options?: { params?: table, headers?: table }", Returns: "http.Response",
			Doc: "Sends a GET request. params are added to the query. A status of 400 and more is no error: look at status.",
			Example: `local response = http.get("users/7", { params = { expand = "groups" } })
assert(response.status == 200 and response.json.url == "users/7?expand=groups")
assert(response.headers["content-type"] == "application/json")`,
			run: func(c *call) int {
				o := c.options(2, "params", "headers")
				return c.send(&hook.Request{Method: http.MethodGet, URL: c.text(1)}, o)
			},
		},
		Function{
			Name: "post", Params: "url: string, options?: { json?: any, data?: table, body?: string, params?: table, headers?: table }", Returns: "http.Response",
			Doc:     "Sends a POST request with a JSON value, a form (data) or a text as body; at most one of them.",
			Example: `assert(http.post("search", { json = { q = "x" } }).json.body == '{"q":"x"}')`,
			run: func(c *call) int {
				o := c.options(2, "json", "data", "body", "params", "headers")
				return c.send(&hook.Request{Method: http.MethodPost, URL: c.text(1)}, o)
			},
		},
		Function{
			Name: "request", Params: "request: { method?: string, url: string, json?: any, data?: table, body?: string, params?: table, headers?: table }", Returns: "http.Response",
			Doc:     "Sends a request with any method; GET unless given.",
			Example: `assert(http.request{ method = "PUT", url = "users/7", data = { name = "a b" } }.json.body == "name=a%20b")`,
			run: func(c *call) int {
				o := c.table(1, "method", "url", "json", "data", "body", "params", "headers")
				method := strings.ToUpper(o.text("method", http.MethodGet))
				if strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != "" {
					c.fail("argument 1: method: expected a word like GET, got %q", method)
				}
				return c.send(&hook.Request{Method: method, URL: o.needText("url")}, o)
			},
		},
		Function{
			Name: "wait", Params: "duration: number|string", Returns: "nil",
			Doc:     "Lets time pass before the next request, for an API that is not ready yet: seconds, or a duration like \"30s\", a day at most. It is not the time of the hook, and ends when the load is stopped. In tests of scripts no time passes.",
			Example: `http.wait("10s")`,
			run: func(c *call) int {
				d := c.duration(1)
				if d < 0 || d > 24*time.Hour {
					c.failArgument(1, "a wait of 0 seconds to a day")
				}
				if c.Wait == nil {
					c.fail("there is no waiting here; it is for hooks")
				}
				c.check(c.Wait(c.context(), d))
				return 0
			},
		},
	)
	m.Classes = []Class{responseClass}
	return m
}

var responseClass = Class{
	Name: "http.Response",
	Doc:  "The answer to a request; it does not change.",
	Fields: []Field{
		{"status", "integer", "The status: 200."},
		{"headers", "table<string, string>", "The headers, read without regard to case; several of one name are joined by \", \"."},
		{"body", "string", "The body as text, decompressed."},
		{"json", "any", "The body as a value; an error if it is no JSON."},
		{"url", "string", "The URL of the request, secrets masked."},
		{"elapsed", "number", "How long it took, in seconds."},
	},
}

// send completes r by the options and sends it.
func (c *call) send(r *hook.Request, o fields) int {
	if c.Evaluating {
		c.fail("http is for hooks; while the script is evaluated there are no requests")
	}
	if c.HTTP == nil {
		c.fail("no requests are possible here")
	}
	r.Params = c.pairs(o.where+": params", o.get("params"))
	r.Headers = http.Header{}
	for _, h := range c.pairs(o.where+": headers", o.get("headers")) {
		r.Headers.Add(h.Name, h.Value)
	}
	bodies := 0
	if o.has("json") {
		bodies++
		r.JSON = o.json("json")
	}
	if o.has("data") {
		bodies++
		r.Body = []byte(encodePairs(c.pairs(o.where+": data", o.get("data"))))
		if r.Headers.Get("Content-Type") == "" {
			r.Headers.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	if o.has("body") {
		bodies++
		r.Body = []byte(o.text("body", ""))
	}
	if bodies > 1 {
		c.fail("%s: json, data and body exclude each other", o.where)
	}
	answer, err := c.HTTP(c.context(), r)
	c.check(err)
	c.L.Push(&lua.LUserData{Value: &response{Response: answer}, Metatable: responseMetatable(c.L, c.world)})
	return 1
}

// response is the answer to a request of the http module.
type response struct {
	*hook.Response
	headers lua.LValue // made when first asked for, as is json
	json    lua.LValue
}

const responseType = "restlua.http.response"

// responseMetatable is made when a world first gets a response.
func responseMetatable(L *lua.LState, w *world) *lua.LTable {
	mt := L.NewTypeMetatable(responseType)
	if mt.RawGetString("__index") != lua.LNil {
		return mt
	}
	method := func(run func(c *call, r *response) int) *lua.LFunction {
		return L.NewFunction(func(L *lua.LState) int {
			c := &call{L: L, world: w, name: "http response"}
			u, ok := L.Get(1).(*lua.LUserData)
			if !ok {
				c.failArgument(1, "a response")
			}
			r, ok := u.Value.(*response)
			if !ok {
				c.failArgument(1, "a response")
			}
			return run(c, r)
		})
	}
	mt.RawSetString("__index", method(func(c *call, r *response) int {
		c.L.Push(r.field(c, c.text(2)))
		return 1
	}))
	mt.RawSetString("__newindex", method(func(c *call, _ *response) int {
		c.fail("a response does not change")
		return 0
	}))
	mt.RawSetString("__tostring", method(func(c *call, r *response) int {
		return c.pushText("response " + numberText(float64(r.Status)) + " of " + r.URL)
	}))
	mt.RawSetString("__metatable", lua.LString("response"))
	return mt
}

func (r *response) field(c *call, name string) lua.LValue {
	switch name {
	case "status":
		return lua.LNumber(r.Status)
	case "url":
		return lua.LString(r.URL)
	case "elapsed":
		return lua.LNumber(r.Elapsed.Seconds())
	case "body":
		c.bound(len(r.Body))
		return lua.LString(r.Body)
	case "headers":
		if r.headers == nil {
			r.headers = headerTable(c.L, r.Headers)
		}
		return r.headers
	case "json":
		if r.json == nil {
			if err := rawjson.Valid(r.Body); err != nil {
				c.fail("the body of %s (status %d) is no JSON: %v", r.URL, r.Status, err)
			}
			r.json = view.FromJSON(c.L, r.Body)
		}
		return r.json
	default:
		c.fail("there is no field %q (it has status, headers, body, json, url, elapsed)", name)
		return nil
	}
}

// headerTable is a table with the headers' usual spelling, so that pairs shows
// them, which also finds any other spelling. Values of one header are joined
// by ", ".
func headerTable(L *lua.LState, headers http.Header) *lua.LTable {
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	t := L.CreateTable(0, len(names))
	for _, name := range names {
		t.RawSetString(http.CanonicalHeaderKey(name), lua.LString(strings.Join(headers[name], ", ")))
	}
	mt := L.NewTable()
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name, ok := L.Get(2).(lua.LString)
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(t.RawGetString(http.CanonicalHeaderKey(string(name))))
		return 1
	}))
	mt.RawSetString("__metatable", lua.LString("headers"))
	t.Metatable = mt
	return t
}
