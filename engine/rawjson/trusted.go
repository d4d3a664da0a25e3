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
		hit := ((q-ones)&^q | (s-ones)&^s) & highs
		if hit == 0 {
			continue
		}
		if k += bits.TrailingZeros64(hit) >> 3; b[k] == '\\' {
			break
		}
		return k + 1, false
	}
	end = trustedString(b, i)
	return end, bytes.IndexByte(b[i:end], '\\') >= 0
}

// outside reports whether rest shows that what stands before it is not inside a
// string: no quote is left that could end one, or a quote that cannot, as no
// text can follow the end of a string.
func outside(rest []byte) bool {
	if len(rest) < 3 {
		return bytes.IndexByte(rest, '"') < 0
	}
	return rest[0] == ',' && rest[1] == '"' && rest[2] != ':' && !ends[rest[2]]
}

var quoteText = []byte{'"'}

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

// minCover is how many bytes a bracket must cover on average for fastNested to
// go on: its searches cost about as much as these bytes in trustedNested.
const minCover = 32

// fastNested is trustedNested by searches of the standard library, which look
// at many bytes at once. An object ends where its braces are closed, whatever
// else is in it, so that only one kind of brackets is looked for, and a bracket
// counts if an even number of quotes stands before it. It gives up, with 0, on
// text with backslashes, as a quote behind one may be none, and on text that is
// dense with brackets, where every search is short.
func fastNested(b []byte, i int) int {
	opening := b[i]
	ending := opening + 2 // } behind {, ] behind [
	at := i + 1           // all before it was looked at
	if n := bytes.IndexByte(b[at:], ending); n < 0 {
		return 0
	} else if end := at + n + 1; outside(b[end:]) && bytes.IndexByte(b[at:at+n], opening) < 0 {
		return end // the usual case: nothing of its kind inside, and a field behind it
	}
	inText := 0 // 1 where b[at] is inside a string
	depth := 1
	for budget := 4 * minCover; ; {
		n := bytes.IndexByte(b[at:], ending)
		if n < 0 {
			return 0
		}
		part := b[at : at+n]
		if bytes.IndexByte(part, '\\') >= 0 {
			return 0
		}
		at += n + 1
		budget += n + 1
		for {
			k := bytes.IndexByte(part, opening)
			if k < 0 {
				break
			}
			if inText = (inText + bytes.Count(part[:k], quoteText)) & 1; inText == 0 {
				depth++
			}
			part = part[k+1:]
			if budget -= minCover; budget < 0 {
				return 0
			}
		}
		if inText = (inText + bytes.Count(part, quoteText)) & 1; inText == 0 {
			if depth--; depth == 0 {
				return at
			}
		}
		if budget -= minCover; budget < 0 {
			return 0
		}
	}
}

// trustedNested returns the end of the object or array that starts at b[i].
func trustedNested(b []byte, i int) int {
	if end := fastNested(b, i); end > 0 {
		return end
	}
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
const longString = 16

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
