package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// functionPaginator lets functions of the script make the next request. Their
// state is plain data, so a series can go on from it.
type functionPaginator struct {
	functions hook.Paginator
	world     hook.World
	state     []byte
	first     *hook.Request // as it was before any function saw it
	request   *hook.Request // the next one
}

func newFunctionPaginator(p *config.Paginator, world hook.World) (paginator, error) {
	if world == nil {
		return nil, errors.New("a paginator of functions needs a script that runs them")
	}
	return &functionPaginator{functions: p.Custom, world: world}, nil
}

func (f *functionPaginator) start(ctx context.Context, r *hook.Request) (err error) {
	f.first = cloneRequest(r)
	f.state, err = f.world.InitPage(ctx, f.functions, r)
	f.request = r
	return err
}

func (f *functionPaginator) next(ctx context.Context, r *hook.Request, p *received) (more bool, err error) {
	records := append([]byte{'['}, bytes.Join(p.records, []byte{','})...)
	f.state, more, err = f.world.NextPage(ctx, f.functions, r, p.response, append(records, ']'), f.state)
	f.request = r
	if err != nil || !more {
		return false, err
	}
	// A function may write a relative URL, as it found it in the response.
	r.URL, err = resolveURL(p.url, r.URL)
	return true, err
}

func (f *functionPaginator) param() string { return "" }

// functionState is a functionPaginator in a snapshot: its state, and what the
// functions made of the first request.
type functionState struct {
	State   json.RawMessage `json:"state"`
	Method  string          `json:"method"`
	URL     string          `json:"url"`
	Params  []hook.Pair     `json:"params"`
	Headers http.Header     `json:"headers,omitempty"` // that were changed; empty: removed
	JSON    json.RawMessage `json:"json,omitempty"`
	Body    []byte          `json:"body,omitempty"`
	NoAuth  bool            `json:"no_auth,omitempty"`
}

func (f *functionPaginator) save() ([]byte, bool) {
	if f.first == nil || rawjson.Valid(f.state) != nil {
		return nil, false
	}
	r := f.request
	s := functionState{State: f.state, Method: r.Method, URL: r.URL, Params: r.Params, JSON: r.JSON, Body: r.Body, NoAuth: r.NoAuth, Headers: http.Header{}}
	for name, values := range r.Headers {
		if !slices.Equal(values, f.first.Headers[name]) {
			s.Headers[name] = values
		}
	}
	for name := range f.first.Headers {
		if _, kept := r.Headers[name]; !kept {
			s.Headers[name] = nil
		}
	}
	state, err := json.Marshal(s)
	return state, err == nil
}

func (f *functionPaginator) restore(state []byte, r *hook.Request) error {
	var s functionState
	if err := json.Unmarshal(state, &s); err != nil {
		return errState
	}
	f.first, f.state, f.request = cloneRequest(r), s.State, r
	r.Method, r.URL, r.Params, r.JSON, r.Body, r.NoAuth = s.Method, s.URL, s.Params, s.JSON, s.Body, s.NoAuth
	for name, values := range s.Headers {
		if values == nil {
			delete(r.Headers, name)
		} else {
			r.Headers[name] = values
		}
	}
	return nil
}
