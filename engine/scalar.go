package engine

import (
	"bytes"
	"fmt"
	"math/big"
	"strconv"

	"github.com/restlua/restlua/engine/rawjson"
)

// scalar is a cursor value: a JSON string or number, compared as INC-24 asks
// (strings by code point, numbers by value, exactly).
type scalar struct {
	raw    []byte // JSON text
	isText bool
	text   []byte   // unquoted, if isText
	i      int64    // if isInt
	isInt  bool     // a number that fits int64
	r      *big.Rat // other numbers
}

// maxExponent bounds the exponents that are compared exactly: a greater one
// would let a few bytes of input allocate megabytes.
const maxExponent = 400

// parseScalar reads a cursor value. raw is kept, not copied.
func parseScalar(raw []byte) (scalar, error) {
	s := scalar{raw: raw}
	if len(raw) == 0 {
		return s, fmt.Errorf("an empty value cannot be a cursor")
	}
	switch c := raw[0]; {
	case c == '"':
		s.isText = true
		if bytes.IndexByte(raw, '\\') < 0 {
			s.text = raw[1 : len(raw)-1]
			return s, nil
		}
		text, err := rawjson.AppendUnquoted(nil, raw)
		s.text = text
		return s, err
	case c == '-' || c >= '0' && c <= '9':
		if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			s.i, s.isInt = i, true
			return s, nil
		}
		if e := bytes.IndexAny(raw, "eE"); e >= 0 {
			if n, err := strconv.Atoi(string(raw[e+1:])); err != nil || n > maxExponent || n < -maxExponent {
				return s, fmt.Errorf("the number %s is too large for a cursor", raw)
			}
		}
		r, ok := new(big.Rat).SetString(string(raw))
		if !ok {
			return s, fmt.Errorf("%s is no number", raw)
		}
		s.r = r
		return s, nil
	}
	return s, fmt.Errorf("a cursor must be text or a number, not %s", excerpt(raw, 60))
}

// kind names the value's type in messages.
func (s scalar) kind() string {
	if s.isText {
		return "text"
	}
	return "number"
}

// compare returns -1, 0 or 1; values of different kinds do not compare.
func (s scalar) compare(t scalar) (int, bool) {
	if s.isText != t.isText {
		return 0, false
	}
	if s.isText {
		return bytes.Compare(s.text, t.text), true
	}
	if s.isInt && t.isInt {
		switch {
		case s.i < t.i:
			return -1, true
		case s.i > t.i:
			return 1, true
		}
		return 0, true
	}
	return s.rat().Cmp(t.rat()), true
}

func (s scalar) rat() *big.Rat {
	if s.isInt {
		return new(big.Rat).SetInt64(s.i)
	}
	return s.r
}

// clone returns s with memory of its own, so that it may outlive its record.
func (s scalar) clone() scalar {
	s.raw = bytes.Clone(s.raw)
	s.text = bytes.Clone(s.text)
	return s
}

// excerpt shows at most n bytes of raw in a message.
func excerpt(raw []byte, n int) string {
	if len(raw) <= n {
		return string(raw)
	}
	return string(bytes.ToValidUTF8(raw[:n], nil)) + "..."
}
