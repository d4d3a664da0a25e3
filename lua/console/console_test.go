package console

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
)

// SCR-42: names of the world are completed, below a dot those of the value.
func TestComplete(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.lua")
	if err := os.WriteFile(path, []byte(`return { client = { base_url = "https://x.example/" }, resources = { "items" } }`), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := New(context.Background(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for input, want := range map[string]string{
		"sou":                 "|source",
		"x = source.cl":       "x = source.|client",
		"source.client.":      "source.client.|base_url",
		"json.enc":            "json.|encode",
		"source.resources[1]": "source.|",
		"f(":                  "f(|",
	} {
		before, words := s.Complete(input)
		if got := before + "|" + strings.Join(words, " "); got != want {
			t.Errorf("%q: %s, want %s", input, got, want)
		}
	}
}
