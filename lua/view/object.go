package view

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
)

// manyFields is from how many fields on a map finds them.
const manyFields = 32

// index finds the fields of the whole text, once.
func (b *body) index() {
	if b.indexed {
		return
	}
	b.indexed = true
	raw := b.raw
	i := rawjson.SkipSpace(raw, 1)
	for i < len(raw) && raw[i] == '"' {
		keyEnd, err := rawjson.Skip(raw, i)
		if err != nil {
			break
		}
		val := rawjson.SkipSpace(raw, keyEnd)
		if val >= len(raw) || raw[val] != ':' {
			break
		}
		val = rawjson.SkipSpace(raw, val+1)
		end, err := rawjson.Skip(raw, val)
		if err != nil {
			break
		}
		b.fields = append(b.fields, field{key: uint32(i), keyEnd: uint32(keyEnd), val: uint32(val), valEnd: uint32(end)})
		i = rawjson.SkipSpace(raw, end)
		if i >= len(raw) || raw[i] != ',' {
			break
		}
		i = rawjson.SkipSpace(raw, i+1)
	}
	if len(b.fields) > manyFields {
		b.byKey = make(map[string]int, len(b.fields))
		for i := range b.fields {
			b.byKey[b.keyText(i)] = i
		}
	}
}

func (b *body) keyText(i int) string {
	f := &b.fields[i]
	raw := b.raw[f.key:f.keyEnd]
	if s, ok := text(raw).(lua.LString); ok {
		return string(s)
	}
	return ""
}

// find returns the place of key among the fields of the text, or -1. Where a
// key stands twice, the last one counts (NRM-34).
func (b *body) find(key string) int {
	b.index()
	if b.byKey != nil {
		if i, ok := b.byKey[key]; ok {
			return i
		}
		return -1
	}
	for i := len(b.fields) - 1; i >= 0; i-- {
		f := &b.fields[i]
		raw := b.raw[f.key:f.keyEnd]
		if len(raw)-2 == len(key) && string(raw[1:len(raw)-1]) == key || len(raw)-2 > len(key) && rawjson.KeyEqual(raw, key) {
			return i
		}
	}
	return -1
}

// written returns what was written under key.
func (b *body) written(key string) (lua.LValue, bool) {
	if b.overlay != nil {
		v, ok := b.overlay[key]
		return v, ok
	}
	for i := range b.changes {
		if b.changes[i].key == key {
			return b.changes[i].value, true
		}
	}
	return nil, false
}

// get returns the field called key; null and missing are LNil.
func (b *body) get(key string) lua.LValue {
	if v, ok := b.written(key); ok {
		if IsNull(v) {
			return lua.LNil
		}
		return v
	}
	if i := b.find(key); i >= 0 {
		return b.fieldValue(i)
	}
	return lua.LNil
}

func (b *body) fieldValue(i int) lua.LValue {
	f := &b.fields[i]
	if f.child != nil {
		return &f.child.ud
	}
	raw := b.raw[f.val:f.valEnd:f.valEnd]
	if raw[0] == '{' || raw[0] == '[' {
		f.child = b.child(raw)
		return &f.child.ud
	}
	return scalar(b.space, raw)
}

// set writes the field called key; LNil removes it.
func (b *body) set(key string, v lua.LValue) {
	b.touch()
	if b.overlay != nil {
		if _, ok := b.overlay[key]; !ok {
			b.added = append(b.added, key)
		}
		b.overlay[key] = v
		return
	}
	for i := range b.changes {
		if b.changes[i].key == key {
			b.changes[i].value = v
			return
		}
	}
	if len(b.changes) < manyFields {
		b.changes = append(b.changes, change{key, v})
		return
	}
	b.overlay = make(map[string]lua.LValue, 2*manyFields)
	for _, c := range b.changes {
		b.overlay[c.key] = c.value
		b.added = append(b.added, c.key)
	}
	b.overlay[key] = v
	b.added = append(b.added, key)
}

// writtenKey returns the i-th key that was written, in the order of writing.
func (b *body) writtenKey(i int) (string, bool) {
	if b.overlay != nil {
		if i < len(b.added) {
			return b.added[i], true
		}
		return "", false
	}
	if i < len(b.changes) {
		return b.changes[i].key, true
	}
	return "", false
}

// last reports whether field i is the last one with its key.
func (b *body) last(i int) bool {
	f := &b.fields[i]
	if b.byKey != nil {
		return b.byKey[b.keyText(i)] == i
	}
	n := f.keyEnd - f.key
	raw := b.raw[f.key:f.keyEnd]
	for j := i + 1; j < len(b.fields); j++ {
		g := &b.fields[j]
		if g.keyEnd-g.key == n && string(b.raw[g.key:g.keyEnd]) == string(raw) {
			return false
		}
	}
	return true
}

// next returns the field behind key in the order of the document, new ones
// behind it; ok is false when there is no such key.
func (b *body) next(key lua.LValue) (k, v lua.LValue, ok bool) {
	b.index()
	n := len(b.fields)
	at := 0
	if key != lua.LNil {
		s, isText := key.(lua.LString)
		if !isText {
			return nil, nil, false
		}
		if at = b.place(string(s)); at < 0 {
			return nil, nil, false
		}
		at++
	}
	for ; at < n; at++ {
		if !b.last(at) {
			continue
		}
		name := b.keyText(at)
		if v := b.get(name); v != lua.LNil {
			b.cursor = at
			return lua.LString(name), v, true
		}
	}
	for ; ; at++ {
		name, more := b.writtenKey(at - n)
		if !more {
			return lua.LNil, lua.LNil, true
		}
		if b.find(name) >= 0 {
			continue
		}
		if v := b.get(name); v != lua.LNil {
			b.cursor = at
			return lua.LString(name), v, true
		}
	}
}

// place returns where key stands for next: a field, or len(fields)+i for the
// i-th written key; -1 when it is nowhere.
func (b *body) place(key string) int {
	n := len(b.fields)
	if b.cursor < n && b.keyText(b.cursor) == key {
		return b.cursor
	}
	if b.cursor >= n {
		if k, ok := b.writtenKey(b.cursor - n); ok && k == key {
			return b.cursor
		}
	}
	if i := b.find(key); i >= 0 {
		return i
	}
	for i := 0; ; i++ {
		k, ok := b.writtenKey(i)
		if !ok {
			return -1
		}
		if k == key {
			return n + i
		}
	}
}

func objectIndex(L *lua.LState) int {
	h := handleOf(L.Get(1))
	if h == nil {
		L.Push(lua.LNil)
		return 1
	}
	b := h.live(L)
	if key, ok := L.Get(2).(lua.LString); ok {
		L.Push(b.get(string(key)))
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

func objectNewIndex(L *lua.LState) int {
	h := handleOf(L.Get(1))
	if h == nil {
		return 0
	}
	b := h.live(L)
	key, ok := L.Get(2).(lua.LString)
	if !ok {
		L.RaiseError("the keys of a JSON object are strings, not %s", describe(L.Get(2)))
	}
	b.set(string(key), L.Get(3))
	return 0
}

// objectLen is 0, as of a table without keys 1..n.
func objectLen(L *lua.LState) int {
	if h := handleOf(L.Get(1)); h != nil {
		h.live(L)
	}
	L.Push(lua.LNumber(0))
	return 1
}
