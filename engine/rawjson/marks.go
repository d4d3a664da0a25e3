package rawjson

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Marks know, for each byte of a text, whether it ends a run of plain
// characters in a string: a quote, a backslash or a control character. To look
// at all bytes at once and then to ask where the next mark is costs less than to
// look for the end of each string by itself. The zero value is ready.
type Marks struct {
	bits  []byte // one for each byte of the text, and ones behind it
	text  []byte
	ascii bool
}

// markBlock is how many bytes of text are marked at once.
const markBlock = 64

// Set marks the text b, which must not change while the marks are used, and
// reports whether it is all ASCII.
func (m *Marks) Set(b []byte) (ascii bool) {
	blocks := len(b) / markBlock
	need := (blocks+1)*markBlock/8 + 8
	if cap(m.bits) < need {
		m.bits = make([]byte, need+need/4)
	}
	m.bits = m.bits[:need]
	high := false
	if blocks > 0 {
		high = markBlocks(m.bits, b, blocks)
	}
	// Zeros behind the text are marked, as all control characters are.
	var last [markBlock]byte
	copy(last[:], b[blocks*markBlock:])
	high = markBlocks(m.bits[blocks*markBlock/8:], last[:], 1) || high
	binary.LittleEndian.PutUint64(m.bits[need-8:], 1<<64-1)
	m.text, m.ascii = b, !high
	return m.ascii
}

// Clear lets go of the text; the memory of the marks is kept for the next one.
func (m *Marks) Clear() { m.text = nil }

// Text is what is marked, and whether it is all ASCII.
func (m *Marks) Text() (b []byte, ascii bool) { return m.text, m.ascii }

// Place is where part stands in the marked text, if it is a slice of it: these
// very bytes, not equal ones. What a hook made is not, and has no marks.
func (m *Marks) Place(part []byte) (at int, ok bool) {
	if len(part) == 0 || len(part) > len(m.text) {
		return 0, false
	}
	// A difference below zero is a great one.
	d := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(m.text)))
	if d > uintptr(len(m.text)-len(part)) {
		return 0, false
	}
	return int(d), true
}

// Next returns the first marked place from i on. i must not be behind the end of
// the text, which is marked itself.
func (m *Marks) Next(i int) int {
	if w := binary.LittleEndian.Uint64(m.bits[i>>3:]) >> (i & 7); w != 0 {
		return i + bits.TrailingZeros64(w)
	}
	return m.far(i&^7 + 64)
}

// far is Next from the start of a byte of bits on.
func (m *Marks) far(i int) int {
	for {
		if w := binary.LittleEndian.Uint64(m.bits[i>>3:]); w != 0 {
			return i + bits.TrailingZeros64(w)
		}
		i += 64
	}
}

// plainEnd returns the end of the string whose opening quote is b[i], if nothing
// in it needs to be looked at; else, or without marks, 0.
func (m *Marks) plainEnd(b []byte, i int) int {
	if m != nil {
		if end := m.Next(i + 1); end < len(b) && b[end] == '"' {
			return end + 1
		}
	}
	return 0
}

// markBlocksPortable is markBlocks where there is no faster one.
func markBlocksPortable(marks, text []byte, blocks int) (high bool) {
	all := uint64(0)
	for i := range blocks * markBlock / 8 {
		w := binary.LittleEndian.Uint64(text[8*i:])
		all |= w
		// A byte's high bit becomes zero where the byte is one to mark. None of
		// the sums reaches the next byte.
		low := w &^ highs
		t := (low ^ ones*'"' + (ones * 0x7f)) & (low ^ ones*'\\' + (ones * 0x7f)) & (low + ones*0x60)
		// The product brings the eight high bits together.
		marks[i] = byte((^(t | w) & highs) * 0x0002040810204081 >> 56)
	}
	return all&highs != 0
}
