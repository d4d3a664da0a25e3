package scripttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/restlua/restlua/lua/view"
)

// maxDifferences bounds how many are shown.
const maxDifferences = 20

// compare lists how two JSON texts differ, field by field: one line each, with
// the path. Numbers are compared by value, and a null is as good as a field
// that is not there, as it is in Lua.
func compare(got, want []byte) ([]string, error) {
	var values [2]any
	for i, text := range [][]byte{got, want} {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&values[i]); err != nil {
			return nil, err
		}
	}
	c := &comparison{}
	c.value("", values[0], values[1])
	if extra := len(c.lines) - maxDifferences; extra > 0 {
		c.lines = append(c.lines[:maxDifferences], fmt.Sprintf("  and %d more differences", extra))
	}
	return c.lines, nil
}

type comparison struct{ lines []string }

func (c *comparison) differ(path string, got, want any) {
	if path == "" {
		path = "the value"
	}
	c.lines = append(c.lines, fmt.Sprintf("  %s: got %s, want %s", path, show(got), show(want)))
}

func (c *comparison) value(path string, got, want any) {
	switch g := got.(type) {
	case map[string]any:
		if w, ok := want.(map[string]any); ok {
			c.fields(path, g, w)
			return
		}
		if w, ok := want.([]any); ok && len(w) == 0 && len(g) == 0 {
			return // {} is an empty list too
		}
	case []any:
		if w, ok := want.([]any); ok {
			c.elements(path, g, w)
			return
		}
		if w, ok := want.(map[string]any); ok && len(w) == 0 && len(g) == 0 {
			return
		}
	case json.Number:
		if w, ok := want.(json.Number); ok && sameNumber(g, w) {
			return
		}
	default:
		if got == want {
			return
		}
	}
	c.differ(path, got, want)
}

func (c *comparison) fields(path string, got, want map[string]any) {
	keys := map[string]bool{}
	for k := range got {
		keys[k] = true
	}
	for k := range want {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		step := view.Step(k)
		if path != "" && step[0] != '[' {
			step = "." + step
		}
		if got[k] != nil || want[k] != nil {
			c.value(path+step, got[k], want[k])
		}
	}
}

func (c *comparison) elements(path string, got, want []any) {
	for i := range max(len(got), len(want)) {
		at := fmt.Sprintf("%s[%d]", path, i+1)
		switch {
		case i >= len(got):
			c.differ(at, nil, want[i])
		case i >= len(want):
			c.differ(at, got[i], nil)
		default:
			c.value(at, got[i], want[i])
		}
	}
}

func sameNumber(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return a == b || okX && okY && x.Cmp(y) == 0
}

// show is a value in a difference.
func show(v any) string {
	if v == nil {
		return "nothing"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err.Error()
	}
	text := bytes.TrimSpace(b.Bytes())
	if len(text) > 300 {
		return string(bytes.ToValidUTF8(text[:300], nil)) + "..."
	}
	return string(text)
}
