package normalize

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
)

// kind is what a value is in the JSON text.
type kind uint8

const (
	kindBool kind = iota
	kindNumber
	kindText
)

// declare makes the root table's declared columns (NRM-60).
func (n *Normalizer) declare() error {
	for i := range n.o.Hints {
		h := &n.o.Hints[i]
		name := hintName(h.Name)
		if h.NotNull {
			n.o.NotNull = append(n.o.NotNull, name)
		}
		if h.Type == schema.None {
			continue
		}
		c := n.columnNamed(name)
		if c.settled && c.col.Type != schema.None {
			// What is committed can be widened, never narrowed.
			c.hint = h
			continue
		}
		c.declared, c.hint = true, h
		c.col.Declared, c.col.Nullable = true, !h.NotNull
		c.col.Type, c.col.Naive = h.Type, h.Naive
		if h.Type == schema.Decimal {
			c.col.Precision, c.col.Scale = 38, 9
			if h.Precision > 0 {
				c.col.Precision = h.Precision
				if !h.HasScale {
					c.col.Scale = 0
				}
			}
			if h.HasScale {
				c.col.Scale = h.Scale
			}
			if c.col.Precision > 38 || c.col.Scale > c.col.Precision || c.col.Scale < 0 {
				return fmt.Errorf("columns: %q: decimal(%d,%d) is not possible; precision is at most 38 and scale at most the precision", h.Name, c.col.Precision, c.col.Scale)
			}
		}
	}
	return nil
}

// hintName is the column that a hint's name means (NRM-16).
func hintName(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = schema.NormalName(p)
	}
	return strings.Join(parts, "__")
}

// columnNamed returns the root table's column with a name, or makes one that
// waits for its source.
func (n *Normalizer) columnNamed(name string) *column {
	for _, c := range n.root.cols {
		if c.col.Name == name {
			return c
		}
	}
	c := &column{table: n.root, raw: name, facts: &schema.Facts{}}
	c.col = schema.Column{Name: name, Nullable: true, Facts: c.facts}
	n.root.cols = append(n.root.cols, c)
	return c
}

// require marks a column that every record must fill (NRM-63).
func (n *Normalizer) require(name string) *column {
	c := n.columnNamed(name)
	if !c.settled || !c.col.Nullable {
		c.col.Nullable = false
	}
	return c
}

// addDeclared stores a value in a column whose type the script declared, if it
// converts exactly (NRM-61); else the column widens (NRM-62).
func (n *Normalizer) addDeclared(c *column, k kind, text, raw []byte) error {
	v := c.touch()
	if c.convert(v, k, text, raw) {
		return nil
	}
	// The value is put in after the column is wide enough for it.
	dropLast(v, c.table.row)
	to := c.col
	switch {
	case to.Type == schema.Decimal && k == kindNumber && widerDecimal(&to, text):
	case to.Type == schema.Bigint && k == kindNumber && isExact(text):
		to.Type = schema.Double
		for _, i := range v.Ints {
			if i > maxExact || i < -maxExact {
				to.Type, to.Precision, to.Scale = schema.Decimal, 38, 0
				if !widerDecimal(&to, text) {
					to.Type = schema.Text
				}
				break
			}
		}
	default:
		to.Type, to.Naive, to.Precision, to.Scale = schema.Text, false, 0, 0
	}
	n.warn("declared"+c.table.source+c.col.Source, fmt.Sprintf("column %q was declared %s, but the value %s does not fit: the column is now %s", c.col.Name, c.col.TypeName(), excerpt(text), to.TypeName()))
	if err := n.retype(c, to); err != nil {
		return err
	}
	c.touch()
	if !c.convert(c.vec, k, text, raw) {
		return &Error{Pointer: c.col.Source, Text: fmt.Sprintf("the value %s does not fit column %q (%s)", excerpt(text), c.col.Name, c.col.TypeName())}
	}
	return nil
}

func isExact(literal []byte) bool {
	var f schema.Facts
	numberFacts(&f, literal, false)
	return !f.NotDouble
}

// widerDecimal gives a decimal the digits that a literal needs, if 38 do.
func widerDecimal(to *schema.Column, literal []byte) bool {
	f := schema.Facts{}
	numberFacts(&f, literal, false)
	whole := max(f.IntDigits, to.Precision-to.Scale)
	scale := max(f.FracDigits, to.Scale)
	if whole+scale > 38 {
		return false
	}
	to.Precision, to.Scale = 38, scale
	return true
}

// convert stores a value in v, whose row is marked; false leaves v without it.
func (c *column) convert(v *schema.Vector, k kind, text, raw []byte) bool {
	switch c.col.Type {
	case schema.Text:
		if k == kindNumber {
			isInt := !bytes.ContainsAny(text, ".eE")
			v.Data = appendNumberText(v.Data, text, isInt, isInt || isExact(text))
		} else {
			v.Data = append(v.Data, text...)
		}
		v.Ends = append(v.Ends, uint32(len(v.Data)))
	case schema.JSON:
		v.Data = appendAsJSON(v.Data, k, text, raw)
		v.Ends = append(v.Ends, uint32(len(v.Data)))
	case schema.Bigint:
		i, ok := toBigint(k, text)
		if !ok {
			return false
		}
		v.Ints = append(v.Ints, i)
	case schema.Double:
		literal := bytes.TrimSpace(text)
		if k == kindBool || !isNumber(literal) || !isExact(literal) {
			return false
		}
		d, _ := strconv.ParseFloat(string(literal), 64)
		v.Doubles = append(v.Doubles, d)
	case schema.Decimal:
		literal := bytes.TrimSpace(text)
		if k == kindBool || !isNumber(literal) {
			return false
		}
		d, ok := schema.ParseDec(literal, c.col.Scale)
		if !ok || digitsOf(d, c.col.Scale) > c.col.Precision {
			return false
		}
		v.Data = schema.AppendDec(v.Data, d)
	case schema.Bool:
		b, ok := toBool(k, text)
		if !ok {
			return false
		}
		v.Bools = append(v.Bools, b)
	case schema.Timestamp, schema.Date, schema.Time:
		i, ok := toTime(c.col.Type, k, text)
		if !ok {
			return false
		}
		v.Ints = append(v.Ints, i)
	case schema.Binary:
		data, ok := toBinary(k, text)
		if !ok {
			return false
		}
		v.Data = append(v.Data, data...)
		v.Ends = append(v.Ends, uint32(len(v.Data)))
	default:
		return false
	}
	return true
}

func appendAsJSON(dst []byte, k kind, text, raw []byte) []byte {
	if k != kindText {
		return append(dst, text...)
	}
	// A string that holds a JSON object or list is taken as that JSON.
	if t := bytes.TrimSpace(text); len(t) > 0 && (t[0] == '{' || t[0] == '[') && rawjson.Valid(t) == nil {
		return rawjson.AppendCompact(dst, t)
	}
	return append(dst, raw...)
}

// isNumber reports whether text is a number as JSON writes it.
func isNumber(text []byte) bool {
	if len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return false
	}
	end, err := rawjson.Skip(text, 0)
	return err == nil && end == len(text)
}

func toBigint(k kind, text []byte) (int64, bool) {
	if k == kindBool {
		return 0, false
	}
	s := string(bytes.TrimSpace(text))
	if k == kindText && strings.HasPrefix(strings.ToLower(s), "0x") {
		i, err := strconv.ParseInt(s[2:], 16, 64)
		return i, err == nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, true
	}
	if !isNumber([]byte(s)) {
		return 0, false
	}
	d, ok := schema.ParseDec([]byte(s), 0) // 5.0, 1e3
	if !ok || d.Hi != int64(d.Lo)>>63 {
		return 0, false
	}
	return int64(d.Lo), true
}

func toBool(k kind, text []byte) (value, ok bool) {
	s := strings.ToLower(strings.TrimSpace(string(text)))
	if k == kindNumber {
		f, err := strconv.ParseFloat(s, 64)
		return f == 1, err == nil && (f == 0 || f == 1)
	}
	switch s {
	case "yes", "true", "t", "y", "1":
		return true, true
	case "no", "false", "f", "n", "0":
		return false, true
	}
	return false, false
}

func toTime(t schema.Type, k kind, text []byte) (int64, bool) {
	const day = 86400 * 1e6
	if k == kindBool {
		return 0, false
	}
	var micros int64
	if k == kindNumber {
		d, ok := schema.ParseDec(text, 6) // unix seconds
		if !ok || d.Hi != int64(d.Lo)>>63 || t == schema.Time {
			return 0, false
		}
		micros = int64(d.Lo)
	} else if t == schema.Time {
		return schema.ParseTime(text)
	} else if days, ok := schema.ParseDate(text); ok {
		micros = days * day
	} else if m, _, ok := schema.ParseTimestampLoose(text); ok {
		micros = m
	} else {
		return 0, false
	}
	if t == schema.Date {
		return time.UnixMicro(micros).UTC().Unix()/86400 - floorFix(micros), true
	}
	return micros, true
}

// floorFix makes the division of a time before 1970 round down.
func floorFix(micros int64) int64 {
	if micros < 0 && micros/1e6%86400 != 0 {
		return 1
	}
	return 0
}

func toBinary(k kind, text []byte) ([]byte, bool) {
	if k != kindText {
		return nil, false
	}
	if len(text) >= 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		data, err := hex.DecodeString(string(text[2:]))
		return data, err == nil
	}
	data, err := base64.StdEncoding.DecodeString(string(text))
	return data, err == nil
}

// digitsOf counts the digits of an unscaled decimal, at least its scale.
func digitsOf(d schema.Dec, scale int) int {
	text := schema.AppendDecText(nil, d, 0)
	n := len(bytes.TrimPrefix(text, []byte("-")))
	return int(math.Max(float64(n), float64(scale)))
}
