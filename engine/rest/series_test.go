package rest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// PAG-02, PAG-RANGE-03: an error while the paginator moves on means that the
// page's rows do not come out; the error names resource, page and URL, and
// comes again.
func TestErrorKeepsThePageBack(t *testing.T) {
	t.Parallel()
	a := answers(`{"data":[1],"total":9}`, `{"data":[2]}`)
	r := a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: &config.Paginator{Kind: "offset", Limit: 1, OffsetParam: "offset", LimitParam: "limit", TotalPath: "total"}}}, nil)
	r.mask = func(u string) string { return strings.ReplaceAll(u, "offset=1", "offset=***") }
	s, err := r.Series(Binding{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = s.Next(t.Context())
		wantError(t, err, "things: page 2 of https://api.test/v1/things?offset=***&limit=1", "total")
	}
	if len(a.asked) != 2 || a.released != 1 {
		t.Errorf("%d requests, %d replies released", len(a.asked), a.released)
	}
	if _, ok := s.Snapshot(); ok {
		t.Error("a failed series has a snapshot")
	}
}

// PAG-04, ACT-01, ACT-13: an ignored response ends the series; earlier pages
// stay, and its body is not read.
func TestIgnoredResponseEndsTheSeries(t *testing.T) {
	t.Parallel()
	a := steps(b(`{"data":[1],"next":"?p=2"}`), step{status: 404, body: `not JSON`})
	e := &config.Endpoint{ResponseActions: []config.Action{{HasStatus: true, Status: 404, Do: hook.Ignore}}}
	got, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: e}, nil), Binding{})
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "pages", got, "1")
	if a.released != 2 {
		t.Errorf("%d replies released", a.released)
	}
}

func TestStopKeepsThePage(t *testing.T) {
	t.Parallel()
	a := answers(`{"data":[1],"next":"?p=2"}`)
	e := &config.Endpoint{ResponseActions: []config.Action{{HasContent: true, Content: "data", Do: hook.Stop}}}
	got, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: e}, nil), Binding{})
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "pages", got, "1")
}

// OPR-10, API-12 to API-14: bodies that are not what they should be.
func TestOddBodies(t *testing.T) {
	t.Parallel()
	html := "\n<!DOCTYPE html><html><title>Sign in</title>" + strings.Repeat("x", 500)
	for _, c := range []struct {
		name   string
		step   step
		strict bool
		want   string
		fails  []string
	}{
		{name: "API-14 BOM", step: b("\xef\xbb\xbf[1]"), want: "1"},
		{name: "API-14 wrong Content-Type", step: step{header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: `[1]`}, want: "1"},
		{name: "API-14 text/html with JSON", step: step{header: http.Header{"Content-Type": {"text/html"}}, body: `[1]`}, want: "1"},
		{name: "API-13 empty", step: b(" \n")},
		{name: "API-13 null", step: b("null")},
		{name: "SEL-09 on_empty_body", step: step{status: 204}, strict: true, fails: []string{"no body", "204"}},
		{name: "API-12", step: b(html), fails: []string{"got HTML (a login or error page?) from GET https://api.test/v1/things: <!DOCTYPE html><html><title>Sign in</title>x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &config.Endpoint{Paginator: &config.Paginator{Kind: "single_page"}}
			if c.strict {
				e.OnEmptyBody = "fail"
			}
			got, err := pages(t, steps(c.step).resource(t, config.Client{}, config.Resource{Endpoint: e}, nil), Binding{})
			if c.fails != nil {
				wantError(t, err, c.fails...)
				if len(err.Error()) > 400 {
					t.Errorf("the error has %d characters", len(err.Error()))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantTexts(t, "pages", got, c.want)
		})
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	number := config.Paginator{Kind: "page_number", PageParam: "page", StopAfterEmptyPage: true}
	cursor := config.Paginator{Kind: "cursor", CursorPath: "next", CursorParam: "after"}
	link := config.Paginator{Kind: "json_link", NextURLPath: "next"}
	for _, c := range []struct {
		name      string
		paginator config.Paginator
		bodies    []string
		fails     []string
		pages     []string // with on_repeat = "stop"
	}{
		{"OPR-20 API-08 the page param is ignored", number, []string{`[1]`, `[1]`}, []string{`does the API ignore "page"`, "page_number", "page 2"}, []string{"1"}},
		{"OPR-20 the same cursor", cursor, []string{`{"d":[1],"next":"a"}`, `{"d":[2],"next":"a"}`}, []string{"cursor", "after=a", "for this very page"}, []string{"1", "2"}},
		{"OPR-20 a cycle of cursors", cursor, []string{`{"d":[1],"next":"a"}`, `{"d":[2],"next":"b"}`, `{"d":[3],"next":"a"}`}, []string{"after=a", "earlier in this series"}, []string{"1", "2", "3"}},
		{"OPR-20 the same link", link, []string{`{"d":[1],"next":"/v1/things"}`}, []string{"json_link", "https://api.test/v1/things"}, []string{"1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := pages(t, answers(c.bodies...).resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: &c.paginator}}, nil), Binding{})
			wantError(t, err, append(c.fails, "on_repeat", "things")...)
			stop := c.paginator
			stop.OnRepeat = "stop"
			a := answers(c.bodies...)
			got, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: &stop}}, nil), Binding{})
			if err != nil {
				t.Fatal(err)
			}
			wantTexts(t, "pages", got, c.pages...)
			if a.released != len(a.asked) {
				t.Errorf("%d of %d replies released", a.released, len(a.asked))
			}
		})
	}
}

// API-09: equal empty pages are no repetition.
func TestEmptyPagesAreNoRepetition(t *testing.T) {
	t.Parallel()
	p := &config.Paginator{Kind: "offset", Limit: 1, OffsetParam: "o", LimitParam: "l", TotalPath: "total"}
	got, err := pages(t, answers(`{"d":[],"total":3}`, `{"d":[],"total":3}`, `{"d":[1],"total":3}`).resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: p}}, nil), Binding{})
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "pages", got, "", "", "1")
}

// OPR-20: where the script says the end, equal pages are taken, as dlt takes them.
func TestEqualPagesWithAKnownEnd(t *testing.T) {
	t.Parallel()
	three := int64(3)
	for _, p := range []*config.Paginator{
		{Kind: "page_number", PageParam: "page", BasePage: 1, MaximumPage: &three},
		{Kind: "offset", Limit: 1, OffsetParam: "o", LimitParam: "l", MaximumOffset: &three},
	} {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			got, err := pages(t, answers(`[1]`, `[1]`, `[1]`, `[1]`).resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: p}}, nil), Binding{})
			if err != nil {
				t.Fatal(err)
			}
			wantTexts(t, "pages", got, "1", "1", "1")
		})
	}
}

// manyPages is an API with records 0..n-1 that pages by every means.
func manyPages(n, size int) *api {
	return &api{answer: func(r *hook.Request) (int, http.Header, string) {
		u, err := url.Parse(withParams(r))
		if err != nil {
			return 400, nil, ""
		}
		q := u.Query()
		from := 0
		for name, unit := range map[string]int{"offset": 1, "page": size, "after": 1, "since": 1} {
			if v := q.Get(name); v != "" {
				x, _ := strconv.Atoi(v)
				from += x * unit
			}
		}
		if r.JSON != nil {
			var body struct{ Page struct{ After int } }
			_ = json.Unmarshal(r.JSON, &body)
			from = body.Page.After
		}
		var rows []string
		for i := from; i < min(n, from+size); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":%d}`, i))
		}
		more := from+size < n
		header := http.Header{}
		next := ""
		if more {
			next = fmt.Sprintf(`,"next":%d,"link":"/v1/things?after=%d&k=1"`, from+size, from+size)
			header.Set("Link", fmt.Sprintf(`</v1/things?after=%d>; rel="next"`, from+size))
			header.Set("X-Next", strconv.Itoa(from+size))
		}
		return 200, header, fmt.Sprintf(`{"stuff":[%s],"total":%d,"total_pages":%d%s}`, strings.Join(rows, ","), n, (n+size-1)/size, next)
	}}
}

// Every kind of paginator gives every record once, and goes on from a snapshot
// behind any page as if nothing had been (OPR-41).
func TestSnapshotOfEveryKind(t *testing.T) {
	t.Parallel()
	custom := pagingWorld{
		init: func(r *hook.Request) any { return map[string]int{"at": 0} },
		next: func(r *hook.Request, resp *hook.Response, records, state []byte) (any, bool) {
			var s struct{ At int }
			_ = json.Unmarshal(state, &s)
			var rows []json.RawMessage
			_ = json.Unmarshal(records, &rows)
			s.At += len(rows)
			r.Params = []hook.Pair{{Name: "after", Value: strconv.Itoa(s.At)}}
			r.Headers.Set("X-At", strconv.Itoa(s.At))
			return map[string]int{"at": s.At}, len(rows) == 3
		},
	}
	for name, p := range map[string]*config.Paginator{
		"PAG-JLINK json_link":         {Kind: "json_link", NextURLPath: "link"},
		"PAG-HLINK header_link":       {Kind: "header_link", LinksNextKey: "next"},
		"PAG-HCUR header_cursor":      {Kind: "header_cursor", CursorKey: "x-next", CursorParam: "after"},
		"PAG-CURSOR cursor":           {Kind: "cursor", CursorPath: "next", CursorParam: "after"},
		"PAG-CURSOR-04 cursor body":   {Kind: "cursor", CursorPath: "next", CursorBodyPath: "page.after"},
		"PAG-OFFSET offset":           {Kind: "offset", Limit: 3, OffsetParam: "offset", LimitParam: "limit", TotalPath: "total"},
		"PAG-OFFSET-04 offset body":   {Kind: "offset", Limit: 3, OffsetBodyPath: "page.after", LimitParam: "limit", TotalPath: "total"},
		"PAG-PAGE page_number":        {Kind: "page_number", PageParam: "page", TotalPath: "total_pages"},
		"OPR-04 parallel offset":      {Kind: "offset", Limit: 3, OffsetParam: "offset", LimitParam: "limit", TotalPath: "total", Parallel: 3},
		"OPR-04 parallel page_number": {Kind: "page_number", PageParam: "page", TotalPath: "total_pages", Parallel: 2},
		"OPR-21 reset":                {Kind: "page_number", PageParam: "page", StopAfterEmptyPage: true, Reset: &config.PaginatorReset{AfterRecords: 6, CursorPath: "id", StartParam: "since"}},
		"PAG-CUST-01 function":        {Kind: "function"},
		"AUTO detected":               nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := config.Endpoint{Method: "POST", Headers: []config.HeaderTemplate{{Name: text("X-Key"), Value: text("secret")}}, Params: []config.Param{param("q", str("s3cret"))}, Paginator: p}
			const n = 17
			make := func() (*api, *Resource) {
				a := manyPages(n, 3)
				r := a.resource(t, config.Client{}, config.Resource{Endpoint: &e}, custom)
				return a, r
			}
			read := func(s *Series, most int) (records []string) {
				for i := 0; i < most; i++ {
					p, err := s.Next(t.Context())
					if err == io.EOF {
						return records
					}
					if err != nil {
						t.Fatal(err)
					}
					if p.Number <= 0 || p.Bytes == 0 || p.URL == "" {
						t.Errorf("page %+v", p)
					}
					for _, r := range p.Records {
						records = append(records, string(r))
					}
					p.Release()
				}
				return records
			}
			a, r := make()
			whole, err := r.Series(Binding{})
			if err != nil {
				t.Fatal(err)
			}
			want := read(whole, 100)
			if len(want) != n || whole.Records() != n {
				t.Fatalf("%d records, Records() says %d; want %d: %s", len(want), whole.Records(), n, want)
			}
			for i, record := range want {
				if record != fmt.Sprintf(`{"id":%d}`, i) {
					t.Fatalf("record %d is %s", i, record)
				}
			}
			if a.released != len(a.asked) {
				t.Errorf("%d of %d replies released", a.released, len(a.asked))
			}
			for cut := 0; cut <= 6; cut++ {
				_, r := make()
				before, _ := r.Series(Binding{})
				got := read(before, cut)
				snapshot, ok := before.Snapshot()
				if !ok {
					t.Fatalf("no snapshot behind page %d", cut)
				}
				if strings.Contains(string(snapshot), "secret") || p != nil && p.Kind != "function" && strings.Contains(string(snapshot), "s3cret") {
					t.Errorf("the snapshot has what may be a secret: %s", snapshot)
				}
				b, r := make()
				after, _ := r.Series(Binding{})
				if err := after.Restore(snapshot); err != nil {
					t.Fatal(err)
				}
				got = append(got, read(after, 100)...)
				wantTexts(t, fmt.Sprintf("behind page %d", cut), got, want...)
				if len(b.requests) > 0 && b.requests[0].Headers.Get("X-Key") != "secret" {
					t.Error("the header of the script is gone")
				}
				if err := after.Restore(snapshot); err == nil && len(b.requests) > 0 {
					t.Error("a series under way was restored")
				}
			}
		})
	}
}

func TestRestoreRefusesNonsense(t *testing.T) {
	t.Parallel()
	r := answers().resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: &config.Paginator{Kind: "cursor", CursorPath: "n", CursorParam: "c"}}}, nil)
	for _, text := range []string{"", "[]", `{"started":true,"page":1,"seen":["zz"]}`, `{"started":true,"page":1,"seen":["00"]}`} {
		s, err := r.Series(Binding{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Restore([]byte(text)); err == nil {
			t.Errorf("%q is restored", text)
		}
	}
}

// A next request with a secret that came from elsewhere is not kept in files.
func TestSnapshotHoldsNoSecret(t *testing.T) {
	t.Parallel()
	a := answers(`{"d":[1],"next":"/v1/things?token=hunter22"}`)
	r := a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: &config.Paginator{Kind: "json_link", NextURLPath: "next"}}}, nil)
	r.hide = func(s string) string { return strings.ReplaceAll(s, "hunter22", "***") }
	s, _ := r.Series(Binding{})
	if _, err := s.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, ok := s.Snapshot(); ok {
		t.Errorf("OPR-64 the snapshot is %s", text)
	}
}

// OPR-22, API-07: the total that was stated last is there for the report.
func TestStatedTotal(t *testing.T) {
	t.Parallel()
	a := answers(`{"d":[1,2],"total":"5"}`, `{"d":[3],"total":4}`)
	r := a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: &config.Paginator{Kind: "offset", Limit: 2, OffsetParam: "o", LimitParam: "l", TotalPath: "total"}}}, nil)
	s, _ := r.Series(Binding{})
	if _, ok := s.Stated(); ok {
		t.Error("a total before the first page")
	}
	for {
		if _, err := s.Next(t.Context()); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if total, ok := s.Stated(); !ok || total != 4 || s.Records() != 3 {
		t.Errorf("total %d, %v; %d records", total, ok, s.Records())
	}
}

// OPR-04: a failed page ends the series where it stands in page order.
func TestParallelErrorComesInOrder(t *testing.T) {
	t.Parallel()
	a := manyPages(30, 3)
	answer := a.answer
	a.answer = func(r *hook.Request) (int, http.Header, string) {
		if strings.Contains(withParams(r), "offset=9") {
			return 500, nil, ""
		}
		return answer(r)
	}
	p := &config.Paginator{Kind: "offset", Limit: 3, OffsetParam: "offset", LimitParam: "limit", TotalPath: "total", Parallel: 5}
	got, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: p}}, nil), Binding{})
	wantError(t, err, "500")
	if len(got) != 3 {
		t.Errorf("%d pages before the error, want 3", len(got))
	}
}

// OPR-04: an early end gives back what was asked for in vain.
func TestParallelReleasesTheRest(t *testing.T) {
	t.Parallel()
	a := manyPages(8, 3)
	p := &config.Paginator{Kind: "offset", Limit: 3, OffsetParam: "offset", LimitParam: "limit", MaximumOffset: ptr(100), StopAfterEmptyPage: true, Parallel: 6}
	got, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: p}}, nil), Binding{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 || a.released != len(a.asked) {
		t.Errorf("%d pages; %d of %d replies released", len(got), a.released, len(a.asked))
	}
}

// OPR-21: a border at which more records lie than the API ever gives cannot be
// passed.
func TestResetThatDoesNotAdvance(t *testing.T) {
	t.Parallel()
	a := &api{}
	n := 0
	a.answer = func(*hook.Request) (int, http.Header, string) {
		n++
		return 200, nil, fmt.Sprintf(`[{"at":5,"n":%d},{"at":5,"m":%d}]`, n, n)
	}
	p := &config.Paginator{Kind: "page_number", PageParam: "page", StopAfterEmptyPage: true, Reset: &config.PaginatorReset{AfterRecords: 2, CursorPath: "at", StartParam: "since"}}
	_, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: p}}, nil), Binding{})
	wantError(t, err, "cannot get past", "5", `"at"`)
	p.Reset.CursorPath = "zz"
	_, err = pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Paginator: p}}, nil), Binding{})
	wantError(t, err, `"zz" is not in the record`)
}

// Mistakes that can be seen before the first request.
func TestBadPaginators(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		e    config.Endpoint
		want string
	}{
		{"PAG-RANGE-09 offset", config.Endpoint{Paginator: &config.Paginator{Kind: "offset", Limit: 1, OffsetParam: "o", LimitParam: "l"}}, "never ends"},
		{"PAG-RANGE-09 page_number", config.Endpoint{Paginator: &config.Paginator{Kind: "page_number", PageParam: "p"}}, "never ends"},
		{"offset without limit", config.Endpoint{Paginator: &config.Paginator{Kind: "offset", StopAfterEmptyPage: true}}, "limit"},
		{"JSP-06", config.Endpoint{Paginator: &config.Paginator{Kind: "cursor", CursorPath: "a.", CursorParam: "c"}}, "cursor_path"},
		{"JSP-06 total", config.Endpoint{Paginator: &config.Paginator{Kind: "offset", Limit: 1, TotalPath: "a["}}, "total_path"},
		{"VAL-09", config.Endpoint{Paginator: &config.Paginator{Kind: "ofset"}}, "ofset"},
		{"BODY-11", config.Endpoint{Data: &config.Data{IsRaw: true, Raw: text("x")}, Paginator: &config.Paginator{Kind: "cursor", CursorPath: "c", CursorBodyPath: "c"}}, "JSON body"},
		{"functions without a script", config.Endpoint{Paginator: &config.Paginator{Kind: "function"}}, "script"},
		{"reset", config.Endpoint{Paginator: &config.Paginator{Kind: "single_page", Reset: &config.PaginatorReset{AfterRecords: 1, CursorPath: "id"}}}, "start_param"},
	} {
		_, err := answers().try(config.Client{}, config.Resource{Endpoint: &c.e}, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "things: paginator") && c.name != "BODY-11" {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
