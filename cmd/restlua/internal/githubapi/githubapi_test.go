package githubapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/restlua/restlua/cmd/restlua/internal/githubapi"
)

type record struct {
	Number    int
	UpdatedAt string `json:"updated_at"`
}

// get asks one path of the API.
func get(t *testing.T, api http.Handler, target string, headers ...string) (*http.Response, []record) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	var records []record
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &records); err != nil {
			t.Fatalf("GET %s: %v", target, err)
		}
	}
	return w.Result(), records
}

var next = regexp.MustCompile(`<http://example.com([^>]*)>; rel="next"`)

// Following the Link headers gives every issue once, in the order asked for.
func TestPages(t *testing.T) {
	t.Parallel()
	api := githubapi.New()
	seen := map[int]bool{}
	last, refused := "", 0
	for target := "/repos/acme/rocket/issues?state=all&per_page=100&sort=updated&direction=asc"; target != ""; {
		resp, records := get(t, api, target)
		if resp.StatusCode == http.StatusTooManyRequests {
			if resp.Header.Get("Retry-After") != "1" {
				t.Fatal("a 429 without Retry-After")
			}
			refused++
			continue
		}
		for _, r := range records {
			if seen[r.Number] || r.UpdatedAt < last {
				t.Fatalf("issue %d came twice or out of order", r.Number)
			}
			seen[r.Number], last = true, r.UpdatedAt
		}
		target = ""
		if m := next.FindStringSubmatch(resp.Header.Get("Link")); m != nil {
			target = m[1]
		}
	}
	if len(seen) != api.Issues() || refused != 1 {
		t.Errorf("%d of %d issues, refused %d times; want all and 1", len(seen), api.Issues(), refused)
	}
}

// After Advance only the changed and the new issues are newer than what was.
func TestAdvance(t *testing.T) {
	t.Parallel()
	api := githubapi.New()
	_, newest := get(t, api, "/repos/acme/rocket/issues?state=all&per_page=1&sort=updated")
	since := "/repos/acme/rocket/issues?state=all&per_page=100&sort=updated&since=" + newest[0].UpdatedAt
	_, before := get(t, api, since)
	changed, added := api.Advance()
	_, after := get(t, api, since)
	if len(before) == 0 || len(after) != len(before)+changed+added {
		t.Errorf("%d issues after %d before, want %d changed and %d new ones more", len(after), len(before), changed, added)
	}
	_, comments := get(t, api, "/repos/acme/rocket/issues/20/comments?since="+newest[0].UpdatedAt)
	if len(comments) != 1 {
		t.Errorf("%d new comments on a changed issue, want 1", len(comments))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	api := githubapi.New()
	for _, c := range []struct {
		target, auth string
		status       int
	}{
		{"/repos/acme/rocket/issues", "", 200},
		{"/repos/acme/rocket/issues", "Bearer " + githubapi.Token, 200},
		{"/repos/acme/rocket/issues", "Bearer wrong", 401},
		{"/repos/acme/other/issues", "", 404},
		{"/repos/acme/rocket/issues/13/comments", "", 404},
		{"/repos/acme/rocket/issues/999/comments", "", 404},
		{"/repos/acme/rocket/issues?page=99", "", 200},
	} {
		headers := []string{"Authorization", c.auth}
		if c.auth == "" {
			headers = nil
		}
		if resp, _ := get(t, api, c.target, headers...); resp.StatusCode != c.status {
			t.Errorf("GET %s with %q: %d, want %d", c.target, c.auth, resp.StatusCode, c.status)
		}
	}
}
