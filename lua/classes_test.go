package lua

import (
	"slices"
	"strings"
	"testing"
)

// SCR-40: what hooks get is documented, field by field.
func TestClasses(t *testing.T) {
	t.Parallel()
	want := map[string][]string{"ctx": ctxFields, "request": requestFields, "response": responseFields}
	for _, c := range Classes() {
		var names []string
		for _, f := range c.Fields {
			names = append(names, f.Name)
			if f.Type == "" || !strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s.%s is not documented: %q, %q", c.Name, f.Name, f.Type, f.Doc)
			}
		}
		slices.Sort(names)
		if has := slices.Sorted(slices.Values(want[c.Name])); !slices.Equal(names, has) {
			t.Errorf("%s: documented %v, has %v", c.Name, names, has)
		}
		delete(want, c.Name)
	}
	if len(want) > 0 {
		t.Errorf("not documented: %v", want)
	}
}
