package rawjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// SkipTrusted returns the end of the value that starts at b[i], in text that
// Skip or Valid has accepted before. It looks for nothing but where strings and
// brackets end, three times as fast as Skip. On other text it returns some end
// in i..len(b), which means nothing.
func SkipTrusted(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch kinds[b[i]] {
	case quote:
		return trustedString(b, i)
	case open:
		return trustedNested(b, i)
	}
	// A number or a word: up to what can follow it.
	for i++; i < len(b) && !ends[b[i]]; i++ {
	}
	return i
}

// TrustedKey is SkipTrusted for a string; escapes reports whether it may hold
// any.
func TrustedKey(b []byte, i int) (end int, escapes bool) {
	for k := i + 1; k+8 <= len(b); k += 8 {
		w := binary.LittleEndian.Uint64(b[k:])
		q, s := w^ones*'"', w^ones*'\\'
		hit := (q - ones) &^ q & highs
		slash := (s - ones) &^ s & highs
		if hit == 0 && slash == 0 {
			continue
		}
		if slash != 0 {
			break
		}
		return k + bits.TrailingZeros64(hit)>>3 + 1, false
	}
	end = trustedString(b, i)
	return end, bytes.IndexByte(b[i:end], '\\') >= 0
}

// What a byte outside strings means for nesting.
const (
	other = iota
	quote
	open
	closing
)

var kinds = [256]uint8{'"': quote, '{': open, '[': open, '}': closing, ']': closing}

// ends are the bytes that can stand behind a number or a word.
var ends = [256]bool{',': true, '}': true, ']': true, ' ': true, '\n': true, '\t': true, '\r': true}

// trustedNested returns the end of the object or array that starts at b[i].
func trustedNested(b []byte, i int) int {
	depth := 1
	for i++; i < len(b); {
		switch kinds[b[i]] {
		case quote:
			// Behind a string stands a colon or a comma, and often a string.
			for i = trustedString(b, i); i+1 < len(b) && b[i+1] == '"' && (b[i] == ':' || b[i] == ','); {
				i = trustedString(b, i+1)
			}
			continue
		case open:
			depth++
		case closing:
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}

// longString is how many bytes of a string are looked at in words, before the
// search that is faster on long ones.
const longString = 32

// trustedString returns the end of the string whose opening quote is b[i].
func trustedString(b []byte, i int) int {
	start := i + 1
	i = start
	for limit := min(len(b)-8, start+longString); i <= limit; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:]) ^ ones*'"'
		if hit := (w - ones) &^ w & highs; hit != 0 {
			i += bits.TrailingZeros64(hit) >> 3
			if b[i-1] != '\\' || !escaped(b, start, i) {
				return i + 1
			}
			i -= 7 // go on behind this quote
		}
	}
	for i < len(b) {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			break
		}
		i += n + 1
		if b[i-2] != '\\' || !escaped(b, start, i-1) {
			return i
		}
	}
	return len(b)
}

// escaped reports whether an odd number of backslashes stands before b[i], from
// start on.
func escaped(b []byte, start, i int) bool {
	n := i
	for n > start && b[n-1] == '\\' {
		n--
	}
	return (i-n)&1 == 1
}
