package reference

import (
	"strings"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/config"
)

// Style shows text in a way that a terminal has; it may return it as it is.
type Style func(text string) string

// Text shows a place on a terminal. width is its columns; less than 40 means
// 80. strong marks names.
func (r *Reference) Text(at Place, width int, strong Style) string {
	if width < 40 {
		width = 80
	}
	t := &text{reference: r, width: min(width, 100), strong: strong}
	switch {
	case len(at.Keys) > 0:
		for i, k := range at.Keys {
			if i > 0 {
				t.line("")
			}
			t.key(k)
		}
	case len(at.Structures) > 1:
		t.group(at)
	default:
		t.structure(at.Structures[0])
	}
	return t.String()
}

// text is a page for the terminal that is being written.
type text struct {
	strings.Builder
	reference *Reference
	width     int
	strong    Style
}

func (t *text) line(s string) { t.WriteString(s + "\n") }

// wrapped writes words with an indent, broken at blanks.
func (t *text) wrapped(indent, words string) {
	line := indent
	for _, word := range strings.Fields(words) {
		if len(line) > len(indent) && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > t.width {
			t.line(line)
			line = indent
		}
		if len(line) > len(indent) {
			line += " "
		}
		line += word
	}
	t.line(line)
}

// structure shows all keys of a table.
func (t *text) structure(s *config.Structure) {
	t.wrapped("", t.strong(s.Name)+": "+lower(s.Doc))
	if s.Open {
		t.wrapped("  ", "The keys are the script's own.")
		for _, v := range t.reference.tables(s.Values) {
			t.line("")
			t.structure(v)
		}
		return
	}
	if s.Bare {
		t.wrapped("  ", `"`+s.Type+`" alone stands for the table with defaults.`)
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		t.line("")
		t.line("  " + t.strong(f.Key) + t.facts(s, f))
		t.wrapped("      ", f.Doc)
		if f.NoEffect == "" && f.Table != "" && s.Name == "config" {
			t.wrapped("      ", "restlua fields "+f.Table+" shows its keys.")
		}
	}
}

// facts are the value and the remarks of a key, on one line: "  a string, required".
func (t *text) facts(s *config.Structure, f *config.FieldDoc) string {
	return "  " + strings.Join(append([]string{t.reference.value(s, f)}, remarks(f)...), "; ")
}

// group shows the variants of a group.
func (t *text) group(at Place) {
	group := at.Structures[0].Group
	t.wrapped("", t.strong(group)+": one of these tables, told by their type; restlua fields "+group+".NAME shows one.")
	t.line("")
	widest := 0
	for _, s := range at.Structures {
		widest = max(widest, len(s.Name)-len(group)-1)
	}
	for _, s := range at.Structures {
		name := strings.TrimPrefix(s.Name, group+".")
		t.line("  " + t.strong(name) + strings.Repeat(" ", widest-len(name)+2) + s.Doc)
	}
}

// key shows all that is known of one key.
func (t *text) key(k Key) {
	t.wrapped("", t.strong(k.Of.Name+"."+k.Field.Key)+": "+lower(k.Field.Doc))
	t.wrapped("  ", strings.TrimSpace(t.facts(k.Of, k.Field)))
	if k.Field.Call != "" {
		t.line("  " + k.Field.Call)
	}
	t.line("")
	t.line("      " + k.Field.Example)
	if tables := t.reference.tables(k.Field.Table); len(tables) > 0 && k.Field.NoEffect == "" {
		t.line("")
		if len(tables) > 1 {
			t.group(Place{Structures: tables})
		} else {
			t.structure(tables[0])
		}
	}
}

// lower begins a sentence that goes on after a colon; words that are no
// sentence's beginning, such as OAuth2, stay.
func lower(s string) string {
	first, rest, _ := strings.Cut(s, " ")
	if len(first) > 1 && strings.ToLower(first[1:]) != first[1:] {
		return s
	}
	if strings.HasSuffix(first, ":") {
		return s
	}
	return strings.TrimSpace(strings.ToLower(first) + " " + rest)
}
