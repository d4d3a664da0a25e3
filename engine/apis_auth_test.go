package engine_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// API-26: a token that expires in the middle. All workers get a 401; the token
// is fetched once more, and their requests are repeated.
func TestAPI26TokenExpires(t *testing.T) {
	t.Parallel()
	var tokens atomic.Int32
	var served atomic.Int32
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			a.json(w, fmt.Sprintf(`{"access_token":"token-%d","expires_in":3600}`, tokens.Add(1)))
			return
		}
		// The first token is taken back after 20 answers.
		n := served.Add(1)
		if r.Header.Get("Authorization") != "Bearer token-2" && (n > 20 || r.Header.Get("Authorization") != "Bearer token-1") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/users" {
			a.json(w, "["+numbered(1, 60)+"]")
			return
		}
		a.json(w, fmt.Sprintf(`[{"id":%s}]`, strings.Split(r.URL.Path, "/")[2]))
	})
	result := a.load(`return {
		client = { base_url = "$API", paginator = "single_page", auth = { type = "oauth2_client_credentials",
			access_token_url = "$API/token", client_id = "me", client_secret = require("secrets").get("api.token") } },
		resources = { { name = "users" }, { name = "posts", endpoint = { path = "users/{resources.users.id}/posts" } } },
	}`)
	a.wantIDs("posts", count(1, 60))
	if n := tokens.Load(); n != 2 {
		t.Errorf("%d tokens were fetched, want 2", n)
	}
	if result.Retries == 0 {
		t.Error("the repeated requests are not reported")
	}
	// A 401 that stays ends the load at once.
	b := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	b.fails(`return { client = { base_url = "$API", auth = { token = "abcdefgh" } }, resources = { "users" } }`, "users", "401")
	if n := len(b.asked()); n != 1 {
		t.Errorf("%d requests with a token that cannot be renewed", n)
	}
}

// API-27: each refresh token is good once. The new one is in a file of mode 0600
// before the old one is used up, and in nothing else.
func TestAPI27RotatingRefreshTokens(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	valid, n := "first-refresh", 0
	broken := true
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/token" {
			if r.FormValue("refresh_token") != valid {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"error":"invalid_grant"}`)
				return
			}
			n++
			valid = fmt.Sprintf("refresh-%d-abcdef", n)
			a.json(w, fmt.Sprintf(`{"access_token":"access-%d-abcdef","refresh_token":%q,"expires_in":3600}`, n, valid))
			return
		}
		if broken {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		a.json(w, `[{"id":1}]`)
	})
	const script = `return {
		client = { base_url = "$API", paginator = "single_page", auth = { type = "oauth2_refresh_token",
			access_token_url = "$API/token", client_id = "me", client_secret = "shhhhhh", refresh_token = require("secrets").get("api.refresh") } },
		resources = { { name = "users", write_disposition = "replace" } },
	}`
	// The load fails behind the refresh: the new token must not be lost.
	a.fails(script, "404")
	mu.Lock()
	broken = false
	mu.Unlock()
	for range 3 {
		a.load(script)
	}
	a.wantIDs("users", "1")
	if n != 4 {
		t.Errorf("%d refreshes, want 4", n)
	}
	found := 0
	err := filepath.WalkDir(a.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(data), valid) {
			return err
		}
		found++
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s with the refresh token has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != 1 {
		t.Errorf("the refresh token is in %d files", found)
	}
	if out, err := os.ReadFile(filepath.Join(a.dir, "state.json")); err != nil || strings.Contains(string(out), "refresh-") {
		t.Errorf("state.json holds the token (%v)", err)
	}
}

// API-31: redirects are followed, also to another host, where credentials do not
// go.
func TestAPI31Redirects(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			leaked.Store(true)
		}
		fmt.Fprint(w, `[{"id":1}]`)
	}))
	defer other.Close()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s3cret-session", Path: "/"})
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/new/moved", http.StatusMovedPermanently)
		case "/temporary":
			http.Redirect(w, r, "/new/temporary", http.StatusTemporaryRedirect)
		case "/permanent":
			http.Redirect(w, r, "/new/permanent", http.StatusPermanentRedirect)
		case "/elsewhere":
			http.Redirect(w, r, other.URL+"/signed", http.StatusFound)
		case "/circle":
			http.Redirect(w, r, "/circle", http.StatusFound)
		default:
			if want := map[string]string{"/new/permanent": "POST"}[r.URL.Path]; want != "" && r.Method != want {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			a.json(w, `[{"id":1}]`)
		}
	})
	script := func(names ...string) string {
		var b strings.Builder
		for _, n := range names {
			method := ""
			if n == "permanent" {
				method = `, endpoint = { method = "POST", json = { q = 1 } }`
			}
			fmt.Fprintf(&b, "{ name = %q%s },", n, method)
		}
		return `return { client = { base_url = "$API", paginator = "single_page", auth = { token = require("secrets").get("api.token") } }, resources = {` + b.String() + `} }`
	}
	a.load(script("moved", "temporary", "permanent", "elsewhere"))
	for _, table := range []string{"moved", "temporary", "permanent", "elsewhere"} {
		a.wantIDs(table, "1")
	}
	if leaked.Load() {
		t.Error("credentials went along with the redirect")
	}
	a.dir += "2"
	a.fails(script("circle"), "circle", "redirected more than 10 times")
}

// Functions of client.auth and client.paginator are the script's too: the
// resources have a world for them, though they have no function of their own.
func TestFunctionsOfTheClient(t *testing.T) {
	t.Parallel()
	var logins atomic.Int32
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			a.json(w, fmt.Sprintf(`{"token":"session-%d"}`, logins.Add(1)))
			return
		}
		if r.Header.Get("Authorization") != "Bearer session-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Query().Get("p") == "" {
			a.json(w, `{"data":[{"id":1}],"next":2}`)
			return
		}
		a.json(w, `{"data":[{"id":2}]}`)
	})
	a.load(`return {
		client = {
			base_url = "$API",
			auth = { login = function(http) return { token = http.post("login").json.token } end },
			paginator = function(request, response, state)
				if not response.json.next then return nil end
				request.params.p = response.json.next
				return request
			end,
		},
		resources = { { name = "users", endpoint = { data_selector = "data" } }, { name = "groups", endpoint = { data_selector = "data" } } },
	}`)
	a.wantIDs("users", "1 2")
	a.wantIDs("groups", "1 2")
	if n := logins.Load(); n != 1 {
		t.Errorf("%d logins", n)
	}
}
