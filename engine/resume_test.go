package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/lua"
)

// tables reads every table of a dataset as text, one line a row, in the order
// of the files, times of loads left out.
func tables(t testing.TB, dir string) map[string][]string {
	t.Helper()
	s, err := dataset.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for name, table := range s.Tables {
		out[name] = []string{}
		for _, f := range table.Files {
			out[name] = append(out[name], fileRows(t, filepath.Join(dir, name, f.Name))...)
		}
	}
	return out
}

func fileRows(t testing.TB, path string) (rows []string) {
	t.Helper()
	err := eachRow(path, func(fields []field) {
		var line strings.Builder
		for _, f := range fields {
			if f.name != "started_at" && f.name != "committed_at" && f.name != "script_hash" {
				fmt.Fprintf(&line, "%s=%s ", f.name, f.v.AppendText(nil, f.at, 0))
			}
		}
		rows = append(rows, line.String())
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// family is an API of parents on pages, their children on pages, and the
// children's notes. It counts requests, and calls at(n) before the n-th answer.
type family struct {
	*httptest.Server
	n  atomic.Int64
	at func(n int64)
}

func newFamily(t testing.TB) *family {
	f := &family{}
	page := func(w http.ResponseWriter, r *http.Request, total int, record func(i int) any) {
		per := 4
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		n = max(n, 1)
		var rows []any
		for i := (n - 1) * per; i < min(n*per, total); i++ {
			rows = append(rows, record(i))
		}
		if n*per < total {
			w.Header().Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, r.URL.Path, n+1))
		}
		if rows == nil {
			rows = []any{}
		}
		json.NewEncoder(w).Encode(rows)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/parents", func(w http.ResponseWriter, r *http.Request) {
		page(w, r, 11, func(i int) any {
			return map[string]any{"id": i, "u": 100 + i, "same": i % 3, "tags": []int{i, i + 1}}
		})
	})
	mux.HandleFunc("/parents/{id}/children", func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.Atoi(r.PathValue("id"))
		page(w, r, id, func(i int) any { return map[string]any{"n": i, "p": id, "u": i} })
	})
	mux.HandleFunc("/notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		page(w, r, 6, func(i int) any { return map[string]any{"note": fmt.Sprint(r.PathValue("id"), "-", i)} })
	})
	mux.HandleFunc("/same/{id}", func(w http.ResponseWriter, r *http.Request) {
		page(w, r, 2, func(i int) any { return map[string]any{"same": r.PathValue("id"), "i": i} })
	})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := f.n.Add(1)
		if f.at != nil {
			f.at(n)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

const familyScript = `
local url = require("config").get("url")
return {
  client = { base_url = url, paginator = "header_link", concurrency = 3 },
  resource_defaults = { primary_key = "id" },
  resources = {
    { name = "parents", write_disposition = "merge", endpoint = { path = "parents", incremental = { cursor_path = "u", initial_value = 0 } } },
    { name = "children", primary_key = { "n", "p" }, write_disposition = "merge",
      endpoint = { path = "parents/{resources.parents.id}/children", incremental = { cursor_path = "u", initial_value = 0, per_parent = true } },
      include_from_parent = { "id" } },
    { name = "notes", primary_key = "note", endpoint = { path = "notes/{resources.children.p}-{resources.children.n}" },
      processing_steps = { { map = function(record, ctx) ctx.state.count = (ctx.state.count or 0) + 1; record.count = ctx.state.count; return record end } } },
    { name = "same", primary_key = "same", endpoint = { path = "same/{resources.parents.same}" } },
  },
}`

func runFamily(t testing.TB, ctx context.Context, url, dir string, o engine.Options) (*engine.Result, error) {
	t.Helper()
	script, err := lua.Parse("family.lua", familyScript, lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.Dataset, o.Config = dir, engine.ConfigFile("", map[string]string{"url": url})
	return engine.Run(ctx, script, o)
}

// OPR-41 OPR-42: a load that is interrupted at any request goes on where it was:
// tables and state are those of an undisturbed load, and few requests are made
// again.
func TestResume(t *testing.T) {
	t.Parallel()
	api := newFamily(t)
	whole := filepath.Join(t.TempDir(), "whole")
	if _, err := runFamily(t, context.Background(), api.URL, whole, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	total := api.n.Load()
	want, wantState := tables(t, whole), cursors(t, whole)
	step := int64(7) // the first answers must be there: a load without any begins anew
	for cut := int64(5); cut < total; cut += step {
		t.Run(fmt.Sprintf("request %d of %d", cut, total), func(t *testing.T) {
			t.Parallel()
			api := newFamily(t)
			dir := filepath.Join(t.TempDir(), "cut")
			ctx, cancel := context.WithCancelCause(context.Background())
			stopped := errors.New("stopped by the test")
			api.at = func(n int64) {
				if n == cut {
					cancel(stopped)
				}
			}
			if _, err := runFamily(t, ctx, api.URL, dir, engine.Options{}); !errors.Is(err, stopped) {
				t.Fatalf("the interrupted load: %v", err)
			}
			before := api.n.Load()
			resumed := false
			o := engine.Options{Events: engine.Events{Resume: func(engine.ResumeEvent) { resumed = true }}}
			if _, err := runFamily(t, context.Background(), api.URL, dir, o); err != nil {
				t.Fatal(err)
			}
			if !resumed {
				t.Error("the load began anew")
			}
			// What was fetched and not taken in when it stopped: of each series
			// two pages ahead and one at the gate; of each child three series
			// side by side, and one that waits for its place.
			const children, series, ahead, gate = 3, 3 + 1, 2, 1
			const lost = children*(series*ahead+gate) + ahead + gate
			if again := api.n.Load() - (total - before); again > before+lost {
				t.Errorf("%d requests in all, %d would have been enough", api.n.Load(), total)
			}
			compareTables(t, tables(t, dir), want)
			if got := cursors(t, dir); got != wantState {
				t.Errorf("state:\n%s\nwant\n%s", got, wantState)
			}
		})
	}
}

// cursors is the part of the state that the next load begins with.
func cursors(t testing.TB, dir string) string {
	t.Helper()
	s, err := dataset.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(s.Resources, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func compareTables(t testing.TB, got, want map[string][]string) {
	t.Helper()
	names := map[string]bool{}
	for name := range got {
		names[name] = true
	}
	for name := range want {
		names[name] = true
	}
	var all []string
	for name := range names {
		all = append(all, name)
	}
	sort.Strings(all)
	for _, name := range all {
		g, w := strings.Join(got[name], "\n"), strings.Join(want[name], "\n")
		if g != w {
			t.Errorf("table %s:\n%s\nwant\n%s", name, g, w)
		}
	}
}

// A checkpoint that does not fit any more is thrown away with a word.
func TestResumeRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]engine.Options{
		"restart":   {Restart: true},
		"too old":   {Now: func() time.Time { return time.Now().Add(48 * time.Hour) }},
		"resources": {Resources: []string{"parents"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newFamily(t)
			dir := filepath.Join(t.TempDir(), "cut")
			ctx, cancel := context.WithCancel(context.Background())
			api.at = func(n int64) {
				if n == 20 {
					cancel()
				}
			}
			if _, err := runFamily(t, ctx, api.URL, dir, engine.Options{}); err == nil {
				t.Fatal("the load was not interrupted")
			}
			change.Events.Resume = func(engine.ResumeEvent) { t.Error("the load went on") }
			warned := false
			change.Events.Warning = func(w engine.WarningEvent) {
				warned = warned || strings.Contains(w.Text, "thrown away")
			}
			if _, err := runFamily(t, context.Background(), api.URL, dir, change); err != nil {
				t.Fatal(err)
			}
			if warned == (name == "restart") {
				t.Errorf("warned: %v", warned)
			}
		})
	}
}
