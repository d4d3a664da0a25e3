package zstd

import (
	"errors"

	"github.com/klauspost/compress/huff0"
)

// How literals are stored (RFC 8878, 3.1.1.3.1.1).
const (
	literalsRaw    = 0
	literalsRun    = 1 // of one byte
	literalsPacked = 2 // by a Huffman code that stands before them

	leastToPack = 64   // bytes; fewer do not pay for their code
	oneStream   = 1024 // fewer bytes are one stream, else four
	packedGains = 6    // 1/64 of the literals must be saved
)

// literals packs the bytes that no sequence repeats.
type literals struct {
	huff huff0.Scratch
}

// append appends a block's section of literals.
func (l *literals) append(dst, src []byte) []byte {
	var packed []byte
	err, streams := huff0.ErrIncompressible, 0
	if len(src) >= leastToPack {
		// No code is used for another block: it could be that of a block which was not
		// written in the end.
		l.huff.Reuse = huff0.ReusePolicyNone
		l.huff.WantLogLess = packedGains
		if len(src) < oneStream {
			packed, _, err = huff0.Compress1X(src, &l.huff)
		} else {
			packed, _, err = huff0.Compress4X(src, &l.huff)
			streams = 1
		}
	}
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(appendPlainHeader(dst, literalsRun, len(src)), src[0])
	case err != nil:
		return append(appendPlainHeader(dst, literalsRaw, len(src)), src...)
	}
	// Both sizes have 10, 14 or 18 bits, by the larger one.
	n, p := uint64(len(src)), uint64(len(packed))
	switch {
	case n < 1<<10:
		h := literalsPacked | uint64(streams)<<2 | n<<4 | p<<14
		dst = append(dst, byte(h), byte(h>>8), byte(h>>16))
	case n < 1<<14:
		h := literalsPacked | 2<<2 | n<<4 | p<<18
		dst = append(dst, byte(h), byte(h>>8), byte(h>>16), byte(h>>24))
	default:
		h := literalsPacked | 3<<2 | n<<4 | p<<22
		dst = append(dst, byte(h), byte(h>>8), byte(h>>16), byte(h>>24), byte(h>>32))
	}
	return append(dst, packed...)
}

// appendPlainHeader appends the header of n literals that have no code.
func appendPlainHeader(dst []byte, kind, n int) []byte {
	switch {
	case n < 1<<5:
		return append(dst, byte(kind|n<<3))
	case n < 1<<12:
		return append(dst, byte(kind|1<<2|n<<4), byte(n>>4))
	}
	return append(dst, byte(kind|3<<2|n<<4), byte(n>>4), byte(n>>12))
}
