package lua

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
)

var requestFields = []string{"method", "url", "path", "params", "headers", "json", "body"}

// request is a hook.Request in the hands of a script (SCR-20).
type request struct {
	message
	r       *hook.Request
	method  string
	url     string
	headers headers
	params  params
	json    lua.LValue // nil interface: not asked for
	body    []byte
}

// newRequest makes the request that a hook gets; finish writes back what the
// hook changed.
func (w *World) newRequest(r *hook.Request) *request {
	q := &request{r: r, method: r.Method, url: r.URL, body: r.Body}
	q.headers = headers{of: "request", from: r.Headers}
	q.params = params{from: r.Params}
	q.of, q.fields = "request", requestFields
	q.get = map[string]func() lua.LValue{
		"method":  func() lua.LValue { return lua.LString(q.method) },
		"url":     func() lua.LValue { return lua.LString(q.url) },
		"path":    func() lua.LValue { return lua.LString(pathOf(q.url)) },
		"params":  func() lua.LValue { return q.params.value(w.L) },
		"headers": func() lua.LValue { return q.headers.value(w.L) },
		"body": func() lua.LValue {
			if q.body == nil {
				return lua.LNil
			}
			return lua.LString(q.body)
		},
		"json": func() lua.LValue {
			if q.json == nil {
				q.json = lua.LNil
				if q.r.JSON != nil {
					q.json = w.lease.View(w.L, q.r.JSON)
				}
			}
			return q.json
		},
	}
	q.set = map[string]func(*lua.LState, lua.LValue){
		"method":  textSetter("request", "method", &q.method),
		"url":     textSetter("request", "url", &q.url),
		"path":    q.setPath,
		"params":  q.params.replace,
		"headers": q.headers.replace,
		"json":    func(_ *lua.LState, v lua.LValue) { q.json = v },
		"body": func(L *lua.LState, v lua.LValue) {
			if v == lua.LNil {
				q.body = nil
				return
			}
			s, ok := view.Text(v)
			if !ok {
				L.RaiseError("request.body must be text, not %s; request.json takes a table", view.Describe(v))
			}
			q.body = []byte(s)
		},
	}
	w.newMessage(&q.message)
	return q
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

func (q *request) setPath(L *lua.LState, v lua.LValue) {
	s, ok := view.Text(v)
	if !ok {
		L.RaiseError("request.path must be text, not %s", view.Describe(v))
	}
	u, err := url.Parse(q.url)
	if err != nil {
		L.RaiseError("request.path cannot be set, as request.url is no address")
	}
	u.Path, u.RawPath = s, ""
	q.url = u.String()
}

// finish writes what the hook changed into the request, and ends the handle.
func (q *request) finish() error {
	q.ended = true
	headers, err := q.headers.result()
	if err != nil {
		return err
	}
	params, err := q.params.result()
	if err != nil {
		return err
	}
	u, err := url.Parse(q.url)
	if err != nil || q.url != q.r.URL && (u.Scheme == "" || u.Host == "") {
		return &Error{Message: fmt.Sprintf("request.url must be a whole address with scheme and host, not %q", q.url)}
	}
	if q.json != nil {
		if q.json == lua.LNil {
			q.r.JSON = nil
		} else if view.Changed(q.json) || !sameText(q.json, q.r.JSON) {
			if q.r.JSON, err = q.world.json(nil, q.json); err != nil {
				return &Error{Message: "request.json: " + err.Error()}
			}
		}
	}
	q.r.Method, q.r.URL, q.r.Headers, q.r.Params, q.r.Body = q.method, q.url, headers, params, q.body
	return nil
}

// sameText reports whether v is a view on raw itself.
func sameText(v lua.LValue, raw []byte) bool {
	under := view.Raw(v)
	return len(under) > 0 && len(raw) > 0 && len(under) <= len(raw) && &under[len(under)-1] == &raw[len(under)-1] && len(under) == len(raw)
}

func sortedKeys(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
