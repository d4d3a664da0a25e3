package normalize

import (
	"bytes"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
)

// touch returns the column's vector with the row at hand marked; the caller
// adds the value. Where the row had one already, the old one is dropped first.
func (c *column) touch() *schema.Vector {
	v := c.vec
	if v == nil {
		v = c.open()
	}
	row := c.table.row
	if v.Grow(row) {
		dropLast(v, row)
		v.Grow(row)
	}
	return v
}

// settle gives the column the type that its facts ask for; an open vector is
// converted, batches that were handed over keep their type.
func (n *Normalizer) settle(c *column) error {
	if c.declared {
		return nil
	}
	t, precision, scale, naive := c.facts.Decide()
	to := c.col
	to.Type, to.Precision, to.Scale, to.Naive = t, precision, scale, naive
	return n.retype(c, to)
}

// retype changes the type of a column and of its open vector.
func (n *Normalizer) retype(c *column, to schema.Column) error {
	if c.col.SameType(to) {
		return nil
	}
	from := c.col.Type
	c.col = to
	if c.vec == nil || from == schema.None {
		if c.vec != nil {
			c.vec.Column = to
		}
		return nil
	}
	wide := &schema.Vector{}
	if err := schema.Convert(wide, c.vec, to); err != nil {
		return &Error{Pointer: to.Source, Text: err.Error()}
	}
	*c.vec = *wide // the batch points to the vector
	return nil
}

func (n *Normalizer) addBool(c *column, value bool) error {
	if c.col.Type == schema.Bool {
		v := c.touch()
		v.Bools = append(v.Bools, value)
		return nil
	}
	literal := "false"
	if value {
		literal = "true"
	}
	if c.declared {
		return n.addDeclared(c, kindBool, []byte(literal), nil)
	}
	if c.facts.Kinds&schema.SawBool == 0 {
		n.saw(c, schema.SawBool)
		if err := n.settle(c); err != nil {
			return err
		}
	}
	v := c.touch()
	if c.col.Type == schema.Bool {
		v.Bools = append(v.Bools, value)
		return nil
	}
	v.AppendBytes([]byte(literal)) // text (NRM-53) or json
	return nil
}

// saw notes a kind of value in the column's facts.
func (n *Normalizer) saw(c *column, k schema.Kinds) {
	if c.facts.Kinds == 0 {
		n.fresh = append(n.fresh, c)
	}
	c.facts.Kinds |= k
}

// text reads the string at i.
func (n *Normalizer) text(f *field, i int) (int, error) {
	end, saw, err := n.scan(i)
	if err != nil {
		return i, err
	}
	c := f.col
	if c == nil {
		if c, err = f.column(n); err != nil {
			return i, err
		}
	}
	raw := n.b[i:end]
	if saw&surrogate != 0 && hasLoneSurrogate(raw) {
		n.lone++
	}
	inner := raw[1 : len(raw)-1]
	if c.col.Type == schema.Text && !c.declared && c.facts.Kinds&schema.SawText != 0 {
		v := c.touch()
		if saw&escaped == 0 {
			v.AppendBytes(inner)
		} else {
			v.StartBytes()
			if v.Data, err = rawjson.AppendUnquoted(v.Data, raw); err != nil {
				return i, n.fail(i, err.Error())
			}
			inner = v.EndBytes()
		}
		if !c.facts.Literals && schema.IsLiteral(inner) {
			c.facts.Literals = true
		}
		return end, nil
	}
	if saw&escaped != 0 {
		if n.scratch, err = rawjson.AppendUnquoted(n.scratch[:0], raw); err != nil {
			return i, n.fail(i, err.Error())
		}
		inner = n.scratch
	}
	return end, n.addText(c, inner, raw)
}

// addText stores a string: inner is its text, raw its JSON.
func (n *Normalizer) addText(c *column, inner, raw []byte) error {
	if c.declared {
		return n.addDeclared(c, kindText, inner, raw)
	}
	kinds := c.facts.Kinds
	if kinds&^schema.SawTime == 0 {
		micros, zoned, layout, ok := schema.ParseTimestamp(inner)
		if ok {
			if kinds == 0 || zoned && !c.facts.Zoned || !zoned && !c.facts.Naive || layout != c.facts.Layout && c.facts.Layout != schema.MixedLayout {
				n.saw(c, schema.SawTime)
				c.facts.Zoned = c.facts.Zoned || zoned
				c.facts.Naive = c.facts.Naive || !zoned
				c.facts.AddLayout(layout)
				if c.facts.Zoned && c.facts.Naive {
					n.warn("zone"+c.table.source+c.col.Source, "column "+c.col.Name+" of table "+c.table.name+" has timestamps with and without a zone; those without are read as UTC")
				}
				if err := n.settle(c); err != nil {
					return err
				}
			}
			v := c.touch()
			v.Ints = append(v.Ints, micros)
			return nil
		}
	}
	if !c.facts.Literals && schema.IsLiteral(inner) {
		c.facts.Literals = true
	}
	if kinds&schema.SawText == 0 {
		n.saw(c, schema.SawText)
		if err := n.settle(c); err != nil {
			return err
		}
	}
	v := c.touch()
	if c.col.Type == schema.JSON {
		// As text that became json is quoted, so that the order of the records
		// does not matter.
		v.StartBytes()
		v.Data = rawjson.AppendQuoted(v.Data, string(inner))
		v.EndBytes()
	} else {
		v.AppendBytes(inner)
	}
	return nil
}

// hasLoneSurrogate reports whether the JSON string raw holds the escape of half
// a surrogate pair (NRM-58).
func hasLoneSurrogate(raw []byte) bool {
	for i := 0; i+6 < len(raw); {
		switch {
		case raw[i] != '\\':
			i++
		case raw[i+1] != 'u' || raw[i+2]|0x20 != 'd' || raw[i+3] < '8':
			i += 2
		case raw[i+3]|0x20 >= 'c': // the second half
			return true
		case i+12 < len(raw) && raw[i+6] == '\\' && raw[i+7] == 'u' && raw[i+8]|0x20 == 'd' && raw[i+9]|0x20 >= 'c':
			i += 12
		default:
			return true
		}
	}
	return false
}

// withoutDuplicates returns raw with only the last of equal keys in every
// object (NRM-34).
func withoutDuplicates(raw []byte) []byte {
	out, _ := appendUnique(nil, bytes.TrimSpace(raw))
	return out
}

func appendUnique(dst, raw []byte) ([]byte, error) {
	switch raw[0] {
	case '{':
		type entry struct {
			key   string
			value []byte
		}
		var entries []entry
		at := map[string]int{}
		err := rawjson.Fields(raw, func(rawKey, value []byte) bool {
			key, err := rawjson.Unquote(rawKey)
			if err != nil {
				key = string(rawKey)
			}
			if i, again := at[key]; again {
				entries[i].value = value
				return true
			}
			at[key] = len(entries)
			entries = append(entries, entry{string(rawKey), value})
			return true
		})
		if err != nil {
			return dst, err
		}
		dst = append(dst, '{')
		for i, e := range entries {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, e.key...), ':')
			if dst, err = appendUnique(dst, e.value); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	case '[':
		dst = append(dst, '[')
		first := true
		var inner error
		err := rawjson.Elements(raw, func(value []byte) bool {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst, inner = appendUnique(dst, value)
			return inner == nil
		})
		if err == nil {
			err = inner
		}
		return append(dst, ']'), err
	}
	return append(dst, raw...), nil
}
