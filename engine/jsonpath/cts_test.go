package jsonpath

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
)

// shortForms are selectors that RFC 9535 refuses and the short forms allow.
var shortForms = map[string]string{}

// The compliance suite of RFC 9535: every valid selector finds on raw text what
// the suite says, every invalid one is refused unless it is a short form.
func TestComplianceSuite(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../shared/data/jsonpath/cts.json")
	if err != nil {
		t.Skip("the compliance suite is not beside the project")
	}
	var suite struct {
		Tests []struct {
			Name     string            `json:"name"`
			Selector string            `json:"selector"`
			Document json.RawMessage   `json:"document"`
			Result   json.RawMessage   `json:"result"`
			Results  []json.RawMessage `json:"results"`
			Invalid  bool              `json:"invalid_selector"`
		} `json:"tests"`
	}
	if err := json.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	for _, c := range suite.Tests {
		t.Run(c.Name, func(t *testing.T) {
			p, err := Parse(c.Selector)
			if c.Invalid {
				if reason, ok := shortForms[c.Name]; err == nil && !ok {
					t.Errorf("%q is accepted", c.Selector)
				} else if err != nil && ok {
					t.Errorf("%q is refused (%v), but listed as a short form: %s", c.Selector, err, reason)
				}
				return
			}
			if err != nil {
				t.Fatalf("%q is refused: %v", c.Selector, err)
			}
			found := append(append([]byte("["), bytes.Join(p.All(c.Document), []byte(","))...), ']')
			got := decoded(t, found)
			if c.Result != nil {
				c.Results = append(c.Results, c.Result)
			}
			for _, r := range c.Results {
				if reflect.DeepEqual(got, decoded(t, r)) {
					return
				}
			}
			t.Errorf("%q over %s = %s, want %s", c.Selector, c.Document, found, c.Results)
		})
	}
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
