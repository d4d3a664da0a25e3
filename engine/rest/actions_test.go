package rest

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

func TestResponseActions(t *testing.T) {
	t.Parallel()
	status := func(n int, word hook.Action) config.Action {
		return config.Action{HasStatus: true, Status: n, Do: word}
	}
	content := func(s string, word hook.Action) config.Action {
		return config.Action{HasContent: true, Content: s, Do: word}
	}
	calls := func(refs ...hook.Ref) config.Action { return config.Action{Always: true, Funcs: refs} }
	notOK := func(r *hook.Response) bool { return bytes.Contains(r.Body, []byte(`"ok":false`)) }
	for _, c := range []struct {
		name    string
		actions []config.Action
		status  int
		body    string
		want    hook.Action
		message string
		after   string // body behind the actions; empty: as before
		called  string
		fails   string
	}{
		{name: "ACT-01", actions: []config.Action{status(404, hook.Ignore)}, status: 404, want: hook.Ignore},
		{name: "ACT-01 other status", actions: []config.Action{status(404, hook.Ignore)}, status: 403},
		{name: "ACT-02", actions: []config.Action{content("Not found", hook.Ignore)}, status: 200, body: "oh: Not found.", want: hook.Ignore},
		{name: "ACT-02 case counts", actions: []config.Action{content("Not found", hook.Ignore)}, status: 404, body: "not found"},
		{name: "ACT-03 both", actions: []config.Action{{HasStatus: true, Status: 404, HasContent: true, Content: "x", Do: hook.Ignore}}, status: 404, body: "y"},
		{name: "ACT-03 both hold", actions: []config.Action{{HasStatus: true, Status: 404, HasContent: true, Content: "x", Do: hook.Ignore}}, status: 404, body: "x", want: hook.Ignore},
		{name: "ACT-04 ACT-05 every response, in order", actions: []config.Action{calls("a", "b"), calls("c")}, status: 200, called: "abc"},
		{name: "ACT-05 when the condition holds", actions: []config.Action{{HasStatus: true, Status: 404, Funcs: []hook.Ref{"a"}}}, status: 200},
		{name: "ACT-06 ignore stops", actions: []config.Action{calls("a"), status(404, hook.Ignore), calls("b")}, status: 404, want: hook.Ignore, called: "a"},
		{name: "ACT-08 none", status: 404},
		{name: "ACT-09 order of exclusive ones", actions: []config.Action{status(422, hook.Retry), status(404, hook.Ignore)}, status: 404, want: hook.Ignore},
		{name: "ACT-10 later ones see the change", actions: []config.Action{calls("rewrite"), content("changed", hook.Ignore)}, status: 200, body: "x", want: hook.Ignore, after: "changed", called: ""},
		{name: "ACT-12 a function's word", actions: []config.Action{calls("ignore", "a")}, status: 200, want: hook.Ignore},
		{name: "ACT-14 no condition", actions: []config.Action{{Do: hook.Ignore}}, status: 200},
		{name: "ACT-15 empty content", actions: []config.Action{content("", hook.Ignore)}, status: 200, body: "x", want: hook.Ignore},
		{name: "stop, and later ones run", actions: []config.Action{content("x", hook.Stop), calls("a")}, status: 200, body: "x", want: hook.Stop, called: "a"},
		{name: "stop of a function", actions: []config.Action{calls("stop", "a")}, status: 200, want: hook.Stop, called: "a"},
		{name: "fail beats an earlier stop", actions: []config.Action{content("x", hook.Stop), content("x", hook.Fail)}, status: 200, body: "x", want: hook.Fail},
		{name: "refresh_auth", actions: []config.Action{status(401, hook.RefreshAuth)}, status: 401, want: hook.RefreshAuth},
		{name: "API-02 when", actions: []config.Action{{When: "notOK", Do: hook.Retry}}, status: 200, body: `{"ok":false}`, want: hook.Retry},
		{name: "API-02 when not", actions: []config.Action{{When: "notOK", Do: hook.Retry}}, status: 200, body: `{"ok":true}`},
		{name: "API-02 fail with the API's words", actions: []config.Action{{When: "notOK", Do: hook.Fail, Message: "{{{status}}} the desk says {json.error.text}: {json.n} {headers.X-Id} {json.none} {nonsense}"}}, status: 200, body: `{"ok":false,"error":{"text":"rate\nlimited"},"n":12345678901234567890}`, want: hook.Fail, message: "{200} the desk says rate\nlimited: 12345678901234567890 7 {json.none} {nonsense}"},
		{name: "message of a body", actions: []config.Action{{HasStatus: true, Status: 500, Do: hook.Fail, Message: "{body} at {url}}"}}, status: 500, body: " oops ", want: hook.Fail, message: "oops at https://a.test/x}"},
		{name: "an error in when", actions: []config.Action{{When: "broken", Do: hook.Ignore}}, status: 200, fails: "script.lua:3"},
		{name: "an error in a function", actions: []config.Action{calls("broken")}, status: 200, fails: "script.lua:4"},
		{name: "ACT-17 an unknown word", actions: []config.Action{{Always: true, Funcs: []hook.Ref{"foobar"}, Path: "resources[1].endpoint.response_actions[1]"}}, status: 200, fails: `response_actions[1]: "foobar" is not an action`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			called := ""
			note := func(name string) func(*hook.Response) hook.Action {
				return func(*hook.Response) hook.Action { called += name; return hook.Continue }
			}
			say := func(word hook.Action) func(*hook.Response) hook.Action {
				return func(*hook.Response) hook.Action { return word }
			}
			w := pagingWorld{when: notOK, respond: map[hook.Ref]func(*hook.Response) hook.Action{
				"a": note("a"), "b": note("b"), "c": note("c"), "ignore": say(hook.Ignore), "stop": say(hook.Stop), "foobar": say("foobar"),
				"rewrite": func(r *hook.Response) hook.Action { r.Body = []byte("changed"); return hook.Continue },
			}}
			r := answers().resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{ResponseActions: c.actions}}, w)
			resp := &hook.Response{Status: c.status, Body: []byte(c.body), Headers: http.Header{"X-Id": {"7"}}, URL: "https://a.test/x"}
			got, err := r.judge(t.Context(), resp)
			if c.fails != "" {
				wantError(t, err, c.fails)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.action != c.want || got.message != c.message {
				t.Errorf("%+v, want %q %q", got, c.want, c.message)
			}
			if c.after != "" && string(resp.Body) != c.after {
				t.Errorf("body %s, want %s", resp.Body, c.after)
			}
			if called != c.called {
				t.Errorf("called %q, want %q", called, c.called)
			}
		})
	}
}

// ACT-10: records are selected in what a function made of the response.
func TestFunctionsChangeTheBody(t *testing.T) {
	t.Parallel()
	w := pagingWorld{respond: map[hook.Ref]func(*hook.Response) hook.Action{"unwrap": func(r *hook.Response) hook.Action {
		r.Body = []byte(strings.TrimSuffix(strings.TrimPrefix(string(r.Body), "jsonp("), ")"))
		return hook.Continue
	}}}
	e := &config.Endpoint{ResponseActions: []config.Action{{Always: true, Funcs: []hook.Ref{"unwrap"}}}}
	got, err := pages(t, answers(`jsonp([1,2])`).resource(t, config.Client{}, config.Resource{Endpoint: e}, w), Binding{})
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "pages", got, "1 2")
}

// A long body does not fill the message.
func TestMessageIsBounded(t *testing.T) {
	t.Parallel()
	r := &Resource{}
	if n := len(r.message("{body}", &hook.Response{Body: bytes.Repeat([]byte("é"), 10000)})); n > messageBytes+10 {
		t.Errorf("%d bytes", n)
	}
}

// PAG-CUST-01, PAG-CUST-02: functions see response and records and make the
// next request; a relative URL is resolved.
func TestFunctionPaginator(t *testing.T) {
	t.Parallel()
	var seen []string
	w := pagingWorld{
		init: func(r *hook.Request) any {
			r.JSON = []byte(`{"n":0}`)
			return map[string]any{}
		},
		next: func(r *hook.Request, resp *hook.Response, records, state []byte) (any, bool) {
			seen = append(seen, string(records)+" "+string(state)+" "+resp.Headers.Get("X-Page"))
			r.URL = "?page=2"
			return map[string]any{"n": len(seen)}, len(seen) < 2
		},
	}
	a := steps(step{header: http.Header{"X-Page": {"one"}}, body: `{"d":[{"a": 1},2]}`}, b(`{"d":[]}`))
	e := &config.Endpoint{Method: "POST", Paginator: &config.Paginator{Kind: "function"}}
	got, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: e}, w), Binding{})
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "pages", got, `{"a": 1} 2`, "")
	wantTexts(t, "seen", seen, `[{"a": 1},2] {} one`, `[] {"n":1} `)
	wantTexts(t, "requests", a.asked, `POST https://api.test/v1/things {"n":0}`, `POST https://api.test/v1/things?page=2 {"n":0}`)
}
