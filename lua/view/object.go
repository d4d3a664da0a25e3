package view

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
)

// From manyFields fields and manyLookups searches on, a map finds fields; below
// that it costs more than it saves. manyFields is also how many writes are
// searched one by one.
const (
	manyFields  = 32
	manyLookups = 24
)

// index finds the fields of the whole text, once. All of it must be read
// before one field can be given, as the last one of a name counts (NRM-34).
func (b *body) index() {
	if b.indexed {
		return
	}
	b.indexed = true
	raw := b.raw
	fields := b.fields[:0]
	for i := rawjson.SkipSpace(raw, 1); i < len(raw) && raw[i] == '"'; i = rawjson.SkipSpace(raw, i+1) {
		keyEnd, escapes := rawjson.TrustedKey(raw, i)
		val := rawjson.SkipSpace(raw, keyEnd)
		if val >= len(raw) || raw[val] != ':' {
			break
		}
		val = rawjson.SkipSpace(raw, val+1)
		end := rawjson.SkipTrusted(raw, val)
		if end == val {
			break
		}
		print := uint32(0)
		if escapes {
			b.escapes = true
		} else {
			print = fingerprint(raw[i+1 : keyEnd-1])
		}
		// Written in place: a field is too large for registers.
		n := len(fields)
		if n == cap(fields) {
			fields = slices.Grow(fields, 1)
		}
		fields = fields[:n+1]
		f := &fields[n]
		f.key, f.keyEnd, f.val, f.valEnd, f.print = uint32(i), uint32(keyEnd), uint32(val), uint32(end), print
		if i = rawjson.SkipSpace(raw, end); i >= len(raw) || raw[i] != ',' {
			break
		}
	}
	b.fields = fields
}

// fingerprint tells most keys apart by their length and two of their bytes. It
// is never 0, which is that of keys with escapes.
func fingerprint[T string | []byte](key T) uint32 {
	n := len(key)
	if n == 0 {
		return 1 << 31
	}
	return 1<<31 | uint32(n&0x7fff)<<16 | uint32(key[0])<<8 | uint32(key[n-1])
}

func (b *body) keyText(i int) string {
	f := &b.fields[i]
	raw := b.raw[f.key:f.keyEnd]
	if f.print != 0 {
		return string(raw[1 : len(raw)-1])
	}
	s, err := rawjson.Unquote(raw)
	if err != nil {
		return ""
	}
	return s
}

// keyIs reports whether field i is called key, whose fingerprint is print.
func (b *body) keyIs(i int, key string, print uint32) bool {
	f := &b.fields[i]
	if f.print == print {
		return string(b.raw[f.key+1:f.keyEnd-1]) == key
	}
	return f.print == 0 && rawjson.KeyEqual(b.raw[f.key:f.keyEnd], key)
}

// find returns the place of key among the fields of the text, or -1. Where a
// key stands twice, the last one counts (NRM-34).
func (b *body) find(key string) int {
	b.index()
	if b.lookups++; b.lookups >= manyLookups && len(b.fields) > manyFields {
		return b.findMany(key)
	}
	print := fingerprint(key)
	if b.escapes {
		for i := len(b.fields) - 1; i >= 0; i-- {
			if b.keyIs(i, key, print) {
				return i
			}
		}
		return -1
	}
	for i := len(b.fields) - 1; i >= 0; i-- {
		if b.fields[i].print == print && b.keyIs(i, key, print) {
			return i
		}
	}
	return -1
}

func (b *body) findMany(key string) int {
	if b.byKey == nil {
		b.byKey = make(map[string]int, len(b.fields))
		for i := range b.fields {
			b.byKey[b.keyText(i)] = i
		}
	}
	if i, ok := b.byKey[key]; ok {
		return i
	}
	return -1
}

// change returns what was written under key, or nil.
func (b *body) change(key string) *change {
	if b.written != nil {
		if i, ok := b.written[key]; ok {
			return &b.changes[i]
		}
		return nil
	}
	for i := range b.changes {
		if b.changes[i].key == key {
			return &b.changes[i]
		}
	}
	return nil
}

// get returns the field called key; null and missing are LNil.
func (b *body) get(key string) lua.LValue {
	if len(b.changes) > 0 {
		if c := b.change(key); c != nil {
			if IsNull(c.value) {
				return lua.LNil
			}
			return c.value
		}
	}
	if i := b.find(key); i >= 0 {
		return b.fieldValue(i)
	}
	return lua.LNil
}

func (b *body) fieldValue(i int) lua.LValue {
	f := &b.fields[i]
	raw := b.raw[f.val:f.valEnd:f.valEnd]
	if raw[0] != '{' && raw[0] != '[' {
		return scalar(b.space, raw)
	}
	for _, c := range b.children {
		if c.field == i {
			return &c.view.ud
		}
	}
	h := b.child(raw)
	b.children = append(b.children, child{i, h})
	return &h.ud
}

// set writes the field called key; LNil removes it.
func (b *body) set(key string, v lua.LValue) {
	b.touch()
	if c := b.change(key); c != nil {
		c.value = v
		return
	}
	b.changes = append(b.changes, change{key, b.find(key), v})
	n := len(b.changes)
	if n == manyFields {
		b.written = make(map[string]int32, 2*manyFields)
		for i, c := range b.changes {
			b.written[c.key] = int32(i)
		}
	} else if n > manyFields {
		b.written[key] = int32(n - 1)
	}
}

// last reports whether field i is the last one with its key.
func (b *body) last(i int) bool {
	f := &b.fields[i]
	if b.byKey != nil || b.escapes {
		return b.find(b.keyText(i)) == i
	}
	raw := b.raw[f.key:f.keyEnd]
	for j := i + 1; j < len(b.fields); j++ {
		g := &b.fields[j]
		if g.print == f.print && string(b.raw[g.key:g.keyEnd]) == string(raw) {
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
	for ; at-n < len(b.changes); at++ {
		c := &b.changes[at-n]
		if c.at < 0 && c.value != lua.LNil && !IsNull(c.value) {
			b.cursor = at
			return lua.LString(c.key), c.value, true
		}
	}
	return lua.LNil, lua.LNil, true
}

// place returns where key stands for next: a field, or len(fields)+i for the
// i-th written key; -1 when it is nowhere.
func (b *body) place(key string) int {
	n := len(b.fields)
	if b.cursor < n && b.keyText(b.cursor) == key {
		return b.cursor
	}
	if at := b.cursor - n; at >= 0 && at < len(b.changes) && b.changes[at].key == key {
		return b.cursor
	}
	if i := b.find(key); i >= 0 {
		return i
	}
	if c := b.change(key); c != nil {
		for i := range b.changes {
			if &b.changes[i] == c {
				return n + i
			}
		}
	}
	return -1
}

func objectIndex(L *lua.LState) int {
	h := handleOf(L.Get(1))
	key, ok := L.Get(2).(lua.LString)
	if h == nil || !ok {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(h.live(L).get(string(key)))
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
