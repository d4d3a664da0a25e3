package jsonpath

import (
	"strings"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/rawjson"
)

// expand rewrites short forms into RFC 9535. places[i] is where byte i of the
// result came from, so that an error in it can be shown in the text.
func expand(text string) (rfc string, places []int, err error) {
	x := expander{text: text}
	if text == "" {
		return "", nil, x.errorAt(0, "the path is empty", "$ is the whole document")
	}
	x.emit(0, "$")
	if text[0] == '$' {
		x.i = 1
	} else if c := text[0]; c != '[' && c != '.' {
		if err := x.names(); err != nil {
			return "", nil, err
		}
	} else if !strings.HasPrefix(text, "..") && c == '.' {
		return "", nil, x.errorAt(0, "a path does not begin with a dot", "")
	}
	if err := x.segments(); err != nil {
		return "", nil, err
	}
	if x.i < len(text) {
		r, _ := utf8.DecodeRuneInString(text[x.i:])
		return "", nil, x.errorAt(x.i, "unexpected "+quoteRune(r), "keys with blanks, dots or signs are written in quotes: ['odd key']")
	}
	return string(x.out), x.places, nil
}

type expander struct {
	text   string
	i      int
	inside int // brackets that hold a filter: a comma there parts arguments, not names
	out    []byte
	places []int
}

func (x *expander) errorAt(i int, msg, hint string) error {
	return &Error{Path: x.text, Pos: i + 1, Msg: msg, Hint: hint}
}

func (x *expander) emit(place int, s string) {
	x.out = append(x.out, s...)
	for range len(s) {
		x.places = append(x.places, place)
	}
}

// segments expands what follows a root or a first name, up to the end of the
// text or the first character that no segment starts with.
func (x *expander) segments() error {
	for x.i < len(x.text) {
		switch x.text[x.i] {
		case '[':
			if err := x.bracket(); err != nil {
				return err
			}
		case '.':
			dot := x.i
			x.i++
			if strings.HasPrefix(x.text[x.i:], ".") {
				x.i++
				x.emit(dot, "..")
			}
			if x.i < len(x.text) && x.text[x.i] == '[' {
				continue
			}
			if err := x.names(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// names expands `name`, `*` and unions of them to a bracket.
func (x *expander) names() error {
	x.emit(x.i, "[")
	for {
		if err := x.name(); err != nil {
			return err
		}
		next := x.i + len(x.text[x.i:]) - len(strings.TrimLeft(x.text[x.i:], " "))
		if next >= len(x.text) || x.text[next] != ',' && x.text[next] != '|' || x.inside > 0 {
			break
		}
		x.emit(next, ",")
		x.i = len(x.text) - len(strings.TrimLeft(x.text[next+1:], " "))
	}
	x.emit(x.i, "]")
	return nil
}

// name expands one name, bare or in quotes, or `*`.
func (x *expander) name() error {
	start := x.i
	if start < len(x.text) {
		switch c := x.text[start]; c {
		case '*':
			x.i++
			x.emit(start, "*")
			return nil
		case '\'', '"':
			return x.quoted(c)
		}
	}
	name := x.bare()
	switch {
	case name == "" && start >= len(x.text):
		return x.errorAt(start, "the path ends where a name was expected", "")
	case name == "":
		r, _ := utf8.DecodeRuneInString(x.text[start:])
		return x.errorAt(start, "a name was expected, not "+quoteRune(r), "keys with blanks, dots or signs are written in quotes: ['odd key']")
	case strings.Trim(name, "0123456789") == "":
		return x.errorAt(start, "a number is no name", "["+name+"] is an element of a list, ['"+name+"'] a key")
	}
	x.emit(start, string(rawjson.AppendQuoted(nil, name)))
	return nil
}

// bare moves behind the bare name that begins here and returns it; "" where
// none does.
func (x *expander) bare() string {
	start := x.i
	for x.i < len(x.text) {
		r, n := utf8.DecodeRuneInString(x.text[x.i:])
		if !nameRune(r, x.i == start) {
			break
		}
		x.i += n
	}
	return x.text[start:x.i]
}

// nameRune says which characters a bare name holds (JSP-02).
func nameRune(r rune, first bool) bool {
	switch {
	case r == '@':
		return first
	case r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return true
	case r == '-':
		return !first
	}
	return r >= utf8.RuneSelf && r != utf8.RuneError
}

// bracket copies `[...]`; quoted text stays as it is, bare names, and paths and
// operators in filters are expanded.
func (x *expander) bracket() error {
	open := x.i
	x.emit(open, "[")
	x.i++
	depth, filter := 1, false
	for x.i < len(x.text) {
		switch c := x.text[x.i]; c {
		default:
			if c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
				if err := x.word(filter); err != nil {
					return err
				}
				continue
			}
		case '\'', '"':
			if err := x.quoted(c); err != nil {
				return err
			}
			continue
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				x.emit(x.i, "]")
				x.i++
				return nil
			}
		case '?':
			filter = true
		case '@', '$':
			if filter {
				x.emit(x.i, string(c))
				x.i++
				x.inside++
				err := x.segments()
				x.inside--
				if err != nil {
					return err
				}
				continue
			}
		case '=', '&', '|', '!', '<', '>':
			if filter {
				x.operator()
				continue
			}
		}
		x.emit(x.i, x.text[x.i:x.i+1])
		x.i++
	}
	return x.errorAt(open, "this [ is not closed", "")
}

// word expands a bare word in brackets: a name, and in a filter a key of the
// element (`[?id>1]` is `[?@['id']>1]`) or, right of an operator, a text
// (`[?(@.state==open)]`). Calls of functions and the words of JSON stay.
func (x *expander) word(filter bool) error {
	start := x.i
	text := strings.TrimRight(x.text[:start], " ")
	name := x.bare()
	switch {
	case name == "":
		return x.errorAt(start, "this is no text", "")
	case !filter:
		x.emit(start, string(rawjson.AppendQuoted(nil, name)))
	case strings.EqualFold(name, "true"), strings.EqualFold(name, "false"), strings.EqualFold(name, "null"), strings.HasPrefix(x.text[x.i:], "("):
		x.emit(start, name) // True is refused: it is no JSON
	case strings.HasSuffix(text, "="), strings.HasSuffix(text, "<"), strings.HasSuffix(text, ">"):
		x.emit(start, string(rawjson.AppendQuoted(nil, name)))
	default:
		x.emit(start, "@["+string(rawjson.AppendQuoted(nil, name))+"]")
		x.inside++
		defer func() { x.inside-- }()
		return x.segments()
	}
	return nil
}

// operator copies an operator of a filter; `=`, `&` and `|` are doubled.
func (x *expander) operator() {
	start := x.i
	for x.i < len(x.text) && x.i < start+2 && strings.IndexByte("=&|<>", x.text[x.i]) >= 0 || x.i == start {
		x.i++
	}
	op := x.text[start:x.i]
	if op == "=" || op == "&" || op == "|" {
		op += op
	}
	x.emit(start, op)
}

// quoted copies a string in quotes.
func (x *expander) quoted(quote byte) error {
	start := x.i
	for i := start + 1; i < len(x.text); i++ {
		switch x.text[i] {
		case '\\':
			i++
		case quote:
			for ; x.i <= i; x.i++ {
				x.emit(x.i, x.text[x.i:x.i+1])
			}
			return nil
		}
	}
	return x.errorAt(start, "this quote is not closed", "")
}

func quoteRune(r rune) string { return "'" + string(r) + "'" }
