package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
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
