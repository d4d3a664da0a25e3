package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
)

func TestSplitHint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"plain":                              {"plain", ""},
		"locked: data (hint: --wait 30s)":    {"locked: data", "--wait 30s"},
		"a (hint: b (c) d)":                  {"a", "b (c) d"},
		"a (hint: b) at line 3":              {"a at line 3", "b"},
		"a (hint: never closed":              {"a (hint: never closed", ""},
		"one (hint: first) two (hint: last)": {"one (hint: first) two", "last"},
	} {
		rest, hint := splitHint(text)
		if rest != want[0] || hint != want[1] {
			t.Errorf("%q: got %q and %q", text, rest, hint)
		}
	}
}

// OPR-60
func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{usagef("", "x"), 2},
		{errPartial, 3},
		{&engine.UsageError{Text: "x"}, 2},
		{fmt.Errorf("in: %w", &scriptError{errors.New("x")}), 2},
		{config.Errors{{Text: "x"}}, 2},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
	if a, b := (&interrupted{syscall.SIGINT}).code(), (&interrupted{syscall.SIGTERM}).code(); a != 130 || b != 143 {
		t.Errorf("signals give %d and %d, want 130 and 143", a, b)
	}
}

// A context that a signal cancelled ends with the signal's code, not with that
// of the error which the cancelling led to.
func TestInterruptOf(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	if interruptOf(ctx) != nil {
		t.Fatal("interrupted before any signal")
	}
	cancel(&interrupted{syscall.SIGTERM})
	if e := interruptOf(ctx); e == nil || e.code() != 143 {
		t.Fatalf("got %v", e)
	}
}

func TestVersionLine(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-03-01T10:00:00Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got, want := versionLine(info), ", commit 0123456789ab with changes of 2026-03-01T10:00:00Z, go"; !strings.Contains(got, want) {
		t.Errorf("%q lacks %q", got, want)
	}
	if got := versionLine(nil); !strings.HasPrefix(got, "restlua "+engine.Version+", go") {
		t.Errorf("without build info: %q", got)
	}
}

// answering is a terminal at which somebody types text.
func answering(text string) (*terminal, *bytes.Buffer) {
	var out bytes.Buffer
	return &terminal{stdin: strings.NewReader(text), stdout: &out, stderr: &out, asks: true, width: func() int { return 0 }}, &out
}

func TestAsk(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"y\n": true, "YES\n": true, "\n": false, "n\n": false, "": false, "yes": true} {
		term, out := answering(text)
		got, err := term.ask("go on?")
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if !strings.HasPrefix(out.String(), "restlua: go on? [y/N] ") {
			t.Errorf("asked %q", out)
		}
	}
	term, _ := answering("y\n")
	term.asks = false
	if _, err := term.ask("go on?"); exitCode(err) != exitUsage {
		t.Errorf("nobody there: %v", err)
	}
}

// STATE-07: a cursor keeps its JSON type.
func TestCursorValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, value, want string }{
		{`"2024-01-01"`, "2025", `"2025"`},
		{`"a"`, `say "x"`, `"say \"x\""`},
		{`5`, "12345678901234567890", `12345678901234567890`},
		{`5`, "1.50", `1.50`},
		{`null`, "x", `"x"`},
		{`5`, "x", ""},
		{`5`, `"6"`, ""},
		{`5`, "", ""},
	} {
		got, err := cursorValue([]byte(c.now), c.value)
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s set to %s: %s, %v; want %s", c.now, c.value, got, err, c.want)
		}
	}
}
