package config

import (
	"fmt"
	"sort"
	"strings"
)

// Error is one mistake in a script's config.
type Error struct {
	Pos  Pos
	Path string // "resources[2].endpoint.paginator.type"
	Name string // of the resource, if the path lies in one
	Text string // what is wrong and what was expected
	Hint string // how to mend it; may be empty
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Pos.File != "" {
		b.WriteString(e.Pos.File)
		if e.Pos.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Pos.Line)
		}
		b.WriteString(": ")
	}
	b.WriteString(displayPath(e.Path, e.Name))
	b.WriteString(e.Text)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// displayPath puts the resource's name behind its index:
// `resources[2] "issues": endpoint.path: `.
func displayPath(path, name string) string {
	if path == "" {
		return ""
	}
	if name == "" || !strings.HasPrefix(path, "resources[") {
		return path + ": "
	}
	head, rest, _ := strings.Cut(path, "]")
	rest = strings.TrimPrefix(rest, ".")
	if rest == "" {
		return fmt.Sprintf("%s] %q: ", head, name)
	}
	return fmt.Sprintf("%s] %q: %s: ", head, name, rest)
}

// Errors are all mistakes of one config, sorted by place.
type Errors []*Error

func (es Errors) Error() string {
	var b strings.Builder
	for _, e := range es {
		b.WriteString(e.Error())
		b.WriteByte('\n')
	}
	if len(es) == 1 {
		b.WriteString("1 error")
	} else {
		fmt.Fprintf(&b, "%d errors", len(es))
	}
	return b.String()
}

// Sorted returns the errors ordered by file, line and path.
func (es Errors) Sorted() Errors {
	sort.SliceStable(es, func(i, j int) bool {
		a, b := es[i], es[j]
		if a.Pos.File != b.Pos.File {
			return a.Pos.File < b.Pos.File
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line < b.Pos.Line
		}
		return a.Path < b.Path
	})
	return es
}
