package draft

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

// maxName bounds names that are made of paths, in bytes.
const maxName = 60

// snake is a name of small letters, digits and underscores, or nothing.
// Accents are taken off, other signs become underscores.
func snake(s string) string {
	var b strings.Builder
	var last rune
	runes := []rune(norm.NFKD.String(s))
	for i, r := range runes {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case r >= 'A' && r <= 'Z':
			nextLower := i+1 < len(runes) && runes[i+1] >= 'a' && runes[i+1] <= 'z'
			if last >= 'a' && last <= 'z' || last >= '0' && last <= '9' || last >= 'A' && last <= 'Z' && nextLower {
				b.WriteByte('_')
			}
			b.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0:
			b.WriteByte('_')
		}
		last = r
	}
	parts := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
	name := strings.Join(parts, "_")
	if len(name) > maxName {
		name = strings.TrimRight(name[:maxName], "_")
	}
	return name
}

// SourceName makes the name of a source, which is also that of its file and of
// its section in secrets.toml, of a title or a host.
func SourceName(s string) string {
	s = versionWords().ReplaceAllString(s, " ")
	name := snake(strings.TrimSuffix(strings.TrimPrefix(s, "www."), ".com"))
	if name == "" {
		return "api"
	}
	if name[0] >= '0' && name[0] <= '9' {
		name = "api_" + name
	}
	return name
}

// versionWords are words of titles that do not tell one API from another.
var versionWords = lazy.Regexp(`(?i)'s\b|\b(rest|restful|open\s?api|swagger|api|apis|official|public|specification|spec|documentation|definition|reference|the|v[0-9.]+)\b|\b[0-9]+\.[0-9.]+\b`)

// ParamName is a name for a parameter that picks one of what a word names.
func ParamName(word string) string {
	if s := snake(singular(word)); s != "" {
		return s + "_id"
	}
	return "id"
}

var versionWord = lazy.Regexp(`^(?i:v?[0-9]+([._-][0-9]+)*|api|rest|json|v[0-9]+[a-z]*[0-9]*|latest)$`)

// vague are words that say nothing without the one before.
var vague = []string{"list", "all", "search", "index", "query", "get", "find", "json", "items", "summary", "details", "detail", "export", "history", "info", "status", "current", "default", "me", "id"}

// maker makes the name of one path.
type maker struct {
	words  []string
	params int
	level  int // how many of the words are taken
	tail   int // suffix for paths of equal words; 0: none
}

// size tells whose name is the shorter one to begin with.
func (m *maker) size() int { return len(m.words) + m.params }

// vagueStart begins words that are about the word before.
var vagueStart = lazy.Regexp(`^(find|get|by|list|search|query)_`)

// nameResources gives each path a name of its own, made of its last words: the
// shortest path of those that share a word has it alone, the others get the
// word before too.
func nameResources(paths []Path) []string {
	makers := make([]*maker, len(paths))
	for i, p := range paths {
		m := &maker{level: 1, params: strings.Count(p.Key(), "{}")}
		segments := p.segments()
		for j, w := range segments {
			if versionWord().MatchString(w.text) && len(segments) > 1 {
				continue
			}
			text := w.text
			if w.keyed && j < len(segments)-1 {
				text = singular(text)
			}
			if text = snake(text); text != "" {
				m.words = append(m.words, text)
			}
		}
		if len(m.words) == 0 {
			m.words = []string{"records"}
		}
		if last := m.words[len(m.words)-1]; len(m.words) > 1 && (slices.Contains(vague, last) || vagueStart().MatchString(last)) {
			m.level = 2
		}
		makers[i] = m
	}
	name := func(m *maker) string {
		s := strings.Join(m.words[len(m.words)-m.level:], "_")
		if len(s) > maxName {
			s = strings.TrimLeft(s[len(s)-maxName:], "_")
		}
		if m.tail > 0 {
			s += "_" + strconv.Itoa(m.tail)
		}
		return s
	}
	for range 100 {
		owner := map[string]int{}
		var clash []int
		for i, m := range makers {
			n := name(m)
			j, taken := owner[n]
			switch {
			case !taken:
				owner[n] = i
			case makers[i].size() < makers[j].size():
				owner[n] = i
				clash = append(clash, j)
			default:
				clash = append(clash, i)
			}
		}
		if len(clash) == 0 {
			break
		}
		slices.Sort(clash)
		for _, i := range slices.Compact(clash) {
			switch m := makers[i]; {
			case m.level < len(m.words):
				m.level++
			case m.tail == 0:
				m.tail = 2
			default:
				m.tail++
			}
		}
	}
	out := make([]string, len(paths))
	for i, m := range makers {
		out[i] = name(m)
	}
	return out
}
