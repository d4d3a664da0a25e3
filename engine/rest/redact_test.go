package rest

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestRedactURL(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("hush/hush")
	for in, want := range map[string]string{
		"https://x.io/p?api_key=secret123&other=value": "https://x.io/p?api_key=***&other=value",        // RED-01
		"https://x.io/p?API-Key=&Token=a":              "https://x.io/p?API-Key=***&Token=***",          // RED-01
		"https://x.io/p?b=1&a=2#part":                  "https://x.io/p?b=1&a=2#part",                   // RED-03
		"https://u:p@x.io/p?flag":                      "https://***@x.io/p?flag",                       //
		"https://x.io/hush/hush?q=hush%2Fhush&z=a%20b": "https://x.io/***?q=***&z=a+b",                  // OPR-64
		"https://x.io/hush%2Fhush":                     "https://x.io/***",                              // OPR-64
		"https://x.io/?client_id=me&username=you&u=%z": "https://x.io/?client_id=***&username=***&u=%z", // RED-02
	} {
		if got := r.URL(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// OPR-64: a secret is masked in each of its forms, the longest first; a short
// one is not part of every word.
func TestRedactText(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	if r.Text("plain") != "plain" {
		t.Error("changed without secrets")
	}
	r.Add("abc")
	r.Add("open")
	r.Add("open sesame\"1")
	text := strings.Join([]string{"abc", "open", `open sesame"1`, `open sesame\"1`, "open+sesame%221",
		base64.StdEncoding.EncodeToString([]byte(`open sesame"1`))}, "|")
	if got := r.Text(text); got != "abc|***|***|***|***|***" {
		t.Error(got)
	}
}
