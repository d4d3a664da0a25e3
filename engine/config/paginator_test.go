package config

import (
	"testing"

	"github.com/restlua/restlua/engine/hook"
)

func TestPaginators(t *testing.T) {
	t.Parallel()
	of := func(text string) *Paginator {
		t.Helper()
		p := first(t, endpointOf(`"paginator": `+text)).Endpoint.Paginator
		p.Path, p.Pos = "", Pos{}
		return p
	}
	seven, three := int64(7), int64(3)
	for _, row := range []struct {
		name, config string
		want         Paginator
	}{
		{"PAG-SINGLE-01", `"single_page"`, Paginator{Kind: "single_page"}},
		{"PAG-JLINK-01", `"json_link"`, Paginator{Kind: "json_link", NextURLPath: "next"}},
		{"PAG-JLINK-06", `{"type": "json_link", "next_url_path": "a.b"}`, Paginator{Kind: "json_link", NextURLPath: "a.b"}},
		{"BLD-16 json_response", `{"type": "json_response", "next_url_path": "a"}`, Paginator{Kind: "json_link", NextURLPath: "a"}},
		{"BLD-16 json_links", `"json_links"`, Paginator{Kind: "json_link", NextURLPath: "next"}},
		{"PAG-HLINK-01", `"header_link"`, Paginator{Kind: "header_link", LinksNextKey: "next"}},
		{"BLD-16 header_links", `{"type": "header_links", "links_next_key": "n"}`, Paginator{Kind: "header_link", LinksNextKey: "n"}},
		{"PAG-HCUR-01", `"header_cursor"`, Paginator{Kind: "header_cursor", CursorKey: "next", CursorParam: "cursor"}},
		{"PAG-CURSOR-01, PAG-CURSOR-06", `"cursor"`, Paginator{Kind: "cursor", CursorPath: "cursors.next", CursorParam: "cursor"}},
		{"PAG-CURSOR-04", `{"type": "cursor", "cursor_body_path": "a.b", "has_more_path": "m", "stop_after_empty_page": true}`,
			Paginator{Kind: "cursor", CursorPath: "cursors.next", CursorBodyPath: "a.b", HasMorePath: "m", StopAfterEmptyPage: true}},
		{"PAG-OFFSET-01, PAG-RANGE-04", `{"type": "offset", "limit": 42, "offset": 123}`,
			Paginator{Kind: "offset", Limit: 42, Offset: 123, OffsetParam: "offset", LimitParam: "limit", TotalPath: "total", StopAfterEmptyPage: true}},
		{"PAG-OFFSET-03, PAG-OFFSET-04", `{"type": "offset", "limit": 1, "offset_body_path": "o", "limit_param": "l", "total_path": null, "maximum_offset": 7, "stop_after_empty_page": false, "parallel": 4}`,
			Paginator{Kind: "offset", Limit: 1, OffsetBodyPath: "o", LimitParam: "l", MaximumOffset: &seven, Parallel: 4}},
		{"PAG-PAGE-01", `"page_number"`, Paginator{Kind: "page_number", PageParam: "page", TotalPath: "total", StopAfterEmptyPage: true}},
		{"PAG-PAGE-01 base", `{"type": "page_number", "base_page": 1}`, Paginator{Kind: "page_number", BasePage: 1, Page: 1, PageParam: "page", TotalPath: "total", StopAfterEmptyPage: true}},
		{"PAG-PAGE-03, PAG-PAGE-05", `{"type": "page_number", "base_page": 1, "page": 3, "page_body_path": "p", "maximum_page": 3, "total_path": false, "has_more_path": "m"}`,
			Paginator{Kind: "page_number", BasePage: 1, Page: 3, PageBodyPath: "p", MaximumPage: &three, HasMorePath: "m", StopAfterEmptyPage: true}},
		{"OPR-20, OPR-21", `{"type": "cursor", "on_repeat": "stop", "reset": {"after_records": 10000, "cursor_path": "id", "start_param": "s"}}`,
			Paginator{Kind: "cursor", CursorPath: "cursors.next", CursorParam: "cursor", OnRepeat: "stop", Reset: &PaginatorReset{10000, "id", "s"}}},
		{"PAG-CUST-01 function", `{"$func": 1}`, Paginator{Kind: "function", Custom: hook.Paginator{Step: "resources[1].endpoint.paginator"}}},
		{"PAG-CUST-01 table", `{"update_state": {"$func": 1}, "init_request": {"$func": 1}}`,
			Paginator{Kind: "function", Custom: hook.Paginator{UpdateState: "resources[1].endpoint.paginator.update_state", InitRequest: "resources[1].endpoint.paginator.init_request"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.want.OnRepeat == "" {
				row.want.OnRepeat = "error"
			}
			equal(t, "paginator", *of(row.config), row.want)
		})
	}
	p := first(t, endpointOf("\n\"paginator\": \"cursor\"")).Endpoint.Paginator
	equal(t, "place", line(p.Path, p.Pos.File, p.Pos.Line), "resources[1].endpoint.paginator s.lua 2")
}

func TestPaginatorErrors(t *testing.T) {
	t.Parallel()
	of := func(text string) string { return endpointOf(`"paginator": ` + text) }
	checkMistakes(t, []mistake{
		{"PAG-CURSOR-05", of(`{"type": "cursor", "cursor_param": "a", "cursor_body_path": "b"}`), []string{"endpoint.paginator: either 'cursor_param' or 'cursor_body_path' must be provided, not both"}},
		{"PAG-RANGE-09 offset", of(`{"type": "offset", "limit": 1, "total_path": null, "stop_after_empty_page": false}`), []string{"one of `total_path`, `maximum_offset`, `has_more_path` or `stop_after_empty_page` must be provided"}},
		{"PAG-RANGE-09 page_number", of(`{"type": "page_number", "total_path": null, "stop_after_empty_page": false}`), []string{"`maximum_page`"}},
		{"PAG-RANGE-10 both", of(`{"type": "offset", "limit": 1, "offset_param": "a", "offset_body_path": "b"}`), []string{"either 'offset_param' or 'offset_body_path' must be provided, not both"}},
		{"PAG-RANGE-10 empty param", of(`{"type": "offset", "limit": 1, "limit_param": ""}`), []string{"either 'limit_param' or 'limit_body_path'"}},
		{"PAG-RANGE-10 empty body", of(`{"type": "page_number", "page_body_path": ""}`), []string{"either 'page_param' or 'page_body_path'"}},
		{"PAG-OFFSET-01 limit", of(`{"type": "offset", "limit": 0}`), []string{"paginator.limit: must be at least 1, not 0"}},
		{"OPR-04 parallel without end", of(`{"type": "page_number", "total_path": null, "parallel": 2}`), []string{"paginator.parallel: pages can be asked side by side only with a known end"}},
		{"OPR-21 reset", of(`{"type": "cursor", "reset": {"after_records": 1, "cursor_path": "id"}}`), []string{`paginator.reset: missing required key "start_param"`}},
		{"PAG-CUST-01 no update_state", of(`{"init_request": {"$func": 1}}`), []string{`missing required key "update_state"`}},
		{"JSP-06", of(`{"type": "cursor", "cursor_path": "a."}`), []string{`paginator.cursor_path: "a." is no JSONPath`}},
		{"type no text", of(`{"type": 5}`), []string{"paginator.type: must be a string, not the number 5"}},
		{"other one's key", of(`{"type": "cursor", "limit": 5}`), []string{`unknown key "limit" of paginator cursor`}},
	})
}
