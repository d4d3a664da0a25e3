package scripts_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// zendeskAPI models Zendesk: exports of the tickets, events and users of n
// seconds, one each, and lists.
type zendeskAPI struct {
	*api
	start, now time.Time
	n          int
}

func newZendesk(t *testing.T, start time.Time, n int) *zendeskAPI {
	a := &zendeskAPI{start: start, now: start.AddDate(1, 0, 0), n: n}
	a.api = serve(t, func(r *http.Request) (int, string) {
		if user, token, _ := r.BasicAuth(); user != "ann@acme.com/token" || token != "zendesk-token" {
			return http.StatusUnauthorized, "Couldn't authenticate you"
		}
		return 0, ""
	})
	a.handle("GET /api/v2/incremental/{what}/cursor", func(r *http.Request) (any, string) {
		q := r.URL.Query()
		if why := unknown(q, "start_time", "cursor", "per_page"); why != "" {
			return nil, why
		}
		if q.Has("start_time") == q.Has("cursor") {
			return nil, "one of start_time and cursor is needed"
		}
		first, why := a.since(q.Get("start_time"))
		if c := q.Get("cursor"); c != "" {
			raw, err := base64.StdEncoding.DecodeString(c)
			if first, _ = strconv.Atoi(string(raw)); err != nil {
				return nil, "invalid cursor"
			}
			why = ""
		}
		if why != "" {
			return nil, why
		}
		size, why := limit(q.Get("per_page"), 1000)
		if why != "" {
			return nil, why
		}
		rows := []object{}
		last := min(first+size, a.n)
		for i := first; i < last; i++ {
			at := a.start.Add(time.Duration(i) * time.Second)
			rows = append(rows, object{"id": i, "updated_at": at.Format(time.RFC3339), "generated_timestamp": at.Unix(), "name": fmt.Sprint("number ", i)})
		}
		after := base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(last)))
		return object{r.PathValue("what"): rows, "after_cursor": after, "after_url": "https://acme.zendesk.com/?cursor=" + after, "end_of_stream": last == a.n}, ""
	})
	a.handle("GET /api/v2/incremental/ticket_events", func(r *http.Request) (any, string) {
		q := r.URL.Query()
		if why := unknown(q, "start_time", "include", "per_page"); why != "" {
			return nil, why
		}
		first, why := a.since(q.Get("start_time"))
		if why != "" {
			return nil, why
		}
		events := []object{}
		last := min(first+1000, a.n)
		for i := first; i < last; i++ {
			children := []object{{"id": i*10 + 1, "event_type": "Change", "status": "open"}}
			if q.Get("include") == "comment_events" {
				children = append(children, object{"id": i*10 + 2, "event_type": "Comment", "author_id": 7, "public": true, "body": "hello"})
			}
			events = append(events, object{"id": i * 10, "ticket_id": i, "timestamp": a.start.Unix() + int64(i), "created_at": a.start, "child_events": children})
		}
		return object{"ticket_events": events, "count": len(events), "end_time": a.start.Unix() + int64(last) - 1, "next_page": "https://acme.zendesk.com/", "end_of_stream": last == a.n}, ""
	})
	a.handle("GET /api/v2/{list}", func(r *http.Request) (any, string) {
		q := r.URL.Query()
		if why := unknown(q, "page[size]", "page[after]"); why != "" {
			return nil, why
		}
		size, why := limit(q.Get("page[size]"), 100)
		if why != "" {
			return nil, why
		}
		all, ok := behind(numberedObjects(130), "id", strings.TrimPrefix(q.Get("page[after]"), "after "))
		if !ok {
			return nil, "invalid page[after]"
		}
		page := all[:min(size, len(all))]
		return object{r.PathValue("list"): page, "meta": object{"has_more": len(all) > size, "after_cursor": fmt.Sprint("after ", page[len(page)-1]["id"])}}, ""
	})
	return a
}

// since is the first row at or behind a start time.
func (a *zendeskAPI) since(text string) (int, string) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return 0, "Invalid start_time"
	case n > a.now.Unix()-60:
		return 0, "Too recent start_time. Use a start_time older than 60 seconds"
	}
	return int(max(0, n-a.start.Unix())), ""
}

// zendesk.lua against a model of the API: an export of 4,500 tickets that is
// interrupted and goes on at its cursor, then what is new, seconds later.
func TestZendesk(t *testing.T) {
	t.Parallel()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	a := newZendesk(t, start, 4500)
	dir := filepath.Join(t.TempDir(), "zendesk")
	s := settings{
		secrets:   map[string]string{"zendesk.email": "ann@acme.com", "zendesk.token": "zendesk-token"},
		config:    map[string]string{"zendesk.url": a.url, "zendesk.subdomain": "acme"},
		resources: []string{"tickets"},
		resume:    true,
	}
	// The fourth page is never answered: the run ends before it. By then the first
	// was taken in; the two between may have been on their way.
	pages := 0
	a.interrupt("zendesk", dir, s, func(*http.Request) bool { pages++; return pages == 4 })
	first, _ := load(t, "zendesk", dir, s)
	wantRows(t, first, "tickets", 4500, 0, 0, 4500)
	asked := a.requests()
	begun := func(r string) bool { return strings.Contains(r, "start_time=") }
	if len(asked) > 4 || slices.ContainsFunc(asked, begun) {
		t.Errorf("the run that goes on asked %q, want the last pages", asked)
	}

	s.resources, s.resume = nil, false
	second, _ := load(t, "zendesk", dir, s)
	wantRows(t, second, "comments", 4500, 0, 0, 4500)
	wantRows(t, second, "users", 4500, 0, 0, 4500)
	wantRows(t, second, "organizations", 130, 0, 0, 130)
	wantRows(t, second, "groups", 130, 0, 0, 130)

	a.n, a.now = 4510, start.Add(4510*time.Second)
	a.requests()
	third, _ := load(t, "zendesk", dir, s)
	wantRows(t, third, "tickets", 10, 121, 0, 4510) // two minutes once more
	wantRows(t, third, "comments", 10, 121, 0, 4510)
	wantRows(t, third, "users", 10, 121, 0, 4510)
	if n := len(a.requests()); n != 7 {
		t.Errorf("the third run made %d requests, want one for each export and two for each list", n)
	}
}
