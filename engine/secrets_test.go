package engine

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// OPR-63: environment first, then the file; values keep their type.
func TestSecretsFile(t *testing.T) {
	path := writeFile(t, "secrets.toml", `
top = "level"
[desk]
token = "from-file"
big = 9007199254740993
rate = 1.5
on = true
list = ["a", 1]
day = 2024-01-31
at = 2024-01-31T10:00:00Z
[desk.nested]
key = "k"
`)
	t.Setenv("DESK__TOKEN", "from-environment")
	get := SecretsFile(path)
	for key, want := range map[string]any{
		"desk.token": "from-environment", "top": "level", "desk.big": int64(9007199254740993), "desk.rate": 1.5, "desk.on": true,
		"desk.list": []any{"a", int64(1)}, "desk.day": "2024-01-31", "desk.at": "2024-01-31T10:00:00Z",
		"desk.nested.key": "k", "desk.nested": map[string]any{"key": "k"},
	} {
		got, ok, _, err := get(key)
		if err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %#v, %v, %v; want %#v", key, got, ok, err, want)
		}
	}
	_, ok, places, err := get("desk.tokens")
	if ok || err != nil {
		t.Fatalf("a missing secret: %v, %v", ok, err)
	}
	text := strings.Join(places, "; ")
	for _, part := range []string{"environment variable DESK__TOKENS", path, "it has desk.token"} {
		if !strings.Contains(text, part) {
			t.Errorf("places %q do not name %q", text, part)
		}
	}
}

// OPR-63: a syntax error shows line and caret, and no value.
func TestSecretsFileSyntax(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"[desk]\ntoken = hunter22\n", "[desk]\ntoken = \"hunter22\nx = 1\n", "[desk]\nhunter22\n"} {
		path := writeFile(t, "secrets.toml", text)
		_, _, _, err := SecretsFile(path)("desk.token")
		if err == nil || !strings.HasPrefix(err.Error(), path+":2:") || !strings.Contains(err.Error(), "^") {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
	if _, _, _, err := SecretsFile(filepath.Join(t.TempDir(), "none.toml"))("a.b"); err == nil {
		t.Error("a named file that is not there is no error")
	}
}

// OPR-63: --set wins over everything.
func TestConfigFileSet(t *testing.T) {
	t.Setenv("DESK__URL", "from-environment")
	get := ConfigFile("", map[string]string{"desk.url": "from-set"})
	if v, ok, _, err := get("desk.url"); v != "from-set" || !ok || err != nil {
		t.Errorf("desk.url = %v, %v, %v", v, ok, err)
	}
	_, ok, places, _ := get("desk.absent-key")
	if ok || places[0] != "--set desk.absent-key=..." || places[1] != "environment variable DESK__ABSENT_KEY" {
		t.Errorf("places %q", places)
	}
}

func TestSecretsWarnings(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "secrets.toml", "")
	if w := SecretsWarnings(path); len(w) != 0 {
		t.Errorf("mode 0600: %v", w)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if w := SecretsWarnings(path); len(w) != 1 || !strings.Contains(w[0], "chmod 600") {
		t.Errorf("mode 0644: %v", w)
	}
}
