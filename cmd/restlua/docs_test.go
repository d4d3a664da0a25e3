package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/lua/scripttest"
	"github.com/restlua/restlua/scripts"
	"github.com/restlua/restlua/stdlib"
)

// A page is a page of documentation. A comment in the line above a block says
// what the tests must know of it:
//
//	<!-- test: network -->    its commands need the network; they are checked, not run
//	<!-- test: exits N -->    its last command ends with exit code N
type page struct {
	path   string // from the root of the repository
	text   string
	blocks []block
}

// A block is a fenced piece of a page.
type block struct {
	language, mark string
	text           string
	line           int // of its first line
	start          int // of text in the page's text
}

var fences = regexp.MustCompile("(?ms)^(?:<!-- test: ([a-z0-9 ]+) -->\n)?```([a-z]*)\n(.*?)^```$")

// readPages reads everything that a reader may be sent to.
func readPages(t *testing.T) []*page {
	t.Helper()
	var pages []*page
	paths := []string{"../../README.md", "../../ARCHITECTURE.md", "../../CHANGELOG.md"}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatalf("%d pages in docs, %v", len(docs), err)
	}
	for _, path := range append(paths, docs...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p := &page{path: strings.TrimPrefix(filepath.ToSlash(path), "../../"), text: string(text)}
		for _, at := range fences.FindAllStringSubmatchIndex(p.text, -1) {
			b := block{language: p.text[at[4]:at[5]], text: p.text[at[6]:at[7]], line: 1 + strings.Count(p.text[:at[6]], "\n"), start: at[6]}
			if at[2] >= 0 {
				b.mark = p.text[at[2]:at[3]]
			}
			p.blocks = append(p.blocks, b)
		}
		pages = append(pages, p)
	}
	return pages
}

// Every mark of a block is one that the tests know.
func TestDocsMarks(t *testing.T) {
	t.Parallel()
	known := regexp.MustCompile(`^(|network|exits [0-9]+)$`)
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if !known.MatchString(b.mark) {
				t.Errorf("%s:%d: unknown mark %q", p.path, b.line, b.mark)
			}
		}
		if marks := strings.Count(p.text, "<!-- test:"); marks != len(slices.DeleteFunc(slices.Clone(p.blocks), func(b block) bool { return b.mark == "" })) {
			t.Errorf("%s: a mark does not stand above a block", p.path)
		}
	}
}

// Every example in Lua in the README and the docs runs, and is a config without
// mistakes where it returns one. The page of the reference is made of examples
// that have tests of their own.
func TestDocs(t *testing.T) {
	t.Parallel()
	examples := 0
	for _, p := range readPages(t) {
		if p.path == "docs/reference.md" {
			continue
		}
		for _, b := range p.blocks {
			if b.language != "lua" {
				continue
			}
			examples++
			t.Run(fmt.Sprintf("%s:%d", p.path, b.line), func(t *testing.T) {
				t.Parallel()
				// A test of a script that the page itself shows runs with that
				// page: TestDocsSessions.
				if name := fileName(b); strings.HasSuffix(name, "_test.lua") {
					return
				}
				runExample(t, b.text)
			})
		}
	}
	if examples < 2 {
		t.Errorf("only %d examples were found", examples)
	}
}

func runExample(t *testing.T, code string) {
	t.Helper()
	if strings.Contains(code, `require("test")`) {
		runTestExample(t, code)
		return
	}
	// What the text around an example has required already.
	before := ""
	for _, m := range stdlib.Modules() {
		before += fmt.Sprintf("local %s = require(%q) ", m.Name, m.Name)
	}
	script, err := lua.Parse("example.lua", before+code, lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(path string) (any, bool, []string, error) { return "https://" + path + ".example/", true, nil, nil }
	tool := script.Tool(hook.Env{Secrets: lookup, Config: lookup})
	defer tool.Close()
	if _, err := tool.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	env := hook.Env{Secrets: lookup, Config: lookup}
	if n, err := script.Config(context.Background(), env); err != nil || n.Get("client") == nil {
		return // a piece of a script
	}
	if _, err := engine.Check(context.Background(), script, engine.Options{Secrets: lookup, Config: lookup}); err != nil {
		t.Error(err)
	}
}

// runTestExample runs a test file beside the bundled scripts.
func runTestExample(t *testing.T, code string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, scripts.FS); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "example_test.lua")
	if err := os.WriteFile(path, []byte(code), 0o644); err != nil {
		t.Fatal(err)
	}
	cases, err := scripttest.Run(context.Background(), path, scripttest.Options{})
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}
}
