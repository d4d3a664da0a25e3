package engine_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
)

// API-28: an export job is created, asked about until it is done, and its packed
// CSV is read as rows.
func TestAPI28ExportJob(t *testing.T) {
	t.Parallel()
	var polls atomic.Int32
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "POST /exports":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"id":"x7"}`)
		case "GET /exports/x7":
			if polls.Add(1) < 3 {
				a.json(w, `{"state":"running"}`)
				return
			}
			a.json(w, `{"state":"done","url":"/files/x7.csv.gz"}`)
		case "GET /files/x7.csv.gz":
			w.Write(gzipped(t, "id,name\n1,\"Ann, \"\"A\"\"\"\n2,Bo\n"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	a.load(`local http = require("http")
	return {
		client = { base_url = "$API" },
		resources = {
			{ name = "jobs", selected = false, rows = function(emit)
				local job = http.post("exports", { json = { report = "users" } }).json
				local state
				repeat state = http.get("exports/" .. job.id).json until state.state ~= "running"
				emit({ file = state.url })
			end },
			{ name = "users", endpoint = { path = "{resources.jobs.file}", format = "csv", paginator = "single_page" } },
		},
	}`)
	a.wantRows("users", `{"id":"1","name":"Ann, \"A\""}`, `{"id":"2","name":"Bo"}`)
}

// API-29: children of 10,000 parents, some of them gone (404), some broken for
// good (500): the first are ignored, the others deferred or skipped, and all
// others come in the order of the parents (OPR-32).
func TestAPI29ManyChildren(t *testing.T) {
	t.Parallel()
	parents := 10_000
	if testing.Short() {
		parents = 1000
	}
	var healed atomic.Bool
	gone := func(id int) bool { return id%10 == 3 }
	broken := func(id int) bool { return id%1000 == 7 }
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/users" {
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			page = max(page, 1)
			if page*1000 < parents {
				w.Header().Set("Link", fmt.Sprintf(`</users?page=%d>; rel="next"`, page+1))
			}
			a.json(w, "["+numbered((page-1)*1000+1, page*1000)+"]")
			return
		}
		id, _ := strconv.Atoi(strings.Split(r.URL.Path, "/")[2])
		switch {
		case gone(id):
			w.WriteHeader(http.StatusNotFound)
		case broken(id) && !healed.Load():
			w.WriteHeader(http.StatusInternalServerError)
		default:
			a.json(w, fmt.Sprintf(`[{"id":%d}]`, id))
		}
	})
	script := func(onError string) string {
		return fmt.Sprintf(`return {
			client = { base_url = "$API" },
			resources = {
				{ name = "users", selected = false, endpoint = { paginator = "header_link" } },
				{ name = "posts", on_error = %q, write_disposition = "append", endpoint = { path = "users/{resources.users.id}/posts", paginator = "single_page",
					response_actions = { { status_code = 404, action = "ignore" } } } },
			},
		}`, onError)
	}
	var whole, partly, late []string
	for id := 1; id <= parents; id++ {
		switch {
		case gone(id):
		case broken(id):
			late = append(late, strconv.Itoa(id))
		default:
			partly = append(partly, strconv.Itoa(id))
		}
	}
	whole = append(slices.Clone(partly), late...)
	result := a.load(script("defer"))
	a.wantIDs("posts", strings.Join(partly, " "))
	posts := result.Resources["posts"]
	if !result.Partial() || int(posts.Failed) != len(late) || posts.Deferred != len(late) {
		t.Errorf("failed %d, deferred %d of %d", posts.Failed, posts.Deferred, len(late))
	}
	healed.Store(true)
	before := len(a.asked())
	o := a.options()
	o.RetryDeferred = true
	if _, err := engine.Run(t.Context(), a.script(script("defer")), o); err != nil {
		t.Fatal(err)
	}
	a.wantIDs("posts", strings.Join(whole, " "))
	if n := len(a.asked()) - before; n != len(late) {
		t.Errorf("%d requests for %d deferred parents", n, len(late))
	}
	s, err := dataset.Read(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Resources["posts"]; r != nil && len(r.Deferred) > 0 {
		t.Errorf("%d parents are still deferred", len(r.Deferred))
	}
	healed.Store(false)
	a.dir += "-skip"
	result = a.load(script("skip"))
	a.wantIDs("posts", strings.Join(partly, " "))
	if r := result.Resources["posts"]; int(r.Failed) != len(late) || r.Deferred != 0 {
		t.Errorf("skip: failed %d, deferred %d", r.Failed, r.Deferred)
	}
	a.dir += "-fail"
	a.fails(script("fail"), "posts", "500")
}
