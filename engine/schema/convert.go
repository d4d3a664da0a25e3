package schema

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"unicode/utf8"
)

// Convert fills dst, emptied first, with the values of src as column to stores
// them: the widenings of NRM-52, a decimal of greater scale, and a timestamp
// that gained or lost its zone (digits stay). Narrowing is an error.
func Convert(dst, src *Vector, to Column) error {
	dst.Reset()
	dst.Column = to
	dst.Len, dst.Count = src.Len, src.Count
	dst.Valid = append(dst.Valid, src.Valid...)
	from := src.Column
	switch {
	case from.Type == to.Type && to.Type != Decimal:
		dst.Bools = append(dst.Bools, src.Bools...)
		dst.Ints = append(dst.Ints, src.Ints...)
		dst.Doubles = append(dst.Doubles, src.Doubles...)
		dst.Data = append(dst.Data, src.Data...)
		dst.Ends = append(dst.Ends, src.Ends...)
		return nil
	case to.Type == Double && from.Type == Bigint:
		for _, i := range src.Ints {
			dst.Doubles = append(dst.Doubles, float64(i))
		}
		return nil
	case to.Type == Decimal:
		return toDecimal(dst, src, to)
	case to.Type == Text, to.Type == JSON:
		return toText(dst, src, to)
	case to.Type == Timestamp && from.Type == Date:
		for _, d := range src.Ints {
			dst.Ints = append(dst.Ints, d*86400e6)
		}
		return nil
	}
	return fmt.Errorf("column %q: a %s cannot become a %s", to.Name, from.TypeName(), to.TypeName())
}

func toDecimal(dst, src *Vector, to Column) error {
	switch src.Column.Type {
	case Bigint:
		for _, i := range src.Ints {
			dst.Data = AppendDec(dst.Data, DecInt(i).Rescale(to.Scale))
		}
	case Double:
		var text []byte
		for _, f := range src.Doubles {
			text = strconv.AppendFloat(text[:0], f, 'g', -1, 64)
			d, ok := ParseDec(text, to.Scale)
			if !ok {
				return fmt.Errorf("column %q: %s does not fit %s", to.Name, text, to.TypeName())
			}
			dst.Data = AppendDec(dst.Data, d)
		}
	case Decimal:
		grow := to.Scale - src.Column.Scale
		if grow < 0 {
			return fmt.Errorf("column %q: a %s cannot become a %s", to.Name, src.Column.TypeName(), to.TypeName())
		}
		for i := range src.Count {
			dst.Data = AppendDec(dst.Data, DecAt(src.Data, i).Rescale(grow))
		}
	default:
		return fmt.Errorf("column %q: a %s cannot become a %s", to.Name, src.Column.TypeName(), to.TypeName())
	}
	return nil
}

func toText(dst, src *Vector, to Column) error {
	facts := to.Facts
	if facts == nil {
		facts = src.Column.Facts
	}
	layout, ints, literals := uint32(0), false, false
	if facts != nil {
		layout, ints = facts.Layout, facts.Ints
		// Where no string read as one, all that does was a number or a bool.
		literals = facts.Kinds&(SawBool|SawNumber) != 0 && !facts.Literals
	}
	var one []byte
	for i := range src.Count {
		one = src.AppendText(one[:0], i, layout)
		if src.Column.Type == Double || src.Column.Type == Decimal {
			one = AsWritten(one, ints)
		}
		if to.Type == JSON && !(literals && src.Column.Type == Text && IsLiteral(one)) {
			one = jsonText(one, src.Column.Type)
		}
		dst.AppendBytes(one)
	}
	return nil
}

// AsWritten gives a number's text the .0 of a whole number where the numbers of
// its column were all written with a point, and takes it where some were written
// without one: a column of doubles does not know which of 1 and 1.0 it was, and
// the text must not depend on when the column became text (NRM-53).
func AsWritten(text []byte, ints bool) []byte {
	n := len(text)
	whole := n > 2 && text[n-1] == '0' && text[n-2] == '.'
	switch {
	case whole && ints:
		return text[:n-2]
	case !ints && !bytes.ContainsAny(text, ".en"): // not 1e+300, inf, nan
		return append(text, '.', '0')
	}
	return text
}

// AppendText appends the i-th value as it stands in a text column (NRM-53).
// layout says how timestamps were written; 0: unknown.
func (v *Vector) AppendText(dst []byte, i int, layout uint32) []byte {
	switch v.Column.Type {
	case Bool:
		return strconv.AppendBool(dst, v.Bools[i])
	case Bigint:
		return strconv.AppendInt(dst, v.Ints[i], 10)
	case Double:
		return AppendDouble(dst, v.Doubles[i])
	case Decimal:
		return AppendDecText(dst, DecAt(v.Data, i), v.Column.Scale)
	case Timestamp:
		return AppendTimestamp(dst, v.Ints[i], layout, v.Column.Naive)
	case Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC().AppendFormat(dst, "2006-01-02")
	case Time:
		return time.UnixMicro(v.Ints[i]).UTC().AppendFormat(dst, "15:04:05.999999")
	case Binary:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes(i))
	}
	return append(dst, v.Bytes(i)...)
}

// jsonText makes the text of a value into JSON.
func jsonText(text []byte, from Type) []byte {
	if from.InJSON() {
		return text
	}
	return appendQuoted(nil, text)
}

// appendQuoted appends text as a JSON string, as rawjson.AppendQuoted does;
// schema stands below rawjson, so the few lines stand here.
func appendQuoted(dst, text []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		default:
			dst = append(dst, text[:n]...)
		}
		text = text[n:]
	}
	return append(dst, '"')
}
