package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The list of behaviours lies beside the project. Every one of the tiers core
// and current is named by a test of the repository.
func TestEveryBehaviourIsNamed(t *testing.T) {
	t.Parallel()
	spec, err := os.ReadFile("../../shared/spec/rest.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the list of behaviours is not beside the project")
	} else if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`[A-Z]+(?:-[A-Z]+)?-\d+`)
	named := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "..":
			return filepath.SkipDir
		case d.IsDir(), !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".txtar"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, name := range id.FindAllString(string(text), -1) {
			named[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	entries := regexp.MustCompile("(?m)^- \\*\\*([A-Z-]+-\\d+)\\*\\* `(?:core|current)` (.*)$").FindAllStringSubmatch(string(spec), -1)
	if len(entries) == 0 {
		t.Fatal("no behaviours in the list")
	}
	for _, e := range entries {
		if !named[e[1]] {
			t.Errorf("no test names %s: %s", e[1], e[2])
		}
	}
}
