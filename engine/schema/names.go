package schema

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the longest name in bytes (NRM-10): a table's name is part of file
// names, which hold 255.
const MaxName = 200

// NormalName makes the name of a column or table from a key (NRM-01 to NRM-10).
func NormalName(key string) string {
	trimmed := strings.TrimSpace(key)
	if trimmed == "" {
		return "_empty"
	}
	var parts []string
	for _, p := range strings.Split(trimmed, "__") {
		if p != "" {
			parts = append(parts, normalPart(p))
		}
	}
	if len(parts) == 0 {
		return "_empty"
	}
	return shorten(strings.Join(parts, "__"), key)
}

// JoinPath makes the name of a nested column or child table from names that are
// normal already (NRM-11); the whole path is cut like a key. Give it all parts
// of a path at once: a path that was cut before would be cut twice.
func JoinPath(parts ...string) string {
	joined := strings.Join(parts, "__")
	return shorten(joined, joined)
}

// normalPart is one part of a key between double underscores (NRM-03 to NRM-09).
func normalPart(p string) string {
	if !norm.NFC.IsNormalString(p) {
		p = norm.NFC.String(p)
	}
	// NRM-03, NRM-04, NRM-05: signs with a letter of their own, other runs to _.
	r := make([]rune, 0, len(p)+8)
	inRun := false
	for _, c := range p {
		switch c {
		case '+', '*':
			c = 'x'
		case '-':
			c = '_'
		case '@':
			c = 'a'
		case '|':
			c = 'l'
		}
		if c != '_' && !unicode.In(c, unicode.L, unicode.M, unicode.N) {
			if !inRun {
				r = append(r, '_')
			}
			inRun = true
			continue
		}
		inRun = false
		r = append(r, c)
	}
	r = breakBeforeWords(r)
	r = breakBeforeCapitals(r)
	s := strings.ToLower(string(r))
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		s = "_" + s
	}
	// NRM-09: every _ at the end becomes x, runs of _ become one.
	base := strings.TrimRight(s, "_")
	s = base + strings.Repeat("x", len(s)-len(base))
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && i > 0 && s[i-1] == '_' {
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// breakBeforeWords puts _ before a capital with small letters behind it, where
// something other than _ stands before it: ([^_])([A-Z][a-z]+), NRM-06.
func breakBeforeWords(r []rune) []rune {
	out := make([]rune, 0, len(r)+4)
	for i := 0; i < len(r); {
		if i+2 < len(r) && r[i] != '_' && unicode.IsUpper(r[i+1]) && unicode.IsLower(r[i+2]) {
			out = append(out, r[i], '_', r[i+1])
			i += 2
			for i < len(r) && unicode.IsLower(r[i]) {
				out = append(out, r[i])
				i++
			}
			continue
		}
		out = append(out, r[i])
		i++
	}
	return out
}

// breakBeforeCapitals puts _ between a small letter or digit and a capital:
// ([a-z0-9])([A-Z]), NRM-06.
func breakBeforeCapitals(r []rune) []rune {
	out := make([]rune, 0, len(r)+4)
	for i := 0; i < len(r); i++ {
		out = append(out, r[i])
		if i+1 < len(r) && (unicode.IsLower(r[i]) || unicode.IsDigit(r[i])) && unicode.IsUpper(r[i+1]) {
			out = append(out, '_', r[i+1])
			i++
		}
	}
	return out
}

// shorten cuts a name that is too long and marks it with a tag made of what it
// came from (NRM-10).
func shorten(name, from string) string { return shortenTo(name, from, MaxName) }

func shortenTo(name, from string, limit int) string {
	if len(name) <= limit {
		return name
	}
	sum := sha3.SumSHAKE128([]byte(from), 4)
	tag := strings.ToLower(strings.NewReplacer("/", "a", "+", "b").Replace(base64.RawStdEncoding.EncodeToString(sum)))
	rest := limit - len(tag)
	head := (rest + 1) / 2
	tail := rest - head
	for head > 0 && !utf8.RuneStart(name[head]) {
		head--
	}
	start := len(name) - tail
	for start < len(name) && !utf8.RuneStart(name[start]) {
		start++
	}
	return name[:head] + tag + name[start:]
}

// Suffixed is name with the mark of its source, within MaxName (NRM-12).
func Suffixed(name, source string) string { return suffixed(name, source, 3) }

// suffixed marks with so many bytes of the hash.
func suffixed(name, source string, size int) string {
	sum := sha256.Sum256([]byte(source))
	s := "_" + hex.EncodeToString(sum[:size])
	return shortenTo(name, name, MaxName-len(s)) + s
}

// Named is something whose name is settled: a column or a child table.
type Named struct {
	Source  string // JSON Pointer
	Raw     string // raw keys joined by "__"
	Name    string // wished; the settled one afterwards
	Settled bool   // committed by an earlier load: keeps its name
}

// Settle gives every name once (NRM-12 to NRM-14): what an earlier load settled
// stays; among others the one whose raw keys equal the name keeps it, else the
// one with the smallest source; the rest get a suffix. It returns the pairs
// that met, for a warning.
func Settle(names []Named) (met [][2]string) {
	holder := map[string]int{}
	for i := range names {
		if names[i].Settled {
			holder[names[i].Name] = i
		}
	}
	better := func(a, b *Named) bool {
		if ra, rb := a.Raw == a.Name, b.Raw == b.Name; ra != rb {
			return ra
		}
		return a.Source < b.Source
	}
	for i := range names {
		n := &names[i]
		if n.Settled || strings.HasPrefix(n.Name, "_rl_") {
			continue
		}
		j, taken := holder[n.Name]
		if !taken || !names[j].Settled && better(n, &names[j]) {
			holder[n.Name] = i
		}
	}
	for i := range names {
		n := &names[i]
		if n.Settled || holder[n.Name] == i && !strings.HasPrefix(n.Name, "_rl_") {
			continue
		}
		if !strings.HasPrefix(n.Name, "_rl_") {
			met = append(met, [2]string{names[holder[n.Name]].Source, n.Source})
		}
		// A source may hold a key that looks like a marked name.
		wish := n.Name
		n.Name = Suffixed(wish, n.Source)
		for size := 4; taken(holder, n.Name) && size <= sha256.Size; size++ {
			n.Name = suffixed(wish, n.Source, size)
		}
		holder[n.Name] = i
	}
	return met
}

func taken(holder map[string]int, name string) bool {
	_, is := holder[name]
	return is
}
