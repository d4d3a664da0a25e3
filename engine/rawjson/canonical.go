package rawjson

import (
	"cmp"
	"slices"
)

// AppendCanonical appends raw without white space, with the keys of objects in
// byte order and strings in one spelling: equal values give equal text, whatever
// the order in which an API writes their keys. Numbers stay as they are written.
// Of equal keys the last one counts. Text that is not JSON is appended as it is.
func AppendCanonical(dst, raw []byte) []byte {
	start := len(dst)
	if dst, ok := appendCanonical(dst, raw); ok {
		return dst
	}
	return append(dst[:start], raw...)
}

func appendCanonical(dst, raw []byte) ([]byte, bool) {
	if i := SkipSpace(raw, 0); i < len(raw) {
		raw = raw[i:]
	}
	if len(raw) == 0 {
		return dst, false
	}
	ok := true
	switch raw[0] {
	case '{':
		type field struct {
			key   string
			value []byte
		}
		var fields []field
		err := Fields(raw, func(rawKey, value []byte) bool {
			key, err := Unquote(rawKey)
			ok = ok && err == nil
			fields = append(fields, field{key, value})
			return ok
		})
		if err != nil || !ok {
			return dst, false
		}
		slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(a.key, b.key) })
		dst = append(dst, '{')
		for i, f := range fields {
			if i+1 < len(fields) && fields[i+1].key == f.key {
				continue
			}
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(AppendQuoted(dst, f.key), ':')
			if dst, ok = appendCanonical(dst, f.value); !ok {
				return dst, false
			}
		}
		return append(dst, '}'), true
	case '[':
		dst = append(dst, '[')
		first := true
		err := Elements(raw, func(value []byte) bool {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst, ok = appendCanonical(dst, value)
			return ok
		})
		return append(dst, ']'), ok && err == nil
	case '"':
		text, err := Unquote(raw)
		return AppendQuoted(dst, text), err == nil
	}
	return AppendCompact(dst, raw), true
}
