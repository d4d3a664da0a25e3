package zstd

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Where the table of a part comes from (RFC 8878, 3.1.1.3.2.1).
const (
	modeDefault = 0
	modeRun     = 1 // of one code
	modeOwn     = 2
)

// coder writes sequences. The zero value is ready.
type coder struct {
	parts [parts]part
	ready bool
}

// part is how one number of the sequences is written.
type part struct {
	usual    []int16 // shares of the format's own table
	usualLog int
	maxLog   int
	preset   table // of usual

	own    table
	shares [maxSymbols]int16
	use    *table
}

// prepare makes the format's own tables.
func (c *coder) prepare() {
	c.ready = true
	c.parts = [parts]part{
		partLiterals: {usual: literalsShares[:], usualLog: 6, maxLog: 9},
		partOffset:   {usual: offsetShares[:], usualLog: 5, maxLog: 8},
		partLength:   {usual: lengthShares[:], usualLog: 6, maxLog: 9},
	}
	for i := range c.parts {
		p := &c.parts[i]
		p.preset.build(p.usual, p.usualLog)
	}
}

// append appends a block's section of sequences, whose codes are counted.
func (c *coder) append(dst []byte, sequences []sequence, counts *[parts][maxSymbols]uint32) []byte {
	switch n := len(sequences); {
	case n < 128:
		dst = append(dst, byte(n))
	case n < 0x7F00:
		dst = append(dst, byte(n>>8|128), byte(n))
	default:
		dst = append(dst, 255, byte(n-0x7F00), byte((n-0x7F00)>>8))
	}
	if len(sequences) == 0 {
		return dst
	}
	if !c.ready {
		c.prepare()
	}
	at, modes := len(dst), 0
	dst = append(dst, 0)
	for i := range c.parts {
		var mode int
		mode, dst = c.parts[i].choose(dst, counts[i][:], len(sequences))
		modes |= mode << (6 - 2*i)
	}
	dst[at] = byte(modes)
	return c.write(dst, sequences)
}

// choose decides upon the table for n codes and appends its description.
func (p *part) choose(dst []byte, counts []uint32, n int) (mode int, _ []byte) {
	symbols, kinds := 0, 0
	for s, count := range counts {
		if count > 0 {
			symbols, kinds = s+1, kinds+1
		}
	}
	if kinds == 1 {
		p.own.buildRun(uint8(symbols - 1))
		p.use = &p.own
		return modeRun, append(dst, byte(symbols-1))
	}
	counts = counts[:symbols]
	shares := p.shares[:symbols]
	// Twice as many places as kinds at least, and not many more than codes.
	log := min(p.maxLog, max(bits.Len(uint(n-1))-2, bits.Len(uint(kinds-1))+1, 5))
	share(shares, counts, n, log)
	if n < worthATable && possible(counts, p.usual) {
		// A share takes about five bits.
		if cost(counts, p.usual, p.usualLog) <= cost(counts, shares, log)+5*float64(kinds) {
			p.use = &p.preset
			return modeDefault, dst
		}
	}
	p.own.build(shares, log)
	p.use = &p.own
	return modeOwn, appendShares(dst, shares, log)
}

// worthATable is how many codes always pay for a table of their own.
const worthATable = 2048

// write appends the bits of the sequences, the last one first, as readers begin
// at the end (RFC 8878, 3.1.1.3.2.1.2).
func (c *coder) write(dst []byte, sequences []sequence) []byte {
	const perSequence = 10 // bytes at most: 26 bits of states and 51 more
	dst = slices.Grow(dst, perSequence*len(sequences)+32)
	out := dst[len(dst):cap(dst)]
	literals, offsets, lengths := c.parts[partLiterals].use, c.parts[partOffset].use, c.parts[partLength].use

	q := &sequences[len(sequences)-1]
	ls, os, ms := literals.begin(q.literals), offsets.begin(q.offset), lengths.begin(q.length)
	// Bits are gathered in word, n of them, and written by whole bytes at.
	word, n, at := q.more, uint(q.width), 0
	for i := len(sequences) - 2; i >= 0; i-- {
		binary.LittleEndian.PutUint64(out[at:at+8:at+8], word)
		at += int(n >> 3)
		word >>= n & 56
		n &= 7

		q := &sequences[i]
		t := offsets.next[q.offset%maxSymbols]
		width := (os + t.bits) >> 16 % 16
		word |= uint64(os&lowBits[width]) << (n & 63)
		n += uint(width)
		os = uint32(offsets.states[uint32(int32(os>>width)+t.state)%(1<<maxTableLog)])

		t = lengths.next[q.length%maxSymbols]
		width = (ms + t.bits) >> 16 % 16
		word |= uint64(ms&lowBits[width]) << (n & 63)
		n += uint(width)
		ms = uint32(lengths.states[uint32(int32(ms>>width)+t.state)%(1<<maxTableLog)])

		t = literals.next[q.literals%maxSymbols]
		width = (ls + t.bits) >> 16 % 16
		word |= uint64(ls&lowBits[width]) << (n & 63)
		n += uint(width)
		ls = uint32(literals.states[uint32(int32(ls>>width)+t.state)%(1<<maxTableLog)])

		// There are 33 bits at most now. A word is never full: the shifts that empty it
		// go to 63.
		if q.width > 63-33 {
			binary.LittleEndian.PutUint64(out[at:at+8:at+8], word)
			at += int(n >> 3)
			word >>= n & 56
			n &= 7
		}
		word |= q.more << (n & 63)
		n += uint(q.width)
	}
	binary.LittleEndian.PutUint64(out[at:], word)
	at += int(n >> 3)
	word >>= n & 56
	n &= 7
	for _, end := range [...]struct {
		state uint32
		log   int
	}{{ms, lengths.log}, {os, offsets.log}, {ls, literals.log}} {
		word |= uint64(end.state&lowBits[end.log]) << n
		n += uint(end.log)
	}
	word |= 1 << n // says readers where to begin
	binary.LittleEndian.PutUint64(out[at:], word)
	return dst[:len(dst)+at+int(n)>>3+1]
}

// lowBits has the n lowest bits at n: cheaper than shifting a one.
var lowBits = [16]uint32{0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 8191, 16383, 32767}
