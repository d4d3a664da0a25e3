package engine_test

import (
	"net/http"
	"slices"
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
