package scripts_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// graphAPI models Microsoft Graph and the login that belongs to it: lists with
// links, and changes since a deltaLink.
type graphAPI struct {
	*api
	tokens  int
	answers int                 // with the token at hand, which ends after some
	changes map[string][]object // by list, in the order in which they happened
	kept    int                 // of the changes of users, the first that a deltaLink may name
	signIns []time.Time
}

func newGraph(t *testing.T) *graphAPI {
	a := &graphAPI{changes: map[string][]object{}}
	a.api = serve(t, func(r *http.Request) (int, string) { return 0, "" })
	a.handle("POST /acme/oauth2/v2.0/token", func(r *http.Request) (any, string) {
		form := map[string]string{"grant_type": "client_credentials", "client_id": "app", "client_secret": "s3cret-of-app", "scope": "https://graph.microsoft.com/.default"}
		for name, want := range form {
			if got := r.PostFormValue(name); got != want {
				return nil, fmt.Sprintf("AADSTS: %s is %q", name, got)
			}
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.tokens++
		a.answers = 0
		return object{"token_type": "Bearer", "expires_in": 3599, "access_token": fmt.Sprintf("token-number-%d", a.tokens)}, ""
	})
	graph := func(pattern string, f func(r *http.Request) (object, string)) {
		a.mux.HandleFunc("GET /v1.0/"+pattern, func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			a.answers++
			ended := a.answers > 4 && a.tokens == 1 // the first token is taken back
			good := r.Header.Get("Authorization") == fmt.Sprintf("Bearer token-number-%d", a.tokens)
			a.mu.Unlock()
			if ended || !good {
				reply(w, http.StatusUnauthorized, object{"error": object{"code": "InvalidAuthenticationToken"}})
				return
			}
			answer, why := f(r)
			switch {
			case why == "gone":
				reply(w, http.StatusGone, object{"error": object{"code": "syncStateNotFound"}})
			case why != "":
				a.refuse(w, r, http.StatusBadRequest, why)
			default:
				reply(w, http.StatusOK, answer)
			}
		})
	}
	graph("{list}/delta", a.delta)
	graph("auditLogs/signIns", func(r *http.Request) (object, string) {
		q := r.URL.Query()
		text, ok := strings.CutPrefix(q.Get("$filter"), "createdDateTime ge ")
		since, err := time.Parse(time.RFC3339, text)
		if !ok || err != nil {
			return nil, "Invalid filter clause: " + q.Get("$filter")
		}
		size, why := limit(q.Get("$top"), 1000)
		if why != "" {
			return nil, why
		}
		first, _ := strconv.Atoi(q.Get("$skiptoken"))
		rows := []object{}
		for i, at := range a.signIns {
			if !at.Before(since) {
				rows = append(rows, object{"id": fmt.Sprint("s", i), "createdDateTime": at})
			}
		}
		return a.page(r, q, rows, first, size), unknown(q, "$filter", "$orderby", "$top", "$skiptoken")
	})
	return a
}

// page cuts a page out of rows, with a link to the next.
func (a *graphAPI) page(r *http.Request, q url.Values, rows []object, first, size int) object {
	last := min(first+size, len(rows))
	page := object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": append([]object{}, rows[min(first, last):last]...)}
	if last < len(rows) {
		q.Set("$skiptoken", strconv.Itoa(last))
		page["@odata.nextLink"] = a.url + r.URL.Path + "?" + q.Encode()
	}
	return page
}

// delta answers a list and its changes. The first time $select is needed, later
// it stands in the token.
func (a *graphAPI) delta(r *http.Request) (object, string) {
	list, q := r.PathValue("list"), r.URL.Query()
	all := a.changes[list]
	from, what := 0, q.Get("$select")
	if token := q.Get("$deltatoken"); token != "" {
		at, of, _ := strings.Cut(token, ":")
		from, _ = strconv.Atoi(at)
		what = of
		if list == "users" && from < a.kept {
			return nil, "gone"
		}
	}
	if q.Has("$select") == q.Has("$deltatoken") || what == "" {
		return nil, "Subsequent requests can't be changed, and a first one selects here"
	}
	rows := slices.Clone(all[from:])
	if from == 0 && list == "users" { // what there is now, not what happened
		now := map[any]object{}
		for _, o := range all {
			now[o["id"]] = o
		}
		rows = slices.DeleteFunc(rows, func(o object) bool {
			is := now[o["id"]]
			return is["@removed"] != nil || is["displayName"] != o["displayName"]
		})
	}
	if what != "id,members" {
		rows = slices.DeleteFunc(rows, func(o object) bool { return o["members@delta"] != nil })
	}
	first, _ := strconv.Atoi(q.Get("$skiptoken"))
	page := a.page(r, q, rows, first, 100)
	if page["@odata.nextLink"] == nil {
		page["@odata.deltaLink"] = fmt.Sprintf("%s%s?$deltatoken=%d:%s", a.url, r.URL.Path, len(all), what)
	}
	return page, unknown(q, "$select", "$deltatoken", "$skiptoken")
}

// odata.lua against a model of the API: lists in pages, a token that ends in the
// middle, then changes and removals, and a deltaLink that is too old.
func TestOData(t *testing.T) {
	t.Parallel()
	a := newGraph(t)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 250 {
		a.changes["users"] = append(a.changes["users"], object{"id": fmt.Sprint("u", i), "displayName": "user"})
		a.signIns = append(a.signIns, start.Add(time.Duration(i)*time.Minute))
	}
	a.changes["groups"] = []object{{"id": "g1", "displayName": "group"}, {"id": "g1", "members@delta": []object{{"@odata.type": "#microsoft.graph.user", "id": "u1"}, {"@odata.type": "#microsoft.graph.user", "id": "u2"}}}}
	dir := filepath.Join(t.TempDir(), "odata")
	s := settings{
		secrets: map[string]string{"graph.client_secret": "s3cret-of-app"},
		config:  map[string]string{"graph.url": a.url + "/", "graph.login_url": a.url + "/", "graph.tenant": "acme", "graph.client_id": "app"},
	}
	first, _ := load(t, "odata", dir, s)
	wantRows(t, first, "users", 250, 0, 0, 250)
	wantRows(t, first, "groups", 1, 0, 0, 1)
	wantRows(t, first, "members", 2, 0, 0, 2)
	wantRows(t, first, "sign_ins", 250, 0, 0, 250)
	if a.tokens != 2 {
		t.Errorf("%d tokens, want 2: the first one ended in the middle", a.tokens)
	}

	removed := object{"reason": "changed"}
	a.changes["users"] = append(a.changes["users"], object{"id": "u5", "displayName": "other"}, object{"id": "u6", "@removed": removed})
	a.changes["groups"] = append(a.changes["groups"], object{"id": "g1", "members@delta": []object{{"id": "u2", "@removed": removed}, {"id": "u3"}}})
	a.signIns = append(a.signIns, start.Add(250*time.Minute))
	second, _ := load(t, "odata", dir, s)
	wantRows(t, second, "users", 0, 1, 1, 249)
	wantRows(t, second, "members", 1, 0, 1, 2)
	wantRows(t, second, "sign_ins", 1, 16, 0, 251) // the lag's quarter of an hour once more

	a.kept = 300 // what a deltaLink of before names is forgotten
	third, _ := load(t, "odata", dir, s)
	wantRows(t, third, "users", 0, 0, 0, 249)
	a.requests()
	fourth, _ := load(t, "odata", dir, s)
	wantRows(t, fourth, "users", 0, 249, 0, 249)
	if !slices.ContainsFunc(a.requests(), func(r string) bool { return strings.HasPrefix(r, "GET /v1.0/users/delta?$select=") }) {
		t.Error("the list was not read again")
	}
}
