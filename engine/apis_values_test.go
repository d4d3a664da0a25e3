package engine_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/restlua/restlua/engine/dataset"
)

// API-16: ids beyond 2^53 and beyond 2^64 stay exact in rows, in placeholders
// and as cursors, through hooks too.
func TestAPI16GreatIDs(t *testing.T) {
	t.Parallel()
	const a53, a64, a70 = "9007199254740993", "18446744073709551617", "1180591620717411303425"
	a := answers(t, map[string]string{
		"/users":                              `{"items":[{"id":` + a53 + `},{"id":` + a64 + `}],"next":` + a70 + `}`,
		"/users?cursor=" + a70:                `{"items":[{"id":` + a70 + `}],"next":null}`,
		"/users/" + a53 + "/posts":            `{"items":[{"post":1}]}`,
		"/users/" + a64 + "/posts":            `{"items":[{"post":2}]}`,
		"/users/" + a70 + "/posts":            `{"items":[{"post":3}]}`,
		"/events":                             `{"items":[{"id":` + a53 + `},{"id":9007199254740992}]}`,
		"/events?after=" + a53:                `{"items":[{"id":` + a53 + `},{"id":9007199254740994}]}`,
		"/events?after=" + "9007199254740994": `{"items":[]}`,
	})
	const script = `return {
		client = { base_url = "$API", paginator = { type = "cursor", cursor_path = "next" } },
		resource_defaults = { endpoint = { data_selector = "items" } },
		resources = {
			{ name = "users", processing_steps = { { map = function(user) user.copy = user.id; return user end } } },
			{ name = "posts", endpoint = { path = "users/{resources.users.id}/posts" }, include_from_parent = { "id" } },
			{ name = "events", endpoint = { incremental = { cursor_path = "id", start_param = "after" } } },
		},
	}`
	a.load(script)
	a.wantRows("users", `{"copy":`+a53+`,"id":`+a53+`}`, `{"copy":`+a64+`,"id":`+a64+`}`, `{"copy":`+a70+`,"id":`+a70+`}`)
	a.wantRows("posts", `{"_users_id":`+a53+`,"post":1}`, `{"_users_id":`+a64+`,"post":2}`, `{"_users_id":`+a70+`,"post":3}`)
	s, err := dataset.Read(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Resources["events"].Incremental["id"].LastValue); got != a53 {
		t.Errorf("last value %s, want %s", got, a53)
	}
	a.load(script)
	a.wantIDs("events", a53+" 9007199254740992 9007199254740994")
	if got := a.asked(); !slices.Contains(got, "GET /events?after="+a53) {
		t.Errorf("asked %q", got)
	}
}

// API-23: cursors as epoch seconds, milliseconds, /Date(...)/ and local times
// are compared by value; seconds and milliseconds are sent as the API takes them.
func TestAPI23TimesAsCursors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, incremental string
		first, second     string // records
		asked, ids        string
	}{
		{
			name:        "epoch seconds",
			incremental: `{ cursor_path = "at", start_param = "since", initial_value = 0 }`,
			first:       `[{"id":1,"at":999999999},{"id":2,"at":1000000000}]`,
			second:      `[{"id":2,"at":1000000000},{"id":3,"at":1700000000}]`,
			asked:       "since=1000000000", ids: "1 2 3",
		},
		{
			name:        "milliseconds, sent as seconds",
			incremental: `{ cursor_path = "at", start_param = "since", initial_value = 0, convert = function(v) return math.floor(v / 1000) end }`,
			first:       `[{"id":1,"at":1700000000001}]`,
			second:      `[{"id":1,"at":1700000000001},{"id":2,"at":1700000000500}]`,
			asked:       "since=1700000000", ids: "1 2",
		},
		{
			name:        "/Date()/ brought into another form by a map",
			incremental: `{ cursor_path = "ms", start_param = "since", initial_value = 0 }`,
			first:       `[{"id":1,"at":"/Date(999999999999)/"},{"id":2,"at":"/Date(1700000000000)/"}]`,
			second:      `[{"id":2,"at":"/Date(1700000000000)/"},{"id":3,"at":"/Date(1700000000001)/"}]`,
			asked:       "since=1700000000000", ids: "1 2 3",
		},
		{
			name:        "local times",
			incremental: `{ cursor_path = "at", start_param = "since" }`,
			first:       `[{"id":1,"at":"2026-01-01 01:00:00"},{"id":2,"at":"2026-01-01 02:30:00"}]`,
			second:      `[{"id":1,"at":"2026-01-01 01:00:00"},{"id":2,"at":"2026-01-01 02:30:00"},{"id":3,"at":"2026-01-01 02:30:00"},{"id":4,"at":"2026-01-01 02:30:01"}]`,
			asked:       "since=2026-01-01+02%3A30%3A00", ids: "1 2 3 4",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var load atomic.Int32
			a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) {
				a.json(w, []string{c.first, c.second}[load.Load()])
			})
			script := `return {
				client = { base_url = "$API", paginator = "single_page" },
				resources = { { name = "events",
					processing_steps = { { map = function(r)
						if type(r.at) == "string" then r.ms = tonumber(r.at:match("^/Date%((%d+)%)/$")) end
						return r
					end } },
					endpoint = { incremental = ` + c.incremental + ` } } },
			}`
			a.load(script)
			load.Store(1)
			a.load(script)
			a.wantIDs("events", c.ids)
			if asked := a.asked(); !strings.HasSuffix(asked[len(asked)-1], c.asked) {
				t.Errorf("asked %q, want %s", asked, c.asked)
			}
		})
	}
	// A number is never compared with text, and the error says what to do.
	a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) { a.json(w, `[{"id":1,"at":1700000000}]`) })
	a.fails(`return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "events", endpoint = { incremental = { cursor_path = "at", initial_value = "2024-01-01T00:00:00Z" } } } },
	}`, "events", "page 1, record 1", "cannot be compared", "1700000000", "2024-01-01T00:00:00Z", "initial_value")
	// Milliseconds against seconds are both numbers; their size tells them apart.
	b := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) { a.json(w, `[{"id":1,"at":1700000000000}]`) })
	b.fails(`return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "events", endpoint = { incremental = { cursor_path = "at", initial_value = 1600000000 } } } },
	}`, "events", "milliseconds", "seconds", "convert")
}

// API-35: values in paths with slashes, percent signs, blanks and accents. They
// are put in as text of the path, not as one segment (PLH-15): a slash stays, an
// escape stays, what a URL cannot hold is escaped. An empty one is put in as it
// is (PLH-23).
func TestAPI35PathValues(t *testing.T) {
	t.Parallel()
	values := []struct{ name, target string }{
		{"a/b c", "/repos/a/b%20c/tags"},
		{"50%", "/repos/50%25/tags"},
		{"café", "/repos/caf%C3%A9/tags"},
		{"a%2Fb", "/repos/a%2Fb/tags"},
		{"", "/repos//tags"},
		{"'x'+y&z", "/repos/'x'+y&z/tags"},
	}
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/repos" {
			var b strings.Builder
			for i, v := range values {
				fmt.Fprintf(&b, `{"id":%d,"name":%q},`, i, v.name)
			}
			a.json(w, "["+strings.TrimSuffix(b.String(), ",")+"]")
			return
		}
		a.json(w, fmt.Sprintf(`[{"seen":%q}]`, r.RequestURI))
	})
	a.load(`return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = {
			{ name = "repos" },
			{ name = "tags", endpoint = { path = "repos/{resources.repos.name}/tags" }, include_from_parent = { "id" } },
		},
	}`)
	var want []string
	for i, v := range values {
		want = append(want, strings.ReplaceAll(fmt.Sprintf(`{"_repos_id":%d,"seen":%q}`, i, v.target), "&", `\u0026`))
	}
	a.wantRows("tags", want...)
}
