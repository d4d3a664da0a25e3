package engine_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
)

// OPR-62: docs/report.md describes every key of the report, in its order, with
// its type, and no other.
func TestReportIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string][]string{}
	heading := ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			heading = strings.TrimSpace(name)
			continue
		}
		cells := strings.Split(line, "|")
		if len(cells) == 5 && strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			described[heading] = append(described[heading], strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2]))
		}
	}
	var want func(s reflect.Type)
	seen := map[string]bool{}
	want = func(s reflect.Type) {
		if seen[s.Name()] {
			return
		}
		seen[s.Name()] = true
		var lines []string
		for i := range s.NumField() {
			f := s.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			mark := ""
			if options == "omitempty" {
				mark = " ?"
			}
			typ, inner := typeName(f.Type)
			lines = append(lines, fmt.Sprintf("`%s`%s %s", name, mark, typ))
			if inner != nil {
				want(inner)
			}
		}
		if got := described[s.Name()]; strings.Join(got, "\n") != strings.Join(lines, "\n") {
			t.Errorf("docs/report.md, %s:\n%s\nwant\n%s", s.Name(), strings.Join(got, "\n"), strings.Join(lines, "\n"))
		}
	}
	want(reflect.TypeFor[engine.Result]())
	for name := range described {
		if !seen[name] {
			t.Errorf("docs/report.md describes %s, which the report does not have", name)
		}
	}
}

// typeName is a type in the words of the page, and the structure in it.
func typeName(x reflect.Type) (string, reflect.Type) {
	switch {
	case x == reflect.TypeFor[time.Time]():
		return "time", nil
	case x == reflect.TypeFor[time.Duration]():
		return "duration", nil
	case x.Kind() == reflect.Map:
		return "object of " + x.Elem().Elem().Name(), x.Elem().Elem()
	case x.Kind() == reflect.Slice && x.Elem().Kind() == reflect.Struct:
		return "list of " + x.Elem().Name(), x.Elem()
	case x.Kind() == reflect.Slice:
		return "list of " + x.Elem().Name(), nil
	}
	return x.Name(), nil
}
