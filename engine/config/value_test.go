package config

import (
	"testing"
	"time"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	equal(t, "top", JoinPath("", "client"), "client")
	equal(t, "key", JoinPath(IndexPath("resources", 2), "endpoint"), "resources[2].endpoint")
	equal(t, "odd key", JoinPath("client.headers", `X-"A`), `client.headers["X-\"A"]`)
	equal(t, "digit first", JoinPath("a", "1b"), `a["1b"]`)
	equal(t, "empty", JoinPath("a", ""), `a[""]`)
	for path, want := range map[string]int{"resources[2].x": 1, "resources[12]": 11, "resources": -1, "resources[x]": -1, "resources[3": -1, "client": -1} {
		equal(t, path, resourceIndex(path), want)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"offset", "page_number", "cursor", "json_link", "GET", "delete-insert"}
	for wrong, want := range map[string]string{
		"ofset": "offset", "offest": "offset", "page-number": "page_number", "PageNumber": "page_number", "curser": "cursor", "get": "GET", "delete_insert": "delete-insert",
		"offset": "", "xyz": "", "": "", "non_existing_method": "", "jsonlink": "json_link",
	} {
		if got := Nearest(wrong, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", wrong, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "60": time.Minute, "0.5": 500 * time.Millisecond, "1e2": 100 * time.Second,
		"30s": 30 * time.Second, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "1w2d3h": (9*24 + 3) * time.Hour, "500ms": 500 * time.Millisecond,
	} {
		if got, ok := parseDuration(text); !ok || got != want {
			t.Errorf("parseDuration(%q) = %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "x", "-1", "-1s", "1.5d", "d", "2d1w", "NaN", "Inf", "1e300", "99999999999d", "1d-2h", "300000000000s", "106751d24h"} {
		if got, ok := parseDuration(text); ok {
			t.Errorf("parseDuration(%q) = %v", text, got)
		}
	}
}

func TestWholeNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "-5": -5, "9223372036854775807": 9223372036854775807, "1e3": 1000, "2.0": 2} {
		if got, ok := wholeNumber(text); !ok || got != want {
			t.Errorf("wholeNumber(%q) = %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"1.5", "1e999999999", "1e17", "9223372036854775808", "x", ""} {
		if got, ok := wholeNumber(text); ok {
			t.Errorf("wholeNumber(%q) = %v", text, got)
		}
	}
}
