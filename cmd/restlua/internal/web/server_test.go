package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

const token = "SESAME"

// hostile is a record of an API that means harm, or knows no bounds.
var hostile = `{"id": 9007199254740993, "text": "<script>alert(1)</script> \u2028 \"'", "none": null, "dec": 0.10,
	"doc": {"big": 123456789012345678901234567890, "b": "</script>"}, "long": "` + strings.Repeat("ä", maxText+1) + `", "bad": "\ud800"}`

// newDatasetFolder makes a dataset of one load.
func newDatasetFolder(t *testing.T, record string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), `<b>"d"</b>`)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "["+record+"]")
	}))
	defer api.Close()
	s, err := lua.Parse("s.lua", `return { client = { base_url = require("config").get("api") }, resources = {
		{ name = "items", columns = { doc = { data_type = "json" } }, endpoint = { incremental = { cursor_path = "id" } } } } }`, lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Run(context.Background(), s, engine.Options{Dataset: dir, Config: engine.ConfigFile("", map[string]string{"api": api.URL})}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func handler(dir string) http.Handler {
	return Handler(Options{Dir: dir, Folder: "<b>d</b>", Rows: 5, Version: "1", Token: token})
}

// ask sends a request as a browser would; headers are pairs.
func ask(h http.Handler, method, path, host string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "http://"+host+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The page is for those who know the token, reach it under a name of loopback,
// and only read; everybody else gets a page that says why not.
func TestGuard(t *testing.T) {
	t.Parallel()
	h := handler(newDatasetFolder(t, `{"id": 1}`))
	const here = "127.0.0.1:8080"
	for _, x := range []struct {
		method, path, host string
		code               int
		says               string
	}{
		{"GET", "/SESAME/", here, 200, "<title>restlua"},
		{"HEAD", "/SESAME/", here, 200, ""},
		{"GET", "/SESAME/", "localhost:9", 200, "<title>restlua"}, // a forwarded port
		{"GET", "/SESAME/", "LOCALHOST", 200, "<title>restlua"},
		{"GET", "/SESAME/dataset", here, 200, `"items"`},
		{"GET", "/SESAME/table?name=items", here, 200, `"columns"`},
		{"GET", "/SESAME/page.js", here, 200, "import"},
		{"GET", "/SESAME/nothing", here, 404, "There is no such page"},
		{"GET", "/SESAME/../server.go", here, 404, "There is no such page"},
		{"GET", "/SESAME/page.html", here, 404, "There is no such page"},

		{"GET", "/", here, 403, "The address is not complete"},
		{"GET", "/SESAME", here, 403, "The address is not complete"},
		{"GET", "/SESAM/", here, 403, "The address is not complete"},
		{"GET", "/SESAMEE/", here, 403, "The address is not complete"},
		{"GET", "/sesame/dataset", here, 403, "The address is not complete"},
		{"GET", "/dataset", here, 403, "The address is not complete"},
		{"GET", "/page.js", here, 403, "The address is not complete"},
		{"GET", "//SESAME/", here, 403, "The address is not complete"},
		{"GET", "/dataset?token=SESAME", here, 403, "The address is not complete"},

		{"GET", "/SESAME/", "evil.example:8080", 403, "under no other"}, // DNS rebinding
		{"GET", "/SESAME/dataset", "127.0.0.1.evil.example", 403, "under no other"},
		{"GET", "/SESAME/dataset", "localhost.evil.example:8080", 403, "under no other"},
		{"GET", "/SESAME/dataset", "192.168.0.7:8080", 403, "under no other"},
		{"GET", "/SESAME/dataset", "0.0.0.0:8080", 403, "under no other"},

		{"POST", "/SESAME/dataset", here, 405, "can be read, nothing else"},
		{"OPTIONS", "/SESAME/", here, 405, "can be read, nothing else"},
		{"DELETE", "/", here, 405, "can be read, nothing else"},
	} {
		r := ask(h, x.method, x.path, x.host)
		text := body(t, r)
		if r.StatusCode != x.code || !strings.Contains(text, x.says) {
			t.Errorf("%s %s%s: %d %.200s", x.method, x.host, x.path, r.StatusCode, text)
		}
		if strings.Contains(text, token) && x.code != 200 {
			t.Errorf("%s %s%s tells the token", x.method, x.host, x.path)
		}
	}
	if got := ask(h, "PUT", "/SESAME/", here).Header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow: %q", got)
	}
	if r := ask(Handler(Options{}), "GET", "//", here); r.StatusCode != 403 {
		t.Errorf("without a token the page is open: %d", r.StatusCode)
	}
}

// Every answer forbids the browser what the page does not need.
func TestHeaders(t *testing.T) {
	t.Parallel()
	h := handler(newDatasetFolder(t, `{"id": 1}`))
	for path, kind := range map[string]string{
		"/SESAME/": "text/html; charset=utf-8", "/SESAME/page.css": "text/css; charset=utf-8", "/SESAME/page.js": "text/javascript; charset=utf-8",
		"/SESAME/chart.js": "text/javascript; charset=utf-8", "/SESAME/icon.svg": "image/svg+xml", "/SESAME/dataset": "application/json",
		"/SESAME/table?name=items": "application/json", "/SESAME/table?name=x": "application/json", "/": "text/html; charset=utf-8",
	} {
		r := ask(h, "GET", path, "127.0.0.1:1")
		for name, want := range map[string]string{
			"Content-Type": kind, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		csp := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy %q lacks %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: the policy is open: %v", path, r.Header)
		}
	}
}

// Digits are not changed on their way to the page: values are texts. Null and
// the empty text differ, JSON is laid out, long texts are cut.
func TestTable(t *testing.T) {
	t.Parallel()
	h := handler(newDatasetFolder(t, hostile))
	r := ask(h, "GET", "/SESAME/table?name=items", "127.0.0.1:1")
	text := body(t, r)
	for _, bad := range []string{"<script>", "</script>"} {
		if strings.Contains(text, bad) {
			t.Errorf("%s stands in the answer", bad)
		}
	}
	var got tableJSON
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for i, c := range got.Columns {
		v := "null"
		if p := got.Rows[0][i]; p != nil {
			v = "=" + *p
		}
		values[c.Name] = c.Type + " " + c.Kind + " " + v
	}
	for name, want := range map[string]string{
		"id":   "bigint number =9007199254740993",
		"text": "text text =<script>alert(1)</script> \u2028 \"'",
		"dec":  "double number =0.1",
		"doc":  "json json ={\n  \"big\": 123456789012345678901234567890,\n  \"b\": \"</script>\"\n}",
		"long": "text text =" + strings.Repeat("ä", maxText) + "…",
	} {
		if values[name] != want {
			t.Errorf("%s is %.120q, want %.120q", name, values[name], want)
		}
	}
	if !got.Cut || got.Load != 1 || len(got.Queries) != 4 || got.Queries[0].Line != "SELECT * FROM '<b>d</b>/items/*.parquet';" {
		t.Errorf("%+v", got)
	}
	for _, c := range got.Columns {
		if own := strings.HasPrefix(c.Name, "_rl_"); own != (c.Source == "") {
			t.Errorf("column %s has source %q", c.Name, c.Source)
		}
	}
	if r := ask(h, "GET", "/SESAME/table?name=_rl_loads", "127.0.0.1:1"); r.StatusCode != 404 {
		t.Errorf("the engine's own table: %s", r.Status)
	}
}

// The overview is one document that says which state it is of, and is sent only
// when the page does not have it.
func TestDataset(t *testing.T) {
	t.Parallel()
	dir := newDatasetFolder(t, `{"id": 9007199254740993, "tags": ["x"]}`)
	h := handler(dir)
	r := ask(h, "GET", "/SESAME/dataset", "127.0.0.1:1")
	var got datasetJSON
	if err := json.Unmarshal([]byte(body(t, r)), &got); err != nil {
		t.Fatal(err)
	}
	if got.Load != 1 || got.Folder != "<b>d</b>" || len(got.Loads) != 1 || got.Loads[0].Changes["items"].Added != 1 || got.Loads[0].Requests != 1 {
		t.Errorf("%+v", got)
	}
	if len(got.Tables) != 2 || got.Tables[1].Parent != "items" || got.Tables[1].Depth != 1 {
		t.Errorf("tables %+v", got.Tables)
	}
	if len(got.Cursors) != 1 || got.Cursors[0].Value != "9007199254740993" {
		t.Errorf("cursors %+v", got.Cursors)
	}
	again := ask(h, "GET", "/SESAME/dataset", "127.0.0.1:1", "If-None-Match", r.Header.Get("ETag"))
	if text := body(t, again); again.StatusCode != 304 || text != "" {
		t.Errorf("the same again: %s %s", again.Status, text)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	gone := ask(h, "GET", "/SESAME/dataset", "127.0.0.1:1", "If-None-Match", r.Header.Get("ETag"))
	if text := body(t, gone); gone.StatusCode != 404 || !strings.Contains(text, "There is no dataset in") {
		t.Errorf("a dataset that is gone: %s %s", gone.Status, text)
	}
}

// The folder's name cannot bring markup into the document, and the script makes
// none: the policy forbids it, and nothing in it tries.
func TestNoMarkup(t *testing.T) {
	t.Parallel()
	text := body(t, ask(handler("none"), "GET", "/SESAME/", "127.0.0.1:1"))
	if strings.Contains(text, "<b>d</b>") || !strings.Contains(text, "&lt;b&gt;d&lt;/b&gt;") {
		t.Errorf("the folder's name is not escaped:\n%s", text)
	}
	outside := regexp.MustCompile(`https?://[^"')\s]*|//[a-z]+\.[a-z]`)
	names, err := assets.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range names {
		asset, err := assets.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Number.parse", "parseInt", "parseFloat", "@import"} {
			if strings.Contains(string(asset), bad) {
				t.Errorf("%s has %s", f.Name(), bad)
			}
		}
		for _, at := range outside.FindAllString(string(asset), -1) {
			if at != "http://www.w3.org/2000/svg" {
				t.Errorf("%s names %s", f.Name(), at)
			}
		}
	}
}

// Serve ends with its context, without an error and without leaving anything
// running, also while somebody holds a connection.
func TestServe(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, handler(newDatasetFolder(t, `{"id": 1}`))) }()
	answer, err := http.Get(URL(l.Addr().String(), token) + "dataset")
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, answer); answer.StatusCode != 200 {
		t.Errorf("%s %s", answer.Status, text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

// Tokens differ and are long enough that nobody guesses one.
func TestNewToken(t *testing.T) {
	t.Parallel()
	a, b := NewToken(), NewToken()
	if a == b || len(a) < 26 || strings.ContainsAny(a, "/?#%") {
		t.Errorf("%s, %s", a, b)
	}
}
