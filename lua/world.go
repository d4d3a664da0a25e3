package lua

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
	"github.com/restlua/restlua/stdlib"
)

// World is a script evaluated in a VM of its own, in which hooks run one at a
// time. It implements hook.World.
type World struct {
	mu     sync.Mutex
	script *Script
	env    hook.Env
	host   stdlib.Host
	L      *lua.LState
	meter  meter
	lease  view.Lease
	closed bool

	config  *lua.LTable // what the script returned
	funcs   map[hook.Ref]*callee
	last    *callee     // that was called last
	calls   int         // of hooks
	ctx     *lua.LTable // the ctx of hooks
	emit    *lua.LFunction
	loaded  map[string]lua.LValue
	loading []string // modules that are being evaluated
	secrets *secrets

	encode encoding // what is being written as JSON

	// The functions that rewritten files call, in the order of their locals.
	chunkFuncs [4]*lua.LFunction
	chunkArgs  int
	marks      *marks // nil but while a config is evaluated

	// ahead is set when a hook that runs while a page is asked for has changed
	// ctx.state; see StateAhead.
	ahead bool

	// Of the call at hand.
	noAuth  bool               // requests carry no credentials (login)
	emitTo  func([]byte) error // receives the records of emit
	emitErr error              // what emitTo said
	record  lua.LValue         // for ctx.parent
}

// callee is a hook of this world.
type callee struct {
	fn  *lua.LFunction
	ref hook.Ref
	// result holds what the function returned, as JSON, until its next call.
	result []byte
}

// newWorld makes a world that is ready to evaluate its script.
func newWorld(s *Script, env hook.Env) *World {
	w := &World{script: s, env: env, loaded: map[string]lua.LValue{}, funcs: map[hook.Ref]*callee{}}
	w.secrets = newSecrets(env.Secrets)
	w.meter.options = s.options
	w.meter.begin(context.Background(), s.options.EvalTimeout, "the evaluation of the script")
	w.host = stdlib.Host{Env: env, Evaluating: true, Context: func() context.Context { return w.meter.caller }}
	w.host.Gave = func(v lua.LValue) {
		if s, ok := v.(lua.LString); ok && w.marks != nil {
			w.marks.given[string(s)] = true
		}
	}
	if env.Secrets != nil {
		w.host.Secrets = w.secrets.get
	}
	if env.HTTP != nil {
		w.host.HTTP = w.request
	}
	if env.Wait != nil {
		w.host.Wait = w.wait
	}
	w.L = lua.NewState(lua.Options{
		SkipOpenLibs:     true,
		CallStackSize:    s.options.CallDepth,
		RegistrySize:     4 << 10,
		RegistryGrowStep: 4 << 10,
		RegistryMaxSize:  256 << 10,
	})
	w.sandbox()
	w.chunkFuncs = [4]*lua.LFunction{w.L.NewFunction(w.concat), w.L.NewFunction(w.mark), w.L.NewFunction(w.markAssign), w.L.NewFunction(w.index)}
	w.chunkArgs = len(w.chunkFuncs)
	w.L.SetContext(&w.meter)
	return w
}

// push pushes the function of a file and its arguments.
func (w *World) push(L *lua.LState, c *chunk) {
	proto := c.plain
	if w.marks != nil {
		proto = c.marked
		w.marks.files[proto.SourceName] = c
	}
	L.Push(L.NewFunctionFromProto(proto))
	for _, f := range w.chunkFuncs {
		L.Push(f)
	}
}

// evaluate runs the script and returns the table that it returns.
func (w *World) evaluate(ctx context.Context) (*lua.LTable, error) {
	w.meter.begin(ctx, w.script.options.EvalTimeout, "the evaluation of the script")
	main := w.script.main
	w.push(w.L, main)
	if err := w.L.PCall(w.chunkArgs, 1, nil); err != nil {
		return nil, w.failure("", err)
	}
	v := w.L.Get(-1)
	w.L.SetTop(0)
	t, ok := v.(*lua.LTable)
	if !ok {
		place := main.name
		if main.returnLine > 0 {
			place = fmt.Sprintf("%s:%d", main.name, main.returnLine)
		}
		if v == lua.LNil {
			return nil, &Error{Message: place + ": the script returns nothing; it must end with: return { client = ..., resources = ... }"}
		}
		return nil, &Error{Message: place + ": the script must return a table, not " + view.Describe(v)}
	}
	return t, nil
}

// begin makes the world ready for hooks.
func (w *World) begin() {
	w.host.Evaluating = false
	w.emit = w.L.NewFunction(w.emitRecord)
	w.ctx = w.newCtx()
	w.encode.function = w.L.NewFunction(w.encodeJSON)
	w.meter.suspicious = false
	w.meter.suspectFrom = w.meter.heapSize() + uint64(w.script.options.MemoryKept)
}

// request makes a request for a hook. Waiting for it is not the hook's time,
// and what the client allocates is not its memory.
func (w *World) request(ctx context.Context, r *hook.Request) (*hook.Response, error) {
	if w.noAuth {
		copied := *r
		copied.NoAuth = true
		r = &copied
	}
	resume := w.meter.outside()
	defer resume()
	return w.env.HTTP(ctx, r)
}

// wait lets time pass for a hook; that is not the hook's time either.
func (w *World) wait(ctx context.Context, d time.Duration) error {
	resume := w.meter.outside()
	defer resume()
	return w.env.Wait(ctx, d)
}

// Close releases the world.
func (w *World) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		w.L.Close()
	}
}

// enter begins a call of the hook f; leave must follow.
func (w *World) enter(ctx context.Context, f hook.Ref) (*callee, error) {
	w.mu.Lock()
	fn, err := w.function(f)
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	if err := w.checkKept(f); err != nil {
		w.mu.Unlock()
		return nil, err
	}
	w.meter.begin(ctx, w.timeout(), "one call of the function")
	return fn, nil
}

func (w *World) timeout() time.Duration {
	if w.env.HookTimeout > 0 {
		return w.env.HookTimeout
	}
	return defaultHookTimeout
}

func (w *World) leave() {
	w.L.SetTop(0)
	w.lease.End()
	w.noAuth, w.emitTo, w.emitErr, w.record = false, nil, nil, nil
	w.mu.Unlock()
}

// call calls the function and arguments that were pushed; results are on the
// stack.
func (w *World) call(f hook.Ref, args, results int) error {
	if err := w.L.PCall(args, results, nil); err != nil {
		return w.failure(f, err)
	}
	return nil
}

// function finds the function that f names in the table that the script
// returned in this world.
func (w *World) function(f hook.Ref) (*callee, error) {
	if w.closed {
		return nil, fmt.Errorf("%s: the script's world is closed", w.place(f))
	}
	if w.last != nil && w.last.ref == f {
		return w.last, nil
	}
	if fn, ok := w.funcs[f]; ok {
		w.last = fn
		return fn, nil
	}
	var v lua.LValue = w.config
	for rest := string(f); rest != ""; {
		key, tail, ok := cutStep(rest)
		t, isTable := v.(*lua.LTable)
		if !ok || !isTable {
			return nil, w.noFunction(f)
		}
		v, rest = t.RawGet(key), tail
	}
	code, ok := v.(*lua.LFunction)
	if !ok {
		return nil, w.noFunction(f)
	}
	fn := &callee{fn: code, ref: f}
	w.funcs[f] = fn
	return fn, nil
}

func (w *World) noFunction(f hook.Ref) error {
	return &Error{Path: w.place(f), Message: w.script.main.name + ": there is no function here; does the script return another table each time it is evaluated?"}
}

// cutStep takes the first step of a path: name, [3] or ["odd key"].
func cutStep(path string) (key lua.LValue, rest string, ok bool) {
	path = strings.TrimPrefix(path, ".")
	if !strings.HasPrefix(path, "[") {
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		return lua.LString(path[:end]), path[end:], end > 0
	}
	if name, rest, ok := cutQuoted(path[1:]); ok {
		rest, ok = strings.CutPrefix(rest, "]")
		return lua.LString(name), rest, ok
	}
	inner, rest, ok := strings.Cut(path[1:], "]")
	if !ok {
		return nil, "", false
	}
	n := 0
	for _, c := range inner {
		if c < '0' || c > '9' || n > maxListIndex {
			return nil, "", false
		}
		n = n*10 + int(c-'0')
	}
	return lua.LNumber(n), rest, inner != ""
}

// place is the path of a hook for messages: inside its resource, where the
// world belongs to one.
func (w *World) place(f hook.Ref) string {
	if w.env.Resource != "" {
		if rest, ok := strings.CutPrefix(string(f), "resources["); ok {
			if _, tail, ok := strings.Cut(rest, "]."); ok {
				return tail
			}
		}
	}
	return string(f)
}
