package engine_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// API-03: Stripe's next page starts behind the last row's id.
func TestAPI03Stripe(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/charges":                     `{"object":"list","has_more":true,"data":[{"id":"ch_1"},{"id":"ch_2"}]}`,
		"/charges?starting_after=ch_2": `{"object":"list","has_more":true,"data":[{"id":"ch_3"}]}`,
		"/charges?starting_after=ch_3": `{"object":"list","has_more":false,"data":[{"id":"ch_4"}]}`,
	})
	a.load(`return {
		client = { base_url = "$API" },
		resources = { { name = "charges", endpoint = {
			paginator = { type = "cursor", cursor_path = "data[-1].id", cursor_param = "starting_after", has_more_path = "has_more" },
		} } },
	}`)
	a.wantIDs("charges", "ch_1 ch_2 ch_3 ch_4")
}

// API-04: HubSpot and Zendesk end a search at N results: the series starts again
// from the largest value seen (OPR-21).
func TestAPI04EndOfResults(t *testing.T) {
	t.Parallel()
	const most, all = 10, 37
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		since, _ := strconv.Atoi(q.Get("since_id"))
		offset, _ := strconv.Atoi(q.Get("offset"))
		if offset >= most {
			w.WriteHeader(http.StatusBadRequest) // paging beyond 10 results
			return
		}
		from := max(since, 1) + offset // since_id includes the id itself
		a.json(w, `{"results":[`+numbered(from, min(from+4, all))+`]}`)
	})
	a.load(`return {
		client = { base_url = "$API" },
		resources = { { name = "contacts", endpoint = { data_selector = "results", paginator = {
			type = "offset", limit = 5, stop_after_empty_page = true, total_path = require("json").null,
			reset = { after_records = 10, cursor_path = "id", start_param = "since_id" },
		} } } },
	}`)
	a.wantIDs("contacts", count(1, all))
}

// API-05: the next link of OData has a dot in its name, and is relative or not.
func TestAPI05OData(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/v4/People":                `{"@odata.context":"x","value":[{"id":1}],"@odata.nextLink":"People?$skiptoken=2"}`,
		"/v4/People?$skiptoken=2":   `{"value":[{"id":2}],"@odata.nextLink":"$API/v4/People?%24skiptoken=3"}`,
		"/v4/People?%24skiptoken=3": `{"value":[{"id":3}]}`,
	})
	a.load(`return {
		client = { base_url = "$API/v4", paginator = { type = "json_link", next_url_path = '["@odata.nextLink"]' } },
		resources = { { name = "people", endpoint = { path = "People", data_selector = "value" } } },
	}`)
	a.wantIDs("people", "1 2 3")
}

// API-06: Notion takes the cursor in the body of a POST and gives null at the end.
func TestAPI06Notion(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var bodies []string
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		var q struct {
			Start string `json:"start_cursor"`
		}
		raw := json.RawMessage{}
		if err := json.NewDecoder(r.Body).Decode(&raw); err != nil || json.Unmarshal(raw, &q) != nil || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		bodies = append(bodies, string(raw))
		mu.Unlock()
		switch q.Start {
		case "":
			a.json(w, `{"results":[{"id":1}],"has_more":true,"next_cursor":"fe2c\"x"}`)
		default:
			a.json(w, `{"results":[{"id":2}],"has_more":false,"next_cursor":null}`)
		}
	})
	a.load(`return {
		client = { base_url = "$API" },
		resources = { { name = "pages", endpoint = { path = "databases/1/query", method = "POST", data_selector = "results",
			json = { page_size = 1, filter = { property = "Done" } },
			paginator = { type = "cursor", cursor_path = "next_cursor", cursor_body_path = "start_cursor" },
		} } },
	}`)
	a.wantIDs("pages", "1 2")
	want := []string{`{"page_size":1,"filter":{"property":"Done"}}`, `{"page_size":1,"filter":{"property":"Done"},"start_cursor":"fe2c\"x"}`}
	slices.Sort(bodies)
	slices.Sort(want)
	if len(bodies) != 2 || !sameJSON(bodies[0], want[0]) || !sameJSON(bodies[1], want[1]) {
		t.Errorf("bodies %q", bodies)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

// API-07: Jira's total is text at times, and changes while paging. OPR-22: the
// difference is reported.
func TestAPI07MovingTotal(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/search?startAt=0&maxResults=2": `{"total":"5","issues":[{"id":1},{"id":2}]}`,
		"/search?startAt=2&maxResults=2": `{"total":6,"issues":[{"id":3},{"id":4}]}`,
		"/search?startAt=4&maxResults=2": `{"total":"7","issues":[{"id":5},{"id":6}]}`,
		"/search?startAt=6&maxResults=2": `{"total":7,"issues":[]}`,
	})
	result := a.load(`return {
		client = { base_url = "$API" },
		resources = { { name = "search", endpoint = { data_selector = "issues",
			paginator = { type = "offset", limit = 2, offset_param = "startAt", limit_param = "maxResults", total_path = "total" },
		} } },
	}`)
	a.wantIDs("search", "1 2 3 4 5 6")
	wantWarning(t, result, "search", "6", "7", "total")
	if r := result.Resources["search"]; r.Gaps != 1 {
		t.Errorf("%d gaps reported", r.Gaps)
	}
}

// API-08: a page param that the API ignores, and a last page that comes again
// and again, end with an error, or quietly if asked for (OPR-20).
func TestAPI08SamePageAgain(t *testing.T) {
	t.Parallel()
	ignores := func(a *api, w http.ResponseWriter, _ *http.Request) { a.json(w, `[{"id":1},{"id":2}]`) }
	repeats := func(a *api, w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("p"))
		a.json(w, "["+numbered(min(page, 2), min(page, 2))+"]")
	}
	script := func(repeat string) string {
		return fmt.Sprintf(`return {
			client = { base_url = "$API" },
			resources = { { name = "users", endpoint = { data_selector = "$", paginator = {
				type = "page_number", base_page = 0, page_param = "p", total_path = require("json").null, on_repeat = %q,
			} } } },
		}`, repeat)
	}
	a := serve(t, ignores)
	a.fails(script("error"), "users", "page 2", `"p"`, "on_repeat")
	if n := len(a.asked()); n != 2 {
		t.Errorf("%d requests", n)
	}
	b := serve(t, repeats)
	b.fails(script("error"), `"p"`, "page 4")
	b.load(script("stop"))
	b.wantIDs("users", "0 1 2")
}

// API-09: an empty page in the middle is no end where the API says that more
// comes.
func TestAPI09EmptyPageInTheMiddle(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/cursor":          `{"items":[{"id":1}],"next":"b"}`,
		"/cursor?cursor=b": `{"items":[],"next":"c"}`,
		"/cursor?cursor=c": `{"items":[],"next":"d"}`,
		"/cursor?cursor=d": `{"items":[{"id":2}],"next":null}`,
		"/link":            `{"items":[{"id":1}],"next":"/link?p=2"}`,
		"/link?p=2":        `{"items":[],"next":"/link?p=3"}`,
		"/link?p=3":        `{"items":[{"id":2}]}`,
		"/number?page=1":   `{"items":[{"id":1}],"pages":3}`,
		"/number?page=2":   `{"items":[],"pages":3}`,
		"/number?page=3":   `{"items":[{"id":2}],"pages":3}`,
	})
	a.load(`return {
		client = { base_url = "$API" },
		resource_defaults = { endpoint = { data_selector = "items" } },
		resources = {
			{ name = "cursor", endpoint = { paginator = { type = "cursor", cursor_path = "next" } } },
			{ name = "link", endpoint = { paginator = { type = "json_link" } } },
			{ name = "number", endpoint = { paginator = { type = "page_number", base_page = 1, total_path = "pages", stop_after_empty_page = false } } },
		},
	}`)
	for _, table := range []string{"cursor", "link", "number"} {
		a.wantIDs(table, "1 2")
	}
}

// API-10: Link headers as RFC 8288 allows them.
func TestAPI10LinkHeaders(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	links := map[string][]string{
		"/issues":                {`</issues?page=0>; rel="prev", </issues?q=a,b;c&page=2>; title="x, y; rel=\"next\""; rel="last next"`},
		"/issues?q=a,b;c&page=2": {`<?page=3>;REL=Next`, `</other>; rel=first`},
		"/issues?page=3":         {`</issues?page=9>; rel="nextish", <$API/issues?page=4>; rel=next; rel=prev`},
	}
	n := 0
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for _, l := range links[r.RequestURI] {
			w.Header().Add("lInK", strings.ReplaceAll(l, "$API", a.url))
		}
		n++
		a.json(w, "["+numbered(n, n)+"]")
	})
	a.load(linked)
	a.wantIDs("issues", "1 2 3 4")
	want := []string{"GET /issues", "GET /issues?q=a,b;c&page=2", "GET /issues?page=3", "GET /issues?page=4"}
	if got := a.asked(); !slices.Equal(got, want) {
		t.Errorf("asked %q", got)
	}
}

// API-11: a next link to another host is followed without credentials, with one
// warning (OPR-08).
func TestAPI11LinkToAnotherHost(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "" || strings.Contains(r.URL.RawQuery, "s3cret") {
			leaked.Store(true)
		}
		if r.URL.Query().Get("part") == "2" {
			fmt.Fprint(w, `{"items":[{"id":3}]}`)
			return
		}
		fmt.Fprintf(w, `{"items":[{"id":2}],"next":"http://%s/signed?part=2"}`, r.Host)
	}))
	defer other.Close()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		a.json(w, fmt.Sprintf(`{"items":[{"id":1}],"next":"%s/signed?X-Amz-Signature=abc&part=1"}`, other.URL))
	})
	result := a.load(`local secrets = require("secrets")
	return {
		client = { base_url = "$API", auth = { token = secrets.get("api.token") }, headers = { ["X-Api-Key"] = "s3cret-key" }, paginator = "json_link" },
		resources = { { name = "files", endpoint = { data_selector = "items" } } },
	}`)
	a.wantIDs("files", "1 2 3")
	if leaked.Load() {
		t.Error("credentials went to another host")
	}
	wantWarning(t, result, "files", strings.TrimPrefix(other.URL, "http://"), "without credentials", "client.allowed_hosts")
	// Where the script switches auth off, it knows that.
	result = a.load(fmt.Sprintf(`return {
		client = { base_url = "$API", auth = { token = require("secrets").get("api.token") } },
		resources = {
			{ name = "jobs", selected = false, rows = { { file = %q } } },
			{ name = "files", write_disposition = "replace", endpoint = { path = "{resources.jobs.file}", auth = false, paginator = "single_page", data_selector = "items" } },
		},
	}`, other.URL+"/signed?part=2"))
	if len(result.Warnings) > 0 || leaked.Load() {
		t.Errorf("without auth: warnings %q, leaked %t", result.Warnings, leaked.Load())
	}
}

// API-24: many rows share the cursor value at the boundary: none is lost, none
// comes twice.
func TestAPI24BulkEdit(t *testing.T) {
	t.Parallel()
	var second atomic.Bool
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		n := 500
		if second.Load() {
			n = 700 // 200 more with the same value came after the first load
		}
		for i := 1; i <= n; i++ {
			fmt.Fprintf(&b, `{"id":%d,"updated_at":"2026-01-01T00:00:00Z"},`, i)
		}
		a.json(w, "["+strings.TrimSuffix(b.String(), ",")+"]")
	})
	const script = `return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "edits", endpoint = { params = { since = "{incremental.start_value}" },
			incremental = { cursor_path = "updated_at", initial_value = "2025-01-01T00:00:00Z" } } } },
	}`
	a.load(script)
	a.wantIDs("edits", count(1, 500))
	second.Store(true)
	a.load(script)
	a.wantIDs("edits", count(1, 700))
	result := a.load(script)
	a.wantIDs("edits", count(1, 700))
	if result.Tables["edits"].Rows != 0 {
		t.Errorf("%d rows came again", result.Tables["edits"].Rows)
	}
}

// API-25: rows shift while they are paged through by offset. Keys that come
// twice are counted, and the way out is named (OPR-22).
func TestAPI25ShiftingRows(t *testing.T) {
	t.Parallel()
	a := answers(t, map[string]string{
		"/issues?offset=0&limit=2": `[{"id":1},{"id":2}]`,
		"/issues?offset=2&limit=2": `[{"id":2},{"id":3}]`,
		"/issues?offset=4&limit=2": `[{"id":3},{"id":4}]`,
		"/issues?offset=6&limit=2": `[]`,
	})
	result := a.load(`return {
		client = { base_url = "$API" },
		resources = { { name = "issues", primary_key = "id", write_disposition = "merge", endpoint = { data_selector = "$",
			paginator = { type = "offset", limit = 2, total_path = require("json").null } } } },
	}`)
	if got := strings.Fields(a.ids("issues")); len(got) != 4 {
		t.Errorf("ids %v", got)
	}
	wantWarning(t, result, "issues: 2 of 6 keys came twice: the data changed while paging", "incremental.window", "cursor")
	if r := result.Resources["issues"]; r.Duplicates != 2 {
		t.Errorf("%d duplicates reported", r.Duplicates)
	}
}
