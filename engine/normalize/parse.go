package normalize

import (
	"fmt"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
)

// fail makes the error for the byte at i of the record at hand.
func (n *Normalizer) fail(i int, text string) error {
	start := max(n.start, i-30)
	end := min(len(n.b), i+30)
	return &Error{Text: fmt.Sprintf("the record is no valid JSON: %s at byte %d, near %q", text, i-n.start, n.b[start:end])}
}

func (n *Normalizer) unexpected(i int) error {
	if i >= len(n.b) {
		return n.fail(i, "unexpected end")
	}
	return n.fail(i, fmt.Sprintf("unexpected %q", n.b[i]))
}

func (n *Normalizer) space(i int) int {
	b := n.b
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// object reads the object that starts at i into the columns of s. d counts the
// objects between it and its row, budget is the row's (NRM-28).
func (n *Normalizer) object(s *shape, i, d, budget, depth int) (int, error) {
	if depth > rawjson.MaxDepth {
		return i, n.fail(i, fmt.Sprintf("nested deeper than %d", rawjson.MaxDepth))
	}
	n.serial++
	serial := n.serial
	b := n.b
	i++
	if i < len(b) && b[i] != '"' {
		i = n.space(i)
	}
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	next := 0 // the field expected
	for {
		if i >= len(b) || b[i] != '"' {
			return i, n.unexpected(i)
		}
		var f *field
		if next < len(s.fields) {
			f = s.fields[next]
			if f.stands(b, i) {
				i += len(f.key)
			} else {
				f = nil
			}
		}
		if f == nil {
			end, _, err := n.scan(i)
			if err != nil {
				return i, err
			}
			f = s.field(n, b[i:end])
			if i = n.space(end); i >= len(b) || b[i] != ':' {
				return i, n.unexpected(i)
			}
			i++
		}
		next = f.at + 1
		if f.last == serial {
			if !n.twice {
				n.duplicat = f.pointer
			}
			n.twice = true
		}
		f.last = serial
		if i < len(b) && b[i] <= ' ' {
			i = n.space(i)
		}
		start := i
		var err error
		if i, err = n.value(f, i, d, budget, depth); err != nil {
			if err == errDropValue {
				i, err = n.skipValue(start)
			}
			if err != nil {
				return i, err
			}
		}
		if i < len(b) && b[i] <= ' ' {
			i = n.space(i)
		}
		if i >= len(b) {
			return i, n.unexpected(i)
		}
		if b[i] == '}' {
			return i + 1, nil
		}
		if b[i] != ',' {
			return i, n.unexpected(i)
		}
		i++
		if i < len(b) && b[i] != '"' {
			i = n.space(i)
		}
	}
}

// value reads the value at i into the field's column, object or list.
func (n *Normalizer) value(f *field, i, d, budget, depth int) (int, error) {
	b := n.b
	if i >= len(b) {
		return i, n.unexpected(i)
	}
	switch c := b[i]; c {
	case '"':
		return n.text(f, i)
	case '{':
		if budget-d <= 0 || f.whole {
			return n.whole(f, i)
		}
		return n.object(f.objectShape(), i, d+1, budget, depth+1)
	case '[':
		if budget-d <= 0 || f.whole {
			return n.whole(f, i)
		}
		return n.list(f, i, budget-1, depth+1)
	case 't':
		return n.word(f, i, "true")
	case 'f':
		return n.word(f, i, "false")
	case 'n':
		if len(b)-i < 4 || string(b[i:i+4]) != "null" {
			return i, n.unexpected(i)
		}
		return i + 4, nil
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return n.number(f, i)
		}
	}
	return i, n.unexpected(i)
}

// list reads the list at i: one row of the child table for each element.
func (n *Normalizer) list(f *field, i, budget, depth int) (int, error) {
	if depth > rawjson.MaxDepth {
		return i, n.fail(i, fmt.Sprintf("nested deeper than %d", rawjson.MaxDepth))
	}
	b := n.b
	if i = n.space(i + 1); i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	if f.list == nil {
		if err := n.mayOpen(f); err != nil {
			return i, err
		}
	}
	// The parent's row must be known before rows of other lists begin.
	parent := n.parentID(f.in.table)
	t := f.listTable(n)
	for idx := int64(0); ; idx++ {
		i = n.space(i)
		if i >= len(b) {
			return i, n.unexpected(i)
		}
		start, row, fresh := i, *n.nextRow, len(n.fresh)
		t.begin(n.newID(), parent, idx, n.rootID)
		var err error
		switch b[i] {
		case '{':
			i, err = n.object(t.shape, i, 0, budget, depth)
		case '[':
			// NRM-23: the inner list is the field "list" of a row without own
			// values; NRM-28 counts it as one deeper than a field of the row.
			inner := t.shape.field(n, []byte(`"list"`))
			if budget-1 <= 0 {
				i, err = n.whole(inner, i)
			} else {
				i, err = n.list(inner, i, budget-2, depth+1)
			}
		case 'n':
			if len(b)-i < 4 || string(b[i:i+4]) != "null" {
				return i, n.unexpected(i)
			}
			i += 4
		default:
			i, err = n.value(t.shape.field(n, []byte(`"value"`)), i, 0, budget, depth)
		}
		if err == errDropRow || err == errDropValue {
			dropped := err
			if i, err = n.skipValue(start); err == nil && dropped == errDropRow {
				n.reject(row, fresh, b[start:i])
			}
		}
		if err != nil {
			return i, err
		}
		if i = n.space(i); i >= len(b) {
			return i, n.unexpected(i)
		}
		if b[i] == ']' {
			return i + 1, nil
		}
		if b[i] != ',' {
			return i, n.unexpected(i)
		}
		i++
	}
}

// parentID is the id of the row at hand of t.
func (n *Normalizer) parentID(t *table) int64 {
	ids := t.id.vec.Ints
	return ids[len(ids)-1]
}

// end is the end of the value at i, which is not taken apart.
func (n *Normalizer) end(i int) (int, error) {
	end, err := n.marks.Skip(n.b, i)
	if err != nil && n.start > 0 { // the error names a place in the record
		_, err = rawjson.Skip(n.b[n.start:], i-n.start)
	}
	return end, err
}

// whole keeps the object or list at i as JSON text (NRM-28, NRM-31, NRM-32).
func (n *Normalizer) whole(f *field, i int) (int, error) {
	end, err := n.end(i)
	if err != nil {
		return i, &Error{Pointer: f.pointer, Text: "the record is no valid JSON: " + err.Error()}
	}
	raw := n.b[i:end]
	c, err := f.column(n)
	if err != nil {
		return i, err
	}
	if c.fixed && c.col.Type != schema.JSON {
		return i, n.misfit(c, raw)
	}
	if c.facts.Kinds&schema.SawJSON == 0 {
		n.saw(c, schema.SawJSON)
		if err := n.settle(c); err != nil {
			return i, err
		}
	}
	if c.col.Type != schema.JSON { // declared as something else
		to := c.col
		to.Type, to.Naive, to.Precision, to.Scale = schema.JSON, false, 0, 0
		n.widens(c, to, raw)
		if err := n.retype(c, to); err != nil {
			return i, err
		}
	}
	v := c.touch()
	v.StartBytes()
	v.Data = rawjson.AppendCompact(v.Data, raw)
	v.EndBytes()
	return end, nil
}

func (n *Normalizer) word(f *field, i int, word string) (int, error) {
	if len(n.b)-i < len(word) || string(n.b[i:i+len(word)]) != word {
		return i, n.unexpected(i)
	}
	c := f.col
	if c == nil {
		var err error
		if c, err = f.column(n); err != nil {
			return i, err
		}
	}
	return i + len(word), n.addBool(c, word == "true")
}

// What scan saw in a string.
const (
	escaped   = 1 << iota
	surrogate // the escape of one
)

// scan returns the end of the string whose opening quote is at i, and what is
// in it. It refuses control characters and broken escapes.
func (n *Normalizer) scan(i int) (end int, saw int, err error) {
	if end := n.marks.Next(i + 1); end < len(n.b) && n.b[end] == '"' {
		return end + 1, 0, nil
	}
	return n.scanMarked(i)
}

// scanMarked is scan for a string with more than plain characters.
func (n *Normalizer) scanMarked(i int) (end int, saw int, err error) {
	b := n.b
	for i++; ; {
		i = n.marks.Next(i)
		if i >= len(b) { // what is behind belongs to the next record
			return i, saw, n.fail(len(b), "unexpected end in a string")
		}
		switch b[i] {
		case '"':
			return i + 1, saw, nil
		case '\\':
		default:
			return i, saw, n.fail(i, "control character in a string")
		}
		saw |= escaped
		if i+1 >= len(b) {
			return i, saw, n.fail(i, "unexpected end in a string")
		}
		switch b[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			if i+6 > len(b) {
				return i, saw, n.fail(i, "unexpected end in a string")
			}
			for k := i + 2; k < i+6; k++ {
				if c := b[k]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
					return k, saw, n.fail(k, `\u needs four hexadecimal digits`)
				}
			}
			if b[i+2]|0x20 == 'd' && b[i+3] >= '8' {
				saw |= surrogate
			}
			i += 6
		default:
			return i, saw, n.fail(i, "unknown escape")
		}
	}
}

// invalidUTF8 is the error for a record that is not UTF-8.
func (n *Normalizer) invalidUTF8() error {
	return n.fail(n.start+rawjson.InvalidUTF8(n.b[n.start:]), "invalid UTF-8 (endpoint.response_format.encoding reads another encoding)")
}
