package rest

import (
	"net/http"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

func ptr(n int64) *int64 { return &n }

// step is one response of a series.
type step struct {
	status int
	header http.Header
	body   string
}

func steps(list ...step) *api {
	i := 0
	return &api{answer: func(*hook.Request) (int, http.Header, string) {
		if i >= len(list) {
			return 500, nil, "one request too many"
		}
		i++
		s := list[i-1]
		if s.status == 0 {
			s.status = 200
		}
		return s.status, s.header, s.body
	}}
}

func b(body string) step { return step{body: body} }

func TestPaginators(t *testing.T) {
	t.Parallel()
	const u = "https://api.test/v1/things"
	jsonLink := config.Paginator{Kind: "json_link", NextURLPath: "next"}
	cursor := config.Paginator{Kind: "cursor", CursorPath: "cursors.next", CursorParam: "cursor"}
	with := func(p config.Paginator, change func(*config.Paginator)) config.Paginator {
		change(&p)
		return p
	}
	offset := config.Paginator{Kind: "offset", Limit: 2, OffsetParam: "offset", LimitParam: "limit", TotalPath: "total", StopAfterEmptyPage: true}
	number := config.Paginator{Kind: "page_number", PageParam: "page", TotalPath: "total", StopAfterEmptyPage: true}
	for _, c := range []struct {
		name      string
		paginator config.Paginator
		endpoint  config.Endpoint
		steps     []step
		asked     []string // behind "GET " + u
		fails     string
	}{
		{name: "PAG-SINGLE-01 one request", paginator: config.Paginator{Kind: "single_page"},
			steps: []step{b(`{"data":[1],"next":"/x"}`)}, asked: []string{""}},

		{name: "PAG-JLINK-01 until the link is missing", paginator: jsonLink,
			steps: []step{b(`{"data":[1],"next":"https://api.test/v1/things?page=2"}`), b(`{"data":[2]}`)}, asked: []string{"", "?page=2"}},
		{name: "PAG-JLINK-01 until it is null", paginator: jsonLink,
			steps: []step{b(`{"data":[1],"next":null}`)}, asked: []string{""}},
		{name: "PAG-JLINK-07 until it is empty", paginator: jsonLink,
			steps: []step{b(`{"data":[1],"next":""}`)}, asked: []string{""}},
		{name: "PAG-JLINK-05 PARAM-06 params are sent once", paginator: jsonLink, endpoint: config.Endpoint{Params: []config.Param{param("q", str("1"))}},
			steps: []step{b(`{"data":[1],"next":"?page=2%2F"}`), b(`{"data":[2]}`)}, asked: []string{"?q=1", "?page=2%2F"}},
		{name: "PAG-JLINK-08 API-09 an empty page does not end it", paginator: jsonLink,
			steps: []step{b(`{"data":[],"next":"/v1/things?page=2"}`), b(`{"data":[2]}`)}, asked: []string{"", "?page=2"}},
		{name: "PAG-JLINK-06 API-05 quoted path", paginator: config.Paginator{Kind: "json_link", NextURLPath: "['@odata.nextLink']"},
			steps: []step{b(`{"value":[1],"@odata.nextLink":"things?$skip=1"}`), b(`{"value":[2]}`)}, asked: []string{"", "?$skip=1"}},
		{name: "PAG-JLINK a number is no link", paginator: jsonLink,
			steps: []step{b(`{"data":[1],"next":2}`)}, asked: []string{""}, fails: "not a URL"},

		{name: "PAG-HLINK-01 follows rel next", paginator: config.Paginator{Kind: "header_link", LinksNextKey: "next"},
			steps: []step{{header: http.Header{"Link": {`</v1/things?p=2>; rel="next", </v1/things?p=9>; rel="last"`}}, body: `[1]`}, b(`[2]`)}, asked: []string{"", "?p=2"}},
		{name: "PAG-HLINK-02 another key", paginator: config.Paginator{Kind: "header_link", LinksNextKey: "fwd"},
			steps: []step{{header: http.Header{"Link": {`</x?p=0>; rel="prev", </v1/things?p=2&q=9>; rel=fwd; title="t"`}}, body: `[1]`}, b(`[2]`)}, asked: []string{"", "?p=2&q=9"}},

		{name: "PAG-HCUR-01 params stay", paginator: config.Paginator{Kind: "header_cursor", CursorKey: "X-Next", CursorParam: "c"}, endpoint: config.Endpoint{Params: []config.Param{param("q", str("1"))}},
			steps: []step{{header: http.Header{"X-Next": {"t1"}}, body: `[1]`}, b(`[2]`)}, asked: []string{"?q=1", "?q=1&c=t1"}},

		{name: "PAG-CURSOR-02 params and the cursor", paginator: cursor, endpoint: config.Endpoint{Params: []config.Param{param("q", str("1"))}},
			steps: []step{b(`{"data":[1],"cursors":{"next":"a b"}}`), b(`{"data":[2],"cursors":{"next":""}}`)}, asked: []string{"?q=1", "?q=1&cursor=a+b"}},
		{name: "PAG-CURSOR-03 0 ends", paginator: cursor, steps: []step{b(`{"data":[1],"cursors":{"next":0}}`)}, asked: []string{""}},
		{name: "PAG-CURSOR-03 false ends", paginator: cursor, steps: []step{b(`{"data":[1],"cursors":{"next":false}}`)}, asked: []string{""}},
		{name: "PAG-CURSOR-02 PARAM-03 a list as cursor repeats the param", paginator: cursor, endpoint: config.Endpoint{Params: []config.Param{param("cursor", str("0")), param("q", str("1"))}},
			steps: []step{b(`{"data":[1],"cursors":{"next":["x",7]}}`), b(`{"data":[2]}`)}, asked: []string{"?cursor=0&q=1", "?cursor=x&cursor=7&q=1"}},
		{name: "PAG-CURSOR-10 API-16 numbers", paginator: cursor,
			steps: []step{b(`{"data":[1],"cursors":{"next":12345678901234567890}}`), b(`{"data":[2],"cursors":{}}`)}, asked: []string{"", "?cursor=12345678901234567890"}},
		{name: "PAG-CURSOR-06 goes on behind an empty page", paginator: cursor,
			steps: []step{b(`{"data":[],"cursors":{"next":"a"}}`), b(`{"data":[2]}`)}, asked: []string{"", "?cursor=a"}},
		{name: "PAG-CURSOR-06 stop_after_empty_page", paginator: with(cursor, func(p *config.Paginator) { p.StopAfterEmptyPage = true }),
			steps: []step{b(`{"data":[],"cursors":{"next":"a"}}`)}, asked: []string{""}},
		{name: "PAG-CURSOR-07 has_more ends", paginator: with(cursor, func(p *config.Paginator) { p.HasMorePath = "more" }),
			steps: []step{b(`{"data":[1],"more":true,"cursors":{"next":"a"}}`), b(`{"data":[2],"more":"No","cursors":{"next":"b"}}`)}, asked: []string{"", "?cursor=a"}},
		{name: "PAG-CURSOR-08 has_more missing", paginator: with(cursor, func(p *config.Paginator) { p.HasMorePath = "more" }),
			steps: []step{b(`{"data":[1],"cursors":{"next":"a"}}`)}, asked: []string{""}, fails: `"more" is not in the response`},
		{name: "PAG-CURSOR-08 has_more a number", paginator: with(cursor, func(p *config.Paginator) { p.HasMorePath = "more" }),
			steps: []step{b(`{"data":[1],"more":1,"cursors":{"next":"a"}}`)}, asked: []string{""}, fails: "expected true or false"},
		{name: "PAG-CURSOR-09 more without cursor", paginator: with(cursor, func(p *config.Paginator) { p.HasMorePath = "more" }),
			steps: []step{b(`{"data":[1],"more":true}`)}, asked: []string{""}, fails: "gives no cursor"},
		{name: "API-03 the last row's id", paginator: config.Paginator{Kind: "cursor", CursorPath: "data[-1].id", CursorParam: "starting_after", HasMorePath: "has_more"},
			steps: []step{b(`{"data":[{"id":"a"},{"id":"b"}],"has_more":true}`), b(`{"data":[],"has_more":false}`)}, asked: []string{"", "?starting_after=b"}},

		{name: "PAG-OFFSET-01 an offset before the beginning", paginator: with(offset, func(p *config.Paginator) { p.Offset = -2 }),
			steps: []step{b(`{"data":[1],"total":1}`), b(`{"data":[2],"total":1}`)}, asked: []string{"?offset=-2&limit=2", "?offset=0&limit=2"}},
		{name: "PAG-OFFSET-01 PAG-RANGE-01 first values", paginator: with(offset, func(p *config.Paginator) { p.Offset, p.Limit = 123, 42 }),
			steps: []step{b(`{"data":[1],"total":200}`), b(`{"data":[2],"total":200}`)}, asked: []string{"?offset=123&limit=42", "?offset=165&limit=42"}},
		{name: "PAG-OFFSET-02 PAG-RANGE-06 total", paginator: offset,
			steps: []step{b(`{"data":[1,2],"total":4}`), b(`{"data":[3,4],"total":4}`)}, asked: []string{"?offset=0&limit=2", "?offset=2&limit=2"}},
		{name: "PAG-OFFSET-03 PAG-RANGE-06 maximum", paginator: with(offset, func(p *config.Paginator) { p.TotalPath, p.MaximumOffset = "", ptr(4) }),
			steps: []step{b(`[1,2]`), b(`[3,4]`)}, asked: []string{"?offset=0&limit=2", "?offset=2&limit=2"}},
		{name: "PAG-OFFSET-05 a short page does not end it", paginator: offset,
			steps: []step{b(`{"data":[1],"total":4}`), b(`{"data":[3],"total":4}`)}, asked: []string{"?offset=0&limit=2", "?offset=2&limit=2"}},
		{name: "PAG-OFFSET-06 PAG-RANGE-02 until the empty page", paginator: with(offset, func(p *config.Paginator) { p.TotalPath = "" }),
			steps: []step{b(`[1,2]`), b(`[]`)}, asked: []string{"?offset=0&limit=2", "?offset=2&limit=2"}},
		{name: "PAG-RANGE-02 an empty page needs no total", paginator: offset, steps: []step{b(`{"data":[]}`)}, asked: []string{"?offset=0&limit=2"}},
		{name: "PAG-RANGE-03 total missing", paginator: offset, steps: []step{b(`{"data":[1]}`)}, asked: []string{"?offset=0&limit=2"}, fails: "the total of records is not in the response"},
		{name: "PAG-RANGE-05 API-07 text totals", paginator: offset, steps: []step{b(`{"data":[1],"total":" 2 "}`)}, asked: []string{"?offset=0&limit=2"}},
		{name: "PAG-RANGE-05 bad text", paginator: offset, steps: []step{b(`{"data":[1],"total":"3.0"}`)}, asked: []string{"?offset=0&limit=2"}, fails: "expected an integer"},
		{name: "PAG-RANGE-05 cut", paginator: offset, steps: []step{b(`{"data":[1],"total":2.7}`)}, asked: []string{"?offset=0&limit=2"}},
		{name: "PAG-RANGE-12 a list", paginator: offset, steps: []step{b(`{"data":[1],"total":[1]}`)}, asked: []string{"?offset=0&limit=2"}, fails: "expected an integer"},
		{name: "PAG-RANGE-07 has_more narrows", paginator: with(offset, func(p *config.Paginator) { p.HasMorePath = "more" }),
			steps: []step{b(`{"data":[1],"total":9,"more":false}`)}, asked: []string{"?offset=0&limit=2"}},
		{name: "PAG-RANGE-07 has_more does not widen", paginator: with(offset, func(p *config.Paginator) { p.TotalPath, p.HasMorePath, p.MaximumOffset = "", "more", ptr(1) }),
			steps: []step{b(`{"data":[1],"more":true}`)}, asked: []string{"?offset=0&limit=2"}},
		{name: "PAG-RANGE-11 passes empty pages", paginator: with(offset, func(p *config.Paginator) { p.StopAfterEmptyPage = false }),
			steps: []step{b(`{"data":[1],"total":5}`), b(`{"data":[],"total":5}`), b(`{"data":[2],"total":5}`)}, asked: []string{"?offset=0&limit=2", "?offset=2&limit=2", "?offset=4&limit=2"}},

		{name: "PAG-PAGE-02 PAG-RANGE-06 total and base", paginator: with(number, func(p *config.Paginator) { p.Page, p.BasePage = 1, 1 }),
			steps: []step{b(`{"data":[1],"total":3}`), b(`{"data":[2],"total":3}`), b(`{"data":[3],"total":3}`)}, asked: []string{"?page=1", "?page=2", "?page=3"}},
		{name: "PAG-PAGE-02 from 0", paginator: number,
			steps: []step{b(`{"data":[1],"total":2}`), b(`{"data":[2],"total":2}`)}, asked: []string{"?page=0", "?page=1"}},
		{name: "PAG-PAGE-03 page is not base", paginator: with(number, func(p *config.Paginator) { p.Page, p.BasePage = 3, 1 }),
			steps: []step{b(`{"data":[1],"total":4}`), b(`{"data":[2],"total":4}`)}, asked: []string{"?page=3", "?page=4"}},
		{name: "PAG-PAGE-04 maximum", paginator: with(number, func(p *config.Paginator) { p.Page, p.BasePage, p.MaximumPage, p.TotalPath = 1, 1, ptr(3), "" }),
			steps: []step{b(`[1]`), b(`[2]`)}, asked: []string{"?page=1", "?page=2"}},
		{name: "PAG-PAGE-06 total 0", paginator: number, steps: []step{b(`{"data":[1],"total":0}`)}, asked: []string{"?page=0"}},
		{name: "PARAM-05 overwrites a param and the path's query", paginator: with(number, func(p *config.Paginator) { p.Page, p.BasePage = 1, 1 }),
			endpoint: config.Endpoint{Path: text("things?page=7&x=1"), Params: []config.Param{param("page", str("100")), param("a", str("b"))}},
			steps:    []step{b(`{"data":[1],"total":2}`), b(`{"data":[2],"total":2}`)}, asked: []string{"?x=1&page=1&a=b", "?x=1&page=2&a=b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := steps(c.steps...)
			c.endpoint.Paginator = &c.paginator
			r := a.resource(t, config.Client{}, config.Resource{Endpoint: &c.endpoint}, nil)
			_, err := pages(t, r, Binding{})
			if c.fails != "" {
				wantError(t, err, c.fails, "things", "page ")
			} else if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, q := range c.asked {
				want = append(want, "GET "+u+q)
			}
			wantTexts(t, "requests", a.asked, want...)
		})
	}
}
