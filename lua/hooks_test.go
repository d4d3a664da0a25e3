package lua

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/hook"
)

const hooksScript = `
local counter = 0
return {
	client = { auth = {
		login = function(http) return { token = "t", expires_in = 3600 } end,
		apply = function(request, session) request.headers["x-token"] = session.token end,
		build = function(config) return { headers = { ["content-type"] = "x/y" }, data = { scope = config.scope, n = 1 } } end,
	} },
	on_finish = function(ctx, report) ctx.state.rows = report and report.rows end,
	resources = { {
		name = "things",
		endpoint = { path = "{resources.users.id}/things", paginator = {
			init_request = function(request, state) state.page = 1 request.params.page = 1 end,
			update_state = function(response, records, state) state.page = state.page + 1 return #records > 0 end,
			update_request = function(request, state) request.params.page = state.page end,
		} },
		step = function(request, response, state)
			state.seen = (state.seen or 0) + 1
			if response.json.next then request.url = response.json.next return request end
		end,
		wrong_step = function() return {} end,
		response_actions = {
			function(response) if response.status == 403 then return "ignore" end end,
			function(response) response.json.items[1].x = 2 response.json.error = nil end,
			function(response) response.json = { a = response.headers["x-rate"] } end,
			function(response) return "ignor" end,
			function(response) response.body = "{\"b\":" .. response.json.a .. "}" return response end,
			{ when = function(response) return response.json ~= nil and response.json.error ~= nil end },
			function(response) return response.statuss end,
			function(response) response.status = 200 end,
		},
		processing_steps = {
			{ filter = function(r) return r.keep end },
			{ yield_map = function(r, emit) emit({ n = r.n }) emit(r) return { { n = 3 }, { n = 4 } } end },
			{ yield_map = function(r) return r end },
			{ map = function(r, ctx) return { ctx.resource, ctx.load_id, ctx.incremental.start_value, ctx.parent.id, ctx.state.n or 0 } end },
			{ map = function(r, ctx) ctx.state.n = (ctx.state.n or 0) + 1 counter = counter + 1 return { counter } end },
			{ map = function(r, ctx) return ctx.stat end },
			{ map = function(r)
				return r.user.login
			end },
			{ map = function(r) error({ message = "no", hint = "try this" }) end },
			{ ["odd key"] = function(r) return { "odd" } end },
		},
		table_name = function(r) return "t_" .. r.kind end,
		incremental = {
			convert = function(value) return value * 2 end,
			last_value_func = function(values) return math.max(values[1], values[2]) end,
		},
		rows = function(emit, ctx) for i = 1, 3 do emit({ id = i }) end return { { id = 4 } } end,
		auth = function(request)
			request.headers["X-Sign"] = request.method .. request.path .. (request.params.q or "")
			request.params.q = nil
			request.params.list = { 1, "b", true }
			request.json.n = request.json.n + 1
		end,
		bad_auth = function(request) request.header = 1 end,
		bad_param = function(request) request.params.x = { a = 1 } end,
		bad_url = function(request) request.url = "nowhere" end,
	} },
}`

func hooksWorld(t *testing.T, env hook.Env) *World {
	t.Helper()
	s, err := Parse("t.lua", hooksScript, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return world(t, s, env)
}

const res hook.Ref = "resources[1]."

func TestRecordHooks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := hooksWorld(t, hook.Env{LoadID: 1234567890123456789, IncrementalStart: []byte(`"2024"`)})

	// LUA-09, PROC-02: only nil and false drop.
	for record, want := range map[string]bool{`{"keep":0}`: true, `{"keep":""}`: true, `{"keep":[]}`: true, `{"keep":false}`: false, `{"keep":null}`: false, `{}`: false} {
		if got, err := w.Filter(ctx, res+"processing_steps[1].filter", []byte(record)); err != nil || got != want {
			t.Errorf("filter of %s: %v, %v", record, got, err)
		}
	}
	collect := func(call func(emit func([]byte) error) error) string {
		t.Helper()
		var out []string
		if err := call(func(b []byte) error { out = append(out, string(b)); return nil }); err != nil {
			t.Fatal(err)
		}
		return strings.Join(out, " ")
	}
	// PROC-04: emitted records and a returned list, in order.
	if got, want := collect(func(emit func([]byte) error) error {
		return w.YieldMap(ctx, res+"processing_steps[2].yield_map", []byte(`{"n": 1}`), emit)
	}), `{"n":1} {"n": 1} {"n":3} {"n":4}`; got != want {
		t.Errorf("yield_map: got %s, want %s", got, want)
	}
	for record, want := range map[string]string{`{"n":1}`: `{"n":1}`, `[1,2]`: `1 2`, `null`: ``} {
		if got := collect(func(emit func([]byte) error) error {
			return w.YieldMap(ctx, res+"processing_steps[3].yield_map", []byte(record), emit)
		}); got != want {
			t.Errorf("yield_map returns %s: got %s", record, got)
		}
	}
	if got, want := collect(func(emit func([]byte) error) error { return w.Rows(ctx, res+"rows", emit) }), `{"id":1} {"id":2} {"id":3} {"id":4}`; got != want {
		t.Errorf("rows: got %s, want %s", got, want)
	}
	stop := errors.New("enough")
	if err := w.Rows(ctx, res+"rows", func([]byte) error { return stop }); err != stop {
		t.Errorf("an error of emit comes back as %v", err)
	}
	// The ctx of hooks.
	got, err := w.Map(ctx, res+"processing_steps[4].map", []byte(`{"_users_id": 12345678901234567890}`))
	if want := `["things",1234567890123456789,"2024",12345678901234567890,0]`; err != nil || string(got) != want {
		t.Errorf("ctx: got %s, %v", got, err)
	}
	if got, err := w.TableName(ctx, res+"table_name", []byte(`{"kind":"a"}`)); err != nil || got != "t_a" {
		t.Errorf("table_name: %q, %v", got, err)
	}
	if got, err := w.Value(ctx, res+"incremental.convert", []byte("21")); err != nil || string(got) != "42" {
		t.Errorf("convert: %s, %v", got, err)
	}
	if got, err := w.Reduce(ctx, res+"incremental.last_value_func", [][]byte{[]byte("1"), []byte("7")}); err != nil || string(got) != "7" {
		t.Errorf("last_value_func: %s, %v", got, err)
	}
	if got, err := w.Map(ctx, res+`processing_steps[9]["odd key"]`, []byte(`{}`)); err != nil || string(got) != `["odd"]` {
		t.Errorf("odd key: %s, %v", got, err)
	}
}

// SCR-21: errors have the path of the hook, file and line, and hints.
func TestHookErrors(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := hooksWorld(t, hook.Env{})
	tests := map[hook.Ref][]string{
		"processing_steps[6].map":   {"processing_steps[6].map: t.lua:", `ctx has no field "stat" (did you mean "state"?)`},
		"processing_steps[7].map":   {"processing_steps[7].map: t.lua:40: attempt to index a nil value (key 'login')"},
		"processing_steps[8].map":   {"processing_steps[8].map: no (hint: try this)"},
		"processing_steps[99].map":  {"processing_steps[99].map: t.lua: there is no function here"},
		"processing_steps[1].[oops": {"there is no function here"},
	}
	for f, want := range tests {
		_, err := w.Map(ctx, res+f, []byte(`{}`))
		wantError(t, err, want...)
	}
	_, err := w.Map(ctx, res+"processing_steps[7].map", []byte(`{}`))
	e, ok := errors.AsType[*Error](err)
	if !ok || !strings.Contains(e.Traceback, "t.lua:40") || strings.Contains(e.Traceback, "[G]") {
		t.Errorf("traceback: %q", e.Traceback)
	}
	_, err = w.Map(ctx, res+"processing_steps[8].map", []byte(`{}`))
	if e, ok := errors.AsType[*Error](err); !ok || e.Hint != "try this" || e.Path != "processing_steps[8].map" {
		t.Errorf("hint: %#v", err)
	}
	// Outside a resource's world the path is the whole one.
	_, err = world(t, mustParse(t, hookScript("", `function() error("x") end`)), hook.Env{Resource: "-"}).Map(ctx, ref, []byte(`{}`))
	wantError(t, err, "processing_steps[1].map: t.lua:2: x")
}

// SCR-05, SCR-04: ctx.state is kept, variables live in their world only.
func TestState(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := mustParse(t, hooksScript)
	a := world(t, s, hook.Env{State: []byte(`{"n": 5, "old": 1.0}`)})
	b := world(t, s, hook.Env{})
	for i := range 3 {
		got, err := a.Map(ctx, res+"processing_steps[5].map", []byte(`{}`))
		if want := fmt.Sprintf("[%d]", i+1); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	if got, err := a.State(); err != nil || string(got) != `{"n":8, "old": 1.0}` && string(got) != `{"n":8,"old": 1.0}` {
		t.Errorf("state %s, %v", got, err)
	}
	if got, err := b.Map(ctx, res+"processing_steps[5].map", []byte(`{}`)); err != nil || string(got) != "[1]" {
		t.Errorf("worlds share a variable: %s, %v", got, err)
	}
	if err := b.Event(ctx, "on_finish", []byte(`{"rows":7}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := b.State(); err != nil || string(got) != `{"n":1,"rows":7}` {
		t.Errorf("state %s, %v", got, err)
	}
	if got, err := world(t, s, hook.Env{}).State(); err != nil || got != nil {
		t.Errorf("state of a world that wrote none: %s, %v", got, err)
	}
	w := world(t, mustParse(t, hookScript("", `function(r, ctx) ctx.state.last = r return r end`)), hook.Env{})
	if _, err := w.Map(ctx, ref, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	_, err := w.State()
	wantError(t, err, "ctx.state: last: this record belongs to an earlier call; keep json.copy(record)")
}

// SCR-04: calls from several goroutines run one after the other.
func TestSerialised(t *testing.T) {
	t.Parallel()
	w := hooksWorld(t, hook.Env{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := w.Map(context.Background(), res+"processing_steps[5].map", []byte(`{}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, err := w.Map(context.Background(), res+"processing_steps[5].map", []byte(`{}`)); err != nil || string(got) != "[401]" {
		t.Errorf("got %s, %v", got, err)
	}
}

// SCR-20: requests.
func TestRequests(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := hooksWorld(t, hook.Env{})
	r := &hook.Request{
		Method: "POST", URL: "https://x.example/a/b", Headers: http.Header{"Accept": {"x", "y"}}, JSON: []byte(`{"n":1,"z":1.0}`),
		Params: []hook.Pair{{Name: "a", Value: "1"}, {Name: "q", Value: "Q"}, {Name: "a", Value: "2"}},
	}
	if err := w.Authorize(ctx, res+"auth", r); err != nil {
		t.Fatal(err)
	}
	want := &hook.Request{
		Method: "POST", URL: "https://x.example/a/b", Headers: http.Header{"Accept": {"x", "y"}, "X-Sign": {"POST/a/bQ"}}, JSON: []byte(`{"n":2,"z":1.0}`),
		Params: []hook.Pair{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}, {Name: "list", Value: "1"}, {Name: "list", Value: "b"}, {Name: "list", Value: "true"}},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	for f, parts := range map[hook.Ref][]string{
		"bad_auth":  {"bad_auth: t.lua:", `request has no field "header" (did you mean "headers"?)`},
		"bad_param": {"bad_param: t.lua:", "request.params.x must be text"},
		"bad_url":   {"bad_url: t.lua:", `request.url must be a whole address with scheme and host, not "nowhere"`},
	} {
		wantError(t, w.Authorize(ctx, res+f, &hook.Request{Method: "GET", URL: "https://x.example/"}), parts...)
	}

	session, err := w.Login(ctx, "client.auth.login")
	if err != nil || string(session) != `{"token":"t","expires_in":3600}` {
		t.Fatalf("login: %s, %v", session, err)
	}
	r = &hook.Request{URL: "https://x.example/"}
	if err := w.Apply(ctx, "client.auth.apply", r, session); err != nil || r.Headers.Get("X-Token") != "t" {
		t.Errorf("apply: %v, %v", r.Headers, err)
	}
	header, form, err := w.BuildTokenRequest(ctx, "client.auth.build", []byte(`{"scope":"read"}`))
	if err != nil || header.Get("Content-Type") != "x/y" || !reflect.DeepEqual(form, []hook.Pair{{Name: "scope", Value: "read"}, {Name: "n", Value: "1"}}) {
		t.Errorf("token request: %v, %v, %v", header, form, err)
	}
}

// SCR-20: responses and response actions.
func TestResponses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := hooksWorld(t, hook.Env{})
	respond := func(i int, r *hook.Response) (hook.Action, error) {
		return w.Respond(ctx, hook.Ref(fmt.Sprintf("%sresponse_actions[%d]", res, i)), r)
	}
	if a, err := respond(1, &hook.Response{Status: 403}); err != nil || a != hook.Ignore {
		t.Errorf("got %q, %v", a, err)
	}
	if a, err := respond(1, &hook.Response{Status: 200}); err != nil || a != hook.Continue {
		t.Errorf("got %q, %v", a, err)
	}
	r := &hook.Response{Body: []byte(`{"items":[{"x":1,"y":1.0}],"error":"e"}`)}
	if _, err := respond(2, r); err != nil || string(r.Body) != `{"items":[{"x":2,"y":1.0}]}` {
		t.Errorf("changed in place: %s, %v", r.Body, err)
	}
	r = &hook.Response{Body: []byte(`{}`), Headers: http.Header{"X-Rate": {"9"}}}
	if _, err := respond(3, r); err != nil || string(r.Body) != `{"a":"9"}` {
		t.Errorf("replaced: %s, %v", r.Body, err)
	}
	_, err := respond(4, &hook.Response{})
	wantError(t, err, `response_actions[4]: t.lua`, `unknown action "ignor" (did you mean "ignore"?)`)
	r = &hook.Response{Body: []byte(`{"a":5}`)}
	if a, err := respond(5, r); err != nil || a != hook.Continue || string(r.Body) != `{"b":5}` {
		t.Errorf("body: %q, %s, %v", a, r.Body, err)
	}
	for body, want := range map[string]bool{`{"error":1}`: true, `{}`: false, `no json`: false, ``: false} {
		if got, err := w.When(ctx, res+"response_actions[6].when", &hook.Response{Body: []byte(body)}); err != nil || got != want {
			t.Errorf("when of %q: %v, %v", body, got, err)
		}
	}
	_, err = respond(7, &hook.Response{})
	wantError(t, err, `response has no field "statuss" (did you mean "status"?)`)
	_, err = respond(8, &hook.Response{})
	wantError(t, err, "response.status cannot be changed")
}

func TestPaginators(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := hooksWorld(t, hook.Env{})
	p := hook.Paginator{
		InitRequest: res + "endpoint.paginator.init_request", UpdateState: res + "endpoint.paginator.update_state", UpdateRequest: res + "endpoint.paginator.update_request",
	}
	r := &hook.Request{URL: "https://x.example/"}
	state, err := w.InitPage(ctx, p, r)
	if err != nil || string(state) != `{"page":1}` || len(r.Params) != 1 || r.Params[0].Value != "1" {
		t.Fatalf("init: %s, %v, %v", state, r.Params, err)
	}
	state, more, err := w.NextPage(ctx, p, r, &hook.Response{}, []byte(`[{}]`), state)
	if err != nil || !more || string(state) != `{"page":2}` || r.Params[0].Value != "2" {
		t.Fatalf("next: %s, %v, %v, %v", state, more, r.Params, err)
	}
	state, more, err = w.NextPage(ctx, p, r, &hook.Response{}, []byte(`[]`), state)
	if err != nil || more || string(state) != `{"page":3}` {
		t.Fatalf("end: %s, %v, %v", state, more, err)
	}

	p = hook.Paginator{Step: res + "step"}
	state, err = w.InitPage(ctx, p, r)
	if err != nil || string(state) != `{}` {
		t.Fatalf("init: %s, %v", state, err)
	}
	state, more, err = w.NextPage(ctx, p, r, &hook.Response{Body: []byte(`{"next":"https://x.example/2"}`)}, nil, state)
	if err != nil || !more || r.URL != "https://x.example/2" || string(state) != `{"seen":1}` {
		t.Fatalf("next: %s, %v, %v, %v", state, more, r, err)
	}
	if _, more, err = w.NextPage(ctx, p, r, &hook.Response{Body: []byte(`{}`)}, nil, state); err != nil || more {
		t.Fatalf("end: %v, %v", more, err)
	}
	_, _, err = w.NextPage(ctx, hook.Paginator{Step: res + "wrong_step"}, r, &hook.Response{}, nil, state)
	wantError(t, err, "wrong_step: t.lua:", "the request that it was given, changed, or nil")
}

// Waiting for a request is not the hook's time; in login it has no credentials.
func TestRequestsOfHooks(t *testing.T) {
	t.Parallel()
	var noAuth []bool
	w := hooksWorld(t, hook.Env{HookTimeout: time.Minute, HTTP: func(_ context.Context, r *hook.Request) (*hook.Response, error) {
		noAuth = append(noAuth, r.NoAuth)
		return &hook.Response{}, nil
	}})
	r := &hook.Request{}
	for _, w.noAuth = range []bool{true, false} {
		if _, err := w.host.HTTP(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(noAuth, []bool{true, false}) || r.NoAuth {
		t.Errorf("NoAuth %v, the script's request %v", noAuth, r.NoAuth)
	}
}

// SCR-31: a secret in the config is known as one, inside other text as well.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s := newSecrets(func(path string) (any, bool, []string, error) {
		return map[string]any{"token": "s3cr3t-token", "list": []any{"short"}}, true, nil, nil
	})
	if s.in("s3cr3t-token") {
		t.Error("a secret that was not handed out")
	}
	if _, _, _, err := s.get("github"); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"s3cr3t-token": true, "Bearer s3cr3t-token": true, "short": true, "in short": false, "": false, "other": false} {
		if s.in(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// SCR-04: the syntax tree shows hooks that write what outlives them.
func TestSharedWrites(t *testing.T) {
	t.Parallel()
	s := mustParse(t, `local counter, seen, out = 0, {}, {}
local function bump()
  counter = counter + 1
end
local function pure(r) local n = 0 n = n + 1 r.n = n return r end
local function named(r) total = 1 return r end
for i = 1, 3 do out[i] = i end
return {
  a = function(r, ctx)
    bump()
    seen[r.id] = true
    local inner = function() local z = 1 z = 2 r.x = z end
    ctx.state.n = 1
    return r
  end,
  b = pure,
  c = named,
  d = function(r) table.insert(out, r.id) counter = 1 counter = 2 end,
  e = function(r) local t = {} table.insert(t, 1) for i = 1, 2 do t[i] = i end return t end,
}`)
	var got []string
	for _, wr := range s.SharedWrites() {
		got = append(got, wr.String())
	}
	want := []string{
		`t.lua:6: the function at t.lua:6 writes the global "total"`,
		`t.lua:11: the function at t.lua:9 writes the outer local "seen"`,
		`t.lua:3: the function at t.lua:9 writes the outer local "counter"`,
		`t.lua:18: the function at t.lua:18 writes the outer local "out"`,
		`t.lua:18: the function at t.lua:18 writes the outer local "counter"`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// RET-08: the condition gets an answer or the text of a failure, nil for the
// other, and cannot change the answer.
func TestRetry(t *testing.T) {
	t.Parallel()
	s := mustParse(t, `local nothing
return { client = { session = {
	retry_condition = function(resp, err, ctx)
		if err then return resp == nil and err == "timed out" and ctx.resource == "things" end
		return resp.json and resp.json.busy or resp.headers["x-again"]
	end,
	writes = function(resp) resp.body = "" end,
	edits = function(resp) resp.json.busy = true return resp.json.busy end,
	breaks = function(resp)
		return nothing.status
	end,
} } }`)
	w := world(t, s, hook.Env{})
	const session hook.Ref = "client.session."
	for _, test := range []struct {
		f       hook.Ref
		r       *hook.Response
		failure string
		want    bool
		err     string
	}{
		{"retry_condition", &hook.Response{Status: 200, Body: []byte(`{"busy":true}`)}, "", true, ""},
		{"retry_condition", &hook.Response{Status: 200, Body: []byte(`{"busy":false}`)}, "", false, ""},
		{"retry_condition", &hook.Response{Status: 200, Body: []byte(`busy`)}, "", false, ""},
		{"retry_condition", &hook.Response{Status: 400, Headers: http.Header{"X-Again": {"1"}}}, "", true, ""},
		{"retry_condition", nil, "timed out", true, ""},
		{"retry_condition", nil, "refused", false, ""},
		{"edits", &hook.Response{Status: 200, Body: []byte(`{"busy":false}`)}, "", true, ""},
		{"writes", &hook.Response{Status: 200}, "", false, "t.lua:7: response.body cannot be changed"},
		{"breaks", &hook.Response{Status: 200}, "", false, "t.lua:10: attempt to index"},
		{"breaks", nil, "timed out", false, "client.session.breaks"},
	} {
		before := ""
		if test.r != nil {
			before = string(test.r.Body)
		}
		got, err := w.Retry(context.Background(), session+test.f, test.r, test.failure)
		if test.err != "" {
			wantError(t, err, test.err)
		} else if err != nil || got != test.want {
			t.Errorf("%s of %v %q: %v, %v", test.f, test.r, test.failure, got, err)
		}
		if test.r != nil && string(test.r.Body) != before {
			t.Errorf("%s changed the body to %s", test.f, test.r.Body)
		}
	}
}
