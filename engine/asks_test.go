package engine_test

import (
	"slices"
	"strings"
	"testing"
)

// What a resource asks for many parents, partitions and windows: the requests
// and the rows of whole loads.

func sortedRequests(a *api) string {
	asked := a.asked()
	slices.Sort(asked)
	return strings.Join(asked, "\n")
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%v\nwant\n%v", what, got, want)
	}
}

// OPR-30: several parent values in one request, in path, params and body.
func TestBatches(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/users":              `[{"id":1},{"id":2},{"id":3}]`,
		"/profiles?ids=1%7C2": `[{"user":1},{"user":2}]`,
		"/profiles?ids=3":     `[{"user":3}]`,
	})
	a.load(`return { client = { base_url = "$API", paginator = "single_page" }, resources = {
		{ name = "users", selected = false },
		{ name = "profiles", batch = 2, batch_separator = "|", endpoint = { path = "profiles", params = { ids = "{resources.users.id}" } } },
	} }`)
	expect(t, "requests", sortedRequests(a), "GET /profiles?ids=1%7C2\nGET /profiles?ids=3\nGET /users")
	expect(t, "rows", strings.Join(a.rows("profiles"), " "), `{"user":1} {"user":2} {"user":3}`)
}

// OPR-31: equal parent values are asked once, unless the script wants each; what
// is included from the parent makes a difference.
func TestEqualParents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, extra, requests, rows string }{
		{"once", "", "GET /posts GET /users/1 GET /users/2", `{"u":1} {"u":2}`},
		{"each", "deduplicate = false,", "GET /posts GET /users/1 GET /users/1 GET /users/2", `{"u":1} {"u":2} {"u":1}`},
		{"other included fields", `include_from_parent = { "id" },`, "GET /posts GET /users/1 GET /users/1 GET /users/2", `{"_posts_id":7,"u":1} {"_posts_id":8,"u":2} {"_posts_id":9,"u":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := answers(t, map[string]string{
				"/posts": `[{"id":7,"user":1},{"id":8,"user":2},{"id":9,"user":1}]`, "/users/1": `{"u":1}`, "/users/2": `{"u":2}`,
			})
			a.load(`return { client = { base_url = "$API", paginator = "single_page" }, resources = {
				"posts", { name = "users", ` + c.extra + ` endpoint = { path = "users/{resources.posts.user}" } },
			} }`)
			expect(t, "requests", strings.ReplaceAll(sortedRequests(a), "\n", " "), c.requests)
			expect(t, "rows", strings.Join(a.rows("users"), " "), c.rows)
		})
	}
}

// OPR-33: one cursor per parent value; new parents start at the initial value.
func TestCursorPerParent(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"/shops":             `[{"id":"a"},{"id":"b"}]`,
		"/shops/a/x?since=0": `[{"n":5},{"n":9}]`,
		"/shops/b/x?since=0": `[{"n":2}]`,
		"/shops/a/x?since=9": `[{"n":9},{"n":11}]`,
		"/shops/b/x?since=2": `[{"n":2},{"n":3}]`,
		"/shops/c/x?since=0": `[{"n":1}]`,
	}
	a := answers(t, bodies)
	const script = `return { client = { base_url = "$API", paginator = "single_page" }, resources = {
		{ name = "shops", write_disposition = "replace" },
		{ name = "x", include_from_parent = { "id" }, endpoint = { path = "shops/{resources.shops.id}/x",
			incremental = { cursor_path = "n", start_param = "since", initial_value = 0, per_parent = true } } },
	} }`
	a.load(script)
	bodies["/shops"] = `[{"id":"a"},{"id":"b"},{"id":"c"}]`
	a.load(script)
	expect(t, "rows", strings.Join(a.rows("x"), " "),
		`{"_shops_id":"a","n":5} {"_shops_id":"a","n":9} {"_shops_id":"b","n":2} {"_shops_id":"a","n":11} {"_shops_id":"b","n":3} {"_shops_id":"c","n":1}`)
}

// OPR-34: the range is cut into windows, asked side by side, rows in their
// order; the cursor ends at the greatest value, and the next load begins there.
func TestWindowedLoad(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/log/2026/02/26?from=2026-02-26&to=2026-02-28": `[{"day":"2026-02-26"},{"day":"2026-02-27"}]`,
		"/log/2026/02/28?from=2026-02-28&to=2026-03-01": `[{"day":"2026-02-28"}]`,
	})
	const script = `return { client = { base_url = "$API", paginator = "single_page" }, resources = {
		{ name = "log", endpoint = { path = "log/{window.start:2006/01/02}", data_selector = "$",
			incremental = { cursor_path = "day", start_param = "from", end_param = "to", initial_value = "2026-02-26", window = "2d" } } },
	} }`
	a.load(script)
	expect(t, "requests", sortedRequests(a), "GET /log/2026/02/26?from=2026-02-26&to=2026-02-28\nGET /log/2026/02/28?from=2026-02-28&to=2026-03-01")
	expect(t, "rows", strings.Join(a.rows("log"), " "), `{"day":"2026-02-26"} {"day":"2026-02-27"} {"day":"2026-02-28"}`)
	a.load(script)
	expect(t, "requests of the second load", strings.Join(a.asked()[2:], " "), "GET /log/2026/02/28?from=2026-02-28&to=2026-03-01")
	if n := len(a.rows("log")); n != 3 {
		t.Errorf("%d rows after the second load, want 3", n)
	}
}

// OPR-35: a static list in place of a parent: texts, and tables by key.
func TestPartitionedLoad(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/de/news": `[{"id":1}]`, "/fr/news": `[{"id":2}]`,
		"/x?shop=7&lang=de": `[{"id":3}]`, "/x?lang=de&shop=7": `[{"id":3}]`, "/x?lang=fr&shop=8": `[{"id":4}]`, "/x?shop=8&lang=fr": `[{"id":4}]`,
	})
	a.load(`return { client = { base_url = "$API", paginator = "single_page" }, resources = {
		{ name = "news", partitions = { "de", "fr" }, endpoint = { path = "{partition}/news", data_selector = "$" } },
		{ name = "x", partitions = { { shop = 7, lang = "de" }, { shop = 8, lang = "fr" } },
			endpoint = { path = "x", params = { shop = "{partition.shop}", lang = "{partition.lang}" } } },
	} }`)
	expect(t, "news", strings.Join(a.rows("news"), " "), `{"id":1} {"id":2}`)
	expect(t, "x", strings.Join(a.rows("x"), " "), `{"id":3} {"id":4}`)
}

// SCR-31: a paginator that never saw its total is told of.
func TestUnseenTotal(t *testing.T) {
	t.Parallel()
	for body, warned := range map[string]bool{`{"items":[]}`: true, `{"items":[],"total":0}`: false} {
		a := answers(t, map[string]string{"/x?offset=0&limit=5": body, "/x?limit=5&offset=0": body})
		result := a.load(`return { client = { base_url = "$API" }, resources = {
			{ name = "x", endpoint = { path = "x", data_selector = "items", paginator = { type = "offset", limit = 5 } } } } }`)
		if got := strings.Contains(strings.Join(result.Warnings, "\n"), "never saw its total"); got != warned {
			t.Errorf("%s: warnings %q", body, result.Warnings)
		}
	}
}
