package engine_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/restlua/restlua/engine"
)

func zipped(t testing.TB, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// API-30: NDJSON, CSV with quotes and line ends inside, and XML lists, as they
// are, gzip- and zip-packed, small and too large for one piece. Pages follow
// each other as of any other format.
func TestAPI30Formats(t *testing.T) {
	t.Parallel()
	note := strings.Repeat("lorem ipsum ", 20)
	formats := []struct {
		ext, media string
		body       func(from, to int) string
	}{
		{"jsonl", "application/x-ndjson", func(from, to int) string {
			var b strings.Builder
			for i := from; i <= to; i++ {
				fmt.Fprintf(&b, `{"id":"%d","note":"%s"}`+"\n", i, note)
			}
			return b.String()
		}},
		{"csv", "text/csv; charset=utf-8", func(from, to int) string {
			var b strings.Builder
			b.WriteString("id,note\r\n")
			for i := from; i <= to; i++ {
				fmt.Fprintf(&b, "%d,\"a \"\"quote\"\", a\nline, %s\"\r\n", i, note)
			}
			return b.String()
		}},
		{"xml", "application/xml", func(from, to int) string {
			var b strings.Builder
			b.WriteString(`<?xml version="1.0"?><list>`)
			for i := from; i <= to; i++ {
				fmt.Fprintf(&b, "<row><id>%d</id><note>a &amp; b %s</note></row>", i, note)
			}
			return b.String() + "</list>"
		}},
	}
	for _, f := range formats {
		for _, size := range []int{3, 9000} {
			for _, pack := range []string{"", "gz", "zip"} {
				t.Run(fmt.Sprintf("%s %s %d", f.ext, pack, size), func(t *testing.T) {
					t.Parallel()
					a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
						body := f.body(1, size)
						if r.URL.Query().Get("page") == "" {
							w.Header().Set("Link", `<?page=2>; rel="next"`)
						} else {
							body = f.body(size+1, size+2)
						}
						switch pack {
						case "":
							w.Header().Set("Content-Type", f.media)
							fmt.Fprint(w, body)
						case "gz":
							w.Header().Set("Content-Type", "application/gzip")
							w.Write(gzipped(t, body))
						case "zip":
							w.Header().Set("Content-Type", "application/zip")
							w.Write(zipped(t, "export."+f.ext, body))
						}
					})
					path, selector := "export", ""
					if pack == "gz" { // a zip file names its content, a gzip file need not
						path = "export." + f.ext + ".gz"
					}
					if f.ext == "xml" {
						selector = `data_selector = "list.row",`
					}
					var pages atomic.Int32
					o := a.options()
					o.Events.Page = func(p engine.PageEvent) {
						if !p.More {
							pages.Add(1)
						}
					}
					_, err := engine.Run(t.Context(), a.script(`return {
						client = { base_url = "$API", paginator = "header_link" },
						resources = { { name = "rows", endpoint = { path = "`+path+`", `+selector+` } } },
					}`), o)
					if err != nil {
						t.Fatal(err)
					}
					a.wantIDs("rows", count(1, size+2))
					if pages.Load() != 2 {
						t.Errorf("%d pages, want 2", pages.Load())
					}
					if left, _ := filepath.Glob(filepath.Join(a.dir, "_restlua", "*", "*", "body-*")); len(left) > 0 {
						t.Errorf("left behind: %v", left)
					}
				})
			}
		}
	}
}

// API-33: a body without end, and a gzip bomb, end with an error that names the
// option; formats that stream have no limit on the whole, their records have
// (OPR-06).
func TestAPI33GreatBodies(t *testing.T) {
	t.Parallel()
	endless := func(w http.ResponseWriter, r *http.Request, start, more string) {
		fmt.Fprint(w, start)
		more = strings.Repeat(more, 1000)
		for range 100_000 {
			if _, err := fmt.Fprint(w, more); err != nil || r.Context().Err() != nil {
				return
			}
		}
	}
	script := func(endpoint string) string {
		return `return {
			client = { base_url = "$API", paginator = "single_page", max_response_bytes = 100000 },
			resources = { { name = "things", endpoint = { ` + endpoint + ` } } },
		}`
	}
	bomb := gzipped(t, `[{"id":"`+strings.Repeat("x", 50<<20)+`"}]`)
	lines := strings.Repeat(`{"id":1,"note":"`+strings.Repeat("y", 80)+`"}`+"\n", 30_000)
	for _, c := range []struct {
		name, endpoint string
		serve          func(w http.ResponseWriter, r *http.Request)
		rows           int
		fails          []string
	}{
		{"endless JSON", "", func(w http.ResponseWriter, r *http.Request) { endless(w, r, "[1", ",1") }, 0, []string{"things", "larger than", "client.max_response_bytes"}},
		{"gzip bomb", "", func(w http.ResponseWriter, _ *http.Request) { w.Write(bomb) }, 0, []string{"client.max_response_bytes"}},
		{"gzip bomb with its header", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		}, 0, []string{"client.max_response_bytes"}},
		{"bomb as CSV", `format = "csv"`, func(w http.ResponseWriter, _ *http.Request) { w.Write(append(bomb, bytes.Repeat([]byte{0}, 2<<20)...)) }, 0, []string{"things"}},
		{"a great record", `format = "jsonl"`, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"id":1,"x":"`+strings.Repeat("x", 3<<20)+`"}`)
		}, 0, []string{"one record is larger than", "client.max_response_bytes"}},
		{"many lines", `format = "jsonl"`, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, lines) }, 30_000, nil},
		{"many packed lines", `format = "jsonl"`, func(w http.ResponseWriter, _ *http.Request) {
			w.Write(gzipped(t, lines))
		}, 30_000, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := serve(t, func(_ *api, w http.ResponseWriter, r *http.Request) { c.serve(w, r) })
			if c.fails != nil {
				a.fails(script(c.endpoint), c.fails...)
				if n := len(a.asked()); n != 1 && c.name != "bomb as CSV" {
					t.Errorf("asked %d times", n)
				}
				return
			}
			result := a.load(script(c.endpoint))
			if n := result.Tables["things"].Rows; n != int64(c.rows) {
				t.Errorf("%d rows", n)
			}
		})
	}
}

// A large body that is malformed in the middle fails the load: rows that came
// before are not committed, and nothing is asked again.
func TestStreamBrokenInside(t *testing.T) {
	t.Parallel()
	a := serve(t, func(_ *api, w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat(`{"id":1,"note":"`+strings.Repeat("y", 80)+`"}`+"\n", 30_000)+"{\n")
	})
	a.fails(`return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "things", endpoint = { format = "jsonl" } } },
	}`, "things", "line 30002", "unexpected end")
	if n := len(a.asked()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// --limit ends in the middle of a large body; its file is closed.
func TestStreamLimited(t *testing.T) {
	t.Parallel()
	a := serve(t, func(_ *api, w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat(`{"id":1,"note":"`+strings.Repeat("y", 80)+`"}`+"\n", 30_000))
	})
	o := a.options()
	o.Limit = 7
	result, err := engine.Run(context.Background(), a.script(`return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "things", endpoint = { format = "jsonl" } } },
	}`), o)
	if err != nil {
		t.Fatal(err)
	}
	if n := result.Tables["things"].Rows; n != 7 {
		t.Errorf("%d rows", n)
	}
}
