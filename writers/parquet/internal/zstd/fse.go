package zstd

import (
	"math"
	"math/bits"
)

// The numbers of sequences have a code by finite state entropy (RFC 8878, 4.1): a
// table of states, of which a symbol has as many as its share. To write a symbol
// is to write the low bits of the state and to go to one of the symbol's.

// maxTableLog is that of the largest table, in bits.
const maxTableLog = 9

// transition is how a symbol is written.
type transition struct {
	bits  uint32 // added to a state, it has the number of bits in its upper half
	state int32  // added to the other bits of a state, it gives the place of the next one
}

// table is the code of one distribution.
type table struct {
	log    int
	states [1 << maxTableLog]uint16
	next   [maxSymbols]transition
}

// build makes the table of shares, which are 1<<log together. A share of -1 is
// one of less than 1.
func (t *table) build(shares []int16, log int) {
	size := 1 << log
	t.log = log

	// Symbols are strewn over the places of the table; the rarest stand at its end.
	var symbols [1 << maxTableLog]uint8
	high := size - 1
	for s, n := range shares {
		if n == -1 {
			symbols[high] = uint8(s)
			high--
		}
	}
	at, stride, mask := 0, size>>1+size>>3+3, size-1
	for s, n := range shares {
		for range n {
			symbols[at] = uint8(s)
			for at = (at + stride) & mask; at > high; {
				at = (at + stride) & mask
			}
		}
	}

	// States of one symbol stand together, in the order of its places.
	var first [maxSymbols]int
	total := 0
	for s, n := range shares {
		first[s] = total
		switch n {
		case 0:
		case -1, 1:
			t.next[s] = transition{bits: uint32(log<<16 - size), state: int32(total - 1)}
			total++
		default:
			most := log - bits.Len16(uint16(n-1)) + 1
			t.next[s] = transition{bits: uint32(most<<16 - int(n)<<most), state: int32(total - int(n))}
			total += int(n)
		}
	}
	for i, s := range symbols[:size] {
		t.states[first[s]] = uint16(size + i)
		first[s]++
	}
}

// buildRun makes the table of a single symbol, which takes no bits.
func (t *table) buildRun(symbol uint8) {
	t.log = 0
	t.states[0] = 0
	t.next[symbol] = transition{}
}

// begin is the state of a first symbol, with the fewest bits to write behind it.
func (t *table) begin(symbol uint8) uint32 {
	if t.log == 0 {
		return 0
	}
	next := t.next[symbol]
	n := (next.bits + 1<<15) >> 16
	return uint32(t.states[int32((n<<16-next.bits)>>n)+next.state])
}

// share fills shares with the parts of counts, which are n together, so that they
// are 1<<log together and none that counts is 0. There are at least two, and no
// more than half as many.
func share(shares []int16, counts []uint32, n, log int) {
	left, most := 1<<log, 0
	for s, count := range counts {
		shares[s] = 0
		if count == 0 {
			continue
		}
		shares[s] = int16(max(1, (int(count)<<log+n/2)/n))
		left -= int(shares[s])
		if shares[s] > shares[most] {
			most = s
		}
	}
	// The largest share bears best what rounding has left, or spent too much.
	if left > 0 {
		shares[most] += int16(left)
	}
	for ; left < 0; left++ {
		for s := range shares {
			if shares[s] > shares[most] {
				most = s
			}
		}
		shares[most]--
	}
}

// possible reports whether all that counts has a share.
func possible(counts []uint32, shares []int16) bool {
	for s, count := range counts {
		if count > 0 && (s >= len(shares) || shares[s] == 0) {
			return false
		}
	}
	return true
}

// cost is about how many bits counts take by shares, which are 1<<log together.
func cost(counts []uint32, shares []int16, log int) float64 {
	sum := 0.0
	for s, count := range counts {
		if count > 0 {
			sum += float64(count) * (float64(log) - math.Log2(math.Abs(float64(shares[s]))))
		}
	}
	return sum
}

// appendShares appends the description of a table (RFC 8878, 4.1.1).
func appendShares(dst []byte, shares []int16, log int) []byte {
	w := bitWriter{dst: dst}
	w.add(uint32(log-5), 4)
	left := 1<<log + 1 // what the symbols to come share, and one
	for s := 0; left > 1; s++ {
		// Values up to left take as many bits as left; the lowest ones one less, as
		// many as the others leave free.
		value := uint32(shares[s] + 1)
		width := bits.Len(uint(left))
		half := uint32(1) << (width - 1)
		spare := 2*half - 1 - uint32(left)
		switch {
		case value < spare:
			w.add(value, width-1)
		case value < half:
			w.add(value, width)
		default:
			w.add(value+spare, width)
		}
		left -= int(shares[s])
		if shares[s] == 0 {
			// How many more have no share, by threes.
			more := 0
			for shares[s+1+more] == 0 {
				more++
			}
			s += more
			for ; more >= 3; more -= 3 {
				w.add(3, 2)
			}
			w.add(uint32(more), 2)
		}
	}
	return w.flush()
}

// bitWriter appends bits, from the lowest one of each byte on.
type bitWriter struct {
	dst  []byte
	word uint64
	n    int
}

func (w *bitWriter) add(value uint32, n int) {
	w.word |= uint64(value) << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.dst = append(w.dst, byte(w.word))
		w.word >>= 8
	}
}

func (w *bitWriter) flush() []byte {
	if w.n > 0 {
		w.dst = append(w.dst, byte(w.word))
	}
	return w.dst
}
