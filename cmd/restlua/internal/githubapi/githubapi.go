// Package githubapi is a small API shaped like GitHub's: issues with labels and
// their comments, Link headers, since, a 404 and a 429. It always answers the
// same, so that the demo and tests know what must come out.
package githubapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// Repository is the one that the API has.
	Repository = "acme/rocket"
	// Token is the one that the API knows. Requests without credentials are
	// answered too, as on GitHub; with others they get a 401.
	Token = "demo-token-of-acme"
	// Gone is the number of an issue whose comments are answered with 404.
	Gone = 13
)

const maxPerPage = 100

// API is the server. Its methods may be called from several goroutines.
type API struct {
	mux *http.ServeMux

	mu       sync.Mutex
	issues   []issue // by number, from 1
	comments []comment
	busy     bool // the one 429 is still to come
}

// New returns the API with its first 250 issues.
func New() *API {
	a := &API{mux: http.NewServeMux(), busy: true}
	for n := 1; n <= 250; n++ {
		a.addIssue(n)
	}
	a.mux.HandleFunc("GET /repos/{owner}/{repo}/issues", a.listIssues)
	a.mux.HandleFunc("GET /repos/{owner}/{repo}/issues/{number}/comments", a.listComments)
	return a
}

// Issues is how many issues there are.
func (a *API) Issues() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.issues)
}

// Comments is how many comments a reader gets: all but those of Gone.
func (a *API) Comments() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for i := range a.comments {
		if a.comments[i].issue != Gone {
			n++
		}
	}
	return n
}

// Advance lets some time pass: it changes issues, for which comments came, and
// opens new ones. It returns how many of each.
func (a *API) Advance() (changed, added int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.latest().Add(time.Hour)
	milestone := &milestone{ID: 1, Title: "v2", DueOn: stamp(now.AddDate(0, 3, 0))}
	for n := 20; n <= 240; n += 20 {
		i := &a.issues[n-1]
		i.Title += " (seen again)"
		i.Milestone = milestone
		now = now.Add(time.Minute)
		i.UpdatedAt = stamp(now)
		a.addComment(i, now)
		changed++
	}
	for range 8 {
		a.addIssue(len(a.issues) + 1)
		i := &a.issues[len(a.issues)-1]
		now = now.Add(time.Minute)
		i.CreatedAt, i.UpdatedAt = stamp(now), stamp(now)
		added++
	}
	return changed, added
}

// latest is the greatest updated_at; a.mu is held.
func (a *API) latest() time.Time {
	last := ""
	for i := range a.issues {
		last = max(last, a.issues[i].UpdatedAt)
	}
	t, _ := time.Parse(time.RFC3339, last) // stamp made it
	return t
}

// ServeHTTP answers as GitHub does: credentials, limits, then the route.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if auth := r.Header.Get("Authorization"); auth != "" && auth != "Bearer "+Token && auth != "token "+Token {
		refuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	a.mux.ServeHTTP(w, r)
}

func (a *API) listIssues(w http.ResponseWriter, r *http.Request) {
	if !a.here(w, r) {
		return
	}
	q := r.URL.Query()
	// The second page is refused once, as a busy API does.
	if q.Get("page") == "2" && a.tooFast() {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "You have exceeded a secondary rate limit")
		return
	}
	state, since := q.Get("state"), q.Get("since")
	if state == "" {
		state = "open"
	}
	a.mu.Lock()
	var found []issue
	for _, i := range a.issues {
		if (state == "all" || i.State == state) && i.UpdatedAt >= since {
			found = append(found, i)
		}
	}
	a.mu.Unlock()
	key := func(i issue) string { return i.CreatedAt }
	if q.Get("sort") == "updated" {
		key = func(i issue) string { return i.UpdatedAt }
	}
	slices.SortStableFunc(found, func(x, y issue) int { return strings.Compare(key(x), key(y)) })
	if q.Get("direction") != "asc" {
		slices.Reverse(found)
	}
	writePage(w, r, found)
}

func (a *API) listComments(w http.ResponseWriter, r *http.Request) {
	if !a.here(w, r) {
		return
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	a.mu.Lock()
	exists := err == nil && number >= 1 && number <= len(a.issues) && number != Gone
	found := []comment{}
	for _, c := range a.comments {
		if c.issue == number && c.UpdatedAt >= r.URL.Query().Get("since") {
			found = append(found, c)
		}
	}
	a.mu.Unlock()
	if !exists {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	writePage(w, r, found)
}

// here reports whether the request is for the one repository; if not it is
// answered.
func (a *API) here(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("owner")+"/"+r.PathValue("repo") == Repository {
		return true
	}
	refuse(w, http.StatusNotFound, "Not Found")
	return false
}

// tooFast is true once.
func (a *API) tooFast() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.busy
	a.busy = false
	return was
}

// writePage writes the page of all that the request asks for, with links to
// the others.
func writePage[T any](w http.ResponseWriter, r *http.Request, all []T) {
	q := r.URL.Query()
	perPage := number(q, "per_page", 30, maxPerPage)
	last := max(1, (len(all)+perPage-1)/perPage)
	page := number(q, "page", 1, 1<<30)
	var links []string
	link := func(rel string, n int) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf(`<http://%s%s?%s>; rel=%q`, r.Host, r.URL.EscapedPath(), q.Encode(), rel))
	}
	if page > 1 {
		link("prev", page-1)
	}
	if page < last {
		link("next", page+1)
		link("last", last)
	}
	if page > 1 {
		link("first", 1)
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	first := min(len(all), (min(page, last+1)-1)*perPage)
	write(w, http.StatusOK, append([]T{}, all[first:min(len(all), first+perPage)]...))
}

// number reads a query parameter from 1 to limit; others mean the default.
func number(q url.Values, name string, otherwise, limit int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, limit)
}

func refuse(w http.ResponseWriter, status int, message string) {
	write(w, status, map[string]string{"message": message})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
