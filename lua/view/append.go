package view

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
)

// maxDepth is how deep tables may be nested to be written.
const maxDepth = 500

// Error says that a value cannot be written as JSON, and where it stands.
type Error struct {
	Path string // "tags[2].name"; empty for the value itself
	Msg  string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return e.Msg
	}
	return e.Path + ": " + e.Msg
}

// under puts step before the path of err.
func under(step string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	if e.Path != "" && e.Path[0] != '[' {
		step += "."
	}
	return &Error{Path: step + e.Path, Msg: e.Msg}
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

// Step writes a key as a part of a path: name, or ["odd key"].
func Step(key string) string {
	if IsName(key) {
		return key
	}
	return "[" + strconv.Quote(key) + "]"
}

// IsName reports whether key can be written behind a dot.
func IsName(key string) bool {
	for i := 0; i < len(key); i++ {
		c := key[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return key != ""
}

// appender writes one value. around holds the tables that are being written,
// to find cycles.
type appender struct {
	L      *lua.LState
	space  *space
	around []lua.LValue
	count  int
	limit  int // of the whole text, in bytes; see MaxText
}

// step counts values, so that a huge one is stopped by the limits of the call.
func (a *appender) step() {
	if a.count++; a.count&255 == 0 {
		charge(a.L, 256)
	}
}

// fits reports, as an error, that dst cannot take n more bytes.
func (a *appender) fits(dst []byte, n int) error {
	if len(dst)+n > a.limit {
		return &Error{Msg: "the text would be longer than " + strconv.Itoa(maxText(a.L)) + " bytes"}
	}
	charge(a.L, n/256)
	return nil
}

func (a *appender) value(dst []byte, v lua.LValue) ([]byte, error) {
	a.step()
	switch v := v.(type) {
	case nil, *lua.LNilType:
		return append(dst, "null"...), nil
	case lua.LBool:
		return strconv.AppendBool(dst, bool(v)), nil
	case lua.LNumber:
		return appendNumber(dst, float64(v))
	case lua.LString:
		if err := a.fits(dst, len(v)); err != nil {
			return dst, err
		}
		return appendText(dst, string(v))
	case *lua.LTable:
		return a.nested(dst, v)
	case *lua.LUserData:
		switch w := v.Value.(type) {
		case *handle:
			return a.nested(dst, v)
		case *exact:
			return append(dst, w.text...), nil
		case nullValue:
			return append(dst, "null"...), nil
		}
		// Values of modules, a time say, are written as their text.
		if f, ok := a.L.GetMetaField(v, "__tojson").(*lua.LFunction); ok {
			a.L.Push(f)
			a.L.Push(v)
			a.L.Call(1, 1)
			w := a.L.Get(-1)
			a.L.Pop(1)
			if w != lua.LValue(v) {
				if err := a.enter(v); err != nil {
					return dst, err
				}
				defer a.leave()
				return a.value(dst, w)
			}
		}
	}
	return dst, &Error{Msg: describe(v) + " cannot be written as JSON"}
}

// nested writes a table or view; a cycle and too deep nesting are errors.
func (a *appender) nested(dst []byte, v lua.LValue) ([]byte, error) {
	h := handleOf(v)
	if h != nil {
		if h.ended() {
			return dst, &Error{Msg: errEnded.Error()}
		}
		if err := a.fits(dst, len(h.b.raw)); err != nil {
			return dst, err
		}
		if !h.b.changed {
			return append(dst, h.b.raw...), nil
		}
	}
	if err := a.enter(v); err != nil {
		return dst, err
	}
	defer a.leave()
	switch {
	case h == nil:
		return a.table(dst, v.(*lua.LTable))
	case h.b.array:
		return a.arrayView(dst, h.b)
	}
	return a.objectView(dst, h.b)
}

// enter notes that v is being written; leave must follow.
func (a *appender) enter(v lua.LValue) error {
	for _, w := range a.around {
		if w == v {
			return &Error{Msg: "a table that contains itself cannot be written as JSON"}
		}
	}
	if len(a.around) >= maxDepth {
		return &Error{Msg: fmt.Sprintf("nested deeper than %d", maxDepth)}
	}
	a.around = append(a.around, v)
	return nil
}

func (a *appender) leave() { a.around = a.around[:len(a.around)-1] }

// edit is a field of the text that is written anew: with a value, or left out.
type edit struct {
	at    int
	value lua.LValue // nil interface: left out
}

// edits lists the fields of b's text that differ from it, in their order.
func (a *appender) edits(b *body, list []edit) []edit {
	for i := range b.changes {
		c := &b.changes[i]
		if c.at < 0 {
			continue
		}
		e := edit{at: c.at}
		if c.value != lua.LNil {
			e.value = c.value
		}
		list = append(list, e)
		if b.written != nil {
			continue
		}
		// Where the key stands more than once, the earlier ones go.
		print := fingerprint(c.key)
		for j := 0; j < c.at; j++ {
			if f := &b.fields[j]; (f.print == print || f.print == 0) && b.keyIs(j, c.key, print) {
				list = append(list, edit{at: j})
			}
		}
	}
	if b.written != nil { // the same, for many changes
		for j := range b.fields {
			if c := b.change(b.keyText(j)); c != nil && c.at != j {
				list = append(list, edit{at: j})
			}
		}
	}
	for _, c := range b.children {
		if c.view.b.changed && b.change(b.keyText(c.field)) == nil {
			list = append(list, edit{c.field, &c.view.ud})
		}
	}
	slices.SortFunc(list, func(x, y edit) int { return cmp.Compare(x.at, y.at) })
	return list
}

// objectView writes a changed object: runs of untouched fields are copied as
// they are.
func (a *appender) objectView(dst []byte, b *body) ([]byte, error) {
	b.index()
	dst = append(dst, '{')
	start := len(dst)
	var room [16]edit
	from := 0 // the first field that is not written yet
	for _, e := range a.edits(b, room[:0]) {
		dst = b.appendRun(dst, start, from, e.at)
		from = e.at + 1
		if e.value == nil {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		f := &b.fields[e.at]
		dst = append(dst, b.raw[f.key:f.keyEnd]...)
		dst = append(dst, ':')
		var err error
		if dst, err = a.value(dst, e.value); err != nil {
			return dst, under(Step(b.keyText(e.at)), err)
		}
	}
	dst = b.appendRun(dst, start, from, len(b.fields))
	for i := range b.changes {
		c := &b.changes[i]
		if c.at >= 0 || c.value == lua.LNil {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = a.member(dst, c.key, c.value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// appendRun appends the text of the fields from..to-1, behind a comma where
// something stands after start.
func (b *body) appendRun(dst []byte, start, from, to int) []byte {
	if from >= to {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ',')
	}
	return append(dst, b.raw[b.fields[from].key:b.fields[to-1].valEnd]...)
}

func (a *appender) arrayView(dst []byte, b *body) ([]byte, error) {
	b.indexItems()
	dst = append(dst, '[')
	for i := range b.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		e := &b.items[i]
		if e.value == nil {
			a.step()
			dst = append(dst, b.raw[e.val:e.valEnd]...)
			continue
		}
		var err error
		if dst, err = a.value(dst, e.value); err != nil {
			return dst, under(index(i+1), err)
		}
	}
	return append(dst, ']'), nil
}

func (a *appender) member(dst []byte, key string, v lua.LValue) ([]byte, error) {
	if !utf8.ValidString(key) {
		return dst, &Error{Path: Step(key), Msg: "the key is no valid UTF-8"}
	}
	dst = rawjson.AppendQuoted(dst, key)
	dst = append(dst, ':')
	dst, err := a.value(dst, v)
	if err != nil {
		return dst, under(Step(key), err)
	}
	return dst, nil
}

func appendText(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, &Error{Msg: "the text is no valid UTF-8"}
	}
	return rawjson.AppendQuoted(dst, s), nil
}

// appendNumber writes whole numbers without fraction, others with the fewest
// digits that read back as the same number.
func appendNumber(dst []byte, f float64) ([]byte, error) {
	switch abs := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return dst, &Error{Msg: "a number that is " + word(f) + " cannot be written as JSON"}
	case f == math.Trunc(f) && abs < 1<<63:
		return strconv.AppendInt(dst, int64(f), 10), nil
	case abs != 0 && (abs < 1e-6 || abs >= 1e21):
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
		// 1e-07 is written 1e-7, as encoding/json does.
		if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
			dst = append(dst[:n-2], dst[n-1])
		}
		return dst, nil
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
}

func word(f float64) string {
	if math.IsNaN(f) {
		return "NaN"
	}
	return "infinite"
}
