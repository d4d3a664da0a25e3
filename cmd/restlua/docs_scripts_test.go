package main

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/restlua/restlua/scripts"
)

// What the cookbook says of a bundled script stands there: each row names a
// script and a word of it.
func TestCookbookPointers(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\|.*\\| \\[(\\w+)\\]\\(\\.\\./scripts/(\\w+\\.lua)\\)(?:, `([^`]+)`)? \\|$").FindAllStringSubmatch(string(page), -1)
	shown := map[string]bool{}
	for _, row := range rows {
		name, file, word := row[1], row[2], row[3]
		shown[name] = true
		text, err := fs.ReadFile(scripts.FS, file)
		if err != nil || name+".lua" != file || !strings.Contains(string(text), word) {
			t.Errorf("%q in %s: %v", word, file, err)
		}
	}
	if len(rows) < 10 {
		t.Errorf("only %d rows were found", len(rows))
	}
	// Every script has a place there, but the two that init writes by itself.
	for _, name := range scripts.Names() {
		if !shown[name] && name != "github" && name != "pokemon" {
			t.Errorf("the cookbook does not show %s", name)
		}
	}
}
