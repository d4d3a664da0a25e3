package scripts_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// jiraAPI models Jira Cloud for an account in New York.
type jiraAPI struct {
	*api
	issues []jiraIssue // in the order of their last change
}

type jiraIssue struct {
	id       int
	updated  time.Time
	comments int
}

var jqlForm = regexp.MustCompile(`^\(project = WEB\) AND updated >= "(\d{4}-\d\d-\d\d \d\d:\d\d)" ORDER BY updated ASC$`)

func newJira(t *testing.T, zone *time.Location) *jiraAPI {
	a := &jiraAPI{}
	a.api = serve(t, func(r *http.Request) (int, string) {
		if email, token, _ := r.BasicAuth(); email != "ann@acme.com" || token != "atlassian-token" {
			return http.StatusUnauthorized, "Basic authentication with email and API token is needed"
		}
		return 0, ""
	})
	a.handle("GET /rest/api/3/myself", func(*http.Request) (any, string) {
		return object{"accountId": "u1", "timeZone": zone.String()}, ""
	})
	a.handle("GET /rest/api/3/search/jql", func(r *http.Request) (any, string) {
		q := r.URL.Query()
		if why := unknown(q, "jql", "fields", "maxResults", "nextPageToken"); why != "" {
			return nil, why
		}
		m := jqlForm.FindStringSubmatch(q.Get("jql"))
		if m == nil {
			return nil, "Unbounded JQL queries are not allowed here: " + q.Get("jql")
		}
		since, err := time.ParseInLocation("2006-01-02 15:04", m[1], zone)
		if err != nil {
			return nil, err.Error()
		}
		n, why := limit(q.Get("maxResults"), 100)
		if why != "" {
			return nil, why
		}
		first := 0
		if token := q.Get("nextPageToken"); token != "" {
			// A token belongs to the query that it came from.
			rest, ok := strings.CutPrefix(token, m[1]+"|")
			if first, err = strconv.Atoi(rest); !ok || err != nil {
				return nil, "the token belongs to another query"
			}
		}
		var found []object
		for _, i := range a.issues {
			if !i.updated.Before(since) {
				found = append(found, object{"id": strconv.Itoa(i.id), "key": fmt.Sprintf("WEB-%d", i.id), "fields": object{
					"summary": fmt.Sprintf("issue %d", i.id), "updated": i.updated.In(zone).Format("2006-01-02T15:04:05.000-0700"),
					"status": object{"name": "To Do", "statusCategory": object{"key": "new"}}, "assignee": nil, "labels": []string{"x"},
				}})
			}
		}
		last := min(first+n, len(found))
		page := object{"issues": found[first:last], "isLast": last == len(found)}
		if last < len(found) {
			page["nextPageToken"] = fmt.Sprintf("%s|%d", m[1], last)
		}
		return page, ""
	})
	// Comments and work logs: as many as an issue has.
	a.mux.HandleFunc("GET /rest/api/3/issue/{id}/{list}", func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.Atoi(r.PathValue("id"))
		for _, i := range a.issues {
			if i.id != id {
				continue
			}
			if id == 13 {
				reply(w, http.StatusNotFound, object{"errorMessages": []string{"Issue does not exist or you do not have permission to see it."}})
				return
			}
			if id == 20 && a.once("429") {
				w.Header().Set("Retry-After", "7")
				reply(w, http.StatusTooManyRequests, object{})
				return
			}
			list := r.PathValue("list") + "s"
			var all []object
			for c := range i.comments {
				all = append(all, object{"id": fmt.Sprintf("%d%03d", id, c), "author": object{"accountId": "u1", "displayName": "Ann"}, "body": object{"type": "doc", "version": 1}})
			}
			page, why := startAt(r, all, list, map[string]int{"comments": 100, "worklogs": 5000}[list])
			if why != "" {
				a.refuse(w, r, http.StatusBadRequest, why)
				return
			}
			reply(w, http.StatusOK, page)
			return
		}
		a.refuse(w, r, http.StatusNotFound, "no such issue")
	})
	a.handle("GET /rest/api/3/project/search", func(r *http.Request) (any, string) {
		return startAt(r, numberedObjects(70), "values", 50)
	})
	a.handle("GET /rest/api/3/users/search", func(r *http.Request) (any, string) {
		all := numberedObjects(230)
		for i, u := range all {
			u["accountId"], u["accountType"] = u["id"], []string{"atlassian", "app"}[i%2]
		}
		page, why := startAt(r, all, "values", 1000)
		if why != "" {
			return nil, why
		}
		return page["values"], ""
	})
	a.handle("GET /rest/api/3/field", func(r *http.Request) (any, string) { return numberedObjects(3), "" })
	return a
}

// startAt is the page of a list that a request asks for with startAt and
// maxResults.
func startAt(r *http.Request, all []object, name string, most int) (object, string) {
	q := r.URL.Query()
	n, why := limit(q.Get("maxResults"), most)
	if why != "" {
		return nil, why
	}
	first, err := strconv.Atoi(q.Get("startAt"))
	if err != nil {
		return nil, "startAt is " + q.Get("startAt")
	}
	first = min(first, len(all))
	return object{"startAt": first, "maxResults": n, "total": len(all), name: append([]object{}, all[first:min(first+n, len(all))]...)}, unknown(q, "startAt", "maxResults", "expand")
}

func numberedObjects(n int) []object {
	all := []object{}
	for i := range n {
		all = append(all, object{"id": fmt.Sprintf("id%d", i), "name": fmt.Sprintf("name %d", i)})
	}
	return all
}

// jira.lua against a model of the API: every issue, then what changed in the
// minutes before the last run ended and since.
func TestJira(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	a := newJira(t, zone)
	start := time.Date(2025, 3, 1, 12, 0, 30, 0, time.UTC)
	for i := 1; i <= 230; i++ {
		comments := 0
		switch {
		case i == 7:
			comments = 130 // more than a page
		case i%20 == 0:
			comments = 2
		}
		a.issues = append(a.issues, jiraIssue{i, start.Add(time.Duration(i) * time.Hour), comments})
	}
	dir := filepath.Join(t.TempDir(), "jira")
	s := settings{
		secrets: map[string]string{"jira.email": "ann@acme.com", "jira.token": "atlassian-token"},
		config:  map[string]string{"jira.url": a.url + "/", "jira.site": "acme", "jira.jql": "project = WEB"},
	}
	first, waited := load(t, "jira", dir, s)
	wantRows(t, first, "issues", 230, 0, 0, 230)
	wantRows(t, first, "comments", 152, 0, 0, 152)
	wantRows(t, first, "worklogs", 152, 0, 0, 152)
	wantRows(t, first, "projects", 70, 0, 0, 70)
	wantRows(t, first, "users", 115, 0, 0, 115)
	wantRows(t, first, "fields", 3, 0, 0, 3)
	if first.Retries != 1 || waited < 7*time.Second {
		t.Errorf("%d retries in %v, want 1 of 7s", first.Retries, waited)
	}
	// Issue 7 changes: of its comments all but one are deleted. Issue 231 is new,
	// and was changed before the last run ended, in the minutes of the lag.
	last := a.issues[229].updated
	a.issues = append(a.issues, jiraIssue{231, last.Add(-2 * time.Minute), 1}, jiraIssue{7, last.Add(time.Minute), 1})
	a.issues = append(a.issues[:6], a.issues[7:]...)
	second, _ := load(t, "jira", dir, s)
	wantRows(t, second, "issues", 1, 2, 0, 231) // 7, and the last one once more
	if x := second.Tables["comments"]; x.Total != 152-129+1 {
		t.Errorf("comments: %+v, want 24 in all", x)
	}
}
