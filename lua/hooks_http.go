package lua

import (
	"context"
	"fmt"
	"net/http"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/stdlib"
)

// actions are the words that a response action may return.
var actions = []string{"ignore", "retry", "fail", "stop", "refresh_auth"}

// When calls function(response, ctx).
func (w *World) When(ctx context.Context, f hook.Ref, r *hook.Response) (bool, error) {
	v, err := w.withResponse(ctx, f, r)
	return v != nil && lua.LVAsBool(v), err
}

// Respond calls function(response, ctx), which may change r and may return an
// action.
func (w *World) Respond(ctx context.Context, f hook.Ref, r *hook.Response) (hook.Action, error) {
	v, err := w.withResponse(ctx, f, r)
	if err != nil {
		return hook.Continue, err
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return hook.Continue, nil
	case lua.LString:
		for _, a := range actions {
			if string(v) == a {
				return hook.Action(a), nil
			}
		}
		hint := ""
		if like := nearest(string(v), actions); like != "" {
			hint = fmt.Sprintf(" (did you mean %q?)", like)
		}
		return hook.Continue, &Error{Path: w.place(f), Message: fmt.Sprintf("%s: unknown action %q%s", w.script.main.name, string(v), hint)}
	case *lua.LUserData:
		// "return response" says what was done to it; it is not an action.
		if _, ok := v.Value.(*message); ok {
			return hook.Continue, nil
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return hook.Continue, w.wrongResult(f, "an action (\"ignore\", \"retry\", \"fail\", \"stop\", \"refresh_auth\") or nothing", v)
}

// Retry calls function(resp, err, ctx) of client.session.retry_condition, which
// sees the response and does not change it.
func (w *World) Retry(ctx context.Context, f hook.Ref, r *hook.Response, failure string) (bool, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return false, err
	}
	defer w.leave()
	defer w.watchState()()
	w.L.Push(c.fn)
	if r != nil {
		p := w.newResponse(r)
		p.set = nil
		defer func() { p.ended = true }()
		w.L.Push(p.userdata)
		w.L.Push(lua.LNil)
	} else {
		w.L.Push(lua.LNil)
		w.L.Push(lua.LString(failure))
	}
	w.L.Push(w.ctx)
	if err := w.call(f, 3, 1); err != nil {
		return false, err
	}
	return lua.LVAsBool(w.L.Get(-1)), nil
}

func (w *World) withResponse(ctx context.Context, f hook.Ref, r *hook.Response) (lua.LValue, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer w.leave()
	defer w.watchState()()
	p := w.newResponse(r)
	w.L.Push(c.fn)
	w.L.Push(p.userdata)
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return nil, err
	}
	v := w.L.Get(-1)
	if err := p.finish(); err != nil {
		return nil, w.at(f, err)
	}
	return v, nil
}

// at gives an error of a request or response the place of the hook.
func (w *World) at(f hook.Ref, err error) error {
	where := w.script.main.name
	if c := w.funcs[f]; c != nil {
		where = place(c.fn)
	}
	return &Error{Path: w.place(f), Message: where + ": " + err.Error()}
}

// Authorize calls function(request, ctx).
func (w *World) Authorize(ctx context.Context, f hook.Ref, r *hook.Request) error {
	return w.withRequest(ctx, f, r, nil)
}

// Apply calls function(request, session, ctx).
func (w *World) Apply(ctx context.Context, f hook.Ref, r *hook.Request, session []byte) error {
	return w.withRequest(ctx, f, r, func() lua.LValue { return w.lease.View(w.L, session) })
}

func (w *World) withRequest(ctx context.Context, f hook.Ref, r *hook.Request, second func() lua.LValue) error {
	c, err := w.enter(ctx, f)
	if err != nil {
		return err
	}
	defer w.leave()
	defer w.watchState()()
	q := w.newRequest(r)
	w.L.Push(c.fn)
	w.L.Push(q.userdata)
	args := 2
	if second != nil {
		w.L.Push(second())
		args++
	}
	w.L.Push(w.ctx)
	if err := w.call(f, args, 0); err != nil {
		return err
	}
	if err := q.finish(); err != nil {
		return w.at(f, err)
	}
	return nil
}

// BuildTokenRequest calls function(config, ctx) -> { headers, data } (AUTH-14).
func (w *World) BuildTokenRequest(ctx context.Context, f hook.Ref, settings []byte) (http.Header, []hook.Pair, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	defer w.leave()
	defer w.watchState()()
	w.L.Push(c.fn)
	w.L.Push(w.lease.View(w.L, settings))
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return nil, nil, err
	}
	t, ok := w.L.Get(-1).(*lua.LTable)
	if !ok {
		return nil, nil, w.wrongResult(f, "a table { headers = ..., data = ... }", w.L.Get(-1))
	}
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if s := k.String(); s != "headers" && s != "data" {
			hint := ""
			if like := nearest(s, []string{"headers", "data"}); like != "" {
				hint = fmt.Sprintf(" (did you mean %q?)", like)
			}
			return nil, nil, w.at(f, fmt.Errorf("a token request has headers and data, but no %q%s", s, hint))
		}
	}
	h := headers{of: "token request"}
	if v, ok := t.RawGetString("headers").(*lua.LTable); ok {
		h.replace(w.L, v)
	}
	header, err := h.result()
	if err != nil {
		return nil, nil, w.at(f, err)
	}
	p := params{}
	if v, ok := t.RawGetString("data").(*lua.LTable); ok {
		p.table = v
	}
	form, err := p.result()
	if err != nil {
		return nil, nil, w.at(f, err)
	}
	return header, form, nil
}

// Login calls function(http, ctx); requests made in it carry no credentials.
func (w *World) Login(ctx context.Context, f hook.Ref) ([]byte, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer w.leave()
	defer w.watchState()()
	w.noAuth = true
	w.L.Push(c.fn)
	w.L.Push(w.library("http"))
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return nil, err
	}
	session, err := w.result(f, w.L.Get(-1), 256)
	if err != nil {
		return nil, err
	}
	if session[0] != '{' {
		return nil, w.wrongResult(f, "a table { token = ..., expires_in = 3600 }", w.L.Get(-1))
	}
	return session, nil
}

// library is a module of the standard library, opened once.
func (w *World) library(name string) lua.LValue {
	if v, ok := w.loaded[name]; ok {
		return v
	}
	for _, m := range stdlib.Modules() {
		if m.Name == name {
			t := m.Open(w.L, &w.host)
			w.loaded[name] = t
			return t
		}
	}
	return lua.LNil
}

// InitPage prepares the first request of a series: function(request, state, ctx)
// where the paginator has one.
func (w *World) InitPage(ctx context.Context, p hook.Paginator, r *hook.Request) ([]byte, error) {
	empty := []byte("{}")
	if p.InitRequest == "" {
		return empty, nil
	}
	c, err := w.enter(ctx, p.InitRequest)
	if err != nil {
		return nil, err
	}
	defer w.leave()
	defer w.watchState()()
	q := w.newRequest(r)
	state := w.lease.View(w.L, empty)
	w.L.Push(c.fn)
	w.L.Push(q.userdata)
	w.L.Push(state)
	w.L.Push(w.ctx)
	if err := w.call(p.InitRequest, 3, 0); err != nil {
		return nil, err
	}
	if err := q.finish(); err != nil {
		return nil, w.at(p.InitRequest, err)
	}
	return w.paginatorState(p.InitRequest, state)
}

// paginatorState is the state after a call; it is kept in checkpoints, so it
// must be plain data.
func (w *World) paginatorState(f hook.Ref, state lua.LValue) ([]byte, error) {
	out, err := w.json(nil, state)
	if err != nil {
		return nil, w.at(f, fmt.Errorf("state: %w", err))
	}
	return out, nil
}

// NextPage changes r into the next request of a series.
func (w *World) NextPage(ctx context.Context, p hook.Paginator, r *hook.Request, resp *hook.Response, records, state []byte) ([]byte, bool, error) {
	if len(state) == 0 {
		state = []byte("{}")
	}
	if p.Step != "" {
		return w.step(ctx, p.Step, r, resp, state)
	}
	state, more, err := w.updateState(ctx, p.UpdateState, resp, records, state)
	if err != nil || !more || p.UpdateRequest == "" {
		return state, more, err
	}
	c, err := w.enter(ctx, p.UpdateRequest)
	if err != nil {
		return nil, false, err
	}
	defer w.leave()
	defer w.watchState()()
	q := w.newRequest(r)
	s := w.lease.View(w.L, state)
	w.L.Push(c.fn)
	w.L.Push(q.userdata)
	w.L.Push(s)
	w.L.Push(w.ctx)
	if err := w.call(p.UpdateRequest, 3, 0); err != nil {
		return nil, false, err
	}
	if err := q.finish(); err != nil {
		return nil, false, w.at(p.UpdateRequest, err)
	}
	state, err = w.paginatorState(p.UpdateRequest, s)
	return state, true, err
}

// step calls function(request, response, state, ctx) -> request or nil.
func (w *World) step(ctx context.Context, f hook.Ref, r *hook.Request, resp *hook.Response, state []byte) ([]byte, bool, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, false, err
	}
	defer w.leave()
	defer w.watchState()()
	q := w.newRequest(r)
	s := w.lease.View(w.L, state)
	w.L.Push(c.fn)
	w.L.Push(q.userdata)
	w.L.Push(w.newResponse(resp).userdata)
	w.L.Push(s)
	w.L.Push(w.ctx)
	if err := w.call(f, 4, 1); err != nil {
		return nil, false, err
	}
	v := w.L.Get(-1)
	more := lua.LVAsBool(v)
	if more && v != lua.LValue(q.userdata) {
		return nil, false, w.wrongResult(f, "the request that it was given, changed, or nil at the end", v)
	}
	if more {
		if err := q.finish(); err != nil {
			return nil, false, w.at(f, err)
		}
	}
	q.ended = true
	out, err := w.paginatorState(f, s)
	return out, more, err
}

// updateState calls function(response, records, state, ctx) -> has_next.
func (w *World) updateState(ctx context.Context, f hook.Ref, resp *hook.Response, records, state []byte) ([]byte, bool, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, false, err
	}
	defer w.leave()
	defer w.watchState()()
	s := w.lease.View(w.L, state)
	p := w.newResponse(resp)
	if len(records) == 0 {
		records = []byte("[]")
	}
	w.L.Push(c.fn)
	w.L.Push(p.userdata)
	w.L.Push(w.lease.View(w.L, records))
	w.L.Push(s)
	w.L.Push(w.ctx)
	if err := w.call(f, 4, 1); err != nil {
		return nil, false, err
	}
	p.ended = true
	more := lua.LVAsBool(w.L.Get(-1))
	out, err := w.paginatorState(f, s)
	return out, more, err
}
