package zstd

import (
	"encoding/binary"
	"math/bits"
)

const (
	tableLog = 15
	// prime spreads words over the table by the high bits of their product with it.
	prime = 0xcf1bbcdcb7a56463
	// step is how far the next place is that is looked at; the place behind each is,
	// too. Two in place of four takes 1 % off prose, and 6 % longer.
	step = 4
	// After each 64 bytes without a repeat, step grows by one.
	patience = 6
	// margin is how many bytes before the end of a block no repeat begins, so that
	// words behind a place can be read without asking.
	margin = 24
	// leastRepeat is the shortest repeat.
	leastRepeat = 4
	// mostPlaces is how far places count before the table is cleared.
	mostPlaces = 1 << 31
)

// A sequence is some literals, which stand elsewhere, and a repeat behind them,
// in the form in which the format writes it: codes of three numbers, and the
// further bits of these.
type sequence struct {
	more                            uint64 // of the literals' number in the low bits, then length, then offset
	literals, offset, length, width uint8  // width is how many bits of more there are
}

// matcher finds the repeats of a text, block by block.
type matcher struct {
	// table has, by the hash of a word of up to eight bytes, the place where it was
	// last seen in the upper half, and its first four bytes in the lower one: where
	// these are others, the place need not be read.
	table [1 << tableLog]uint64
	// Places in table are those in the text and base; what is not above base is of
	// earlier texts, or nothing.
	base uint32
	size uint32 // of the text
	last int    // offset of the last repeat
	// spread is what words are multiplied by for their hash, shifted so that only as
	// many bytes of them count as must be equal.
	spread uint64

	// What the block is.
	literals  []byte
	sequences []sequence
	counts    [parts][maxSymbols]uint32 // of codes
}

// begin is called before a text of n bytes.
func (m *matcher) begin(n int, content Content) {
	m.spread = prime << (64 - 8*content.word())
	if m.literals == nil {
		m.literals = make([]byte, 0, maxBlock+margin)
		m.sequences = make([]sequence, 0, maxBlock/leastRepeat)
	}
	m.base += m.size
	if uint64(m.base)+uint64(n) >= mostPlaces {
		clear(m.table[:])
		m.base = 0
	}
	m.size = uint32(n)
	m.last = 1 // as readers have it (RFC 8878, 3.1.1.5)
}

// find fills literals, sequences and counts with what src[at:end] is, as repeats
// of anything in src that stands before.
func (m *matcher) find(src []byte, at, end int) {
	var (
		text       = src[:end]
		s          = max(at, 1) // where repeats are looked for; none is at 0
		done       = at         // what stands before is in literals and sequences
		stop       = end - margin
		base       = int(m.base)
		last       = m.last
		table      = &m.table
		spread     = m.spread
		literals   = m.literals[:cap(m.literals)]
		nliterals  = 0
		sequences  = m.sequences[:cap(m.sequences)]
		nsequences = 0
	)
	m.counts = [parts][maxSymbols]uint32{}
	for s < stop {
		var from, length int
		for {
			w0, w1 := load64(text, s), load64(text, s+1)
			h0, h1 := w0*spread>>(64-tableLog), w1*spread>>(64-tableLog)
			seen0, seen1 := table[h0], table[h1]
			place := uint64(base+s) << 32
			table[h0] = place | uint64(uint32(w0))
			table[h1] = (place + 1<<32) | uint64(uint32(w1))
			// The same offset again takes fewest bits.
			if from = s + 2 - last; load32(text, from) == uint32(w0>>16) {
				s += 2
				length = 4 + equal(text, from+4, s+4)
				// One literal stays: without any, the format has other meanings.
				for from > 0 && s > done+1 && text[from-1] == text[s-1] {
					from, s, length = from-1, s-1, length+1
				}
				break
			}
			if uint32(seen0) == uint32(w0) && int(seen0>>32) > base {
				if from = int(seen0>>32) - base; s-from < window {
					goto found
				}
			}
			if uint32(seen1) == uint32(w1) && int(seen1>>32) > base {
				if from = int(seen1>>32) - base; s+1-from < window {
					s++
					goto found
				}
			}
			s += step + (s-done)>>patience
			if s >= stop {
				goto rest
			}
			continue
		found:
			// Most repeats end within the second word.
			if x := load64(text, from) ^ load64(text, s); x != 0 {
				length = bits.TrailingZeros64(x) >> 3
			} else if x := load64(text, from+8) ^ load64(text, s+8); x != 0 {
				length = 8 + bits.TrailingZeros64(x)>>3
			} else {
				length = 16 + equal(text, from+16, s+16)
			}
			for from > 0 && s > done && text[from-1] == text[s-1] {
				from, s, length = from-1, s-1, length+1
			}
			break
		}

		run, offset := s-done, s-from
		if run <= 16 {
			*(*[16]byte)(literals[nliterals : nliterals+16 : nliterals+16]) = *(*[16]byte)(text[done : done+16 : done+16])
		} else {
			copy(literals[nliterals:], text[done:s])
		}
		nliterals += run
		coded := uint(offset) + 3
		if offset == last && run > 0 {
			coded = 1
		}
		last = offset
		s += length
		done = s

		var r, l number
		if run < directLiterals {
			r = literalsNumbers[run]
		} else {
			r = largeNumber(run, codeLargeLiterals)
		}
		if length -= lengthLeast; length < directLength {
			l = lengthNumbers[length]
		} else {
			l = largeNumber(length, codeLargeLength)
		}
		o := uint8(bits.Len(coded)-1) % maxSymbols
		m.counts[partLiterals][r.code%maxSymbols]++
		m.counts[partOffset][o]++
		m.counts[partLength][l.code%maxSymbols]++
		q := &sequences[nsequences]
		nsequences++
		q.literals, q.offset, q.length, q.width = r.code, o, l.code, r.width+l.width+o
		q.more = uint64(r.more) | (uint64(l.more)|uint64(coded&^(1<<o))<<(l.width&63))<<(r.width&63)
	}
rest:
	nliterals += copy(literals[nliterals:], text[done:])
	m.literals, m.sequences, m.last = literals[:nliterals], sequences[:nsequences], last
}

// equal is how many bytes of text from b on are those from a on; a is before b.
func equal(text []byte, a, b int) int {
	n := 0
	for b+n+8 <= len(text) {
		if x := load64(text, a+n) ^ load64(text, b+n); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for b+n < len(text) && text[a+n] == text[b+n] {
		n++
	}
	return n
}

// With the capacity given, a load costs two comparisons less.
func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8 : i+8]) }
func load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i : i+4 : i+4]) }
