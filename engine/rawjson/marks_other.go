//go:build !amd64 || purego

package rawjson

// markBlocks marks blocks of 64 bytes of text: marks gets a bit for each byte.
// It reports whether one is beyond ASCII.
func markBlocks(marks, text []byte, blocks int) (high bool) {
	return markBlocksPortable(marks, text, blocks)
}
