package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// workersAPI gives pages of things, and details of a thing only when as many
// requests for details as there are workers wait for an answer.
func workersAPI(t *testing.T, pages, perPage, workers int) string {
	t.Helper()
	var mu sync.Mutex
	waiting, open := 0, make(chan struct{})
	together := func() bool {
		mu.Lock()
		waiting++
		gate := open
		if waiting == workers {
			waiting, open = 0, make(chan struct{})
			close(gate)
		}
		mu.Unlock()
		select {
		case <-gate:
			return true
		case <-time.After(20 * time.Second):
			return false
		}
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/detail" {
			if !together() {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			fmt.Fprintf(w, `{"of":%s}`, r.URL.Query().Get("id"))
			return
		}
		page := 0
		fmt.Sscan(r.URL.Query().Get("page"), &page)
		var rows []string
		for i := range perPage {
			if page < pages {
				rows = append(rows, fmt.Sprintf(`{"id":%d}`, page*perPage+i))
			}
		}
		fmt.Fprintf(w, "[%s]", strings.Join(rows, ","))
	}))
	t.Cleanup(api.Close)
	return api.URL
}

// runWorkers runs a script with one resource and returns its records in the
// order in which they reach the tables.
func runWorkers(t *testing.T, url, resource string) ([]map[string]any, error) {
	t.Helper()
	script, err := lua.Parse("things.lua", fmt.Sprintf(`
		local http, uuid = require("http"), require("uuid")
		local calls = 0
		return { client = { base_url = %q, paginator = { type = "page_number", base_page = 0, total_path = false } }, resources = { %s } }`, url, resource), lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	_, err = engine.Run(context.Background(), script, engine.Options{
		Dataset: t.TempDir(),
		Steps: map[string][]engine.Step{"things": {{Filter: func(record []byte) (bool, error) {
			var row map[string]any
			if err := json.Unmarshal(record, &row); err != nil {
				return false, err
			}
			rows = append(rows, row)
			return true, nil
		}}}},
	})
	return rows, err
}

// SCR-04: hook_workers = 3 lets three calls of a hook wait on http at a time;
// rows keep the order of the records, and each worker has its own variables
// and random values.
func TestHookWorkers(t *testing.T) {
	t.Parallel()
	const pages, perPage, workers = 3, 6, 3
	url := workersAPI(t, pages, perPage, workers)
	resource := `{ name = "things", hook_workers = 3, processing_steps = {
		{ map = function(r)
			r.detail = http.get("detail", { params = { id = r.id } }).json.of
			calls = calls + 1
			r.calls, r.uuid = calls, uuid.v4()
			return r
		end },
		{ yield_map = function(r, emit) emit(r) if r.id % 2 == 0 then emit({ id = r.id + 0.5, detail = r.id }) end end },
		{ filter = function(r) return r.id ~= 3 end },
	} }`
	rows, err := runWorkers(t, url, resource)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []float64
	uuids := map[string]bool{}
	for _, r := range rows {
		id := r["id"].(float64)
		got = append(got, id)
		if id != float64(int(id)) {
			continue
		}
		if r["detail"] != r["id"] {
			t.Errorf("thing %v has the detail of %v", id, r["detail"])
		}
		if calls := float64(int(id)/workers + 1); r["calls"] != calls {
			t.Errorf("thing %v: its worker counts %v calls, want %v", id, r["calls"], calls)
		}
		uuids[r["uuid"].(string)] = true
	}
	for id := range pages * perPage {
		if id != 3 {
			want = append(want, float64(id))
		}
		if id%2 == 0 {
			want = append(want, float64(id)+0.5)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	if len(uuids) != pages*perPage-1 {
		t.Errorf("%d different values of uuid.v4, want %d", len(uuids), pages*perPage-1)
	}
}

func TestHookWorkersErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, step, want string }{
		{"SCR-21 the first record in order fails", `{ map = function(r) if r.id >= 2 then error("no " .. r.id) end return r end }`, "things: page 1, record 3 of "},
		{"SCR-05 ctx.state of copies", `{ filter = function(r, ctx) ctx.state.last = r.id return true end }`, "things: ctx.state: a step wrote it, but hook_workers = 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := runWorkers(t, workersAPI(t, 2, 6, 1), `{ name = "things", hook_workers = 4, processing_steps = { `+c.step+` } }`)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
