package zstd

import "math/bits"

// The numbers of a sequence, in the order in which the format names them.
const (
	partLiterals = iota
	partOffset
	partLength
	parts
)

// A number is a code and further bits behind it (RFC 8878, 3.1.1.3.2.1.1). An
// offset's code is how many further bits it has. The codes of the other two are
// listed up to these numbers; from there on each power of two has one.
const (
	directLiterals = 64
	directLength   = 128
	lengthLeast    = 3 // what the format takes off a length

	codeLargeLiterals = 19 // and the bits
	codeLargeLength   = 36
	maxSymbols        = 64 // more than there are codes of one number
)

// number is how a number is written.
type number struct {
	code, width uint8 // width is how many further bits there are
	more        uint16
}

// The codes of small numbers, and the shares that they have where the frame does
// not tell others (RFC 8878, 3.1.1.3.2.2), of 64, 32 and 64.
var (
	literalsNumbers = [directLiterals]number(numbers(directLiterals, 16, 1, 1, 1, 1, 2, 2, 3, 3, 4))
	lengthNumbers   = [directLength]number(numbers(directLength, 32, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5))

	literalsShares = [...]int16{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1}
	offsetShares   = [...]int16{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1}
	lengthShares   = [...]int16{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1}
)

// numbers lists the numbers below n: single of them have codes of their own, and
// the codes behind have widths.
func numbers(n, single int, widths ...uint8) []number {
	list := make([]number, 0, n)
	for i := range single {
		list = append(list, number{code: uint8(i)})
	}
	for i, width := range widths {
		for more := range uint16(1) << width {
			list = append(list, number{code: uint8(single + i), width: width, more: more})
		}
	}
	return list
}

// largeNumber is a number that is not listed. code is that of its kind with no
// further bits.
func largeNumber(n int, code uint8) number {
	width := uint8(bits.Len(uint(n)) - 1)
	return number{code: code + width, width: width, more: uint16(n - 1<<width)}
}
