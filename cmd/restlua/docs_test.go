package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/lua/scripttest"
	"github.com/restlua/restlua/scripts"
	"github.com/restlua/restlua/stdlib"
)

// Every example in Lua in the README and the docs runs, and is a config without
// mistakes where it returns one. The page of the reference is made of examples
// that have tests of their own.
func TestDocs(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	fence := regexp.MustCompile("(?ms)^```lua\n(.*?)^```$")
	examples := 0
	for _, page := range append(pages, "../../README.md") {
		if filepath.Base(page) == "reference.md" {
			continue
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range fence.FindAllSubmatchIndex(text, -1) {
			examples++
			line := 1 + strings.Count(string(text[:at[2]]), "\n")
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(page), line), func(t *testing.T) {
				t.Parallel()
				runExample(t, string(text[at[2]:at[3]]))
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
