//go:build !purego

package rawjson

// markBlocks marks blocks of 64 bytes of text: marks gets a bit for each byte.
// It reports whether one is beyond ASCII.
func markBlocks(marks, text []byte, blocks int) (high bool) {
	_, _ = marks[blocks*markBlock/8-1], text[blocks*markBlock-1]
	return markBlocksSSE2(&marks[0], &text[0], blocks)
}

// markBlocksSSE2 needs nothing that not every amd64 has. blocks must not be 0.
//
//go:noescape
func markBlocksSSE2(marks, text *byte, blocks int) (high bool)
