package rest

import (
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/rawjson"
)

func TestSelection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		selector string
		key      string
		single   bool
		body     string
		want     string // records joined by blanks
		fails    string
		warns    string
	}{
		{name: "SEL-01 one match that is a list", selector: "d.rows", body: `{"d":{"rows":[{"a":1}, 2 ,"x"]},"z":[9]}`, want: `{"a":1} 2 "x"`},
		{name: "SEL-02 one match that is no list", selector: "d", body: `{"d":{"k":1}}`, want: `{"k":1}`},
		{name: "SEL-03 API-13 null", selector: "users", body: `{"users":null}`, warns: "found null"},
		{name: "SEL-04 no match", selector: "users", body: `{"x":[1]}`},
		{name: "SEL-04 not an object", selector: "users.x", body: `{"users":[{"x":1}]}`},
		{name: "SEL-05 many lists", selector: "d[*].i", body: `{"d":[{"i":[1,2]},{"i":[3]}]}`, want: `[1,2] [3]`},
		{name: "SEL-05 one list", selector: "d[*].i", body: `{"d":[{"i":[1,2]}]}`, want: `1 2`},
		{name: "SEL-06 list", selector: "$", body: ` [1, 2] `, want: `1 2`},
		{name: "SEL-06 object", selector: "$", body: `{"data":[1]}`, want: `{"data":[1]}`},
		{name: "SEL-09 null body", selector: "$", body: `null`, warns: "found null"},
		{name: "SEL-09 API-17 not JSON", selector: "$", body: "{\"a\":1,\n}", fails: "line 2 column 1"},
		{name: "SEL-09 text behind", selector: "a", body: `{"a":[1]}{"a":[2]}`, fails: "jsonl"},
		{name: "API-15 truncated", selector: "a", body: `{"a":[{"b":1},{"b`, fails: "unexpected end of text"},
		{name: "API-17 NaN", selector: "a", body: `{"a":[NaN]}`, fails: "lenient"},
		{name: "API-18 the last of equal keys", selector: "a", body: `{"a":[1,2],"a":[3]}`, want: `3`},
		{name: "API-18 the last of equal keys is none", selector: "a.b", body: `{"a":{"b":[1]},"a":5}`},
		{name: "escaped keys", selector: "data", body: `{"d\u0061ta":[1]}`, want: `1`},
		{name: "quoted keys", selector: "['a.b']", body: `{"a.b":[1]}`, want: `1`},
		{name: "empty list", selector: "a", body: `{"a":[ ]}`},
		{name: "SEL-07 rows that are no objects", selector: "", body: `["a",5]`, want: `"a" 5`},
		{name: "API-19 keyed", selector: "users.*", key: "id", body: `{"users":{"17":{"n":1},"x y":{"n":2,"id":5},"s":"t"}}`, want: `{"n":1,"id":"17"} {"n":2,"id":"x y"} {"value":"t","id":"s"}`},
		{name: "API-19 one only", selector: "users.*", key: "id", body: `{"users":{"17":{"n":1}}}`, want: `{"n":1,"id":"17"}`},
		{name: "API-19 as a list", selector: "users[*]", key: "id", body: `{"users":[{"n":1}]}`, want: `{"n":1,"id":"0"}`},
		{name: "API-19 whole body", selector: "*", key: "id", body: `{"a":{"n":1}}`, want: `{"n":1,"id":"a"}`},
		{name: "API-19 none", selector: "users.*", key: "id", body: `{"users":{}}`},
		{name: "ENT-03 the whole response", single: true, body: `{"id":1,"tags":["a"]}`, want: `{"id":1,"tags":["a"]}`},
		{name: "ENT-05 a list", single: true, body: `[1,2]`, want: `1 2`},

		{name: "AUTO-01 list", body: `[{"a":1}]`, want: `{"a":1}`},
		{name: "AUTO-02 three deep", body: `{"w":{"x":{"rows":[1]}}}`, want: `1`},
		{name: "AUTO-02 not four deep", body: `{"w":{"x":{"y":{"rows":[1]}}}}`, want: `{"w":{"x":{"y":{"rows":[1]}}}}`},
		{name: "AUTO-03 document order", body: `{"a":{"b":[1]},"c":[2]}`, want: `1`},
		{name: "AUTO-04 known names win", body: `{"stuff":[1],"w":{"x":{"rows":[2]}}}`, want: `2`},
		{name: "AUTO-04 nested", body: `{"_embedded":{"items":[3]}}`, want: `3`},
		{name: "AUTO-04 case counts", body: `{"stuff":[1],"Data":[2]}`, want: `1`},
		{name: "AUTO-05", body: `{"products":[1],"next_cursor":"x"}`, want: `1`},
		{name: "AUTO-06", body: `{"meta":{"tags":["t"]},"stuff":[{"a":1}]}`, want: `"t"`},
		{name: "AUTO-07", body: `{"id":1}`, want: `{"id":1}`},
		{name: "AUTO-08", body: `{"data":[],"errors":[]}`},
		{name: "AUTO-09 LUA-03 keys that are no paths", body: `{"a b.c":{"1'x":[7]}}`, want: `7`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := answers(c.body)
			r := a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{DataSelector: c.selector, KeyColumn: c.key, SingleEntity: c.single, Paginator: &config.Paginator{Kind: "single_page"}}}, nil)
			got, err := pages(t, r, Binding{})
			if c.fails != "" {
				wantError(t, err, c.fails, "things: page 1 of https://api.test/v1/things")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantTexts(t, "pages", got, c.want)
			if all := strings.Join(a.warnings, "\n"); !strings.Contains(all, c.warns) || c.warns == "" && all != "" {
				t.Errorf("warnings %q, want %q", all, c.warns)
			}
			if a.released != 1 {
				t.Errorf("%d replies released", a.released)
			}
		})
	}
}

// SEL-08: the selector is detected on the first page with a body, once for each
// series.
func TestSelectorIsDetectedOnce(t *testing.T) {
	t.Parallel()
	a := answers(`{"stuff":[1],"next":"?p=2"}`, `{"data":[9],"stuff":[2],"next":"?p=3"}`, `{"data":[9]}`, `{"data":[3]}`)
	r := a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{}}, nil)
	got, err := pages(t, r, Binding{})
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "first series", got, "1", "2", "")
	if got, err = pages(t, r, Binding{}); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "second series", got, "3")

	a = answers(`{"id":1,"next":"?p=2"}`, `{"data":[9]}`)
	if got, err = pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{}}, nil), Binding{}); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "without a list", got, `{"id":1,"next":"?p=2"}`, `{"data":[9]}`)
}

// A selector that is no path is an error before any request (JSP-06).
func TestBadSelector(t *testing.T) {
	t.Parallel()
	_, err := answers().try(config.Client{}, config.Resource{Endpoint: &config.Endpoint{DataSelector: "a["}}, nil)
	wantError(t, err, "things", "data_selector", "a[")
}

// Whatever is found in one pass is what the path finds, and what is refused is
// no JSON.
func FuzzFinder(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,2]}}`, `{"a":1,"a":{"b":null}}`, `{"a":{"b":[1,]}}`, `{"a":{"b":{}}} x`, `[{"a":1}]`, `{"a":{"c":1,"b":"\u00e9"}}`} {
		f.Add([]byte(s))
	}
	names := []string{"a", "b"}
	f.Fuzz(func(t *testing.T, doc []byte) {
		s := selection{names: names, text: "a.b"}
		got, err := s.find(doc, nil, &rawjson.Marks{})
		if end, skipErr := rawjson.Skip(doc, 0); (skipErr == nil && rawjson.SkipSpace(doc, end) == len(doc)) != (err == nil) {
			t.Fatalf("find says %v, the walk %v: %q", err, skipErr, doc)
		}
		if err != nil {
			return
		}
		var want found
		if m := matchNames(doc, names); m != nil {
			want = rowsOf(m[0], nil)
		}
		if got.null != want.null || got.list != want.list || len(got.records) != len(want.records) {
			t.Fatalf("%q: found %+v, want %+v", doc, got, want)
		}
		for i := range got.records {
			if string(got.records[i]) != string(want.records[i]) {
				t.Fatalf("%q: record %d is %s, want %s", doc, i, got.records[i], want.records[i])
			}
		}
	})
}

// page256K is a page of 256 KiB as APIs send them.
func page256K() []byte {
	record := `{"id":123456,"number":42,"title":"a title of some length that is quite usual","state":"open","user":{"login":"octocat","id":1,"admin":false},"labels":[{"name":"bug"},{"name":"help"}],"body":null,"score":1.5,"created_at":"2024-01-25T11:21:28Z"}`
	n := (256 << 10) / (len(record) + 1)
	return []byte(`{"total":100000,"data":[` + strings.Repeat(record+",", n-1) + record + `],"next":"https://api.test/v1/things?page=2"}`)
}

// Finding the records of a page takes no memory but the list of slices.
func TestFindAllocatesNothing(t *testing.T) {
	doc := page256K()
	s := selection{names: []string{"data"}, text: "data"}
	records := make([][]byte, 0, 2000)
	var marks rawjson.Marks
	if n := testing.AllocsPerRun(10, func() {
		f, err := s.find(doc, records, &marks)
		if err != nil || len(f.records) < 1000 {
			t.Fatal(len(f.records), err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a page", n)
	}
}

func BenchmarkFind256K(b *testing.B) {
	doc := page256K()
	s := selection{names: []string{"data"}, text: "data"}
	records := make([][]byte, 0, 2000)
	var marks rawjson.Marks
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.find(doc, records, &marks); err != nil {
			b.Fatal(err)
		}
	}
}
