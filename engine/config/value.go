package config

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/hook"
)

// value is a node with its place. A value that was not given has a node of
// KindNil and the path that it would have.
type value struct {
	node *Node
	path string
	pos  Pos
}

// nothing stands for a missing node, so that node is never nil.
var nothing = &Node{}

// at makes the value of a child; a child without a line has its parent's.
func (v value) at(n *Node, path string, pos Pos) value {
	if n == nil {
		n = nothing
	}
	if n.Pos.Line > 0 {
		pos = n.Pos
	}
	if pos.Line == 0 {
		pos = v.pos
	}
	return value{n, path, pos}
}

func (v value) kind() Kind { return v.node.Kind }

// given reports whether there is a value other than null.
func (v value) given() bool { return v.kind() != KindNil && v.kind() != KindNull }

// reset reports whether the value is an explicit null, or false (LUA-02).
func (v value) reset() bool {
	return v.kind() == KindNull || v.kind() == KindBool && !v.node.Bool
}

// text is the string that v is, or "".
func (v value) text() string {
	if v.kind() == KindString {
		return v.node.Text
	}
	return ""
}

// ref is the reference to the function that v is, or "".
func (v value) ref() hook.Ref {
	if v.kind() == KindFunc {
		return hook.Ref(v.path)
	}
	return ""
}

// isTable reports whether v may be read as a table, isList as a list: {} is both.
func (v value) isTable() bool { return v.kind() == KindTable }
func (v value) isList() bool {
	return v.kind() == KindList || v.kind() == KindTable && v.node.EmptyTable
}

// items are the elements of a list.
func (v value) items() []value {
	if v.kind() != KindList {
		return nil
	}
	out := make([]value, len(v.node.List))
	for i, n := range v.node.List {
		out[i] = v.at(n, IndexPath(v.path, i+1), Pos{})
	}
	return out
}

// entry is one named value of a table, with the place of its key.
type entry struct {
	key    string
	keyPos Pos
	value
}

// entries are the named values of a table.
func (v value) entries() []entry {
	if v.kind() != KindTable {
		return nil
	}
	out := make([]entry, len(v.node.Fields))
	for i := range v.node.Fields {
		f := &v.node.Fields[i]
		out[i] = entry{f.Name, f.Pos, v.at(f.Value, JoinPath(v.path, f.Name), f.Pos)}
		if out[i].keyPos.Line == 0 {
			out[i].keyPos = out[i].pos
		}
	}
	return out
}

// get is the named value of a table that is read without a structure.
func (v value) get(key string) value {
	for _, e := range v.entries() {
		if e.key == key {
			return e.value
		}
	}
	return value{nothing, JoinPath(v.path, key), v.pos}
}

// show prints a value for a message; secrets are masked (RED-05).
func (v value) show(secret bool) string {
	switch v.kind() {
	case KindString:
		text := v.node.Text
		if secret || v.node.Secret {
			return mask(text)
		}
		if len(text) > 80 {
			text = strings.ToValidUTF8(text[:80], "") + "..."
		}
		return strconv.Quote(text)
	case KindNumber:
		if secret {
			return mask(v.node.Text)
		}
		return v.node.Text
	case KindBool:
		return strconv.FormatBool(v.node.Bool)
	case KindList:
		return "a list"
	case KindTable:
		return "a table"
	case KindFunc:
		return "a function"
	}
	return "null"
}

// describe is show with the kind in front, for "must be a list, not the string "x"".
func (v value) describe(secret bool) string {
	switch v.kind() {
	case KindString:
		return "the string " + v.show(secret)
	case KindNumber:
		return "the number " + v.show(secret)
	}
	return v.show(secret)
}

// mask hides a secret: its first and last letter stay, if it has three.
func mask(secret string) string {
	runes := []rune(secret)
	if len(runes) < 3 {
		return "*****"
	}
	return string(runes[0]) + "*****" + string(runes[len(runes)-1])
}

// table is a table of the config with the structure that it follows: what is
// not given has the structure's default. Its values may come from several
// places of the script, once defaults are merged.
type table struct {
	value
	structure *Structure
	list      []entry
}

// table reads v by a structure. Deprecated spellings get their current key; the
// older one wins where both are given (INC-29).
func (v value) table(s *Structure) *table {
	t := &table{value: v, structure: s}
	for _, e := range v.entries() {
		if f := s.field(e.key); f != nil && f.OldOf != "" && e.given() {
			e.key = f.OldOf
			t.set(e)
		} else if !t.has(e.key) {
			t.list = append(t.list, e)
		}
	}
	return t
}

// set puts e into the table, in the place of a value of the same key.
func (t *table) set(e entry) {
	for i := range t.list {
		if t.list[i].key == e.key {
			t.list[i] = e
			return
		}
	}
	t.list = append(t.list, e)
}

// drop takes keys out of the table.
func (t *table) drop(keys ...string) {
	t.list = slices.DeleteFunc(t.list, func(e entry) bool { return slices.Contains(keys, e.key) })
}

func (t *table) has(key string) bool {
	for i := range t.list {
		if t.list[i].key == key {
			return true
		}
	}
	return false
}

// get is the value of a key; one that is not given has the path it would have.
func (t *table) get(key string) value {
	for i := range t.list {
		if t.list[i].key == key {
			return t.list[i].value
		}
	}
	return value{nothing, JoinPath(t.path, key), t.pos}
}

// fallback is the declared default of a key, as written in Lua.
func (t *table) fallback(key string) string {
	if f := t.structure.field(key); f != nil {
		return f.Default
	}
	return ""
}

// The readers below return a key's value, or its default. A value of a wrong
// kind was reported by check; they return the default for it.

func (t *table) text(key string) string {
	if v := t.get(key); v.kind() == KindString {
		return v.node.Text
	}
	return trimQuotes(t.fallback(key))
}

func (t *table) bool(key string) bool {
	if v := t.get(key); v.kind() == KindBool {
		return v.node.Bool
	}
	return t.fallback(key) == "true"
}

func (t *table) int(key string) int64 {
	if n, ok := t.optionalInt(key); ok {
		return n
	}
	n, _ := strconv.ParseInt(t.fallback(key), 10, 64)
	return n
}

func (t *table) optionalInt(key string) (int64, bool) {
	v := t.get(key)
	if v.kind() != KindNumber {
		return 0, false
	}
	return wholeNumber(v.node.Text)
}

func (t *table) float(key string) float64 {
	text := t.fallback(key)
	if v := t.get(key); v.kind() == KindNumber {
		text = v.node.Text
	}
	f, _ := strconv.ParseFloat(text, 64)
	return f
}

func (t *table) duration(key string) time.Duration {
	v := t.get(key)
	if v.kind() == KindNumber || v.kind() == KindString {
		if d, ok := parseDuration(v.node.Text); ok {
			return d
		}
	}
	d, _ := parseDuration(trimQuotes(t.fallback(key)))
	return d
}

// texts is a list of strings, or one string as a list of one.
func (t *table) texts(key string) []string {
	v := t.get(key)
	if v.kind() == KindString {
		return []string{v.node.Text}
	}
	var out []string
	for _, item := range v.items() {
		if item.kind() == KindString {
			out = append(out, item.node.Text)
		}
	}
	return out
}

// wholeNumber reads the text of a JSON number that is an integer.
func wholeNumber(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	const exact = 1 << 53
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return 0, false
	}
	return int64(f), true
}

// parseDuration reads seconds, "90", or a text of Go's form with d for days and
// w for weeks in front: "7d", "1d12h", "500ms". Durations are never negative.
func parseDuration(text string) (time.Duration, bool) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0 && seconds < math.MaxInt64/float64(time.Second)) {
			return 0, false
		}
		return time.Duration(seconds * float64(time.Second)), true
	}
	var sum time.Duration
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		digits, rest, found := strings.Cut(text, unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || n > uint64(math.MaxInt64/unit.length/2) {
			return 0, false
		}
		sum += time.Duration(n) * unit.length
		if text = rest; text == "" {
			return sum, true
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || sum+d < sum {
		return 0, false
	}
	return sum + d, true
}
