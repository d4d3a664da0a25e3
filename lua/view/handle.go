package view

import (
	"errors"
	"math"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
)

// errEnded is raised for a view that is used after its hook call (SCR-15).
var errEnded = errors.New("this record belongs to an earlier call; keep json.copy(record)")

// Lease bounds the life of views: those made with View die with the next End.
// It keeps their indexes for the next views, so that a hook call allocates
// little. A Lease belongs to one world and is not safe for several goroutines.
type Lease struct {
	space *space
	used  []*body
	free  []*body
	// handles are made but not given out yet.
	handles []handle
}

// View makes the Lua value of valid JSON text that lives until End. raw must
// not change until then.
func (l *Lease) View(L *lua.LState, raw []byte) lua.LValue {
	if l.space == nil {
		l.space = spaceOf(L)
	}
	return decode(L.Env, l.space, l, raw)
}

// maxKept is how many fields an index may hold to be kept for the next views.
const maxKept = 1024

// End ends the views made since the last End.
func (l *Lease) End() {
	for i, b := range l.used {
		l.used[i] = nil
		keep := cap(b.fields) <= maxKept && cap(b.items) <= maxKept && cap(b.changes) <= maxKept && len(l.free) < maxKept
		b.reset()
		if keep {
			l.free = append(l.free, b)
		}
	}
	l.used = l.used[:0]
}

func (l *Lease) body() *body {
	var b *body
	if n := len(l.free); n > 0 {
		b = l.free[n-1]
		l.free = l.free[:n-1]
	} else {
		b = new(body)
	}
	l.used = append(l.used, b)
	return b
}

// handlesAtOnce is how many handles are allocated at once. A script that keeps
// one of them keeps all, so they are few.
const handlesAtOnce = 8

func (l *Lease) handle() *handle {
	if l == nil {
		return new(handle)
	}
	if len(l.handles) == 0 {
		l.handles = make([]handle, handlesAtOnce)
	}
	h := &l.handles[0]
	l.handles = l.handles[1:]
	return h
}

// handle is what a script holds: the userdata and its body. It cannot be used
// again for another view, as the script may have kept it.
type handle struct {
	ud    lua.LUserData
	epoch uint64 // of the body, while the view lives
	b     *body
}

// handleOf returns the view behind v, or nil.
func handleOf(v lua.LValue) *handle {
	if ud, ok := v.(*lua.LUserData); ok {
		if h, ok := ud.Value.(*handle); ok {
			return h
		}
	}
	return nil
}

func (h *handle) ended() bool { return h.b.epoch != h.epoch }

// live returns the body, or raises the error of an ended view.
func (h *handle) live(L *lua.LState) *body {
	if h.ended() {
		L.RaiseError("%s", errEnded.Error())
	}
	return h.b
}

// body is the state of a view: the index over its text, and its changes.
type body struct {
	env    *lua.LTable
	space  *space
	lease  *Lease
	parent *body
	raw    []byte
	epoch  uint64 // counts the views that the body served
	array  bool
	// indexed is set when fields or items cover the whole text.
	indexed bool
	// changed is set when the view or one below it was written to.
	changed bool

	// Of an object.
	fields   []field
	escapes  bool             // a key of the text may be spelled with escapes
	lookups  int              // keys that were searched for
	byKey    map[string]int   // of fields, where it pays
	cursor   int              // field that next gave last
	children []child          // views of fields that were read
	changes  []change         // what was written, in the order of writing
	written  map[string]int32 // of changes, where they are many

	// Of an array.
	items []item
}

// field is the place of one field in the text of an object. It holds no
// pointers, so that an index costs the garbage collector nothing.
type field struct {
	key, keyEnd uint32 // with quotes
	val, valEnd uint32
	print       uint32 // fingerprint of the key
}

// child is the view of a field's value.
type child struct {
	field int
	view  *handle
}

// change is what was written under a key; at is the field of the text that
// counts for it (the last of its name), or -1.
type change struct {
	key   string
	at    int
	value lua.LValue
}

// item is one element of an array: its place in the text, or a value.
type item struct {
	val, valEnd uint32
	value       lua.LValue // nil interface: as in the text
}

// reset ends the views of b and makes it ready for another one. What is the
// same in most calls is left alone: pointers that are written cost more while
// the garbage collector runs.
func (b *body) reset() {
	b.epoch++
	b.parent, b.raw = nil, nil
	b.array, b.indexed, b.changed, b.escapes = false, false, false, false
	b.lookups, b.cursor = 0, 0
	b.fields = b.fields[:0]
	if b.byKey != nil {
		b.byKey = nil
	}
	if b.written != nil {
		b.written = nil
	}
	if len(b.children) > 0 {
		clear(b.children)
		b.children = b.children[:0]
	}
	if len(b.changes) > 0 {
		clear(b.changes)
		b.changes = b.changes[:0]
	}
	if len(b.items) > 0 {
		clear(b.items)
		b.items = b.items[:0]
	}
}

// touch marks b and the views around it as changed.
func (b *body) touch() {
	for ; b != nil && !b.changed; b = b.parent {
		b.changed = true
	}
}

// decode makes the value of raw, white space around it allowed.
func decode(env *lua.LTable, s *space, l *Lease, raw []byte) lua.LValue {
	i := rawjson.SkipSpace(raw, 0)
	end := len(raw)
	for end > i && (raw[end-1] == ' ' || raw[end-1] == '\n' || raw[end-1] == '\t' || raw[end-1] == '\r') {
		end--
	}
	if i >= end || end > math.MaxUint32 {
		return lua.LNil
	}
	if c := raw[i]; c == '{' || c == '[' {
		return &newHandle(env, s, l, nil, raw[i:end:end]).ud
	}
	return scalar(s, raw[i:end])
}

func newHandle(env *lua.LTable, s *space, l *Lease, parent *body, raw []byte) *handle {
	var b *body
	if l != nil {
		b = l.body()
	} else {
		b = new(body)
	}
	h := l.handle()
	h.epoch, h.b = b.epoch, b
	b.parent, b.raw = parent, raw
	if b.env != env || b.space != s || b.lease != l {
		b.env, b.space, b.lease = env, s, l
	}
	h.ud.Value, h.ud.Env, h.ud.Metatable = h, env, s.object
	if raw[0] == '[' {
		b.array = true
		h.ud.Metatable = s.array
	}
	return h
}

// child makes the view of a value inside b.
func (b *body) child(raw []byte) *handle {
	return newHandle(b.env, b.space, b.lease, b, raw)
}

func viewToString(L *lua.LState) int {
	out, err := AppendJSON(L, nil, L.Get(1))
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	charge(L, len(out)/256)
	L.Push(lua.LString(out))
	return 1
}

// Inside returns how many bytes of text the view v holds for itself, and gives
// add the values that were written to it. Other values, and views of a Lease,
// hold none.
func Inside(v lua.LValue, add func(lua.LValue)) int {
	h := handleOf(v)
	if h == nil || h.ended() || h.b.lease != nil {
		return 0
	}
	b := h.b
	for i := range b.changes {
		add(b.changes[i].value)
	}
	for i := range b.children {
		add(&b.children[i].view.ud)
	}
	for i := range b.items {
		if e := b.items[i].value; e != nil {
			add(e)
		}
	}
	size := len(b.fields)*int(unsafe.Sizeof(field{})) + len(b.items)*int(unsafe.Sizeof(item{}))
	if b.parent == nil {
		size += len(b.raw)
	}
	return size
}
