package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/lua"
)

// OPR-01 OPR-40: an API that closes every connection without an answer fails the
// load. It is not taken for the end of the pages, which would empty a table that
// is replaced.
func TestClosedConnections(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/items", "/items?page=2", "/items/1/parts"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var closing atomic.Bool
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if closing.Load() && r.URL.RequestURI() == path {
					panic(http.ErrAbortHandler)
				}
				switch r.URL.RequestURI() {
				case "/items":
					fmt.Fprintf(w, `{"data": [{"id": 1}], "next": "http://%s/items?page=2"}`, r.Host)
				case "/items?page=2":
					fmt.Fprint(w, `{"data": [{"id": 2}]}`)
				default:
					fmt.Fprint(w, `{"data": [{"part": 1}]}`)
				}
			}))
			t.Cleanup(s.Close)
			script, err := lua.Parse("shop.lua", `return {
				client = { base_url = require("config").get("url"), paginator = { type = "json_link" } },
				resource_defaults = { write_disposition = "replace", endpoint = { data_selector = "data" } },
				resources = { "items", { name = "parts", endpoint = "items/{resources.items.id}/parts" } },
			}`, lua.Options{})
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "shop")
			run := func() error {
				_, err := engine.Run(t.Context(), script, engine.Options{
					Dataset: dir, Config: engine.ConfigFile("", map[string]string{"url": s.URL}),
					Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
				})
				return err
			}
			if err := run(); err != nil {
				t.Fatal(err)
			}
			closing.Store(true)
			var failed *rest.RequestError
			if err := run(); !errors.As(err, &failed) || failed.Attempts != 5 {
				t.Fatalf("the load ended with %v", err)
			}
			state, err := dataset.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			if items, parts := state.Tables["items"].Rows, state.Tables["parts"].Rows; items != 2 || parts != 2 {
				t.Errorf("%d items and %d parts are left, want 2 and 2", items, parts)
			}
		})
	}
}
