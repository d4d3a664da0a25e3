// Package zstd packs pages of columns as frames of Zstandard (RFC 8878). It only
// packs: whoever reads the files has a decoder.
//
// It does one thing of what a library does, and that faster: a text that is in
// memory as a whole becomes one frame, of about the size of level 1. Repeats are
// looked for by as many bytes as suits the content, and whatever a sequence needs
// is worked out where it is found.
package zstd

import "encoding/binary"

const (
	magic     = 0xFD2FB528
	maxBlock  = 128 << 10 // bytes of content of a block (RFC 8878, 3.1.1.2.4)
	windowLog = 20
	window    = 1 << windowLog // how far back a repeat may be, in bytes

	headerBytes = 3 // of a block
	blockRaw    = 0
	blockPacked = 2

	// Flags of a frame's header (RFC 8878, 3.1.1.1.1): the content is the window,
	// and in how many bytes the header has its size, one otherwise.
	flagSingle = 1 << 5
	flagSize2  = 1 << 6
	flagSize4  = 2 << 6
	flagSize8  = 3 << 6
)

// Content is what a text is. It decides by how many bytes at a time repeats are
// looked for: longer ones are fewer, which takes less time, and in large texts
// little more space.
type Content uint8

const (
	// Numbers are of a few bytes each.
	Numbers Content = iota
	// Words are values of text: names, addresses, titles.
	Words
	// Prose is text of sentences, much of it.
	Prose
)

// word is how many bytes must be equal for a repeat to be found.
func (c Content) word() int {
	switch c {
	case Numbers:
		return 5
	case Words:
		return 6
	}
	return 8
}

// Encoder packs one text at a time. It keeps about 1 MiB for the next one. The
// zero value is ready; an Encoder is not safe for concurrent use.
type Encoder struct {
	matcher  matcher
	literals literals
	coder    coder
}

// Append appends src to dst, packed as one frame, which knows the size of its
// content, has no checksum and asks readers for a window of 1 MiB at most. The
// same src gives the same frame, whatever the Encoder packed before.
func (e *Encoder) Append(dst, src []byte, content Content) []byte {
	dst = appendHeader(dst, len(src))
	e.matcher.begin(len(src), content)
	for at := 0; ; at += maxBlock {
		end := min(at+maxBlock, len(src))
		dst = e.appendBlock(dst, src, at, end)
		if end == len(src) {
			return dst
		}
	}
}

// appendHeader appends the header of a frame with size bytes of content.
func appendHeader(dst []byte, size int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, magic)
	flags, head := byte(flagSingle), []byte(nil)
	if size > window {
		flags, head = 0, []byte{(windowLog - 10) << 3}
	}
	switch {
	case size < 256:
		return append(dst, flags, byte(size))
	case size < 256+1<<16:
		return binary.LittleEndian.AppendUint16(append(dst, flags|flagSize2), uint16(size-256))
	case int64(size) < 1<<32:
		return binary.LittleEndian.AppendUint32(append(append(dst, flags|flagSize4), head...), uint32(size))
	}
	return binary.LittleEndian.AppendUint64(append(append(dst, flags|flagSize8), head...), uint64(size))
}

// appendBlock appends src[at:end] as a block, the frame's last one where src ends
// with it. What does not shrink stays as it is.
func (e *Encoder) appendBlock(dst, src []byte, at, end int) []byte {
	start, last := len(dst), e.matcher.last
	dst = append(dst, make([]byte, headerBytes)...)
	e.matcher.find(src, at, end)
	dst = e.literals.append(dst, e.matcher.literals)
	dst = e.coder.append(dst, e.matcher.sequences, &e.matcher.counts)
	kind, size := blockPacked, len(dst)-start-headerBytes
	if size >= end-at {
		kind, size = blockRaw, end-at
		dst = append(dst[:start+headerBytes], src[at:end]...)
		e.matcher.last = last // readers do not get to see the sequences
	}
	header := size<<3 | kind<<1
	if end == len(src) {
		header |= 1
	}
	dst[start], dst[start+1], dst[start+2] = byte(header), byte(header>>8), byte(header>>16)
	return dst
}
