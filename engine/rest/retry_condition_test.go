package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// conditionWorld has the one hook client.session.retry_condition.
type conditionWorld struct {
	hook.World
	retry func(r *hook.Response, failure string) (bool, error)
}

func (w conditionWorld) Retry(_ context.Context, _ hook.Ref, r *hook.Response, failure string) (bool, error) {
	return w.retry(r, failure)
}

func (w conditionWorld) Respond(_ context.Context, f hook.Ref, _ *hook.Response) (hook.Action, error) {
	return hook.Action(f), nil
}

// RET-08: what the ordinary rules would take as it is comes again where the
// condition holds, with the waits and the bound of all retries.
func TestRetryCondition(t *testing.T) {
	t.Parallel()
	const busy, good = "200 []", `200 [{"id":1}]`
	for _, test := range []struct {
		name    string
		answers []string // status and body; the last one stays
		change  func(c *config.Client, r *config.Resource)
		asked   string // statuses that the condition saw
		slept   string
		err     string
	}{
		{"an answer without rows", []string{busy, busy, good}, nil, "200 200 200", "[1s 2s]", ""},
		{"a status that is final", []string{"404 []", good}, nil, "404 200", "[1s]", ""},
		{"not what is retried anyway", []string{"503 []", "429 []", good}, nil, "200", "[1s 2s]", ""},
		{"to the end", []string{busy}, nil, "200 200 200 200 200", "[1s 2s 4s 8s]",
			"client.session.retry_condition asks for a retry, but request_max_attempts (5) is reached: status 200 for url: URL/items"},
		{"a status to the end", []string{"404 []"}, nil, "404 404 404 404 404", "[1s 2s 4s 8s]", "404 Client Error: Not Found for url: URL/items"},
		{"Retry-After", []string{"404 after=7", good}, nil, "404 200", "[7s]", ""},
		{"a longer wait than is allowed", []string{"404 after=900"}, nil, "404", "[]", "the API asks to wait 15 min"},
		{"the settings of session", []string{busy}, func(c *config.Client, _ *config.Resource) {
			c.Session.RequestMaxAttempts, c.Session.RequestBackoffFactor = 3, 10
		}, "200 200 200", "[10s 20s]", "request_max_attempts (3) is reached"},
		{"an action that decides", []string{"404 []"}, func(_ *config.Client, r *config.Resource) {
			r.Endpoint.ResponseActions = []config.Action{{Status: 404, HasStatus: true, Do: hook.Ignore}}
		}, "", "[]", ""},
		{"behind an action that does not", []string{busy, good}, func(_ *config.Client, r *config.Resource) {
			r.Endpoint.ResponseActions = []config.Action{{Always: true, Funcs: []hook.Ref{""}}}
		}, "200 200", "[1s]", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			resource := &config.Resource{Name: "items", Endpoint: &config.Endpoint{Method: "GET", Path: text("items"), Paginator: &config.Paginator{Kind: "single_page"}}}
			c, k, home := testClient(t, func(w http.ResponseWriter, _ *http.Request) {
				status, body, _ := strings.Cut(test.answers[min(int(n.Add(1)), len(test.answers))-1], " ")
				if wait, ok := strings.CutPrefix(body, "after="); ok {
					w.Header().Set("Retry-After", wait)
				}
				w.Header().Set("Content-Type", "application/json")
				code := 0
				fmt.Sscan(status, &code)
				w.WriteHeader(code)
				io.WriteString(w, body)
			}, func(c *config.Client, _ *Options) {
				c.Session.RetryCondition = "client.session.retry_condition"
				if test.change != nil {
					test.change(c, resource)
				}
			})
			var asked []string
			world := conditionWorld{retry: func(r *hook.Response, failure string) (bool, error) {
				asked = append(asked, fmt.Sprint(r.Status))
				if failure != "" {
					t.Errorf("an answer came with the failure %q", failure)
				}
				return string(r.Body) != good[4:], nil
			}}
			r, err := c.Resource(resource, world)
			if err != nil {
				t.Fatal(err)
			}
			s, err := r.Series(Binding{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Next(t.Context())
			if err == io.EOF { // the page was ignored
				err = nil
			}
			if want := strings.ReplaceAll(test.err, "URL", home); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("error %v, want %q", err, want)
			}
			if got := strings.Join(asked, " "); got != test.asked {
				t.Errorf("asked about %q, want %q", got, test.asked)
			}
			if got := fmt.Sprint(k.slept); got != test.slept {
				t.Errorf("slept %s, want %s", got, test.slept)
			}
		})
	}
}

// RET-08: a failure without an answer that the ordinary rules take for final is
// told as text, with secrets masked; what was never sent is no question.
func TestRetryConditionFailure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		path  string
		again bool
		asked []string
		slept []time.Duration
		err   string
	}{
		{"another try is good", "large", true, []string{"the answer is larger than 16 bytes (client.max_response_bytes)"}, []time.Duration{time.Second}, ""},
		{"no", "large", false, []string{"the answer is larger than 16 bytes (client.max_response_bytes)"}, nil, "failed: the answer is larger"},
		{"a URL that cannot be sent", "ftp://x.example/", true, nil, nil, "not an absolute http or https URL"},
		{"what is retried anyway", "broken", true, nil, []time.Duration{time.Second}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			c, k, home := testClient(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case n.Add(1) > 1:
					io.WriteString(w, "good")
				case r.URL.Path == "/large":
					io.WriteString(w, strings.Repeat("x", 100))
				default:
					panic(http.ErrAbortHandler)
				}
			}, func(c *config.Client, _ *Options) { c.MaxResponseBytes = 16 })
			var asked []string
			x := call{request: &hook.Request{URL: c.absolute(test.path)}}
			if strings.Contains(test.path, ":") {
				x.request.URL = test.path
			}
			x.retry = func(_ context.Context, r *hook.Response, failure string) (bool, error) {
				if r != nil {
					return r.Status >= 400, nil
				}
				asked = append(asked, failure)
				return test.again, nil
			}
			_, err := c.send(t.Context(), x)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q (%s)", err, test.err, home)
			}
			if !slices.Equal(asked, test.asked) || !slices.Equal(k.slept, test.slept) {
				t.Errorf("asked about %q, slept %s; want %q, %s", asked, k.slept, test.asked, test.slept)
			}
		})
	}
}

// RET-08: an error of the function ends the series.
func TestRetryConditionError(t *testing.T) {
	t.Parallel()
	c, _, _ := testClient(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "[]") }, nil)
	broken := errors.New("t.lua:3: attempt to index a nil value")
	_, err := c.send(t.Context(), call{request: &hook.Request{URL: c.absolute("")}, retry: func(context.Context, *hook.Response, string) (bool, error) { return false, broken }})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// RET-08: where there is no script to run in, as for what the console asks,
// nobody is asked.
func TestRetryConditionWithoutWorld(t *testing.T) {
	t.Parallel()
	c, _, _ := testClient(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `[{"id":1}]`) }, func(c *config.Client, _ *Options) {
		c.Session.RetryCondition = "client.session.retry_condition"
	})
	r, err := c.Resource(&config.Resource{Name: "items", Endpoint: &config.Endpoint{Method: "GET", Path: text("items"), Paginator: &config.Paginator{Kind: "single_page"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pages(t, r, Binding{}); err != nil || len(got) != 1 {
		t.Errorf("pages %q, %v", got, err)
	}
}

// RET-08: a function that looks at bodies gets them whole.
func TestRetryConditionHoldsBodies(t *testing.T) {
	t.Parallel()
	for _, f := range []hook.Ref{"", "client.session.retry_condition"} {
		r := &Resource{endpoint: &config.Endpoint{Format: "jsonl"}, client: &config.Client{Session: config.Session{RetryCondition: f}}}
		if got := r.streamable(); got != (f == "") {
			t.Errorf("with %q: piece by piece is %v", f, got)
		}
	}
}
