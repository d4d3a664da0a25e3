package normalize

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

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

// kindsOf are the kinds as facts know them.
var kindsOf = [...]schema.Kinds{kindBool: schema.SawBool, kindNumber: schema.SawNumber, kindText: schema.SawText}

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
		to, err := hintColumn(h)
		if err != nil {
			return err
		}
		c := n.columnNamed(name)
		if c.settled && c.col.Type != schema.None {
			n.redeclare(c, to)
			continue
		}
		c.declared = true
		to.Name, to.Source, to.Facts = c.col.Name, c.col.Source, c.facts
		to.Declared, to.Nullable = true, !h.NotNull
		c.col = to
	}
	return nil
}

// hintColumn is the type that a hint declares.
func hintColumn(h *schema.Hint) (to schema.Column, err error) {
	to.Type, to.Naive = h.Type, h.Naive && h.Type == schema.Timestamp
	if h.Type != schema.Decimal {
		return to, nil
	}
	to.Precision, to.Scale = 38, 9
	if h.Precision > 0 {
		to.Precision = h.Precision
		if !h.HasScale {
			to.Scale = 0
		}
	}
	if h.HasScale {
		to.Scale = h.Scale
	}
	if to.Precision > 38 || to.Scale > to.Precision || to.Scale < 0 {
		return to, fmt.Errorf("columns: %q: decimal(%d,%d) is not possible; precision is at most 38 and scale at most the precision", h.Name, to.Precision, to.Scale)
	}
	return to, nil
}

// redeclare gives a committed column the type that the script declares now,
// where all that is committed fits it; what is committed never narrows.
func (n *Normalizer) redeclare(c *column, to schema.Column) {
	from, f := c.col, c.facts
	fits := from.SameType(to)
	switch to.Type {
	case schema.Text:
		fits = from.Type != schema.JSON
	case schema.JSON:
		fits = true
	case schema.Double:
		fits = fits || from.Type == schema.Bigint && !f.NotDouble
	case schema.Timestamp:
		fits = from.Type == schema.Timestamp || from.Type == schema.Date
	case schema.Decimal:
		whole := to.Precision - to.Scale
		switch from.Type {
		case schema.Bigint:
			fits = whole >= 19 || !from.Declared && f.IntDigits <= whole
		case schema.Double:
			fits = !from.Declared && f.IntDigits <= whole && f.FracDigits <= to.Scale
		case schema.Decimal:
			fits = from.Scale <= to.Scale && (from.Precision-from.Scale <= whole || !from.Declared && f.IntDigits <= whole)
		}
	}
	if !fits {
		n.warn("redeclared"+from.Source, fmt.Sprintf("column %q is committed as %s, which cannot become the declared %s: it stays as it is", from.Name, from.TypeName(), to.TypeName()))
		return
	}
	c.declared, c.col.Declared = true, true
	c.col.Type, c.col.Precision, c.col.Scale, c.col.Naive = to.Type, to.Precision, to.Scale, to.Naive
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
	if c.fixed && c.col.Type == schema.Timestamp && k == kindText && otherZone(text, c.col.Naive) {
		return n.misfit(c, text) // NRM-76
	}
	if k == kindNumber && !c.facts.Ints && !bytes.ContainsAny(text, ".eE") {
		c.facts.Ints = true
	}
	v := c.touch()
	if n.convert(c, v, k, text, raw) {
		if c.fixed {
			n.noteDigits(c, text)
		} else if c.facts.Kinds&kindsOf[k] == 0 {
			n.saw(c, kindsOf[k])
		}
		return nil
	}
	dropLast(v, c.table.row)
	if c.fixed {
		return n.misfit(c, text)
	}
	// The value is put in after the column is wide enough for it.
	n.saw(c, kindsOf[k])
	to := c.col
	switch {
	case to.Type == schema.Decimal && k == kindNumber && n.widerDecimal(&to, text):
	case to.Type == schema.Bigint && k == kindNumber && !c.facts.NotDouble && n.isExact(text):
		to.Type = schema.Double
	case to.Type == schema.Bigint && k == kindNumber:
		to.Type, to.Precision, to.Scale = schema.Decimal, 19, 0
		if !n.widerDecimal(&to, text) {
			to.Type, to.Precision = schema.Text, 0
		}
	default:
		to.Type, to.Naive, to.Precision, to.Scale = schema.Text, false, 0, 0
	}
	n.widens(c, to, text)
	if err := n.retype(c, to); err != nil {
		return err
	}
	if !n.convert(c, c.touch(), k, text, raw) {
		return &Error{Pointer: c.col.Source, Text: fmt.Sprintf("the value %s does not fit column %q (%s)", excerpt(text), c.col.Name, c.col.TypeName())}
	}
	return nil
}

// widens warns of a declared column that gets another type (NRM-62).
func (n *Normalizer) widens(c *column, to schema.Column, value []byte) {
	n.warn("declared"+c.table.source+c.col.Source, fmt.Sprintf("column %q was declared %s, but the value %s does not fit: the column is now %s", c.col.Name, c.col.TypeName(), excerpt(value), to.TypeName()))
}

// noteDigits keeps the facts of a fixed column true of the number stored, for
// the day when the contract is lifted.
func (n *Normalizer) noteDigits(c *column, literal []byte) {
	literal = bytes.TrimSpace(literal)
	if c.facts.Kinds != schema.SawNumber || !isNumber(literal) {
		return
	}
	var f schema.Facts
	n.numberFacts(&f, literal, false)
	c.facts.IntDigits = max(c.facts.IntDigits, f.IntDigits)
	if c.col.Type != schema.Bigint {
		c.facts.FracDigits = max(c.facts.FracDigits, f.FracDigits)
	}
}

// otherZone reports whether text is a timestamp that has a zone where the
// column's have none, or the other way round. A date alone fits both.
func otherZone(text []byte, naive bool) bool {
	if _, ok := schema.ParseDate(text); ok {
		return false
	}
	_, zoned, ok := schema.ParseTimestampLoose(text)
	return ok && zoned == naive
}

// isExact reports whether a double holds the number exactly (NRM-51).
func (n *Normalizer) isExact(literal []byte) bool {
	var f schema.Facts
	return n.numberFacts(&f, literal, !bytes.ContainsAny(literal, ".eE"))
}

// widerDecimal gives a decimal the digits that a literal needs, if 38 do.
func (n *Normalizer) widerDecimal(to *schema.Column, literal []byte) bool {
	f := schema.Facts{}
	n.numberFacts(&f, literal, false)
	whole := max(f.IntDigits, to.Precision-to.Scale)
	scale := max(f.FracDigits, to.Scale)
	if whole+scale > 38 {
		return false
	}
	to.Precision, to.Scale = 38, scale
	return true
}

// convert stores a value in v, whose row is marked; false leaves v without it.
func (n *Normalizer) convert(c *column, v *schema.Vector, k kind, text, raw []byte) bool {
	switch c.col.Type {
	case schema.Text:
		if k == kindNumber {
			isInt := !bytes.ContainsAny(text, ".eE")
			v.StartBytes()
			v.Data = n.appendNumberText(v.Data, text, isInt, isInt || n.isExact(text), c.facts.Ints)
			v.EndBytes()
		} else {
			v.AppendBytes(text)
		}
	case schema.JSON:
		v.StartBytes()
		v.Data = appendAsJSON(v.Data, k, text, raw)
		v.EndBytes()
	case schema.Bigint:
		i, ok := toBigint(k, text)
		if !ok {
			return false
		}
		if i > maxExact || i < -maxExact {
			c.facts.NotDouble = true // should the column have to widen
		}
		v.Ints = append(v.Ints, i)
	case schema.Double:
		literal := bytes.TrimSpace(text)
		if k == kindBool || !isNumber(literal) || !n.isExact(literal) {
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
		if !ok || d.Digits() > c.col.Precision {
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
		v.AppendBytes(data)
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
		u, err := strconv.ParseUint(s[2:], 16, 63)
		return int64(u), err == nil
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
	const day = 86400 * 1_000_000
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
		days := micros / day
		if micros%day < 0 { // before 1970
			days--
		}
		return days, true
	}
	return micros, true
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
