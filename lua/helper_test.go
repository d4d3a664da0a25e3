package lua

import (
	"context"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// ref is where hookScript puts its function.
const ref hook.Ref = "resources[1].processing_steps[1].map"

// hookScript is a script with one resource "things" whose map is fn; before it
// stands code of the file itself.
func hookScript(before, fn string) string {
	return before + "\nreturn { resources = { { name = 'things', processing_steps = { { map = " + fn + " } } } } }"
}

func mustParse(t testing.TB, text string) *Script {
	t.Helper()
	s, err := Parse("t.lua", text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func world(t testing.TB, s *Script, env hook.Env) *World {
	t.Helper()
	if env.Resource == "" {
		env.Resource = "things"
	}
	w, err := s.World(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w.(*World)
}

// mapWith runs fn as a map on record.
func mapWith(t testing.TB, before, fn, record string) (string, error) {
	t.Helper()
	w := world(t, mustParse(t, hookScript(before, fn)), hook.Env{})
	out, err := w.Map(context.Background(), ref, []byte(record))
	return string(out), err
}

func evaluate(t testing.TB, text string, env hook.Env) *config.Node {
	t.Helper()
	n, err := mustParse(t, text).Config(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q has no %q", err, p)
		}
	}
}
