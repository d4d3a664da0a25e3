package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// verbs are what stands for a value in a message: %s, %.1f, and the %% that is a
// sign.
var verbs = regexp.MustCompile(`%[-+# 0-9.\[\]]*[a-zA-Z%]`)

// Every message that the page of troubleshooting quotes is one that the program
// can give: its words stand in the source, side by side and in their order. …
// stands for what differs.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	files := messages(t)
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("(?m)^### `(.*)`$").FindAllStringSubmatch(string(page), -1)
	if len(quoted) < 40 {
		t.Errorf("only %d messages are quoted", len(quoted))
	}
	seen := map[string]bool{}
	for _, q := range quoted {
		message := q[1]
		if seen[message] {
			t.Errorf("twice: %s", message)
		}
		seen[message] = true
		if !slices.ContainsFunc(files, func(texts string) bool { return says(texts, message) }) {
			t.Errorf("no message reads: %s", message)
		}
	}
	// The list at the top leads to headings that are there.
	for _, m := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(string(page), -1) {
		name := strings.ReplaceAll(m[1], "-", " ")
		if !regexp.MustCompile("(?mi)^## " + name + "$").MatchString(strings.NewReplacer(",", "", "'", "").Replace(string(page))) {
			t.Errorf("there is no heading for #%s", m[1])
		}
	}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "### ") && !strings.HasPrefix(line, "### `") {
			t.Errorf("a heading that quotes nothing: %s", line)
		}
	}
}

// says reports whether the pieces of a quoted message follow each other in the
// texts of a file, in one or in a few that stand side by side: some messages are
// put together.
func says(texts, message string) bool {
	var pieces []string
	length := 0
	for piece := range strings.SplitSeq(message, "…") {
		if piece = strings.TrimSpace(piece); piece != "" {
			pieces = append(pieces, piece)
			length += len(piece)
		}
	}
	if length < 10 {
		return false // a few signs prove nothing
	}
	for {
		i := strings.Index(texts, pieces[0])
		if i < 0 {
			return false
		}
		texts = texts[i:]
		near := strings.Join(strings.SplitN(texts, "\x01", 5)[:min(4, strings.Count(texts, "\x01"))], "\x01")
		if follow(near, pieces) {
			return true
		}
		texts = texts[1:]
	}
}

func follow(text string, pieces []string) bool {
	for _, p := range pieces {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return true
}

// messages are the texts of each file of the program, one behind the other, the
// places for values taken out.
func messages(t *testing.T) (out []string) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && !slices.Contains([]string{"engine", "lua", "stdlib", "cmd", "writers"}, strings.Split(path, "/")[0]):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", path), nil, 0)
		if err != nil {
			return err
		}
		var literals strings.Builder
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				text, err := strconv.Unquote(l.Value)
				if err != nil {
					t.Fatal(err)
				}
				// A sign that no message has parts the texts.
				literals.WriteString(verbs.ReplaceAllString(text, "\x00") + "\x01")
			}
			return true
		})
		out = append(out, literals.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
