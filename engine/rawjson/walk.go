package rawjson

import (
	"bytes"
	"unicode/utf8"
)

// Elements calls yield for every element of the array b, in order, until yield
// returns false. Text behind the array is an error.
func Elements(b []byte, yield func(value []byte) bool) error {
	i := SkipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return unexpected(b, i)
	}
	i = SkipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return atEnd(b, i+1)
	}
	for {
		start := SkipSpace(b, i)
		end, err := skip(b, nil, start, 1)
		if err != nil {
			return err
		}
		if !yield(b[start:end:end]) {
			return nil
		}
		i = SkipSpace(b, end)
		switch {
		case i < len(b) && b[i] == ',':
			i++
		case i < len(b) && b[i] == ']':
			return atEnd(b, i+1)
		default:
			return unexpected(b, i)
		}
	}
}

// Fields calls yield for every field of the object b, in order, until yield
// returns false. rawKey has its quotes and escapes. Text behind the object is
// an error.
func Fields(b []byte, yield func(rawKey, value []byte) bool) error {
	i := SkipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return unexpected(b, i)
	}
	i = SkipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return atEnd(b, i+1)
	}
	for {
		start := SkipSpace(b, i)
		if start >= len(b) || b[start] != '"' {
			return unexpected(b, start)
		}
		end, err := skipString(b, start)
		if err != nil {
			return err
		}
		key := b[start:end:end]
		if i = SkipSpace(b, end); i >= len(b) || b[i] != ':' {
			return unexpected(b, i)
		}
		start = SkipSpace(b, i+1)
		if end, err = skip(b, nil, start, 1); err != nil {
			return err
		}
		if !yield(key, b[start:end:end]) {
			return nil
		}
		i = SkipSpace(b, end)
		switch {
		case i < len(b) && b[i] == ',':
			i++
		case i < len(b) && b[i] == '}':
			return atEnd(b, i+1)
		default:
			return unexpected(b, i)
		}
	}
}

func atEnd(b []byte, i int) error {
	if i = SkipSpace(b, i); i < len(b) {
		return errorAt(b, i, "text after the end of the value")
	}
	return nil
}

// Get returns the value of the object's field called key; the last one, where
// the key stands twice. b that is no object has no fields.
func Get(b []byte, key string) (value []byte, ok bool) {
	_ = Fields(b, func(k, v []byte) bool {
		if KeyEqual(k, key) {
			value, ok = v, true
		}
		return true
	})
	return value, ok
}

// KeyEqual reports whether rawKey, with its quotes, spells key.
func KeyEqual(rawKey []byte, key string) bool {
	inner := rawKey[1 : len(rawKey)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == key
	}
	text, err := Unquote(rawKey)
	return err == nil && text == key
}

// Unquote returns the text of the JSON string raw, which has its quotes.
func Unquote(raw []byte) (string, error) {
	text, err := AppendUnquoted(nil, raw)
	return string(text), err
}

// AppendUnquoted appends the text of the JSON string raw to dst. An unpaired
// surrogate escape becomes U+FFFD (NRM-58).
func AppendUnquoted(dst, raw []byte) ([]byte, error) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return dst, unexpected(raw, 0)
	}
	b := raw[1 : len(raw)-1]
	for {
		n := bytes.IndexByte(b, '\\')
		if n < 0 {
			return append(dst, b...), nil
		}
		dst = append(dst, b[:n]...)
		b = b[n:]
		if len(b) < 2 {
			return dst, errorAt(raw, len(raw), "unexpected end of text in a string")
		}
		switch c := b[1]; c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, used, ok := escapedRune(b)
			if !ok {
				return dst, errorAt(raw, len(raw)-1-len(b), `\u needs four hexadecimal digits`)
			}
			dst = utf8.AppendRune(dst, r)
			b = b[used:]
			continue
		default:
			return dst, errorAt(raw, len(raw)-1-len(b), "unknown escape")
		}
		b = b[2:]
	}
}

// escapedRune reads \uXXXX, or a pair of surrogates, at the start of b.
func escapedRune(b []byte) (r rune, used int, ok bool) {
	r, ok = hex4(b)
	if !ok || r < 0xd800 || r > 0xdfff {
		return r, 6, ok
	}
	if r < 0xdc00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low, ok := hex4(b[6:]); ok && low >= 0xdc00 && low <= 0xdfff {
			return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, 12, true
		}
	}
	return utf8.RuneError, 6, true
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// AppendQuoted appends s as a JSON string. Bytes that are no UTF-8 become
// U+FFFD.
func AppendQuoted(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendCompact appends raw without the white space outside its strings
// (NRM-31): keys, order and number literals stay as they are.
func AppendCompact(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case ' ', '\n', '\t', '\r':
			i++
		case '"':
			end, err := skipString(raw, i)
			if err != nil {
				end = len(raw)
			}
			dst = append(dst, raw[i:end]...)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// Set returns the object doc with its field key set to value: in place where
// the key is there (every time it stands there), else behind the others. doc
// itself is not changed.
func Set(doc []byte, key string, value []byte) []byte {
	out := make([]byte, 0, len(doc)+len(key)+len(value)+8)
	out = append(out, '{')
	done := false
	_ = Fields(doc, func(k, v []byte) bool {
		if KeyEqual(k, key) {
			if done {
				return true
			}
			done, v = true, value
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, k...)
		out = append(out, ':')
		out = append(out, v...)
		return true
	})
	if !done {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = AppendQuoted(out, key)
		out = append(out, ':')
		out = append(out, value...)
	}
	return append(out, '}')
}
