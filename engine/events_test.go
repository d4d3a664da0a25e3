package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/restlua/restlua/engine"
)

// Every load ends with one End, whatever became of it, and tells of its commit
// and of resources that failed (OPR-40).
func TestEventsOfTheEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, resources string
		change          func(o *engine.Options)
		want            string
	}{
		{"committed", `{ name = "items" }`, nil, "start, resource items 2 rows 1 request 20 bytes, commit, end committed"},
		{"dry run", `{ name = "items" }`, func(o *engine.Options) { o.DryRun = true }, "start, resource items 2 rows 1 request 20 bytes, end dry"},
		{"failed", `{ name = "broken" }`, nil, "start, failure broken 400, end 400"},
		{"kept going", `{ name = "items" }, { name = "broken" }`, func(o *engine.Options) { o.KeepGoing = true },
			"start, resource items 2 rows 1 request 20 bytes, failure broken 400, commit, end committed in part"},
		{"wrong config", `{ name = "items", endpoint = { pathh = "x" } }`, nil, "end pathh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			items := make(chan struct{}) // items come first
			a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/items" {
					a.json(w, `[{"id":1},{"id":2} ]`)
					return
				}
				if c.name == "kept going" {
					<-items
				}
				w.WriteHeader(http.StatusBadRequest)
			})
			var mu sync.Mutex
			var got []string
			note := func(words ...string) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, strings.Join(words, " "))
			}
			part := func(err error) string {
				for _, p := range []string{"400", "pathh"} {
					if strings.Contains(err.Error(), p) {
						return p
					}
				}
				return err.Error()
			}
			o := a.options()
			o.Events = engine.Events{
				Start: func(engine.StartEvent) { note("start") },
				Resource: func(e engine.ResourceEvent) {
					note("resource", e.Resource, fmt.Sprint(e.Rows), "rows", fmt.Sprint(e.Requests), "request", fmt.Sprint(e.Bytes), "bytes")
					close(items)
				},
				Failure: func(e engine.FailureEvent) { note("failure", e.Resource, part(e.Err)) },
				Commit: func(e engine.CommitEvent) {
					if e.Err != nil || e.Load != 1 {
						t.Errorf("commit %+v", e)
					}
					note("commit")
				},
				End: func(e engine.EndEvent) {
					switch {
					case e.Err != nil:
						note("end", part(e.Err))
					case e.Result.Partial():
						note("end committed in part")
					case e.Result.Committed:
						note("end committed")
					default:
						note("end dry")
					}
				},
			}
			if c.change != nil {
				c.change(&o)
			}
			engine.Run(t.Context(), a.script(`return { client = { base_url = "$API", paginator = "single_page" }, resources = { `+c.resources+` } }`), o)
			if all := strings.Join(got, ", "); all != c.want {
				t.Errorf("got  %s\nwant %s", all, c.want)
			}
		})
	}
}

// A request tells which attempt it was.
func TestRequestEventAttempt(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if len(a.asked()) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		a.json(w, `[{"id":1}]`)
	})
	o := a.options()
	var attempts, status []int
	o.Events.Request = func(e engine.RequestEvent) {
		attempts, status = append(attempts, e.Attempt), append(status, e.Status)
	}
	if _, err := engine.Run(t.Context(), a.script(`return { client = { base_url = "$API", paginator = "single_page" }, resources = { { name = "items" } } }`), o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(attempts, []int{1, 2, 3}) || !slices.Equal(status, []int{503, 503, 200}) {
		t.Errorf("attempts %v, status %v", attempts, status)
	}
}

// OPR-62: a program's own logger gets a load as records, beside its events.
func TestLogger(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) { a.json(w, `[{"id":1}]`) })
	var out bytes.Buffer
	pages := 0
	o := a.options()
	o.Logger = slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: engine.LevelTrace})).With("job", 7)
	o.Events.Page = func(engine.PageEvent) { pages++ }
	const script = `return {
		client = { base_url = "$API", paginator = "single_page" },
		resources = { { name = "items", processing_steps = { { map = function(r) require("log").info("sees", { id = r.id }) return r end } } } },
	}`
	if _, err := engine.Run(t.Context(), a.script(script), o); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		var r struct {
			Msg, Resource, From string
			Job                 int
			Fields              struct{ ID int }
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Job != 7 {
			t.Fatalf("%v: %s", err, line)
		}
		if r.From == "script" && (r.Fields.ID != 1 || r.Resource != "items") {
			t.Errorf("the script's line: %s", line)
		}
		got = append(got, r.Msg)
	}
	want := []string{engine.LogBegan, engine.LogRequest, engine.LogDetected, "sees", engine.LogPage, engine.LogResourceDone, engine.LogCommitted}
	if !slices.Equal(got, want) || pages != 1 {
		t.Errorf("records %q, want %q; %d pages", got, want, pages)
	}
}

// And calls both, the first one first, and is nil where both are.
func TestEventsAnd(t *testing.T) {
	t.Parallel()
	var got []string
	page := func(name string) engine.Events {
		return engine.Events{Page: func(engine.PageEvent) { got = append(got, name) }}
	}
	e := page("a").And(page("b")).And(engine.Events{Warning: func(w engine.WarningEvent) { got = append(got, w.Text) }})
	e.Page(engine.PageEvent{})
	e.Warning(engine.WarningEvent{Text: "c"})
	if !slices.Equal(got, []string{"a", "b", "c"}) || e.Log != nil {
		t.Errorf("got %v", got)
	}
}
