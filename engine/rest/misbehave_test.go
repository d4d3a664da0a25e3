package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// Servers that misbehave in ways of their own.

// A redirection that leads nowhere is no page without records: a replace load
// would empty its table.
func TestRedirectionsThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status   int
		location string
		asked    http.Header
		err      string // empty: an answer
	}{
		{302, "", nil, "302 Redirection that cannot be followed: Found for url"},
		{307, "http://%zz/", nil, "307 Redirection that cannot be followed"},
		{300, "/other", nil, "300 Redirection that cannot be followed: Multiple Choices"},
		{304, "", nil, "304 Redirection that cannot be followed: Not Modified"},
		{304, "", http.Header{"If-None-Match": {`"x"`}}, ""},
		{304, "", http.Header{"If-Modified-Since": {"Sat, 29 Oct 1994 19:43:31 GMT"}}, ""},
		{204, "", nil, ""},
	} {
		t.Run(fmt.Sprint(test.status, test.asked), func(t *testing.T) {
			t.Parallel()
			c, _, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
				if test.location != "" {
					w.Header().Set("Location", test.location)
				}
				w.WriteHeader(test.status)
			}, nil)
			r, err := c.send(context.Background(), call{request: &hook.Request{URL: url, Headers: test.asked}})
			if err == nil {
				r.release()
			}
			if got := fmt.Sprint(err); test.err == "" && err != nil || !strings.Contains(got, test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			var status *StatusError
			if test.err != "" && (!errors.As(err, &status) || status.Status != test.status) {
				t.Errorf("error %#v is no status error", err)
			}
		})
	}
}

// API-15: where the end of the body is the end of the connection, JSON that ends
// inside of a value was broken off, and is asked for again.
func TestBodiesWithoutLengthThatBreakOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, first string
		requests    int
	}{
		{"in a string", `[{"id":1,"name":"a`, 2},
		{"in a list", `{"data":[1,2`, 2},
		{"in the second line", "{\"id\":1}\n{\"id\":", 2},
		{"whole", `[1]`, 1},
		{"whole lines", "{\"id\":1}\n{\"id\":2}\n", 1},
		{"broken in the middle", `[1,,2]`, 1}, // asking again would not help
		{"other text", "a,b\n1,\"", 1},
		{"empty", "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c, _, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				body := test.first
				if requests++; requests > 1 {
					body = `["again"]`
				}
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n%s", body)
			}, nil)
			got, err := get(c, url)
			want := test.first
			if test.requests > 1 {
				want = `["again"]`
			}
			if err != nil || got != want || requests != test.requests {
				t.Errorf("got %q, %v, after %d requests; want %q after %d", got, err, requests, want, test.requests)
			}
		})
	}
}

// An answer that tells of an error with status 200 must not pass for a page
// without records: that would end the series. Where the script says nothing of
// records, it is one, but not in silence.
func TestErrorsWithoutStatus(t *testing.T) {
	t.Parallel()
	for body, told := range map[string]bool{
		`{"error":{"code":17,"message":"limit reached"}}`:               true,
		`{"errors":[{"message":"no such field"}],"data":null}`:          true,
		`{"errors":[{"message":"x"}],"data":null,"extensions":{"a":1}}`: true,
		`{"Success":false,"Error":"maintenance","code":null}`:           true,
		`{"ok":false,"error":"ratelimited"}`:                            true,
		`{"message":"no results"}`:                                      false,
		`{"error":null,"data":{"id":1}}`:                                false,
		`{"error":"x","id":17}`:                                         false,
		`{"error":"","status":"done"}`:                                  false,
		`{"errors":[],"data":[1]}`:                                      false,
		`"error"`:                                                       false,
		`{"status":"ok"}`:                                               false,
		`{}`:                                                            false,
	} {
		one := func(selector string, bodies ...string) (*api, error) {
			a := answers(bodies...)
			e := &config.Endpoint{DataSelector: selector, Paginator: &config.Paginator{Kind: "json_link", NextURLPath: "next"}}
			_, err := pages(t, a.resource(t, config.Client{}, config.Resource{Endpoint: e}, nil), Binding{})
			return a, err
		}
		const text = "the answer tells of an error, although its status is 200"
		a, err := one("", body)
		if err != nil || strings.Contains(strings.Join(a.warnings, "\n"), text) != told {
			t.Errorf("%s: remarks %q, error %v", body, a.warnings, err)
		}
		for _, selector := range []string{"items", "items[*]", "data.nodes"} {
			_, err = one(selector, body)
			if got := err != nil && strings.Contains(err.Error(), text); got != told {
				t.Errorf("%s with the selector %s: error %v", body, selector, err)
			}
		}
		_, err = one("", `{"items":[1],"next":"/2"}`, body) // detected, and then
		if got := err != nil && strings.Contains(err.Error(), text); got != told {
			t.Errorf("%s behind a page: error %v", body, err)
		}
		if _, err = one("$", body); err != nil {
			t.Errorf("%s as a record: error %v", body, err)
		}
	}
}
