package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
)

func TestDetectPaginator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		link string
		body string
		want string // kind and path
	}{
		{"AUTO-10 header wins", `</x>; rel="next"`, `{"next":"https://x"}`, "header_link"},
		{"AUTO-10 no next in the header", `</x>; rel="prev"`, `{}`, "single_page"},
		{"AUTO-11", "", `{"results":[],"next":"https://x"}`, "json_link next"},
		{"AUTO-12", "", `{"items":[],"page_info":{"total_pages":50}}`, "page_number page_info.total_pages"},
		{"AUTO-12 text", "", `{"TotalPages":"50"}`, "page_number TotalPages"},
		{"AUTO-12 other key", "", `{"pageSize":50}`, "single_page"},
		{"AUTO-12 no number", "", `{"pages":[1],"x":{"pages":"many"}}`, "single_page"},
		{"AUTO-13", "", `{"products":[],"next_cursor":"e=="}`, "cursor next_cursor"},
		{"AUTO-14 nested", "", `{"results":[],"cursors":{"next":"N="}}`, "cursor cursors.next"},
		{"AUTO-14 number", "", `{"entries":[],"next_id":33}`, "cursor next_id"},
		{"AUTO-14 object with href", "", `{"_embedded":{},"_links":{"next":{"title":"x","href":"/p2"}}}`, "json_link _links.next.href"},
		{"AUTO-14 search goes on inside", "", `{"next":{"page":{"next_token":"t"}}}`, "cursor next.page.next_token"},
		{"AUTO-14 null and lists are skipped", "", `{"next":null,"Next_Page":[1],"nextThing":"t"}`, "cursor nextThing"},
		{"AUTO-14 never through lists", "", `{"data":[{"next":"https://x"}]}`, "single_page"},
		{"AUTO-15 the first next only", "", `{"next_cursor":"tok","links":{"next":"https://x"}}`, "cursor next_cursor"},
		{"AUTO-16 links before pages", "", `{"items":[],"meta":{"totalPages":3},"links":{"nextPage":"/items?page=2"}}`, "json_link links.nextPage"},
		{"AUTO-16 pages", "", `{"data":[],"page":1,"pages":10}`, "page_number pages"},
		{"AUTO-16 offset", "", `{"data":[],"pagination":{"offset":0,"limit":1,"total":9}}`, "single_page"},
		{"AUTO-16 paging", "", `{"articles":[],"paging":{"current":1,"size":1,"total":9}}`, "single_page"},
		{"AUTO-16 bare list", "", `[1]`, "single_page"},
		{"AUTO-19 booleans", "", `{"next":true}`, "single_page"},
		{"odd keys", "", `{"a b":{"next'":"t"}}`, `cursor $['a b']['next\'']`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := detectPaginator(http.Header{"Link": {c.link}}, []byte(c.body))
			got := strings.TrimSpace(p.Kind + " " + p.NextURLPath + p.TotalPath + p.CursorPath)
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if _, err := newPaginator(p, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDetectedSeries(t *testing.T) {
	t.Parallel()
	const u = "GET https://api.test/v1/things"
	for _, c := range []struct {
		name  string
		steps []step
		asked []string
		pages []string
		warns string
	}{
		{"AUTO-17 cursor", []step{b(`{"data":[1],"next_cursor":"tok"}`), b(`{"data":[2]}`)}, []string{u, u + "?cursor=tok"}, []string{"1", "2"}, ""},
		{"AUTO-18 an API that counts from 0", []step{b(`{"data":[1],"pages":3}`), b(`{"data":[2],"pages":3}`), b(`{"data":[3],"pages":3}`)},
			[]string{u, u + "?page=1", u + "?page=2"}, []string{"1", "2", "3"}, "please check it"},
		{"AUTO-18 an API that counts from 1", []step{b(`{"data":[1],"pages":3,"at":1}`), b(`{"data":[1],"pages":3,"at":2}`), b(`{"data":[2],"pages":3}`), b(`{"data":[3],"pages":3}`)},
			[]string{u, u + "?page=1", u + "?page=2", u + "?page=3"}, []string{"1", "2", "3"}, "please check it"},
		{"AUTO-18 two pages from 1", []step{b(`{"data":[1],"pages":2}`), b(`{"data":[1],"pages":2}`), b(`{"data":[2],"pages":2}`)},
			[]string{u, u + "?page=1", u + "?page=2"}, []string{"1", "2"}, "please check it"},
		{"AUTO-18 one page", []step{b(`{"data":[1],"pages":1}`)}, []string{u}, []string{"1"}, "please check it"},
		{"AUTO-20 a list", []step{b(`{"data":[1]}`)}, []string{u}, []string{"1"}, "only one page"},
		{"AUTO-20 one object", []step{b(`{"id":1}`)}, []string{u}, []string{`{"id":1}`}, ""},
		{"API-13 204", []step{{status: 204}}, []string{u}, []string{""}, "204"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := steps(c.steps...)
			r := a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{}}, nil)
			got, err := pages(t, r, Binding{})
			if err != nil {
				t.Fatal(err)
			}
			wantTexts(t, "pages", got, c.pages...)
			wantTexts(t, "requests", a.asked, c.asked...)
			if all := strings.Join(a.warnings, "\n"); !strings.Contains(all, c.warns) || c.warns == "" && all != "" {
				t.Errorf("warnings %q, want %q", all, c.warns)
			}
			if a.released != len(a.asked) {
				t.Errorf("%d of %d replies released", a.released, len(a.asked))
			}
		})
	}
}

// Which paginator a series uses (MRG-10 to MRG-12, ENT-03, ENT-04).
func TestChoosePaginator(t *testing.T) {
	t.Parallel()
	p := func(kind string) *config.Paginator { return &config.Paginator{Kind: kind} }
	for _, c := range []struct {
		name     string
		client   *config.Paginator
		endpoint config.Endpoint
		want     string
	}{
		{"MRG-10 endpoint", p("cursor"), config.Endpoint{Paginator: p("offset")}, "offset"},
		{"MRG-10 client", p("cursor"), config.Endpoint{}, "cursor"},
		{"MRG-12 auto falls to the client", p("cursor"), config.Endpoint{Paginator: p("auto")}, "cursor"},
		{"none", nil, config.Endpoint{}, ""},
		{"auto", p("auto"), config.Endpoint{}, ""},
		{"ENT-03 ENT-04 single entity", p("cursor"), config.Endpoint{SingleEntity: true, Paginator: p("single_page")}, "single_page"},
		{"ENT-04 single entity with a paginator", nil, config.Endpoint{SingleEntity: true, Paginator: p("cursor")}, "cursor"},
	} {
		got := choosePaginator(&config.Client{Paginator: c.client}, &c.endpoint)
		if got == nil && c.want != "" || got != nil && got.Kind != c.want {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}
