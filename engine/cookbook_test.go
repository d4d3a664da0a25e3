package engine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// Every script in docs/cookbook.md compiles and has no mistake; API-20 and API-28
// run the same against servers.
func TestCookbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```lua\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("%d scripts", len(blocks))
	}
	for i, b := range blocks {
		code, _, _ := strings.Cut(b, "```")
		script, err := lua.Parse(fmt.Sprintf("cookbook%d.lua", i+1), code, lua.Options{})
		if err == nil {
			_, err = engine.Check(t.Context(), script, engine.Options{})
		}
		if err != nil {
			t.Errorf("script %d: %v", i+1, err)
		}
	}
}
