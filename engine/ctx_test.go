package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// INC-40: ctx.incremental.start_value is what {incremental.start_value} sends,
// its lag included, and never lies before the initial value.
func TestStartValueOfHooks(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		a.json(w, `[{"id":1,"at":"2024-01-05T10:00:00Z"}]`)
	})
	const script = `return {
		client = { base_url = "$API" },
		resources = { { name = "x", primary_key = "id", write_disposition = "merge",
			endpoint = {
				params = { sent = "{incremental.start_value}" },
				incremental = { cursor_path = "at", initial_value = "2024-01-01T00:00:00Z", lag = 3600 },
				paginator = {
					init_request = function(request, state, ctx) request.params.seen = ctx.incremental.start_value end,
					update_state = function() return false end,
				},
			} } },
	}`
	a.load(script)
	a.load(script)
	want := []string{
		"GET /x?sent=2024-01-01T00%3A00%3A00Z&seen=2024-01-01T00%3A00%3A00Z",
		"GET /x?sent=2024-01-05T09%3A00%3A00Z&seen=2024-01-05T09%3A00%3A00Z",
	}
	if got := a.asked(); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// A full refresh forgets ctx.state with the cursors: scripts keep positions there.
func TestFullRefreshForgetsState(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) { a.json(w, `[{"id":1}]`) })
	dir := t.TempDir()
	for i, full := range []bool{false, false, true, false} {
		script, err := lua.Parse("x.lua", strings.ReplaceAll(`return {
			client = { base_url = "$API" },
			resources = { { name = "x", endpoint = { paginator = {
				init_request = function(request, state, ctx)
					request.params.from = ctx.state.at or 0
					ctx.state.at = request.params.from + 1
				end,
				update_state = function() return false end,
			} } } },
		}`, "$API", a.url), lua.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Run(t.Context(), script, engine.Options{Dataset: dir, FullRefresh: full}); err != nil {
			t.Fatal(err)
		}
		if got, want := a.asked()[i], fmt.Sprintf("GET /x?from=%d", []int{0, 1, 0, 1}[i]); got != want {
			t.Errorf("run %d asked %s, want %s", i+1, got, want)
		}
	}
}

// OPR-22: records that the script drops because they came before are no sign of
// data that changed while it was paged through.
func TestDuplicatesThatTheScriptDrops(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		a.json(w, map[string]string{"": `[{"id":1},{"id":2}]`, "2": `[{"id":2},{"id":3}]`}[r.URL.Query().Get("from")])
	})
	script := func(steps string) string {
		return `local seen = {}
		return {
			client = { base_url = "$API" },
			resources = { { name = "x", primary_key = "id", write_disposition = "merge",
				endpoint = { paginator = function(request, response)
					if request.params.from then return nil end
					request.params.from = 2
					return request
				end },
				processing_steps = {` + steps + `},
			} },
		}`
	}
	if w := a.load(script(``)).Warnings; len(w) != 1 || !strings.Contains(w[0], "1 of 4 keys came twice") {
		t.Errorf("warnings %q, want one of a key that came twice", w)
	}
	if w := a.load(script(`{ filter = function(r) local was = seen[r.id]; seen[r.id] = true; return not was end }`)).Warnings; len(w) > 0 {
		t.Errorf("warnings %q, want none", w)
	}
	a.wantIDs("x", count(1, 3))
}

// API-28: http.wait waits between the questions of a hook, through the sleep of
// the load, which counts it; it is not the hook's time.
func TestHooksWait(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		a.json(w, fmt.Sprintf(`{"done":%t}`, asked.Add(1) > 3))
	})
	result := a.load(`local http = require("http")
	return {
		client = { base_url = "$API", session = { hook_timeout = 0.5 } },
		resources = { { name = "jobs", rows = function(emit)
			while not http.get("job").json.done do http.wait("1m") end
			emit { id = 1 }
		end } },
	}`)
	a.wantIDs("jobs", "1")
	if result.Waited != 3*time.Minute {
		t.Errorf("waited %v, want 3m", result.Waited)
	}
	// A load that is stopped does not wait to the end.
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		script, err := lua.Parse("x.lua", `return { client = { base_url = "https://api.example/" }, resources = {
			{ name = "x", rows = function(emit) require("http").wait("1h") end } } }`, lua.Options{})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := engine.Run(ctx, script, engine.Options{Dataset: t.TempDir()}); err == nil || time.Since(began) > 10*time.Second {
			t.Errorf("the load ended after %v with %v", time.Since(began), err)
		}
	})
}

// OPR-41: a paginator that keeps a position in ctx.state writes it ahead of the
// rows. A load that is interrupted reads such a resource anew, with the state of
// before, so that nothing is passed over; a step's state goes with the rows.
func TestStateAheadOfRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, init, step string
		anew             bool
	}{
		{"paginator", `ctx.state.seen = true`, ``, true},
		{"step", ``, `ctx.state.seen = true`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
				page, _ := strconv.Atoi(r.URL.Query().Get("page"))
				if page == 4 && ctx.Err() == nil {
					cancel()
					<-r.Context().Done()
					return
				}
				a.json(w, fmt.Sprintf(`{"items":[{"id":%d}],"more":%t}`, page, page < 5))
			})
			script, err := lua.Parse("x.lua", strings.ReplaceAll(`return {
				client = { base_url = "$API" },
				resources = { { name = "x", primary_key = "id", write_disposition = "merge",
					endpoint = { data_selector = "items", paginator = {
						init_request = function(request, state, ctx)
							state.page = ctx.state.seen and 5 or 1
							`+c.init+`
							request.params.page = state.page
						end,
						update_state = function(response, records, state) state.page = state.page + 1 return response.json.more end,
						update_request = function(request, state) request.params.page = state.page end,
					} },
					processing_steps = { { filter = function(r, ctx) `+c.step+` return true end } },
				} },
			}`, "$API", a.url), lua.Options{})
			if err != nil {
				t.Fatal(err)
			}
			o := engine.Options{Dataset: a.dir}
			if _, err := engine.Run(ctx, script, o); err == nil {
				t.Fatal("the load was not interrupted")
			}
			first := len(a.asked())
			if _, err := engine.Run(t.Context(), script, o); err != nil {
				t.Fatal(err)
			}
			a.wantIDs("x", "1 2 3 4 5")
			if anew := a.asked()[first] == "GET /x?page=1"; anew != c.anew {
				t.Errorf("anew: %t, want %t: %q", anew, c.anew, a.asked()[first:])
			}
		})
	}
}
