package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// A step in Go may write into the record that it gets, whose text then has its
// quotes elsewhere than the page had.
func TestStepWritesIntoRecord(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `[{"a":"xxxxx","b":1}, {"a":"yyyyy","b":2}]`)
	}))
	t.Cleanup(api.Close)
	script, err := lua.Parse("things.lua", fmt.Sprintf(`return { client = { base_url = %q, paginator = "single_page" }, resources = { "things" } }`, api.URL), lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err = engine.Run(context.Background(), script, engine.Options{
		Dataset: dir,
		Steps: map[string][]engine.Step{"things": {{Map: func(record []byte) ([]byte, error) {
			if bytes.Contains(record, []byte("xxxxx")) {
				copy(record, `{"aaa":"x","b":111}`)
			}
			return record, nil
		}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "things", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	rows, err := readRows(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{`{"aaa":"x","b":111}`, `{"a":"yyyyy","b":2}`}; !slices.Equal(rows, want) {
		t.Errorf("the rows are %s, want %s", rows, want)
	}
}
