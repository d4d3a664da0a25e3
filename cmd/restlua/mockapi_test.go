package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// mockAPI answers the routes of a script. Its file has one block per answer,
// blocks are separated by blank lines:
//
//	# a comment
//	GET /issues?page=2 -> 200
//	Link: <$API/issues?page=3>; rel="next"
//	? Authorization: Bearer x
//	[{"id": 1}]
//
// A route with a query answers requests with just that query, one without
// answers all others of its path. Headers stand below; a line that begins with
// "?" is a header that the request must have. The body is the rest. Several
// answers for one route are given one after the other, the last one again and
// again. $API stands for the server's address. What no route answers gets a
// 418, which nobody retries, and fails the script's requests command.
type mockAPI struct {
	mu       sync.Mutex
	url      string
	routes   []*route
	requests []seen
	count    int
	holdAt   int // 0: no request is held
	held     chan struct{}
	gate     chan struct{} // what is held goes on when it is closed
}

type route struct {
	method, path string
	query        url.Values // nil: any
	needs        [][2]string
	answers      []answer
	next         int
}

type answer struct {
	status  int
	headers [][2]string
	body    string
}

// seen is one request as it came.
type seen struct {
	method, target string // target is path and query as sent
	headers        http.Header
	body           string
}

func mockapiCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mockapi FILE")
	}
	m := mock(ts)
	routes, err := parseRoutes(ts.ReadFile(args[0]))
	ts.Check(err)
	m.mu.Lock()
	m.routes = routes
	started := m.url != ""
	m.mu.Unlock()
	if started {
		return // another file replaces the routes
	}
	s := httptest.NewServer(m)
	m.mu.Lock()
	m.url = s.URL
	m.mu.Unlock()
	ts.Defer(func() {
		s.CloseClientConnections()
		s.Close()
	})
	ts.Setenv("API", s.URL)
}

// parseRoutes reads the file of a mock API.
func parseRoutes(text string) ([]*route, error) {
	var routes []*route
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		r, err := parseRoute(strings.Split(strings.Trim(block, "\n"), "\n"))
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		same := slices.IndexFunc(routes, func(o *route) bool {
			return o.method == r.method && o.path == r.path && fmt.Sprint(o.query, o.needs) == fmt.Sprint(r.query, r.needs)
		})
		if same >= 0 {
			routes[same].answers = append(routes[same].answers, r.answers...)
		} else {
			routes = append(routes, r)
		}
	}
	// More exact routes first.
	slices.SortStableFunc(routes, func(a, b *route) int { return b.weight() - a.weight() })
	return routes, nil
}

func (r *route) weight() int {
	n := 2 * len(r.needs)
	if r.query != nil {
		n++
	}
	return n
}

// parseRoute reads one block; nil for one of comments only.
func parseRoute(lines []string) (*route, error) {
	for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return nil, nil
	}
	head := strings.Fields(lines[0])
	if len(head) != 4 || head[2] != "->" {
		return nil, fmt.Errorf("mock API: %q is not of the form METHOD /path?query -> STATUS", lines[0])
	}
	status, err := strconv.Atoi(head[3])
	if err != nil {
		return nil, fmt.Errorf("mock API: %q: %w", lines[0], err)
	}
	u, err := url.ParseRequestURI(head[1])
	if err != nil {
		return nil, err
	}
	r := &route{method: head[0], path: u.Path}
	if strings.Contains(head[1], "?") {
		r.query = u.Query()
	}
	a := answer{status: status}
	lines = lines[1:]
	for len(lines) > 0 {
		line, need := strings.CutPrefix(lines[0], "? ")
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !need && strings.ContainsAny(name, "{[\" <") {
			break
		}
		if need {
			r.needs = append(r.needs, [2]string{name, value})
		} else {
			a.headers = append(a.headers, [2]string{name, value})
		}
		lines = lines[1:]
	}
	a.body = strings.Join(lines, "\n")
	r.answers = []answer{a}
	return r, nil
}

func (m *mockAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	m.count++
	held, gate := m.held, m.gate
	if m.count != m.holdAt {
		held = nil
	}
	m.requests = append(m.requests, seen{r.Method, r.RequestURI, r.Header.Clone(), string(body)})
	a, found := m.answer(r)
	api := m.url
	m.mu.Unlock()
	if held != nil {
		close(held)
		<-gate
		return
	}
	if !found {
		http.Error(w, fmt.Sprintf("no route for %s %s", r.Method, r.RequestURI), http.StatusTeapot)
		return
	}
	fill := strings.NewReplacer("$API", api)
	if a.body != "" {
		w.Header().Set("Content-Type", "application/json")
	}
	for _, h := range a.headers {
		w.Header().Add(h[0], fill.Replace(h[1]))
	}
	w.WriteHeader(a.status)
	io.WriteString(w, fill.Replace(a.body))
}

// answer finds the answer to r and moves on in its sequence; m.mu is held.
func (m *mockAPI) answer(r *http.Request) (answer, bool) {
	q := r.URL.Query()
	for _, x := range m.routes {
		if x.method != r.Method || x.path != r.URL.Path || x.query != nil && x.query.Encode() != q.Encode() {
			continue
		}
		if slices.ContainsFunc(x.needs, func(h [2]string) bool { return r.Header.Get(h[0]) != h[1] }) {
			continue
		}
		a := x.answers[min(x.next, len(x.answers)-1)]
		x.next++
		return a, true
	}
	return answer{}, false
}

// hold makes the n-th request from now on wait until release; the channel is
// closed when it has come.
func (m *mockAPI) hold(n int) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.holdAt, m.count = n, 0
	m.held, m.gate = make(chan struct{}), make(chan struct{})
	return m.held
}

func (m *mockAPI) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.holdAt = 0
	close(m.gate)
}

// requestsCommand compares the requests since it was called last.
func requestsCommand(ts *testscript.TestScript, neg bool, args []string) {
	var sorted, body bool
	var names []string
	for len(args) > 1 {
		switch args[0] {
		case "-sort":
			sorted = true
		case "-body":
			body = true
		case "-header":
			names = append(names, args[1])
			args = args[1:]
		default:
			ts.Fatalf("requests: unknown flag %s", args[0])
		}
		args = args[1:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: requests [-sort] [-body] [-header NAME]... WANT")
	}
	m := mock(ts)
	m.mu.Lock()
	all, api := m.requests, m.url
	m.requests = nil
	m.mu.Unlock()
	var lines []string
	for _, r := range all {
		line := r.method + " " + r.target
		for _, n := range names {
			for _, v := range r.headers.Values(n) {
				line += "\n  " + n + ": " + v
			}
		}
		if body && r.body != "" {
			line += "\n  " + r.body
		}
		lines = append(lines, line+"\n")
	}
	if sorted {
		slices.Sort(lines)
	}
	got := strings.Join(lines, "")
	if u, err := url.Parse(api); err == nil {
		_, port, _ := net.SplitHostPort(u.Host)
		got = strings.NewReplacer(api, "$API", ":"+port, ":PORT").Replace(got)
	}
	compare(ts, args[0], ts.ReadFile(args[0]), got)
}
