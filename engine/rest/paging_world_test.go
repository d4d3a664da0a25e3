package rest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/restlua/restlua/engine/hook"
)

// pagingWorld runs hooks written in Go. What a test does not set is not called.
type pagingWorld struct {
	hook.World
	when    func(*hook.Response) bool
	respond map[hook.Ref]func(*hook.Response) hook.Action
	init    func(r *hook.Request) any
	next    func(r *hook.Request, resp *hook.Response, records, state []byte) (any, bool)
}

func (w pagingWorld) When(_ context.Context, f hook.Ref, r *hook.Response) (bool, error) {
	if f == "broken" {
		return false, errors.New("script.lua:3: broken")
	}
	return w.when(r), nil
}

func (w pagingWorld) Respond(_ context.Context, f hook.Ref, r *hook.Response) (hook.Action, error) {
	if f == "broken" {
		return "", errors.New("script.lua:4: broken")
	}
	return w.respond[f](r), nil
}

func (w pagingWorld) InitPage(_ context.Context, _ hook.Paginator, r *hook.Request) ([]byte, error) {
	return marshal(w.init(r)), nil
}

func (w pagingWorld) NextPage(_ context.Context, _ hook.Paginator, r *hook.Request, resp *hook.Response, records, state []byte) ([]byte, bool, error) {
	s, more := w.next(r, resp, records, state)
	return marshal(s), more, nil
}

func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
