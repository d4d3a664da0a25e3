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
func Skip(b []byte, i int) (end int, err error) { return skip(b, SkipSpace(b, i), 0) }

func skip(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return i, unexpected(b, i)
	}
	switch c := b[i]; c {
	case '"':
		return skipString(b, i)
	case '{':
		return skipObject(b, i, depth+1)
	case '[':
		return skipArray(b, i, depth+1)
	case 't':
		return skipWord(b, i, "true")
	case 'f':
		return skipWord(b, i, "false")
	case 'n':
		return skipWord(b, i, "null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return skipNumber(b, i)
		}
	}
	return i, unexpected(b, i)
}

func skipObject(b []byte, i, depth int) (int, error) {
	if depth > MaxDepth {
		return i, errorAt(b, i, fmt.Sprintf("nested deeper than %d", MaxDepth))
	}
	i = SkipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return i, unexpected(b, i)
		}
		var err error
		if i, err = skipString(b, i); err != nil {
			return i, err
		}
		if i = SkipSpace(b, i); i >= len(b) || b[i] != ':' {
			return i, unexpected(b, i)
		}
		if i, err = skip(b, SkipSpace(b, i+1), depth); err != nil {
			return i, err
		}
		i = SkipSpace(b, i)
		switch {
		case i < len(b) && b[i] == ',':
			i = SkipSpace(b, i+1)
		case i < len(b) && b[i] == '}':
			return i + 1, nil
		default:
			return i, unexpected(b, i)
		}
	}
}

func skipArray(b []byte, i, depth int) (int, error) {
	if depth > MaxDepth {
		return i, errorAt(b, i, fmt.Sprintf("nested deeper than %d", MaxDepth))
	}
	i = SkipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = skip(b, i, depth); err != nil {
			return i, err
		}
		i = SkipSpace(b, i)
		switch {
		case i < len(b) && b[i] == ',':
			i = SkipSpace(b, i+1)
		case i < len(b) && b[i] == ']':
			return i + 1, nil
		default:
			return i, unexpected(b, i)
		}
	}
}

func skipWord(b []byte, i int, word string) (int, error) {
	if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
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
	digits := func() bool {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return i, unexpected(b, i)
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return i, unexpected(b, i)
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return i, unexpected(b, i)
		}
	}
	return i, nil
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
		return errorAt(b, invalidUTF8(b), "invalid UTF-8")
	}
	return nil
}

func invalidUTF8(b []byte) int {
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
