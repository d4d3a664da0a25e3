package lua

import (
	"context"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
)

// Filter calls function(record, ctx); only nil and false drop (LUA-09).
func (w *World) Filter(ctx context.Context, f hook.Ref, record []byte) (bool, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return false, err
	}
	defer w.leave()
	w.pushRecord(c, record)
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return false, err
	}
	return lua.LVAsBool(w.L.Get(-1)), nil
}

// pushRecord pushes a hook and the record that it gets first.
func (w *World) pushRecord(c *callee, record []byte) {
	w.record = w.lease.View(w.L, record)
	w.L.Push(c.fn)
	w.L.Push(w.record)
}

// Map calls function(record, ctx); nil (and false) drop the record.
func (w *World) Map(ctx context.Context, f hook.Ref, record []byte) ([]byte, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer w.leave()
	w.pushRecord(c, record)
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return nil, err
	}
	v := w.L.Get(-1)
	if !lua.LVAsBool(v) {
		return nil, nil
	}
	if v == w.record && !view.Changed(v) {
		return record, nil
	}
	// The buffer serves all results of this function, so it grows to the size
	// of the greatest; the memory of a huge one is not kept.
	if cap(c.result) > maxResult {
		c.result = nil
	}
	out, err := w.json(c.result[:0], v)
	if err != nil {
		return nil, w.inResult(f, err)
	}
	c.result = out
	return out, nil
}

// maxResult is how long a result of a map may be, in bytes, for its memory to
// be used again.
const maxResult = 1 << 20

// result is the JSON text of what a hook returned.
func (w *World) result(f hook.Ref, v lua.LValue, size int) ([]byte, error) {
	out, err := w.json(make([]byte, 0, size), v)
	if err != nil {
		return nil, w.inResult(f, err)
	}
	return out, nil
}

// inResult is the error of a value that a hook gave back.
func (w *World) inResult(f hook.Ref, err error) error {
	e := &Error{Path: w.place(f), Message: "the result: " + err.Error()}
	if limit, ok := errors.AsType[*Error](err); ok {
		limit.Path = w.place(f) // a limit was met while the result was written
		return limit
	}
	if c := w.funcs[f]; c != nil && c.fn.Proto != nil {
		e.Message = place(c.fn) + ": " + e.Message
	}
	return e
}

// json appends the JSON text of v. Values of modules may run code of theirs
// for it, so it is protected as a call.
func (w *World) json(dst []byte, v lua.LValue) (out []byte, err error) {
	e := &w.encode
	e.value, e.text, e.err = v, dst, nil
	w.L.Push(e.function)
	perr := w.L.PCall(0, 0, nil)
	out, err = e.text, e.err
	e.value, e.text, e.err = nil, nil, nil
	if perr != nil {
		return dst, w.failure("", perr)
	}
	return out, err
}

// encoding is a value on its way to JSON.
type encoding struct {
	function *lua.LFunction // encodeJSON
	value    lua.LValue
	text     []byte
	err      error
}

func (w *World) encodeJSON(L *lua.LState) int {
	e := &w.encode
	e.text, e.err = view.AppendJSON(L, e.text, e.value)
	return 0
}

// YieldMap calls function(record, emit, ctx) and emits what it returns.
func (w *World) YieldMap(ctx context.Context, f hook.Ref, record []byte, emit func([]byte) error) error {
	c, err := w.enter(ctx, f)
	if err != nil {
		return err
	}
	defer w.leave()
	w.emitTo = emit
	w.pushRecord(c, record)
	w.L.Push(w.emit)
	w.L.Push(w.ctx)
	if err := w.call(f, 3, 1); err != nil {
		return err
	}
	return w.emitResult(f, w.L.Get(-1))
}

// Rows calls function(emit, ctx) of a resource without endpoint, and emits
// what it returns. The limits hold from one emitted row to the next.
func (w *World) Rows(ctx context.Context, f hook.Ref, emit func([]byte) error) error {
	c, err := w.enter(ctx, f)
	if err != nil {
		return err
	}
	defer w.leave()
	w.emitTo = func(row []byte) error {
		w.meter.restart()
		return emit(row)
	}
	w.L.Push(c.fn)
	w.L.Push(w.emit)
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return err
	}
	return w.emitResult(f, w.L.Get(-1))
}

// emitResult emits the elements of a list, or the one record that v is.
func (w *World) emitResult(f hook.Ref, v lua.LValue) error {
	if !lua.LVAsBool(v) {
		return nil
	}
	raw, err := w.result(f, v, 256)
	if err != nil {
		return err
	}
	if t, ok := v.(*lua.LTable); ok {
		if shape, _ := view.ShapeOf(t); shape == view.Empty {
			return nil
		}
	}
	if raw[0] != '[' {
		return w.emitTo(raw)
	}
	return emitElements(raw, w.emitTo)
}

// emitRecord is the emit that hooks get.
func (w *World) emitRecord(L *lua.LState) int {
	if w.emitTo == nil {
		L.RaiseError("emit is called after the function that it was given to returned")
	}
	v := L.CheckAny(1)
	if v == lua.LNil {
		return 0
	}
	raw, err := view.AppendJSON(L, nil, v)
	if err != nil {
		L.RaiseError("emit: %s", err.Error())
	}
	resume := w.meter.outside()
	err = w.emitTo(raw)
	resume()
	if err != nil {
		w.emitErr = err
		L.RaiseError("%s", err.Error())
	}
	return 0
}

// Value calls function(value, ctx).
func (w *World) Value(ctx context.Context, f hook.Ref, value []byte) ([]byte, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer w.leave()
	w.L.Push(c.fn)
	w.L.Push(w.lease.View(w.L, value))
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return nil, err
	}
	return w.result(f, w.L.Get(-1), 32)
}

// Reduce calls function(values, ctx).
func (w *World) Reduce(ctx context.Context, f hook.Ref, values [][]byte) ([]byte, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer w.leave()
	list := w.L.CreateTable(len(values), 0)
	for i, v := range values {
		list.RawSetInt(i+1, w.lease.View(w.L, v))
	}
	w.L.Push(c.fn)
	w.L.Push(list)
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return nil, err
	}
	return w.result(f, w.L.Get(-1), 32)
}

// TableName calls function(record, ctx).
func (w *World) TableName(ctx context.Context, f hook.Ref, record []byte) (string, error) {
	c, err := w.enter(ctx, f)
	if err != nil {
		return "", err
	}
	defer w.leave()
	w.pushRecord(c, record)
	w.L.Push(w.ctx)
	if err := w.call(f, 2, 1); err != nil {
		return "", err
	}
	name, ok := view.Text(w.L.Get(-1))
	if !ok || name == "" {
		return "", w.wrongResult(f, "a table's name", w.L.Get(-1))
	}
	return name, nil
}

// Event calls function(ctx, report).
func (w *World) Event(ctx context.Context, f hook.Ref, report []byte) error {
	c, err := w.enter(ctx, f)
	if err != nil {
		return err
	}
	defer w.leave()
	w.L.Push(c.fn)
	w.L.Push(w.ctx)
	w.L.Push(w.lease.View(w.L, report))
	return w.call(f, 2, 0)
}

// wrongResult says that a hook returned something else than it must.
func (w *World) wrongResult(f hook.Ref, want string, got lua.LValue) error {
	where := w.script.main.name
	if c := w.funcs[f]; c != nil {
		where = place(c.fn)
	}
	return &Error{Path: w.place(f), Message: where + ": the function must return " + want + ", not " + view.Describe(got)}
}

// place is where a function begins.
func place(fn *lua.LFunction) string {
	if fn.Proto == nil {
		return "a function of the library"
	}
	return fmt.Sprintf("%s:%d", fn.Proto.SourceName, fn.Proto.LineDefined)
}

// emitElements emits the elements of the array raw.
func emitElements(raw []byte, emit func([]byte) error) error {
	var failed error
	err := rawjson.Elements(raw, func(value []byte) bool {
		failed = emit(value)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}
