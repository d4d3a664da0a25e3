package engine_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const linked = `return {
	client = { base_url = "$API", paginator = "header_link" },
	resources = { { name = "issues" } },
}`

// API-01: GitHub says 403 with none left and a reset time, or its secondary
// limit with Retry-After. Both are waited for and reported.
func TestAPI01GitHubLimits(t *testing.T) {
	t.Parallel()
	var tries [4]atomic.Int32
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		page = max(page, 1)
		first := tries[page].Add(1) == 1
		switch {
		case page == 2 && first:
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", fmt.Sprint(a.clock().Add(70*time.Second).Unix()))
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"message":"API rate limit exceeded"}`)
			return
		case page == 3 && first:
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"message":"You have exceeded a secondary rate limit"}`)
			return
		}
		if page < 3 {
			w.Header().Set("Link", fmt.Sprintf(`<%s/issues?page=%d>; rel="next"`, a.url, page+1))
		}
		a.json(w, "["+numbered(page, page)+"]")
	})
	result := a.load(linked)
	a.wantIDs("issues", "1 2 3")
	if result.Retries != 2 || result.Waited < 100*time.Second || a.waited() < 100*time.Second {
		t.Errorf("%d retries, %v reported, %v waited", result.Retries, result.Waited, a.waited())
	}
}

// API-02: Slack says 200 with an error inside.
func TestAPI02SlackErrors(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secrets" {
			a.json(w, `{"ok": false, "error": "missing_scope", "needed": "channels:read"}`)
			return
		}
		if tries.Add(1) < 3 {
			a.json(w, `{"ok": false, "error": "ratelimited"}`)
			return
		}
		a.json(w, `{"ok": true, "channels": [{"id": "C1"}]}`)
	})
	script := func(name string) string {
		return fmt.Sprintf(`return {
			client = { base_url = "$API", paginator = "single_page" },
			resources = { { name = %q, endpoint = {
				data_selector = "channels",
				response_actions = {
					{ when = function(r) return r.json.error == "ratelimited" end, action = "retry" },
					{ when = function(r) return not r.json.ok end, action = "fail", message = "Slack says {json.error}, needs {json.needed}" },
				},
			} } },
		}`, name)
	}
	a.fails(script("secrets"), "Slack says missing_scope, needs channels:read", "secrets")
	result := a.load(script("channels"))
	a.wantIDs("channels", "C1")
	if result.Retries != 2 || a.waited() < 3*time.Second {
		t.Errorf("%d retries, %v waited", result.Retries, a.waited())
	}
}

// API-34: Retry-After as a date, in the past, hours ahead, as nonsense.
func TestAPI34RetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		value    func(now time.Time) string
		min, max time.Duration
		fails    []string
	}{
		{name: "seconds", value: func(time.Time) string { return "7" }, min: 7 * time.Second, max: 7 * time.Second},
		{name: "fraction", value: func(time.Time) string { return "2.5" }, min: 2500 * time.Millisecond, max: 2500 * time.Millisecond},
		{name: "date", value: func(now time.Time) string { return now.Add(90 * time.Second).Format(http.TimeFormat) }, min: 90 * time.Second, max: 90 * time.Second},
		{name: "past", value: func(now time.Time) string { return now.Add(-time.Hour).Format(http.TimeFormat) }, max: 2 * time.Second},
		{name: "negative", value: func(time.Time) string { return "-5" }, max: 2 * time.Second},
		{name: "nonsense", value: func(time.Time) string { return "soon" }, min: time.Second, max: 2 * time.Second},
		{name: "three hours", value: func(time.Time) string { return "10800" }, fails: []string{"the API asks to wait 3 h (until 15:00)", "issues", "--max-wait 3h"}},
		{name: "52 minutes", value: func(now time.Time) string { return now.Add(52 * time.Minute).Format(http.TimeFormat) }, fails: []string{"the API asks to wait 52 min (until 12:52)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			a := serve(t, func(a *api, w http.ResponseWriter, _ *http.Request) {
				if tries.Add(1) == 1 {
					w.Header().Set("Retry-After", c.value(a.clock()))
					w.WriteHeader(http.StatusTooManyRequests)
					return
				}
				a.json(w, `[{"id":1}]`)
			})
			if c.fails != nil {
				a.fails(linked, c.fails...)
				return
			}
			a.load(linked)
			a.wantIDs("issues", "1")
			if w := a.waited(); w < c.min || w > c.max {
				t.Errorf("waited %v, want %v to %v", w, c.min, c.max)
			}
		})
	}
}

// API-36: Shopify's and Discord's buckets say when to pause before they overflow.
func TestAPI36LeakyBuckets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		header func(h http.Header, page int)
		least  time.Duration
	}{
		{"Shopify", func(h http.Header, page int) { h.Set("X-Shopify-Shop-Api-Call-Limit", fmt.Sprintf("%d/40", 36+page)) }, 500 * time.Millisecond},
		{"Discord", func(h http.Header, page int) {
			h.Set("X-RateLimit-Remaining", fmt.Sprint(3-page))
			h.Set("X-RateLimit-Reset-After", "1.5")
			h.Set("X-RateLimit-Reset", "1470173023.123")
		}, 1500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
				page, _ := strconv.Atoi(r.URL.Query().Get("page"))
				page = max(page, 1)
				c.header(w.Header(), page)
				if page < 4 {
					w.Header().Set("Link", fmt.Sprintf(`<%s/issues?page=%d>; rel="next"`, a.url, page+1))
				}
				a.json(w, "["+numbered(page, page)+"]")
			})
			result := a.load(linked)
			a.wantIDs("issues", "1 2 3 4")
			if result.Retries != 0 || a.waited() < c.least || a.waited() > 3*c.least {
				t.Errorf("%d retries, waited %v, want at least %v", result.Retries, a.waited(), c.least)
			}
		})
	}
}

// API-32: cookies that the API wants back on the next page.
func TestAPI32Cookies(t *testing.T) {
	t.Parallel()
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "" {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "abc", Path: "/"})
			w.Header().Set("Link", `</issues?page=2>; rel="next"`)
			a.json(w, `[{"id":1}]`)
			return
		}
		if cookie, err := r.Cookie("session"); err != nil || cookie.Value != "abc" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		a.json(w, `[{"id":2}]`)
	})
	a.load(linked)
	a.wantIDs("issues", "1 2")
	a.dir += "2"
	a.fails(strings.Replace(linked, "paginator", "cookies = false, paginator", 1), "400", "page 2")
}
