package draft

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

var (
	markLink  = lazy.Regexp(`\[([^\]]*)\]\([^)]*\)`)
	htmlTag   = lazy.Regexp(`(?i)</?(p|br|a|b|i|u|em|strong|code|pre|ul|ol|li|div|span|h[1-6]|table|thead|tbody|tr|td|th|img|sup|sub|hr|blockquote|details|summary|small)(\s[^<>]*)?/?>`)
	markSigns = strings.NewReplacer("`", "", "**", "", "__", "", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&nbsp;", " ")
)

// clean makes one line of at most limit runes of a text out of a description:
// no line breaks or other control characters, none that change the direction of
// writing, no Markdown links, no tags. It cannot end a comment.
func clean(s string, limit int) string {
	if len(s) > 16*limit+256 {
		s = s[:16*limit+256]
	}
	s = markSigns.Replace(htmlTag().ReplaceAllString(markLink().ReplaceAllString(strings.ToValidUTF8(s, ""), "$1"), ""))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	cut := string([]rune(s)[:limit-1])
	if i := strings.LastIndexByte(cut, ' '); i > limit/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.-(") + "…"
}

// clip cuts a name to at most n bytes.
func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// firstSentence is the first sentence of a description.
func firstSentence(s string, limit int) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n\n")
	s = clean(s, 4*limit)
	if i := strings.Index(s, ". "); i > 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(clean(s, limit), ".")
}

// quote writes a string of Lua.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == utf8.RuneError && size == 1, r < 0x80 && (r < ' ' || r == 0x7f), r >= 0x80 && !unicode.IsPrint(r):
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		default:
			b.WriteRune(r)
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

// keywords of Lua, and names that every draft uses.
var taken = map[string]bool{
	"and": true, "break": true, "do": true, "else": true, "elseif": true, "end": true, "false": true, "for": true, "function": true,
	"goto": true, "if": true, "in": true, "local": true, "nil": true, "not": true, "or": true, "repeat": true, "return": true, "then": true,
	"true": true, "until": true, "while": true,
	"config": true, "secrets": true, "json": true, "unset": true, "require": true,
}

// template doubles the braces of a text that is no template.
func template(s string) string {
	return strings.NewReplacer("{", "{{", "}", "}}").Replace(s)
}
