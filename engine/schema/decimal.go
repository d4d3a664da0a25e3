package schema

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
)

// Dec is a 128-bit signed integer, the unscaled value of a decimal.
type Dec struct {
	Hi int64
	Lo uint64
}

// DecInt is the Dec of an integer.
func DecInt(i int64) Dec { return Dec{Hi: i >> 63, Lo: uint64(i)} }

// neg returns -d.
func (d Dec) neg() Dec {
	lo, carry := bits.Add64(^d.Lo, 1, 0)
	hi, _ := bits.Add64(^uint64(d.Hi), 0, carry)
	return Dec{int64(hi), lo}
}

// times10 returns 10*d + digit for a d that is not negative.
func (d Dec) times10(digit uint64) Dec {
	hi, lo := bits.Mul64(d.Lo, 10)
	hi += uint64(d.Hi) * 10
	lo, carry := bits.Add64(lo, digit, 0)
	return Dec{int64(hi + carry), lo}
}

// Rescale returns d with more digits behind the point. The caller knows that
// the result has no more than 38 digits.
func (d Dec) Rescale(digits int) Dec {
	negative := d.Hi < 0
	if negative {
		d = d.neg()
	}
	for range digits {
		d = d.times10(0)
	}
	if negative {
		d = d.neg()
	}
	return d
}

// AppendDec appends d as 16 bytes, big-endian two's complement.
func AppendDec(dst []byte, d Dec) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(d.Hi))
	return binary.BigEndian.AppendUint64(dst, d.Lo)
}

// DecAt reads the i-th value of a Decimal vector's Data.
func DecAt(data []byte, i int) Dec {
	b := data[16*i:]
	return Dec{int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])}
}

// appendDigits appends the decimal digits of a d that is not negative.
func (d Dec) appendDigits(dst []byte) []byte {
	const chunk = 1e19 // the greatest power of ten in 64 bits
	if d.Hi == 0 && d.Lo < chunk {
		return strconv.AppendUint(dst, d.Lo, 10)
	}
	hi, rest := uint64(d.Hi)/chunk, uint64(d.Hi)%chunk
	lo, last := bits.Div64(rest, d.Lo, chunk)
	dst = Dec{int64(hi), lo}.appendDigits(dst)
	var text [20]byte
	tail := strconv.AppendUint(text[:0], last, 10)
	for range 19 - len(tail) {
		dst = append(dst, '0')
	}
	return append(dst, tail...)
}

// Digits counts the decimal digits of d; 0 has none.
func (d Dec) Digits() int {
	if d.Hi < 0 {
		d = d.neg()
	}
	if d == (Dec{}) {
		return 0
	}
	var text [40]byte
	return len(d.appendDigits(text[:0]))
}

// ParseDec reads a JSON number into the unscaled value at the given scale; ok
// is false where it does not fit 38 digits or has more digits behind the point.
func ParseDec(literal []byte, scale int) (d Dec, ok bool) {
	var buffer [64]byte
	digits, exponent, negative, ok := AppendDigits(buffer[:0], literal)
	if !ok {
		return d, false
	}
	shift := exponent + scale // zeros to put behind the digits
	for shift < 0 && len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits, shift = digits[:len(digits)-1], shift+1
	}
	if len(digits) == 0 {
		return d, true
	}
	if shift < 0 || len(digits)+shift > 38 {
		return d, false
	}
	for _, c := range digits {
		d = d.times10(uint64(c - '0'))
	}
	for range shift {
		d = d.times10(0)
	}
	if negative {
		d = d.neg()
	}
	return d, true
}

// AppendDigits takes a JSON number apart: its significant digits without
// leading zeros, appended to dst, the exponent of the last digit, and the sign.
// ok is false for an exponent beyond any use.
func AppendDigits(dst, literal []byte) (digits []byte, exponent int, negative, ok bool) {
	digits = dst
	b := literal
	if len(b) > 0 && b[0] == '-' {
		negative, b = true, b[1:]
	}
	for i, c := range b {
		switch {
		case c == '.':
			exponent = -1
		case c|0x20 == 'e':
			n, err := strconv.Atoi(strings.TrimPrefix(string(b[i+1:]), "+"))
			if exponent < 0 {
				exponent++ // of the point itself
			}
			ok = err == nil && n <= 1<<20 && n >= -1<<20
			if !ok && len(digits) == len(dst) {
				return digits, 0, negative, true // 0e99999999 is 0
			}
			return digits, exponent + n, negative, ok
		default:
			if exponent < 0 {
				exponent--
			}
			if c != '0' || len(digits) > len(dst) {
				digits = append(digits, c)
			}
		}
	}
	if exponent < 0 {
		exponent++
	}
	return digits, exponent, negative, true
}

// AppendDecText prints the unscaled value d at scale without zeros at the end
// of the fraction: 1.5, 100, -0.25.
func AppendDecText(dst []byte, d Dec, scale int) []byte {
	if d.Hi < 0 {
		dst, d = append(dst, '-'), d.neg()
	}
	var buffer [80]byte
	zeros := copy(buffer[:], "0000000000000000000000000000000000000000")
	text := d.appendDigits(buffer[:zeros])
	text = text[min(zeros, len(text)-scale-1):] // at least one digit before the point
	whole, fraction := text[:len(text)-scale], text[len(text)-scale:]
	dst = append(dst, whole...)
	for len(fraction) > 0 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > 0 {
		dst = append(append(dst, '.'), fraction...)
	}
	return dst
}

// AppendDouble prints a double as it stands in a text column (NRM-53): the
// shortest form, with .0 when integral, with an exponent below 1e-6 and from
// 1e21 on.
func AppendDouble(dst []byte, f float64) []byte {
	abs := max(f, -f)
	if abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, '.', '0')
}
