package scripts_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// notionAPI models Notion: two databases, one of which has 250 pages, with
// nested blocks.
type notionAPI struct {
	*api
	edited map[string]time.Time // of the pages
	blocks map[string]int       // at the top of a page
}

// notionList is a page of a list of n objects, from the cursor on.
func notionList(size, cursor string, n int, make func(i int) object) (any, string) {
	count, why := limit(size, 100)
	if why != "" {
		return nil, why
	}
	first := 0
	if cursor != "" {
		var err error
		rest, ok := strings.CutPrefix(cursor, "cursor-")
		if first, err = strconv.Atoi(rest); !ok || err != nil {
			return nil, "start_cursor is not valid: " + cursor
		}
	}
	results := []object{}
	for i := first; i < min(first+count, n); i++ {
		results = append(results, make(i))
	}
	page := object{"object": "list", "results": results, "has_more": first+count < n, "next_cursor": nil}
	if first+count < n {
		page["next_cursor"] = fmt.Sprintf("cursor-%d", first+count)
	}
	return page, ""
}

func newNotion(t *testing.T) *notionAPI {
	a := &notionAPI{edited: map[string]time.Time{}, blocks: map[string]int{}}
	a.api = serve(t, func(r *http.Request) (int, string) {
		switch {
		case r.Header.Get("Authorization") != "Bearer ntn_1":
			return http.StatusUnauthorized, "API token is invalid."
		case r.Header.Get("Notion-Version") != "2025-09-03":
			return http.StatusBadRequest, "Notion-Version header should be defined"
		case r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json":
			return http.StatusBadRequest, "body failed validation"
		}
		return 0, ""
	})
	query := func(f func(size, cursor string, r *http.Request) (any, string)) func(r *http.Request) (any, string) {
		return func(r *http.Request) (any, string) {
			q := r.URL.Query()
			if why := unknown(q, "page_size", "start_cursor"); why != "" {
				return nil, why
			}
			return f(q.Get("page_size"), q.Get("start_cursor"), r)
		}
	}
	a.handle("GET /v1/users", query(func(size, cursor string, _ *http.Request) (any, string) {
		return notionList(size, cursor, 101, func(i int) object { return object{"object": "user", "id": fmt.Sprintf("user-%d", i), "type": "person"} })
	}))
	a.handle("POST /v1/search", func(r *http.Request) (any, string) {
		var body struct {
			Filter      struct{ Property, Value string }
			PageSize    int    `json:"page_size"`
			StartCursor string `json:"start_cursor"`
		}
		if err := decode(r, &body); err != nil {
			return nil, err.Error()
		}
		if body.Filter.Property != "object" || body.Filter.Value != "data_source" {
			return nil, "this model finds data sources only"
		}
		return notionList(strconv.Itoa(body.PageSize), body.StartCursor, 2, func(i int) object {
			return object{"object": "data_source", "id": fmt.Sprintf("ds%d", i), "title": []object{{"plain_text": fmt.Sprintf("List %d", i)}}, "parent": object{"database_id": "db"}, "properties": object{}}
		})
	})
	a.mux.HandleFunc("POST /v1/data_sources/{id}/query", func(w http.ResponseWriter, r *http.Request) {
		if a.once("429") {
			w.Header().Set("Retry-After", "2")
			reply(w, http.StatusTooManyRequests, object{"code": "rate_limited"})
			return
		}
		answer, why := a.query(r)
		if why != "" {
			a.refuse(w, r, http.StatusBadRequest, why)
			return
		}
		reply(w, http.StatusOK, answer)
	})
	a.handle("GET /v1/blocks/{id}/children", query(func(size, cursor string, r *http.Request) (any, string) {
		id := r.PathValue("id")
		n, ok := a.blocks[id]
		if strings.Contains(id, "-block-") {
			n, ok = 2, true // in each that has any
		}
		if !ok {
			n = 1
		}
		return notionList(size, cursor, n, func(i int) object {
			return object{"id": fmt.Sprintf("%s-block-%d", id, i), "type": "paragraph", "has_children": i == 0 && n > 2, "paragraph": object{"rich_text": []object{{"plain_text": "text"}}}}
		})
	}))
	return a
}

// query answers the pages of a data source that were edited since.
func (a *notionAPI) query(r *http.Request) (any, string) {
	var body struct {
		PageSize    int    `json:"page_size"`
		StartCursor string `json:"start_cursor"`
		Filter      struct {
			Timestamp string
			Edited    struct {
				OnOrAfter time.Time `json:"on_or_after"`
			} `json:"last_edited_time"`
		}
		Sorts []struct{ Timestamp, Direction string }
	}
	if err := decode(r, &body); err != nil {
		return nil, err.Error()
	}
	if body.Filter.Timestamp != "last_edited_time" || len(body.Sorts) != 1 || body.Sorts[0].Direction != "ascending" {
		return nil, "body failed validation"
	}
	var ids []string
	for i := range 250 {
		id := fmt.Sprintf("%s-page-%d", r.PathValue("id"), i)
		if at, ok := a.edited[id]; ok && !at.Before(body.Filter.Edited.OnOrAfter) {
			ids = append(ids, id)
		}
	}
	return notionList(strconv.Itoa(body.PageSize), body.StartCursor, len(ids), func(i int) object {
		return object{
			"object": "page", "id": ids[i], "created_time": "2020-01-01T00:00:00.000Z", "created_by": object{"id": "user-1"}, "last_edited_by": object{"id": "user-1"},
			"last_edited_time": a.edited[ids[i]].Format("2006-01-02T15:04:00.000Z"),
			"properties":       object{"Name": object{"id": "title", "type": "title", "title": []object{{"plain_text": ids[i]}}}},
		}
	})
}

// notion.lua against a model of the API: two databases, then the pages that
// changed, with their blocks.
func TestNotion(t *testing.T) {
	t.Parallel()
	a := newNotion(t)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 250 {
		a.edited[fmt.Sprintf("ds0-page-%d", i)] = start.Add(time.Duration(i) * time.Hour)
	}
	a.edited["ds1-page-0"] = start.AddDate(1, 0, 0) // the other database is ahead
	a.blocks["ds0-page-3"] = 120                    // more than an answer holds
	dir := filepath.Join(t.TempDir(), "notion")
	s := settings{secrets: map[string]string{"notion.token": "ntn_1"}, config: map[string]string{"notion.url": a.url}}
	first, waited := load(t, "notion", dir, s)
	wantRows(t, first, "users", 101, 0, 0, 101)
	wantRows(t, first, "data_sources", 2, 0, 0, 2)
	wantRows(t, first, "pages_list_0", 250, 0, 0, 250)
	wantRows(t, first, "pages_list_1", 1, 0, 0, 1)
	wantRows(t, first, "blocks", 250+120+2, 0, 0, 250+120+2)
	if waited < time.Duration(first.Requests-4)*time.Second/3 {
		t.Errorf("%d requests in %v, want 3 a second", first.Requests, waited)
	}

	a.edited["ds0-page-3"] = start.Add(249 * time.Hour)
	a.blocks["ds0-page-3"] = 5
	second, _ := load(t, "notion", dir, s)
	wantRows(t, second, "pages_list_0", 0, 2, 0, 250) // and the last one, which may have changed in its minute
	wantRows(t, second, "blocks", 0, 8+1, 120-5, 257)
}
