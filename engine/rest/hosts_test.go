package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

func TestTrusted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, base, allowed, url string
		want                     bool
	}{
		{"OPR-08 base", "https://api.example.com/v1", "", "https://API.example.com/x", true},
		{"OPR-08 another", "https://api.example.com", "", "https://example.com", false},
		{"OPR-08 another port", "https://api.example.com", "", "https://api.example.com:8443", false},
		{"OPR-08 in the clear", "https://api.example.com", "", "http://api.example.com", false},
		{"OPR-08 to https", "http://api.example.com", "", "https://api.example.com", true},
		{"OPR-08 allowed", "https://a.example.com", "b.example.com", "https://b.example.com:1", true},
		{"OPR-08 wildcard", "https://a.example.com", "*.example.com", "https://x.y.example.com", true},
		{"OPR-08 wildcard is for names below", "https://a.example.org", "*.example.com", "https://badexample.com", false},
		{"OPR-08 all", "https://a.example.com", "*", "https://other.example", true},
		{"OPR-08 all, not in the clear", "https://a.example.com", "*", "http://other.example", false},
		{"OPR-08 look-alike", "https://a.example.com", "", "https://a.example.com.evil.example", false},
		{"OPR-08 user part", "https://a.example.com", "", "https://a.example.com@evil.example", false},
	} {
		var h hosts
		var allowed []string
		if test.allowed != "" {
			allowed = []string{test.allowed}
		}
		if err := h.init(test.base, allowed); err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.trusted(u); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// OPR-07, OPR-08, API-11, API-31: credentials of any kind stay home, on redirects
// and on links; trust and allowed_hosts change that.
func TestCredentialsStayHome(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		direct, trust  bool
		warnings, seen int64
	}{
		{"redirect", false, false, 1, 0},
		{"link", true, false, 1, 0},
		{"named by the script", true, true, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var seen, warnings atomic.Int64
			other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, name := range []string{"Authorization", "X-Api-Key", "Cookie"} {
					if r.Header.Get(name) != "" {
						seen.Add(1)
					}
				}
				if r.Header.Get("X-Plain") != "yes" {
					t.Error("a plain header is missing")
				}
				if r.Header.Get("X-Odd") != "" {
					seen.Add(1)
				}
			}))
			t.Cleanup(other.Close)
			c, _, home := testClient(t, func(w http.ResponseWriter, r *http.Request) {
				// The jar's rules know no ports: it is the same host to them.
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "home"})
				http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
			}, func(c *config.Client, o *Options) {
				c.Headers = []hook.Pair{{Name: "X-Api-Key", Value: "k"}, {Name: "X-Plain", Value: "yes"}}
				o.Events.Warning = func(resource, text string) {
					warnings.Add(1)
					if resource != "users" || !strings.Contains(text, "client.allowed_hosts") {
						t.Errorf("warning %s: %s", resource, text)
					}
				}
			})
			c.redactor.Add("odd-secret")
			auth, err := c.newAuthenticator("users", &config.Auth{Kind: "bearer", Token: "T"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			at := home
			if test.direct {
				at = other.URL
			}
			if test.trust {
				c.trust(other.URL + "/x")
			}
			headers := http.Header{}
			if !test.trust {
				headers.Set("X-Odd", "v odd-secret")
			}
			for range 2 { // one warning for both
				if _, err := c.send(context.Background(), call{resource: "users", auth: auth, request: &hook.Request{URL: at, Headers: headers}}); err != nil {
					t.Fatal(err)
				}
			}
			if warnings.Load() != test.warnings || seen.Load() != 2*test.seen {
				t.Errorf("%d warnings, %d credentials", warnings.Load(), seen.Load())
			}
		})
	}
}

// OPR-07: redirects change the method as browsers do, and end.
func TestRedirects(t *testing.T) {
	t.Parallel()
	c, _, home := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/303":
			http.Redirect(w, r, "/end", http.StatusSeeOther)
		case "/308":
			http.Redirect(w, r, "/end", http.StatusPermanentRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			io.WriteString(w, r.Method+" "+string(body))
		}
	}, nil)
	for path, want := range map[string]string{"/303": "GET ", "/308": `POST {"a":1}`, "/loop": "redirected more than 10 times"} {
		r, err := c.send(context.Background(), call{request: &hook.Request{Method: "POST", URL: home + path, JSON: []byte(`{"a":1}`)}})
		switch {
		case err != nil:
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", path, err)
			}
		case string(r.Body) != want || r.url != home+"/end":
			t.Errorf("%s: %q at %s", path, r.Body, r.url)
		}
	}
}

// OPR-08: an internal address is refused when it is written, and when a name
// resolves to it.
func TestInternalAddresses(t *testing.T) {
	t.Parallel()
	_, _, local := testClient(t, func(http.ResponseWriter, *http.Request) { t.Error("was asked") }, nil)
	c, err := NewClient(&config.Client{BaseURL: "https://api.example.com"}, Options{Sleep: newClock().Sleep})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(c, local); err == nil || !strings.Contains(err.Error(), "refused to connect to 127.0.0.1") {
		t.Errorf("written: %v", err)
	}
	if _, err := get(c, strings.Replace(local, "127.0.0.1", "localhost", 1)); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("localhost: %v", err)
	}
	// The dialer sees only addresses, after every resolution.
	if _, err := c.dial(context.Background(), "tcp", strings.TrimPrefix(local, "http://")); err == nil || !isFinal(err) {
		t.Errorf("dialled: %v", err)
	}
	for text, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "169.254.169.254": true, "::1": true, "::ffff:192.168.0.1": true,
		"fe80::1%eth0": true, "fd00::1": true, "100.64.0.1": true, "0.0.0.0": true, "93.184.216.34": false, "2606:2800::1": false,
	} {
		if got := internal(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// OPR-09, API-32: cookies are kept for the load, or not.
func TestCookies(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{true, false} {
		c, _, home := testClient(t, func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "page", Value: "2"})
			io.WriteString(w, r.Header.Get("Cookie"))
		}, func(c *config.Client, _ *Options) { c.Cookies = keep })
		if _, err := get(c, home); err != nil {
			t.Fatal(err)
		}
		body, err := get(c, home)
		if want := map[bool]string{true: "page=2"}[keep]; err != nil || body != want {
			t.Errorf("keep %v: %q, %v", keep, body, err)
		}
	}
}

// HDR-02, HDR-05, URL-05: headers of the client, replaced by those of the
// request; parameters behind the query that the URL has.
func TestRequestForm(t *testing.T) {
	t.Parallel()
	c, _, home := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.RawQuery+" "+r.Header.Get("X-A")+" "+r.UserAgent())
	}, func(c *config.Client, _ *Options) { c.Headers = []hook.Pair{{Name: "x-a", Value: "1"}} })
	r, err := c.Do(context.Background(), &hook.Request{URL: "x?q=1", Params: []hook.Pair{{Name: "r", Value: "a b"}}, Headers: http.Header{"X-A": {"2"}}})
	if err != nil || string(r.Body) != "q=1&r=a+b 2 restlua/1" {
		t.Errorf("%v, %v", r, err)
	}
	if r, err = c.Do(context.Background(), &hook.Request{URL: home}); err != nil || string(r.Body) != " 1 restlua/1" {
		t.Errorf("%v, %v", r, err)
	}
	var request *RequestError
	if _, err := get(c, "relative"); !errors.As(err, &request) || request.Attempts != 1 {
		t.Errorf("relative: %v", err)
	}
}
