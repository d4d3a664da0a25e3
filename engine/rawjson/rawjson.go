// Package rawjson walks JSON text (RFC 8259) without decoding it: it finds
// where values end, steps through objects and arrays, and changes single
// fields, so that what is not touched keeps its exact text. Nothing here
// allocates but what a caller asks for.
//
// Values are slices of the text, without white space around them.
package rawjson

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may be nested.
const MaxDepth = 1000

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Offset int // bytes from the start
	Line   int // from 1
	Column int // in bytes, from 1
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d column %d: %s", e.Line, e.Column, e.Msg)
}

// errorAt makes a SyntaxError; Line and Column are counted only then.
func errorAt(b []byte, i int, msg string) error {
	if i > len(b) {
		i = len(b)
	}
	line := 1 + bytes.Count(b[:i], []byte{'\n'})
	return &SyntaxError{Offset: i, Line: line, Column: i - bytes.LastIndexByte(b[:i], '\n'), Msg: msg}
}

func unexpected(b []byte, i int) error {
	if i >= len(b) {
		return errorAt(b, i, "unexpected end of text")
	}
	r, _ := utf8.DecodeRune(b[i:])
	return errorAt(b, i, fmt.Sprintf("unexpected %q", r))
}

// SkipSpace returns the first place from i on that is no white space.
func SkipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// Skip returns the end of the value that starts at b[i], white space before it
// allowed. It checks structure and the whole grammar of strings and numbers,
// but not that strings are valid UTF-8.
func Skip(b []byte, i int) (end int, err error) { return skip(b, nil, SkipSpace(b, i), 0) }

// Skip is Skip for the text that is marked, which must be b: faster, where more
// than one value of it is looked at.
func (m *Marks) Skip(b []byte, i int) (end int, err error) { return skip(b, m, SkipSpace(b, i), 0) }

// skip returns the end of the value that starts at b[i], inside depth arrays and
// objects. m are the marks of b; nil: there are none.
func skip(b []byte, m *Marks, i, depth int) (int, error) {
	if i < len(b) && kinds[b[i]] == open {
		return skipNested(b, m, i, depth)
	}
	return skipScalar(b, m, i)
}

func skipScalar(b []byte, m *Marks, i int) (int, error) {
	switch {
	case i >= len(b):
		return i, unexpected(b, i)
	case b[i] == '"':
		if end := m.plainEnd(b, i); end > 0 {
			return end, nil
		}
		return skipString(b, i)
	case b[i] <= '9':
		return skipNumber(b, i)
	}
	return skipWord(b, i)
}

// skipNested is skip for the array or object that starts at b[i].
func skipNested(b []byte, m *Marks, i, depth int) (end int, err error) {
	var objects [MaxDepth/64 + 1]uint64 // a bit for each open array or object
	outside := depth
	inObject, key := false, false // where b[i] stands; key: a field's name comes
	for {
		if i >= len(b) {
			return i, unexpected(b, i)
		}
		switch c := b[i]; {
		case c == '"':
			if m == nil {
				i, err = skipString(b, i)
			} else if end = m.Next(i + 1); end < len(b) && b[end] == '"' {
				i = end + 1
			} else {
				i, err = skipString(b, i)
			}
			if err != nil {
				return i, err
			}
			if key {
				if i = space(b, i); i >= len(b) || b[i] != ':' {
					return i, unexpected(b, i)
				}
				i = space(b, i+1)
				key = false
				continue
			}
		case key:
			return i, unexpected(b, i)
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return i, errorAt(b, i, fmt.Sprintf("nested deeper than %d", MaxDepth))
			}
			inObject = c == '{'
			if bit := uint64(1) << (depth & 63); inObject {
				objects[depth>>6] |= bit
			} else {
				objects[depth>>6] &^= bit
			}
			if i = space(b, i+1); i >= len(b) || b[i] != c+2 { // } behind {, ] behind [
				key = inObject
				continue
			}
			i++
			depth--
		case c <= '9':
			if i, err = skipNumber(b, i); err != nil {
				return i, err
			}
		default:
			if i, err = skipWord(b, i); err != nil {
				return i, err
			}
		}
		// b[i] is behind a value.
		for {
			if depth == outside {
				return i, nil
			}
			inObject = objects[depth>>6]>>(depth&63)&1 != 0
			if i = space(b, i); i >= len(b) {
				return i, unexpected(b, i)
			}
			c := b[i]
			if c == ',' {
				break
			}
			if c != '}' && c != ']' || (c == '}') != inObject {
				return i, unexpected(b, i)
			}
			i++
			depth--
		}
		i = space(b, i+1)
		key = inObject
	}
}

// space is SkipSpace where there mostly is none.
func space(b []byte, i int) int {
	if i < len(b) && b[i] <= ' ' {
		return SkipSpace(b, i)
	}
	return i
}

// skipWord returns the end of the word true, false or null that starts at b[i].
func skipWord(b []byte, i int) (int, error) {
	word := ""
	switch b[i] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	}
	if word != "" && len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
		return i + len(word), nil
	}
	for k := 0; k < len(word); k++ {
		if i+k >= len(b) || b[i+k] != word[k] {
			return i + k, unexpected(b, i+k)
		}
	}
	return i, unexpected(b, i)
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns the length of the prefix of b that holds no quote, no
// backslash and no control character, looking at eight bytes at a time.
func plain(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote := w ^ (ones * '"')
		slash := w ^ (ones * '\\')
		// A byte's high bit is set where the byte is zero (quote, slash) or
		// below 0x20 (control).
		hit := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - ones*0x20) &^ w)
		if hit &= highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < 0x20 {
			return i
		}
	}
	return i
}

// skipString returns the end of the string whose opening quote is b[i].
func skipString(b []byte, i int) (int, error) {
	i++
	for {
		i += plain(b[i:])
		if i >= len(b) {
			return i, errorAt(b, i, "unexpected end of text in a string")
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return i, errorAt(b, i, fmt.Sprintf("control character %#02x in a string", c))
		}
		if i+1 >= len(b) {
			return i, errorAt(b, i, "unexpected end of text in a string")
		}
		switch b[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			for k := i + 2; k < i+6; k++ {
				if k >= len(b) || !isHex(b[k]) {
					return k, errorAt(b, k, `\u needs four hexadecimal digits`)
				}
			}
			i += 6
		default:
			return i, errorAt(b, i+1, fmt.Sprintf("unknown escape \\%c", b[i+1]))
		}
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// skipNumber returns the end of the number that starts at b[i].
func skipNumber(b []byte, i int) (int, error) {
	if b[i] == '-' {
		i++
	}
	start := i
	i = digits(b, i)
	switch {
	case i == start:
		return i, unexpected(b, i)
	case i > start+1 && b[start] == '0':
		return start + 1, nil // and what follows is unexpected
	case i == len(b) || b[i] != '.' && b[i]|0x20 != 'e':
		return i, nil
	}
	if b[i] == '.' {
		i++
		start = i
		if i = digits(b, i); i == start {
			return i, unexpected(b, i)
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start = i
		if i = digits(b, i); i == start {
			return i, unexpected(b, i)
		}
	}
	return i, nil
}

// digits returns the first place from i on that is no digit.
func digits(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		// A digit becomes 0 to 9, and anything else more: the sum has its high
		// bit then. It may spoil the bytes above, not those below.
		w := binary.LittleEndian.Uint64(b[i:]) ^ ones*'0'
		if hit := (w + ones*(0x80-10) | w) & highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// Valid reports, as an error with its place, whether b is anything but exactly
// one JSON value in valid UTF-8.
func Valid(b []byte) error {
	i, err := Skip(b, 0)
	if err != nil {
		return err
	}
	if i = SkipSpace(b, i); i < len(b) {
		return errorAt(b, i, "text after the end of the value")
	}
	if !utf8.Valid(b) {
		return errorAt(b, InvalidUTF8(b), "invalid UTF-8")
	}
	return nil
}

// InvalidUTF8 returns the first place where b is not UTF-8; len(b): there is none.
func InvalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// IsNull reports whether b is the value null.
func IsNull(b []byte) bool { return len(b) == 4 && string(b) == "null" }
