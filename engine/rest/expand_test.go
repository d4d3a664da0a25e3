package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// firstRequest is the first request of a series.
func firstRequest(t testing.TB, client config.Client, e config.Endpoint, b Binding) (*hook.Request, error) {
	t.Helper()
	a := answers(`[]`)
	e.Paginator = &config.Paginator{Kind: "single_page"}
	r, err := a.try(client, config.Resource{Name: "comments", Parent: "posts", Endpoint: &e}, nil)
	if err != nil {
		return nil, err
	}
	if _, err = pages(t, r, b); err != nil {
		return nil, err
	}
	return a.requests[0], nil
}

func TestFirstRequestURL(t *testing.T) {
	t.Parallel()
	parent := `{"id":12345678901234567890,"name":"a b/c","accent":"é","percent":"100%","done":"a%20b","empty":"","n":1.50,"deep":{"list":[{"id":7}]},"user@domain":"u","null":null,"list":[1, 2]}`
	inc := &IncrementalValues{Start: []byte(`"2024-01-25T11:21:28Z"`), Initial: []byte(`2`), Last: []byte(`3`), End: []byte(`"10"`), Lag: []byte(`3600`), CursorPath: []byte(`"updated_at"`), StartRequest: []byte(`1`), EndRequest: []byte(`10`)}
	for _, c := range []struct {
		name, base string
		endpoint   config.Endpoint
		binding    Binding
		want       string
	}{
		{name: "URL-01", base: "http://example.com", endpoint: config.Endpoint{Path: text("path")}, want: "http://example.com/path"},
		{name: "URL-01 slashes", base: "http://example.com///", endpoint: config.Endpoint{Path: text("//path")}, want: "http://example.com/path"},
		{name: "URL-02 empty path", base: "http://example.com/v1/", endpoint: config.Endpoint{Path: text("")}, want: "http://example.com/v1/"},
		{name: "URL-02 slash", base: "http://example.com", endpoint: config.Endpoint{Path: text("///")}, want: "http://example.com/"},
		{name: "URL-04 absolute", base: "http://example.com", endpoint: config.Endpoint{Path: text("https://other.test/x")}, want: "https://other.test/x"},
		{name: "URL-04 other scheme", base: "http://example.com", endpoint: config.Endpoint{Path: text("my://protocol")}, want: "http://example.com/my://protocol"},
		{name: "URL-05 query and fragment", base: "http://example.com", endpoint: config.Endpoint{Path: text("x?q=1#f"), Params: []config.Param{param("r", num("2"))}}, want: "http://example.com/x?q=1&r=2#f"},
		{name: "URL-06", base: "https://api.example.com/v1/", endpoint: config.Endpoint{Path: text("/users")}, want: "https://api.example.com/v1/users"},
		{name: "URL-06 dots", base: "https://api.example.com/v1/", endpoint: config.Endpoint{Path: text("../users/./x")}, want: "https://api.example.com/users/x"},

		{name: "REL-01 PLH-16 LUA-04 API-16", endpoint: config.Endpoint{Path: text("x/{resources.posts.id}/{resources.posts.id}/z")}, want: "https://api.test/v1/x/12345678901234567890/12345678901234567890/z"},
		{name: "REL-03 PLH-04 JSONPath", endpoint: config.Endpoint{Path: text("x/{resources.posts.deep.list[0].id}")}, want: "https://api.test/v1/x/7"},
		{name: "PLH-15 API-35 slash and blank", endpoint: config.Endpoint{Path: text("x/{resources.posts.name}/z")}, want: "https://api.test/v1/x/a%20b/c/z"},
		{name: "PLH-15 API-35 accent", endpoint: config.Endpoint{Path: text("x/{resources.posts.accent}")}, want: "https://api.test/v1/x/%C3%A9"},
		{name: "PLH-15 API-35 lone percent", endpoint: config.Endpoint{Path: text("x/{resources.posts.percent}/z")}, want: "https://api.test/v1/x/100%25/z"},
		{name: "PLH-15 escape stays", endpoint: config.Endpoint{Path: text("x/{resources.posts.done}")}, want: "https://api.test/v1/x/a%20b"},
		{name: "PLH-23 API-35 empty", endpoint: config.Endpoint{Path: text("posts/{resources.posts.empty}")}, want: "https://api.test/v1/posts/"},
		{name: "PLH-12 braces", endpoint: config.Endpoint{Path: config.Template{Parts: []config.Part{{Literal: "x/{y}/z"}}}}, want: "https://api.test/v1/x/%7By%7D/z"},
		{name: "PLH-04 the path wins over a key that spells it", binding: Binding{Parent: []byte(`{"m":{"k":1},"m.k":2}`)}, endpoint: config.Endpoint{Path: text("x/{resources.posts.m.k}")}, want: "https://api.test/v1/x/1"},
		{name: "PLH-19 a key that spells the path", binding: Binding{Parent: []byte(`{"m":{},"m.k":2}`)}, endpoint: config.Endpoint{Path: text("x/{resources.posts.m.k}")}, want: "https://api.test/v1/x/2"},
		{name: "PLH-19", endpoint: config.Endpoint{Path: text("x/{resources.posts.user@domain}")}, want: "https://api.test/v1/x/u"},
		{name: "LUA-04 digits", endpoint: config.Endpoint{Path: text("x/{resources.posts.n}")}, want: "https://api.test/v1/x/1.50"},
		{name: "LUA-06 lists as compact JSON", endpoint: config.Endpoint{Params: []config.Param{param("l", str("{resources.posts.list}"))}}, want: "https://api.test/v1/things?l=%5B1%2C2%5D"},

		{name: "PARAM-01 empty text stays", endpoint: config.Endpoint{Params: []config.Param{param("e", str("")), param("a", str("b"))}}, want: "https://api.test/v1/things?e=&a=b"},
		{name: "PARAM-02 null", endpoint: config.Endpoint{Params: []config.Param{param("n", &config.Value{Kind: config.KindNull}), param("a", str("b"))}}, want: "https://api.test/v1/things?a=b"},
		{name: "PARAM-02 null of the parent", endpoint: config.Endpoint{Params: []config.Param{param("n", str("{resources.posts.null}"))}}, want: "https://api.test/v1/things"},
		{name: "PARAM-03 list", endpoint: config.Endpoint{Params: []config.Param{param("l", list(num("1"), num("2")))}}, want: "https://api.test/v1/things?l=1&l=2"},
		{name: "PARAM-04 escapes", endpoint: config.Endpoint{Params: []config.Param{param("q", str("a b:c/é"))}}, want: "https://api.test/v1/things?q=a+b%3Ac%2F%C3%A9"},
		{name: "PLH-21 LUA-07 bool", endpoint: config.Endpoint{Params: []config.Param{param("b", &config.Value{Kind: config.KindBool, Bool: true})}}, want: "https://api.test/v1/things?b=true"},
		{name: "REL-02 PARAM-07 PLH-07", endpoint: config.Endpoint{Params: []config.Param{param("post_{resources.posts.empty}id", str("p{resources.posts.id}"))}}, want: "https://api.test/v1/things?post_id=p12345678901234567890"},

		{name: "PLH-05 INC-03", endpoint: config.Endpoint{Params: []config.Param{param("since", str("{incremental.start_value}")), param("x", str("{incremental.initial_value}-{incremental.last_value}-{incremental.end_value}"))}}, want: "https://api.test/v1/things?since=2024-01-25T11%3A21%3A28Z&x=2-3-10"},
		{name: "PLH-06", endpoint: config.Endpoint{Params: []config.Param{param("l", str("{incremental.lag}")), param("c", str("{incremental.cursor_path}"))}}, want: "https://api.test/v1/things?l=3600&c=updated_at"},
		{name: "PARAM-08 INC-02 overwrite", endpoint: config.Endpoint{Params: []config.Param{param("since", str("old")), param("a", str("b"))}, Incremental: &config.Incremental{StartParam: "since", EndParam: "until"}}, want: "https://api.test/v1/things?since=1&a=b&until=10"},
		{name: "INC-14 unset is left out", endpoint: config.Endpoint{Params: []config.Param{param("since", str("{incremental.start_value}"))}, Incremental: &config.Incremental{StartParam: "s"}}, binding: Binding{Parent: []byte("{}"), Incremental: &IncrementalValues{}}, want: "https://api.test/v1/things"},

		{name: "OPR-30 batch", endpoint: config.Endpoint{Path: text("x/{resources.posts.id}"), Params: []config.Param{param("ids", str("{resources.posts.id}"))}}, binding: Binding{Parents: [][]byte{[]byte(`{"id":1}`), []byte(`{"id":"b"}`)}}, want: "https://api.test/v1/x/1,b?ids=1%2Cb"},
		{name: "OPR-34 window", endpoint: config.Endpoint{Path: text("obs/{window.start:2006/01/02}"), Params: []config.Param{param("to", str("{window.end}"))}}, binding: Binding{Window: &Window{[]byte(`"2024-02-03T00:00:00Z"`), []byte(`"2024-02-10"`)}}, want: "https://api.test/v1/obs/2024/02/03?to=2024-02-10"},
		{name: "OPR-34 window of seconds", endpoint: config.Endpoint{Path: text("obs/{window.start:2006-01-02}")}, binding: Binding{Window: &Window{[]byte(`1706918400`), nil}}, want: "https://api.test/v1/obs/2024-02-03"},
		{name: "OPR-34 window in params", endpoint: config.Endpoint{Incremental: &config.Incremental{StartParam: "s", EndParam: "e"}}, binding: Binding{Incremental: inc, Window: &Window{[]byte(`5`), []byte(`6`)}}, want: "https://api.test/v1/things?s=5&e=6"},
		{name: "OPR-35 partition", endpoint: config.Endpoint{Path: text("x/{partition}")}, binding: Binding{Partition: []byte(`"de"`)}, want: "https://api.test/v1/x/de"},
		{name: "OPR-35 partition of a table", endpoint: config.Endpoint{Path: text("x/{partition.a.b}")}, binding: Binding{Partition: []byte(`{"a":{"b":4}}`)}, want: "https://api.test/v1/x/4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.binding.Parent == nil && c.binding.Parents == nil && c.binding.Window == nil && c.binding.Partition == nil {
				c.binding = Binding{Parent: []byte(parent), Incremental: inc}
			}
			r, err := firstRequest(t, config.Client{BaseURL: c.base}, c.endpoint, c.binding)
			if err != nil {
				t.Fatal(err)
			}
			if got := withParams(r); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// URL-03: an empty base_url leaves the path alone.
func TestJoinURLWithoutBase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, path, want string }{{"", "path", "path"}, {"/", "path", "/path"}} {
		if got := joinURL(c.base, c.path); got != c.want {
			t.Errorf("URL-03 %q + %q = %q, want %q", c.base, c.path, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	client := config.Client{Headers: []hook.Pair{{Name: "X-A", Value: "1"}, {Name: "X-Raw", Value: "{resources.posts.id}"}}}
	e := config.Endpoint{Headers: []config.HeaderTemplate{
		{Name: text("x-a"), Value: text("2")}, {Name: text("X-{resources.posts.id}"), Value: text("v{incremental.start_value}")},
		{Name: text("X-Empty"), Value: text("")}, {Name: text("X-Null"), Value: text("{resources.posts.null}")},
	}}
	r, err := firstRequest(t, client, e, Binding{Parent: []byte(`{"id":5,"null":null}`), Incremental: &IncrementalValues{Start: []byte(`"s"`)}})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"X-A":     {"2"},                    // HDR-02
		"X-Raw":   {"{resources.posts.id}"}, // PLH-24, HDR-01
		"X-5":     {"vs"},                   // HDR-03
		"X-Empty": {""},                     // HDR-04
	}
	if len(r.Headers) != len(want) {
		t.Errorf("headers %v, want %v", r.Headers, want)
	}
	for name, v := range want {
		if got, ok := r.Headers[name]; !ok || got[0] != v[0] {
			t.Errorf("header %s = %q, want %q", name, got, v)
		}
	}
}

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	b := Binding{Parent: []byte(`{"id":42,"on":true,"f":1.50,"null":null,"list":[1, {"a":"b"}],"id2":100}`), Incremental: &IncrementalValues{Start: []byte(`100`)}}
	pair := func(name, value string) config.HeaderTemplate {
		return config.HeaderTemplate{Name: text(name), Value: text(value)}
	}
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name        string
		json        *config.Value
		data        *config.Data
		want        string
		contentType string
		fails       string
	}{
		{name: "BODY-02 none", want: ""},
		{name: "BODY-03 LUA-05 empty", json: table(), want: `{}`, contentType: "application/json"},
		{name: "BODY-01 BODY-04 nested", json: table("a", table("b", list(num("1"), &config.Value{Kind: config.KindBool, Bool: true}, &config.Value{Kind: config.KindNull}))), want: `{"a":{"b":[1,true,null]}}`, contentType: "application/json"},
		{name: "PLH-08 types", json: table("i", str("{resources.posts.id}"), "b", str("{resources.posts.on}"), "f", str("{resources.posts.f}"), "n", str("{resources.posts.null}"), "l", str("{resources.posts.list}")), want: `{"i":42,"b":true,"f":1.50,"n":null,"l":[1, {"a":"b"}]}`, contentType: "application/json"},
		{name: "PLH-09 text", json: table("a", str("{resources.posts.id}{resources.posts.id}"), "b", str("prefix{resources.posts.id}"), "c", str("{resources.posts.id} {resources.posts.id2}")), want: `{"a":"4242","b":"prefix42","c":"42 100"}`, contentType: "application/json"},
		{name: "PLH-03 keys, lists", json: table("k{resources.posts.id}", list(str("{resources.posts.id}"))), want: `{"k42":[42]}`, contentType: "application/json"},
		{name: "INC-15", json: table("since", str("{incremental.start_value}"), "v", str("v{incremental.start_value}"), "none", str("{incremental.end_value}")), want: `{"since":100,"v":"v100","none":null}`, contentType: "application/json"},
		{name: "BODY-05 BODY-07 form in order", data: &config.Data{Pairs: []config.HeaderTemplate{pair("key1", "value1"), pair("key2", "a&b"), pair("key1", "{resources.posts.id}")}}, want: "key1=value1&key2=a%26b&key1=42", contentType: form},
		{name: "BODY-06 empty form", data: &config.Data{}, want: ""},
		{name: "BODY-10 text", data: &config.Data{Pairs: []config.HeaderTemplate{pair("since", "{incremental.start_value}")}}, want: "since=100", contentType: form},
		{name: "BODY-08 raw", data: &config.Data{IsRaw: true, Raw: text("{resources.posts.id}")}, want: "42"},
		{name: "BODY-09 both", json: table("a", num("1")), data: &config.Data{IsRaw: true, Raw: text("x")}, fails: "both `json` and `data`"},
		{name: "BODY-09 one is empty", json: table(), data: &config.Data{IsRaw: true, Raw: text("x")}, want: "x"},
		{name: "BODY-09 the other is empty", json: table("a", num("1")), data: &config.Data{}, want: `{"a":1}`, contentType: "application/json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := firstRequest(t, config.Client{}, config.Endpoint{Method: "POST", JSON: c.json, Data: c.data}, b)
			if c.fails != "" {
				wantError(t, err, c.fails, "comments")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := string(r.JSON) + string(r.Body); got != c.want {
				t.Errorf("body %s, want %s", got, c.want)
			}
			if got := r.Headers.Get("Content-Type"); got != c.contentType {
				t.Errorf("Content-Type %q, want %q", got, c.contentType)
			}
		})
	}
}

func TestMissingFields(t *testing.T) {
	t.Parallel()
	a := answers()
	parent := []byte(`{"id":1,"title":null}`)
	for _, c := range []struct {
		name string
		path config.Template
		want []string
	}{
		{"REL-05 PLH-22", config.Template{Parts: []config.Part{{Context: "resources", Parent: "issues", Field: "obj_id", Param: "id"}}}, []string{"comments", `"obj_id"`, `"issues"`, "the param id", "id, title"}},
		{"PLH-22 placeholder", text("x/{resources.issues.zz}"), []string{"comments", "{resources.issues.zz}", "id, title"}},
		{"REL-06 null in text", text("x/{resources.issues.title}"), []string{`"title"`, "is null"}},
		{"INC-14 unset in text", text("x/{incremental.start_value}"), []string{"{incremental.start_value} has no value", "initial_value"}},
		{"OPR-35 partition", text("x/{partition.zz}"), []string{`"zz" is not in the partition`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := a.resource(t, config.Client{}, config.Resource{Name: "comments", Parent: "issues", Endpoint: &config.Endpoint{Path: c.path}}, nil)
			_, err := r.Series(Binding{Parent: parent, Partition: []byte(`{"a":1}`)})
			wantError(t, err, c.want...)
		})
	}
	if len(a.asked) > 0 {
		t.Errorf("REL-09 a request was sent: %q", a.asked)
	}
}

func TestIncluded(t *testing.T) {
	t.Parallel()
	r := answers().resource(t, config.Client{}, config.Resource{Name: "comments", Parent: "issues", IncludeFromParent: []string{"id", "m.k"}, Endpoint: &config.Endpoint{}}, nil)
	fields, err := r.Included([]byte(`{"id":12345678901234567890,"m":{"k":1},"m.k":{"a": [1]}}`))
	if err != nil {
		t.Fatal(err)
	}
	// REL-07, REL-08
	want := []Field{{"_issues_id", []byte("12345678901234567890")}, {"_issues_m.k", []byte(`{"a": [1]}`)}}
	for i, f := range fields {
		if f.Name != want[i].Name || string(f.Value) != string(want[i].Value) {
			t.Errorf("field %d is %s=%s, want %s=%s", i, f.Name, f.Value, want[i].Name, want[i].Value)
		}
	}
	_, err = r.Included([]byte(`{"id":1,"x":2}`))
	wantError(t, err, "comments", `"m.k"`, `"issues"`, "_issues_m.k", "id, x") // REL-09
}

// BODY-13, PAG-06: what a paginator writes into one series is seen by no other.
func TestSeriesShareNothing(t *testing.T) {
	t.Parallel()
	a := steps(b(`{"data":[1],"next":"c2"}`), b(`{"data":[2]}`), b(`{"data":[3]}`))
	e := &config.Endpoint{Method: "POST", JSON: table("q", str("{resources.posts.id}")), Paginator: &config.Paginator{Kind: "cursor", CursorPath: "next", CursorBodyPath: "page.cursor"}}
	r := a.resource(t, config.Client{}, config.Resource{Parent: "posts", Endpoint: e}, nil)
	for _, parent := range []string{`{"id":1}`, `{"id":2}`} {
		if _, err := pages(t, r, Binding{Parent: []byte(parent)}); err != nil {
			t.Fatal(err)
		}
	}
	wantTexts(t, "PAG-CURSOR-04 BODY-12", a.asked, `POST https://api.test/v1/things {"q":1}`, `POST https://api.test/v1/things {"q":1,"page":{"cursor":"c2"}}`, `POST https://api.test/v1/things {"q":2}`)
}

func FuzzExpand(f *testing.F) {
	f.Add("x/{resources.p.id}/y", `{"id":"a b"}`)
	f.Add("{resources.p.a.b[0]}", `{"a":{"b":[1.50]}}`)
	f.Add("{resources.p.id}{incremental.start_value}", `{"id":null}`)
	f.Fuzz(func(t *testing.T, template, parent string) {
		if rawjson.Valid([]byte(parent)) != nil {
			return
		}
		a := answers()
		r, err := a.try(config.Client{}, config.Resource{Parent: "p", Endpoint: &config.Endpoint{Path: text(template), JSON: table("v", str(template))}}, nil)
		if err != nil {
			return
		}
		s, err := r.Series(Binding{Parent: []byte(parent)})
		if err != nil {
			return
		}
		if rawjson.Valid(s.request.JSON) != nil {
			t.Errorf("the body is no JSON: %s", s.request.JSON)
		}
		for _, c := range s.request.URL {
			if c <= ' ' || c > '~' || strings.ContainsRune("\"<>\\^`{|}", c) {
				t.Errorf("%q in the URL %q", c, s.request.URL)
			}
		}
	})
}
