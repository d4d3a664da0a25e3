package lua

import (
	"context"
	"errors"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
)

// Tool is a script's world for the tools around scripts, which run code that is
// no hook: the tests of a script, a prompt. It is for one goroutine, and what
// runs in it is bounded as a hook is.
type Tool struct{ w *World }

// Tool makes a world in which nothing has run yet.
func (s *Script) Tool(env hook.Env) *Tool { return &Tool{newWorld(s, env)} }

// LState is the VM, for values of Go that the tool gives to the script.
func (t *Tool) LState() *lua.LState { return t.w.L }

// Run evaluates the script; what it returns is the result, which may be nil.
func (t *Tool) Run(ctx context.Context) (lua.LValue, error) {
	t.w.mu.Lock()
	defer t.w.leave()
	t.w.meter.begin(ctx, t.w.script.options.EvalTimeout, "the evaluation of the script")
	t.w.push(t.w.L, t.w.script.main)
	return t.call(t.w.chunkArgs)
}

// Call calls a function of the script, which may run for the timeout; what
// names the call in the error of one that takes longer.
func (t *Tool) Call(ctx context.Context, timeout time.Duration, what string, f *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	t.w.mu.Lock()
	defer t.w.leave()
	t.w.meter.begin(ctx, timeout, what)
	t.w.L.Push(f)
	for _, a := range args {
		t.w.L.Push(a)
	}
	return t.call(len(args))
}

// Eval runs a piece of code in the world: an expression, whose value is the
// result, or statements. name stands in messages.
func (t *Tool) Eval(ctx context.Context, timeout time.Duration, name, code string) (lua.LValue, error) {
	c, err := compile(name, "return "+code)
	if err != nil {
		if c, err = compile(name, code); err != nil {
			return nil, err
		}
	}
	t.w.mu.Lock()
	defer t.w.leave()
	t.w.meter.begin(ctx, timeout, "this")
	t.w.push(t.w.L, c)
	return t.call(t.w.chunkArgs)
}

// Incomplete reports whether code is the beginning of a longer piece: a table,
// a function or a call that is not closed yet.
func Incomplete(code string) bool {
	begun := false
	for _, text := range []string{code, "return " + code} {
		_, err := parseText("input", text)
		if err == nil {
			return false
		}
		e, ok := errors.AsType[*Error](err)
		begun = begun || ok && strings.HasSuffix(e.Message, atEnd) && !strings.Contains(e.Message, "unterminated string ")
	}
	return begun
}

func (t *Tool) call(args int) (lua.LValue, error) {
	if err := t.w.L.PCall(args, 1, nil); err != nil {
		return nil, t.w.failure("", err)
	}
	return t.w.L.Get(-1), nil
}

// Protected calls a function from inside a call, and returns its error in the
// words of one. Limits that the call has passed are not caught.
func (t *Tool) Protected(f *lua.LFunction) error {
	if err := t.w.L.CallByParam(lua.P{Fn: f, Protect: true}); err != nil {
		return t.w.failure("", err)
	}
	return nil
}

// Outside stops the clock of the call under way, and its watch on memory, while
// Go code works for it; the function that it returns starts them again.
func (t *Tool) Outside() (resume func()) { return t.w.meter.outside() }

// JSON is the JSON text of a value.
func (t *Tool) JSON(v lua.LValue) ([]byte, error) { return view.AppendJSON(t.w.L, nil, v) }

// Value makes a value of JSON text, which must not change as long as it lives.
func (t *Tool) Value(raw []byte) lua.LValue { return view.FromJSON(t.w.L, raw) }

// Close releases the world.
func (t *Tool) Close() { t.w.Close() }

// Begin ends the evaluation of the script: from now on time.now() is the clock,
// and the http module makes requests.
func (t *Tool) Begin() { t.w.host.Evaluating = false }
