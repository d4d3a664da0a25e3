package scripttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	glua "github.com/yuin/gopher-lua"
)

// api answers the requests of a load from t.api. It is an http.RoundTripper.
type api struct {
	base   string // base_url, which the paths of t.api are relative to
	routes []*route

	mu       sync.Mutex
	requests []seen
	unknown  []string // requests that no route answers
}

// route is one entry of t.api. Its target is a path below base_url, a whole
// path on its host, or a whole address.
type route struct {
	key     string // as written
	method  string
	target  string
	query   string // in a canonical form
	exact   bool   // it has a query, and answers only requests with just that
	answers []answer
	next    int
}

// answer is one response of t.api.
type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	JSON    json.RawMessage   `json:"json"`
	Body    *string           `json:"body"`
}

// seen is one request as tests see it.
type seen struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Path    string            `json:"path,omitempty"`
	Params  map[string]any    `json:"params,omitempty"` // a name that comes twice has a list
	Headers map[string]string `json:"headers,omitempty"`
	JSON    json.RawMessage   `json:"json,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// routes reads t.api as it is now. Sequences of answers begin anew.
func (c *testCase) routes() ([]*route, error) {
	table, ok := c.t.RawGetString("api").(*glua.LTable)
	if !ok {
		return nil, errors.New("expected a table of answers")
	}
	var out []*route
	for k, v := table.Next(glua.LNil); k != glua.LNil; k, v = table.Next(k) {
		r, err := newRoute(k.String())
		if err != nil {
			return nil, err
		}
		raw, err := c.tool.JSON(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.key, err)
		}
		if raw[0] == '[' {
			err = c.decode(v, &r.answers)
		} else {
			r.answers = make([]answer, 1)
			err = c.decode(v, &r.answers[0])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: expected { status, headers, json or body }, or a list of such: %w", r.key, err)
		}
		for _, a := range r.answers {
			if a.JSON != nil && a.Body != nil {
				return nil, fmt.Errorf("%s: json and body exclude each other", r.key)
			}
		}
		if len(r.answers) == 0 {
			return nil, fmt.Errorf("%s: there is no answer", r.key)
		}
		out = append(out, r)
	}
	// Routes with a query before those that take any.
	slices.SortStableFunc(out, func(a, b *route) int {
		switch {
		case a.exact == b.exact:
			return strings.Compare(a.key, b.key)
		case a.exact:
			return -1
		}
		return 1
	})
	return out, nil
}

// newRoute reads "GET /path?query".
func newRoute(key string) (*route, error) {
	method, target, ok := strings.Cut(key, " ")
	whole := strings.Contains(target, "://")
	if !ok || strings.ToUpper(method) != method || !whole && !strings.HasPrefix(target, "/") {
		return nil, fmt.Errorf("%q is not of the form \"GET /path?query\"", key)
	}
	r := &route{key: key, method: method}
	var query string
	r.target, query, r.exact = strings.Cut(target, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("%q: the query is not encoded well", key)
	}
	r.query = values.Encode()
	return r, nil
}

// RoundTrip answers from t.api.
func (a *api) RoundTrip(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		var err error
		body, err = io.ReadAll(q.Body)
		if err = errors.Join(err, q.Body.Close()); err != nil {
			return nil, err
		}
	}
	if err := q.Context().Err(); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, a.see(q, body))
	found := a.answer(q)
	if found == nil {
		name := q.Method + " " + a.shown(q.URL)
		a.unknown = append(a.unknown, name)
		return nil, &missingError{name, a.routes}
	}
	return found.response(q), nil
}

// answer takes the next answer to q, the last one again and again.
func (a *api) answer(q *http.Request) *answer {
	at := q.URL.Scheme + "://" + q.URL.Host
	targets := []string{at + q.URL.Path, at + q.URL.EscapedPath()}
	if base, err := url.Parse(a.base); err != nil || base.Host == "" || base.Host == q.URL.Host {
		targets = append(targets, q.URL.Path, q.URL.EscapedPath(), a.relative(q.URL))
	}
	query := q.URL.Query().Encode()
	for _, r := range a.routes {
		if r.method != q.Method || !slices.Contains(targets, r.target) || r.exact && r.query != query {
			continue
		}
		found := &r.answers[min(r.next, len(r.answers)-1)]
		r.next++
		return found
	}
	return nil
}

// relative is the path of u below base_url, or its whole path.
func (a *api) relative(u *url.URL) string {
	base, err := url.Parse(a.base)
	if err != nil || base.Host != u.Host {
		return u.Path
	}
	if rest, ok := strings.CutPrefix(u.Path, strings.TrimSuffix(base.Path, "/")); ok && (rest == "" || rest[0] == '/') {
		return "/" + strings.TrimPrefix(rest, "/")
	}
	return u.Path
}

// shown is an address as a key of t.api writes it.
func (a *api) shown(u *url.URL) string {
	s := a.relative(u)
	if base, err := url.Parse(a.base); err != nil || base.Host != u.Host {
		s = u.Scheme + "://" + u.Host + u.Path
	}
	if u.RawQuery == "" {
		return s
	}
	if plain, err := url.QueryUnescape(u.RawQuery); err == nil {
		// Easier to read, where it means the same.
		if values, err := url.ParseQuery(plain); err == nil && values.Encode() == u.Query().Encode() {
			return s + "?" + plain
		}
	}
	return s + "?" + u.RawQuery
}

func (a *api) see(q *http.Request, body []byte) seen {
	s := seen{Method: q.Method, URL: q.URL.String(), Path: a.relative(q.URL), Params: map[string]any{}, Headers: map[string]string{}}
	for name, values := range q.URL.Query() {
		if len(values) == 1 {
			s.Params[name] = values[0]
		} else {
			s.Params[name] = values
		}
	}
	for name, values := range q.Header {
		s.Headers[name] = strings.Join(values, ", ")
	}
	if json.Valid(body) {
		s.JSON = body
	} else {
		s.Body = string(body)
	}
	return s
}

// missing is the error of the first request that had no answer, or nil.
func (a *api) missing() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.unknown) == 0 {
		return nil
	}
	return &missingError{a.unknown[0], a.routes}
}

// missingError is a request that no route answers.
type missingError struct {
	request string
	routes  []*route
}

// Permanent says that asking again cannot help.
func (e *missingError) Permanent() bool { return true }

func (e *missingError) Error() string {
	s := "t.api has no answer for " + e.request
	for i, r := range e.routes {
		if i == 10 {
			return s + fmt.Sprintf("\n  and %d more", len(e.routes)-i)
		}
		s += "\n  it has " + r.key
	}
	return s
}

func (a *answer) response(q *http.Request) *http.Response {
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	body := []byte(a.JSON)
	header := http.Header{}
	if a.JSON != nil {
		header.Set("Content-Type", "application/json")
	}
	if a.Body != nil {
		body = []byte(*a.Body)
	}
	for name, value := range a.Headers {
		header.Set(name, value)
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Request: q, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
}
