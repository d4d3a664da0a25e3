package lua

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
)

var responseFields = []string{"status", "headers", "body", "json", "url", "elapsed"}

// response is a hook.Response in the hands of a script (SCR-20). json and body
// are two faces of one text: what is written last counts.
type response struct {
	message
	r       *hook.Response
	headers headers
	json    lua.LValue // nil interface: not asked for
	body    []byte
	changed bool // body was written
}

// newResponse makes the response that a hook gets; finish writes back what the
// hook changed.
func (w *World) newResponse(r *hook.Response) *response {
	p := &response{r: r, body: r.Body}
	p.headers = headers{of: "response", from: r.Headers}
	p.of, p.fields = "response", responseFields
	p.get = map[string]func() lua.LValue{
		"status":  func() lua.LValue { return lua.LNumber(r.Status) },
		"headers": func() lua.LValue { return p.headers.value(w.L) },
		"url":     func() lua.LValue { return lua.LString(r.URL) },
		"elapsed": func() lua.LValue { return lua.LNumber(r.Elapsed.Seconds()) },
		"body": func() lua.LValue {
			if err := p.settle(); err != nil {
				w.L.RaiseError("%s", err.Error())
			}
			return lua.LString(p.body)
		},
		"json": func() lua.LValue {
			if p.json == nil {
				p.json = lua.LNil
				if rawjson.Valid(p.body) == nil {
					p.json = w.lease.View(w.L, p.body)
				}
			}
			return p.json
		},
	}
	p.set = map[string]func(*lua.LState, lua.LValue){
		"json": func(_ *lua.LState, v lua.LValue) {
			p.json, p.changed = v, true
			if v == lua.LNil {
				p.json = view.Null(w.L)
			}
		},
		"body": func(L *lua.LState, v lua.LValue) {
			s, ok := view.Text(v)
			if !ok {
				L.RaiseError("response.body must be text, not %s; response.json takes a table", view.Describe(v))
			}
			p.body, p.json, p.changed = []byte(s), nil, true
		},
	}
	w.newMessage(&p.message)
	return p
}

// settle brings changes of json into body.
func (p *response) settle() error {
	if p.json == nil || p.json == lua.LNil || !p.changed && !view.Changed(p.json) {
		return nil
	}
	out, err := view.AppendJSON(p.world.L, nil, p.json)
	if err != nil {
		return &Error{Message: "response.json: " + err.Error()}
	}
	p.body, p.changed = out, true
	return nil
}

// finish writes what the hook changed into the response, and ends the handle.
func (p *response) finish() error {
	p.ended = true
	if err := p.settle(); err != nil {
		return err
	}
	if p.changed {
		p.r.Body = p.body
	}
	return nil
}
