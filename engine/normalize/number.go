package normalize

import (
	"bytes"
	"math"
	"strconv"

	"github.com/restlua/restlua/engine/schema"
)

// maxExact is the greatest integer up to which a double holds every integer.
const maxExact = 1 << 53

// pow10 are the powers of ten that a double holds exactly.
var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// number reads the number at i. Short integers and short decimals, nearly all
// that occur, are made on the way; the rest goes by the literal.
func (n *Normalizer) number(f *field, i int) (int, error) {
	b := n.b
	start := i
	negative := b[i] == '-'
	if negative {
		i++
	}
	mantissa := uint64(0)
	first := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		mantissa = mantissa*10 + uint64(b[i]-'0')
		i++
	}
	whole := i - first
	if whole == 0 || whole > 1 && b[first] == '0' {
		return i, n.unexpected(first)
	}
	isInt, fraction, exponent := true, 0, false
	if i < len(b) && b[i] == '.' {
		isInt = false
		i++
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			mantissa = mantissa*10 + uint64(b[i]-'0')
			i++
		}
		if fraction = i - from; fraction == 0 {
			return i, n.unexpected(i)
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		isInt, exponent = false, true
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		if i == from {
			return i, n.unexpected(i)
		}
	}
	c := f.col
	if c == nil {
		var err error
		if c, err = f.column(n); err != nil {
			return i, err
		}
	}
	if isInt && whole <= 15 && c.col.Type == schema.Bigint && !c.declared {
		if whole > c.facts.IntDigits && mantissa != 0 {
			c.facts.IntDigits = whole
		}
		v := c.touch()
		if negative {
			v.Ints = append(v.Ints, -int64(mantissa))
		} else {
			v.Ints = append(v.Ints, int64(mantissa))
		}
		return i, nil
	}
	if !isInt && !exponent && whole+fraction <= 15 && c.col.Type == schema.Double && !c.declared {
		if whole > c.facts.IntDigits && b[first] != '0' {
			c.facts.IntDigits = whole
		}
		for k, last := fraction, i-1; k > c.facts.FracDigits; k, last = k-1, last-1 {
			if b[last] != '0' { // 1.50 has one digit behind the point
				c.facts.FracDigits = k
			}
		}
		value := float64(mantissa) / pow10[fraction]
		if negative {
			value = -value
		}
		v := c.touch()
		v.Doubles = append(v.Doubles, value)
		return i, nil
	}
	if c.declared {
		return i, n.addDeclared(c, kindNumber, b[start:i], nil)
	}
	return i, n.addNumber(c, b[start:i], isInt)
}

// addNumber stores a number by its literal, after what the literal says of the
// column's type (NRM-51).
func (n *Normalizer) addNumber(c *column, literal []byte, isInt bool) error {
	before := *c.facts
	exact := n.numberFacts(c.facts, literal, isInt)
	if *c.facts != before {
		if before.Kinds == 0 {
			n.fresh = append(n.fresh, c)
		}
		if err := n.settle(c); err != nil {
			return err
		}
	}
	v := c.touch()
	switch c.col.Type {
	case schema.Bigint:
		i, err := strconv.ParseInt(string(literal), 10, 64)
		if err != nil {
			return &Error{Pointer: c.col.Source, Text: err.Error()}
		}
		v.Ints = append(v.Ints, i)
	case schema.Double:
		d, _ := strconv.ParseFloat(string(literal), 64)
		if isInt && d == 0 {
			d = 0 // the integer -0 is 0, as in a bigint column
		}
		v.Doubles = append(v.Doubles, d)
	case schema.Decimal:
		d, ok := schema.ParseDec(literal, c.col.Scale)
		if !ok {
			return &Error{Pointer: c.col.Source, Text: "the number " + string(literal) + " does not fit " + c.col.TypeName()}
		}
		v.Data = schema.AppendDec(v.Data, d)
	default: // text, and json in the same form, as a column may become json after it
		v.StartBytes()
		v.Data = n.appendNumberText(v.Data, literal, isInt, exact, c.facts.Ints)
		v.EndBytes()
	}
	return nil
}

// appendNumberText prints a number as it stands in a text column (NRM-53). One
// that no double holds is printed as a decimal column would, where it fits one,
// so that it does not matter whether the column was one before.
func (n *Normalizer) appendNumberText(dst, literal []byte, isInt, exact, ints bool) []byte {
	if isInt && len(literal) == 2 && literal[0] == '-' && literal[1] == '0' {
		return append(dst, '0')
	}
	if isInt {
		return append(dst, literal...)
	}
	start := len(dst)
	if exact {
		d, err := strconv.ParseFloat(string(literal), 64)
		if err != nil {
			return append(dst, literal...)
		}
		dst = schema.AppendDouble(dst, d)
	} else {
		var f schema.Facts
		n.numberFacts(&f, literal, false)
		d, ok := schema.ParseDec(literal, f.FracDigits)
		if !ok || f.IntDigits+f.FracDigits > 38 {
			return append(dst, literal...)
		}
		dst = schema.AppendDecText(dst, d, f.FracDigits)
	}
	return append(dst[:start], schema.AsWritten(dst[start:], ints)...)
}

// numberFacts adds what a number says of its column, and reports whether a
// double holds it exactly.
func (n *Normalizer) numberFacts(f *schema.Facts, literal []byte, isInt bool) (exact bool) {
	f.Kinds |= schema.SawNumber
	f.Ints = f.Ints || isInt
	digits, exponent, _, ok := schema.AppendDigits(n.digits[:0], literal)
	n.digits = digits[:0]
	if !ok {
		f.NotInt, f.NotDouble, f.IntDigits = true, true, max(f.IntDigits, 1<<20)
		return false
	}
	if len(digits) == 0 {
		exponent = 0 // 0e5 is 0
	}
	f.IntDigits = max(f.IntDigits, len(digits)+exponent)
	trimmed := digits
	for len(trimmed) > 0 && trimmed[len(trimmed)-1] == '0' {
		trimmed = trimmed[:len(trimmed)-1]
		exponent++
	}
	if len(trimmed) > 0 {
		f.FracDigits = max(f.FracDigits, -exponent)
	}
	if isInt {
		i, err := strconv.ParseInt(string(literal), 10, 64)
		if err != nil {
			f.NotInt = true
		}
		exact = err == nil && i >= -maxExact && i <= maxExact
	} else {
		f.NotInt = true
		exact = exactDouble(literal, trimmed, exponent)
	}
	f.NotDouble = f.NotDouble || !exact
	return exact
}

// exactDouble reports whether the shortest decimal that reads back as the
// nearest double has the value of the literal, whose significant digits and
// exponent are given.
func exactDouble(literal, digits []byte, exponent int) bool {
	if len(digits) == 0 {
		return true
	}
	d, err := strconv.ParseFloat(string(literal), 64)
	if err != nil || math.IsInf(d, 0) || d == 0 {
		return false
	}
	if len(digits) <= 15 && exponent > -290 && exponent < 290 {
		return true
	}
	if len(digits) > 17 {
		return false // the shortest form has no more
	}
	var buffer, second [32]byte
	shortest := strconv.AppendFloat(buffer[:0], d, 'e', -1, 64)
	short, e, _, ok := schema.AppendDigits(second[:0], shortest)
	if !ok {
		return false
	}
	for len(short) > 0 && short[len(short)-1] == '0' {
		short = short[:len(short)-1]
		e++
	}
	return e == exponent && bytes.Equal(short, digits)
}
