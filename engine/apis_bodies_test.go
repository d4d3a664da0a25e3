package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const onePage = `return {
	client = { base_url = "$API", paginator = "single_page" },
	resources = { { name = "things" } },
}`

// API-12 to API-14: bodies that are no JSON, empty, or dressed as something else.
func TestAPI12To14OddBodies(t *testing.T) {
	t.Parallel()
	login := "\n<!DOCTYPE html><html><head><title>Sign in</title>" + strings.Repeat("<!-- x -->", 100)
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   string
		warns  string
		fails  []string
	}{
		{name: "API-12 login page", header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: login,
			fails: []string{"things", "got HTML (a login or error page?) from GET ", "<!DOCTYPE html><html><head><title>Sign in</title><!-- x -->"}},
		{name: "API-12 login page called JSON", header: http.Header{"Content-Type": {"application/json"}}, body: login, fails: []string{"got HTML"}},
		{name: "API-13 204", status: 204, warns: "204"},
		{name: "API-13 empty", body: "", warns: "no body"},
		{name: "API-13 blanks", body: " \r\n ", warns: "no body"},
		{name: "API-13 null", body: "null"},
		{name: "API-14 BOM", body: "\xef\xbb\xbf[{\"id\":1}]", want: "1"},
		{name: "API-14 gzip without the header", body: string(gzipped(t, `[{"id":1}]`)), header: http.Header{"Content-Type": {"application/octet-stream"}}, want: "1"},
		{name: "API-14 BOM inside gzip", body: string(gzipped(t, "\xef\xbb\xbf[{\"id\":1}]")), want: "1"},
		{name: "API-14 text/plain", header: http.Header{"Content-Type": {"text/plain"}}, body: `[{"id":1}]`, want: "1"},
		{name: "API-14 text/html", header: http.Header{"Content-Type": {"text/html"}}, body: `[{"id":1}]`, want: "1"},
		{name: "API-14 nonsense", header: http.Header{"Content-Type": {";;"}}, body: `[{"id":1}]`, want: "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := serve(t, func(_ *api, w http.ResponseWriter, _ *http.Request) {
				for name, values := range c.header {
					w.Header()[name] = values
				}
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				fmt.Fprint(w, c.body)
			})
			if c.fails != nil {
				err := a.fails(onePage, c.fails...)
				if n := strings.Count(err.Error(), "<!-- x -->"); n > 20 {
					t.Errorf("the error shows too much: %v", err)
				}
				return
			}
			result := a.load(onePage)
			a.wantIDs("things", c.want)
			if c.warns != "" {
				wantWarning(t, result, "things", c.warns)
			}
		})
	}
}

// API-15: a body that breaks off, a connection that is reset, a slow trickle:
// asked for again, and never half a page.
func TestAPI15BrokenBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		first   func(t *testing.T, w http.ResponseWriter)
		retries int64
	}{
		{"chunked breaks off", func(_ *testing.T, w http.ResponseWriter) {
			fmt.Fprint(w, `[{"id":1},{"id":2},`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, 1},
		{"less than Content-Length", func(_ *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `[{"id":1},{"id":2}]`)
		}, 1},
		{"reset", func(t *testing.T, w http.ResponseWriter) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if c, ok := conn.(interface{ SetLinger(int) error }); ok {
				c.SetLinger(0)
			}
			conn.Close()
		}, -1}, // package http repeats a GET by itself on a connection that was used before
		{"gzip breaks off", func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzipped(t, `[{"id":1},{"id":2}]`)
			w.Write(packed[:len(packed)-4])
		}, 1},
		{"trickle", func(_ *testing.T, w http.ResponseWriter) {
			for _, c := range `[{"id":1},{"id":2}]` {
				fmt.Fprint(w, string(c))
				w.(http.Flusher).Flush()
			}
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("page") == "" {
					w.Header().Set("Link", `<?page=2>; rel="next"`)
					a.json(w, `[{"id":0}]`)
					return
				}
				if tries.Add(1) == 1 {
					c.first(t, w)
					return
				}
				a.json(w, `[{"id":1},{"id":2}]`)
			})
			result := a.load(linked)
			a.wantIDs("issues", "0 1 2")
			if c.retries >= 0 && result.Retries != c.retries {
				t.Errorf("%d retries", result.Retries)
			}
		})
	}
	a := serve(t, func(_ *api, w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"id":1},`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	a.fails(onePage, "things", "5 attempts", "broke off")
	if a.waited() < 15*time.Second || a.waited() > 18*time.Second {
		t.Errorf("waited %v, want 1 + 2 + 4 + 8 s and up to 20 %%", a.waited())
	}
}

// API-17: NaN and Infinity are no JSON, and a trailing comma is none either.
func TestAPI17NoJSON(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"{\"items\": [\n  {\"id\": 1, \"x\": NaN}\n]}":       "line 2",
		"{\"items\": [\n  {\"id\": 1, \"x\": -Infinity}\n]}": "line 2",
		"{\"items\": [{\"id\": 1},]}":                        "column 22",
	} {
		a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) { a.json(w, body) })
		hint := "response_format = { lenient = true }"
		if strings.Contains(body, ",]") {
			hint = "not JSON"
		}
		a.fails(onePage, "things", "page 1", want, hint)
		lenient := strings.Replace(onePage, `name = "things"`, `name = "things", endpoint = { response_format = { lenient = true } }`, 1)
		if strings.Contains(body, ",]") {
			a.fails(lenient, want)
			continue
		}
		a.load(lenient)
		a.wantRows("things", `{"id":1}`)
	}
}

// API-18: of a key that stands twice in an object the last one counts, and that
// is reported once.
func TestAPI18KeyTwice(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) {
		a.json(w, `[{"id":1,"a":"x","a":"y"},{"id":2,"a":{"b":1},"a":"z"},{"id":3,"a":"only"}]`)
	})
	result := a.load(onePage)
	a.wantRows("things", `{"a":"y","id":1}`, `{"a":"z","id":2}`, `{"a":"only","id":3}`)
	wantWarning(t, result, "things", "/a", "twice")
}

// API-19: objects keyed by id.
func TestAPI19KeyedByID(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) {
		a.json(w, `{"users":{"17":{"name":"Ann"},"23":{"name":"Bo"},"9007199254740993":{"name":"Cy"}}}`)
	})
	a.load(`return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "users", endpoint = { data_selector = "users.*", key_column = "id" } } },
	}`)
	a.wantRows("users", `{"id":"17","name":"Ann"}`, `{"id":"23","name":"Bo"}`, `{"id":"9007199254740993","name":"Cy"}`)
}

// API-20: columns and rows apart.
func TestAPI20ColumnsAndRowsApart(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) {
		a.json(w, `{"columns":[{"name":"id"},{"name":"big"},{"name":"note"}],"rows":[[1,9007199254740993,"a"],[2,null,"b"]]}`)
	})
	a.load(`local json = require("json")
	return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "report", endpoint = { data_selector = "$" }, processing_steps = { { yield_map = function(page, emit)
			for _, row in ipairs(page.rows) do
				local record = {}
				for i, column in ipairs(page.columns) do record[column.name] = row[i] end
				emit(record)
			end
		end } } } },
	}`)
	a.wantRows("report", `{"big":9007199254740993,"id":1,"note":"a"}`, `{"id":2,"note":"b"}`)
	b := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) {
		a.json(w, `{"columns":["id","note"],"rows":[[1,"a"],[2,"b"]]}`)
	})
	b.load(`return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "report", endpoint = { response_actions = { function(response)
			local page, records = response.json, {}
			for n, row in ipairs(page.rows) do
				records[n] = {}
				for i, column in ipairs(page.columns) do records[n][column] = row[i] end
			end
			response.json = records
		end } } } },
	}`)
	b.wantRows("report", `{"id":1,"note":"a"}`, `{"id":2,"note":"b"}`)
}

// API-21: a field that is a number, text, an object and a list in turn, over
// pages and loads. No row is lost.
func TestAPI21ChangingField(t *testing.T) {
	t.Parallel()
	var load atomic.Int32
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if load.Load() == 1 {
			a.json(w, `[{"id":7,"x":true},{"id":8,"x":{"deep":{"er":1}}}]`)
			return
		}
		a.json(w, `[{"id":1,"x":12},{"id":2,"x":"abc"},{"id":3,"x":{"y":1}},{"id":4,"x":[1,"two"]},{"id":5,"x":null},{"id":6,"x":1.5}]`)
	})
	a.load(onePage)
	load.Store(1)
	a.load(onePage)
	a.wantIDs("things", count(1, 8))
	rows := strings.Join(a.rows("things"), "\n")
	for _, want := range []string{`abc`, `12`, `1.5`} {
		if !strings.Contains(rows, want) {
			t.Errorf("%q is not among the rows\n%s", want, rows)
		}
	}
	lists := a.rows("things__x")
	if len(lists) != 2 || !strings.Contains(lists[0], "1") || !strings.Contains(lists[1], "two") {
		t.Errorf("things__x has %q", lists)
	}
}

// API-22: keys that differ by case or signs only keep columns of their own.
func TestAPI22KeysAlike(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) {
		a.json(w, `[{"id":1,"userName":"a","user_name":"b","user-name":"c","USER_NAME":"d"}]`)
	})
	a.load(onePage)
	rows := a.rows("things")
	if len(rows) != 1 {
		t.Fatalf("rows %q", rows)
	}
	for _, value := range []string{`"a"`, `"b"`, `"c"`, `"d"`} {
		if strings.Count(rows[0], value) != 1 {
			t.Errorf("%s is not once in %s", value, rows[0])
		}
	}
}
