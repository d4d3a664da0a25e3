package schema

import (
	"encoding/binary"
	"math/big"
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

// big returns d as a big.Int.
func (d Dec) big() *big.Int {
	z := big.NewInt(d.Hi)
	z.Lsh(z, 64)
	return z.Add(z, new(big.Int).SetUint64(d.Lo))
}

// ParseDec reads a JSON number into the unscaled value at the given scale; ok
// is false where it does not fit 38 digits or has more digits behind the point.
func ParseDec(literal []byte, scale int) (d Dec, ok bool) {
	digits, exponent, negative, ok := Digits(literal)
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

// Digits takes a JSON number apart: its significant digits without leading
// zeros, the exponent of the last digit, and the sign. ok is false for an
// exponent beyond any use. Without a point in the mantissa the digits alias
// the literal.
func Digits(literal []byte) (digits []byte, exponent int, negative, ok bool) {
	b := literal
	if len(b) > 0 && b[0] == '-' {
		negative, b = true, b[1:]
	}
	for i, c := range b {
		if c == 'e' || c == 'E' {
			n, err := strconv.Atoi(strings.TrimPrefix(string(b[i+1:]), "+"))
			if err != nil || n > 1<<20 || n < -1<<20 {
				return nil, 0, negative, false
			}
			exponent, b = n, b[:i]
			break
		}
	}
	for i, c := range b {
		if c == '.' {
			exponent -= len(b) - i - 1
			joined := make([]byte, 0, len(b))
			b = append(append(joined, b[:i]...), b[i+1:]...)
			break
		}
	}
	for len(b) > 0 && b[0] == '0' {
		b = b[1:]
	}
	return b, exponent, negative, true
}

// AppendDecText prints the unscaled value d at scale without zeros at the end
// of the fraction: 1.5, 100, -0.25.
func AppendDecText(dst []byte, d Dec, scale int) []byte {
	text := d.big().Append(nil, 10)
	if text[0] == '-' {
		dst, text = append(dst, '-'), text[1:]
	}
	for len(text) <= scale {
		text = append([]byte{'0'}, text...)
	}
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
