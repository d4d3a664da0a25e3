package schema

// Kinds is the set of kinds of values seen in a column (NRM-50).
type Kinds uint8

// The kinds of values.
const (
	SawBool Kinds = 1 << iota
	SawNumber
	SawText // text that is not timestamp-like
	SawTime // text that is timestamp-like
	SawJSON // an object or list kept whole
)

// Facts are what the values seen so far say about a column's type, over all
// loads: the type is a function of the set of values, never of their order.
// They are kept in state.json.
type Facts struct {
	Kinds      Kinds  `json:"kinds"`
	Ints       bool   `json:"ints,omitempty"`        // a number written without point and exponent
	NotInt     bool   `json:"not_int,omitempty"`     // a number that is no integer literal within int64
	NotDouble  bool   `json:"not_double,omitempty"`  // a number that no double holds exactly
	IntDigits  int    `json:"int_digits,omitempty"`  // most digits before the point
	FracDigits int    `json:"frac_digits,omitempty"` // most digits behind it
	Zoned      bool   `json:"zoned,omitempty"`       // a timestamp with a zone
	Naive      bool   `json:"naive,omitempty"`       // a timestamp without one
	Layout     uint32 `json:"layout,omitempty"`      // of all timestamps; 0: none seen; MixedLayout
	Literals   bool   `json:"literals,omitempty"`    // a string that reads as a number or bool: "12"
}

// Decide returns the type that the facts ask for (NRM-50, NRM-51): type,
// precision, scale and naive of a column.
func (f *Facts) Decide() (t Type, precision, scale int, naive bool) {
	switch f.Kinds {
	case 0:
		return None, 0, 0, false
	case SawBool:
		return Bool, 0, 0, false
	case SawTime:
		return Timestamp, 0, 0, !f.Zoned
	case SawNumber:
		switch {
		case !f.NotInt:
			return Bigint, 0, 0, false
		case !f.NotDouble:
			return Double, 0, 0, false
		case f.IntDigits+f.FracDigits <= 38:
			return Decimal, 38, f.FracDigits, false
		}
		return Text, 0, 0, false
	}
	if f.Kinds&SawJSON != 0 {
		return JSON, 0, 0, false
	}
	return Text, 0, 0, false
}

// Merge adds what g knows.
func (f *Facts) Merge(g *Facts) {
	f.Kinds |= g.Kinds
	f.Ints = f.Ints || g.Ints
	f.NotInt = f.NotInt || g.NotInt
	f.NotDouble = f.NotDouble || g.NotDouble
	f.IntDigits = max(f.IntDigits, g.IntDigits)
	f.FracDigits = max(f.FracDigits, g.FracDigits)
	f.Zoned = f.Zoned || g.Zoned
	f.Naive = f.Naive || g.Naive
	f.Literals = f.Literals || g.Literals
	f.AddLayout(g.Layout)
}

// AddLayout notes the layout of a timestamp.
func (f *Facts) AddLayout(layout uint32) {
	switch {
	case layout == 0 || layout == f.Layout:
	case f.Layout == 0:
		f.Layout = layout
	default:
		f.Layout = MixedLayout
	}
}

// IsLiteral reports whether text reads as a JSON number or bool.
func IsLiteral(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	switch c := text[0]; {
	case c == 't' || c == 'f':
		return string(text) == "true" || string(text) == "false"
	case c != '-' && (c < '0' || c > '9'):
		return false
	}
	digits := func(i int) int {
		from := i
		for i < len(text) && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		return i - from
	}
	i := 0
	if text[0] == '-' {
		i++
	}
	n := digits(i)
	if n == 0 || n > 1 && text[i] == '0' {
		return false
	}
	if i += n; i < len(text) && text[i] == '.' {
		if n = digits(i + 1); n == 0 {
			return false
		}
		i += 1 + n
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if n = digits(i); n == 0 {
			return false
		}
		i += n
	}
	return i == len(text)
}
