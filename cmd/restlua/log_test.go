package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
)

// allEvents calls every function of e once, twice where that makes a difference.
func allEvents(e engine.Events) {
	e.Resume(engine.ResumeEvent{
		StartedAt: time.Date(2026, 3, 1, 10, 2, 0, 0, time.Local),
		Pages:     map[string]int64{"issues": 40, "comments": 0}, Rows: map[string]int64{"issues": 4000},
	})
	e.Start(engine.StartEvent{Source: "github", Resources: []string{"issues", "comments"}})
	e.Request(engine.RequestEvent{
		Resource: "issues", Method: "GET", URL: "https://x/issues", Status: 200, Bytes: 2500, Elapsed: 300 * time.Millisecond,
		RequestHeaders: http.Header{"Accept": {"a", "b"}}, ResponseHeaders: http.Header{"Etag": {"\x1b[2J"}}, Body: "[1,\r\n2]\n",
	})
	e.Request(engine.RequestEvent{Method: "GET", URL: "https://x/finish", Err: errors.New("timeout"), Elapsed: time.Minute})
	e.Retry(engine.RetryEvent{Resource: "issues", Attempt: 1, Reason: "status 503", Wait: time.Second, URL: "https://x/issues"})
	e.Retry(engine.RetryEvent{Resource: "issues", Attempt: 2, Reason: "status 503", Wait: 10 * time.Second, URL: "https://x/issues"})
	e.Page(engine.PageEvent{Resource: "issues", Page: 1, Records: 100, Rows: 90})
	e.Log(engine.LogEvent{Resource: "issues", Level: "debug", Text: "detail"})
	e.Log(engine.LogEvent{Resource: "issues", Level: "info", Text: "page", Fields: map[string]any{"n": int64(1), "a": "b", "t": map[string]any{"x": []any{1.5}}}})
	e.Log(engine.LogEvent{Level: "warn", Text: "careful"})
	e.Log(engine.LogEvent{Resource: "issues", Level: "error", Text: "two\nlines"})
	e.Warning(engine.WarningEvent{Resource: "issues", Text: "look here"})
	e.Warning(engine.WarningEvent{Resource: "issues", Text: "issues: named already"})
	e.Resource(engine.ResourceEvent{Resource: "issues", Pages: 1, Rows: 90, Bytes: 2500, Elapsed: time.Second})
	e.Failure(engine.FailureEvent{Resource: "comments", Err: errors.New("broken")})
	e.End(engine.EndEvent{Err: errors.New("broken")})
}

// OPR-41 OPR-61 OPR-62: records as people see them, by the number of -v.
func TestLogLines(t *testing.T) {
	t.Parallel()
	const lines = `
0 resuming load of 10:02: comments from page 1 (0 rows kept), issues from page 41 (4,000 rows kept)
1 issues: GET https://x/issues: 200, 2.5 KB in 0.3 s
1   > Accept: a
1   > Accept: b
1   < Etag: ?[2J
1   [1,
1   2]
1 GET https://x/finish: timeout in 1m 0s
1 issues: attempt 1: status 503; next in 1.0 s: https://x/issues
0 issues: attempt 2: status 503; next in 10 s: https://x/issues
2 issues: page 1: 100 records, 90 rows so far
1 issues: detail
0 issues: page a=b n=1 t={"x":[1.5]}
0 warning: careful
0 error: issues: two
0 lines
0 warning: issues: look here
0 warning: issues: named already
0 issues: 1 page, 90 rows, 2.5 KB in 1.0 s
`
	for verbose := range 3 {
		var want strings.Builder
		for line := range strings.Lines(lines[1:]) {
			if int(line[0]-'0') <= verbose {
				want.WriteString("restlua: " + line[2:])
			}
		}
		var out bytes.Buffer
		allEvents(engine.LogEvents((&terminal{stderr: &out}).logger(view{progress: "log", verbose: verbose})))
		if out.String() != want.String() {
			t.Errorf("verbose %d:\n%swant\n%s", verbose, out.String(), want.String())
		}
	}
}

// What an embedding of slog may do with a handler is done: attributes and groups
// of a logger, and values that resolve themselves.
func TestLogLinesOfOthers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := (&terminal{stderr: &out}).logger(view{progress: "none"})
	log.With("resource", "a").WithGroup("g").With("x", 1).WithGroup("").Warn("text", slog.Group("", "y", 2), slog.Attr{}, slog.Group("h", "z", 3))
	if got, want := out.String(), "restlua: warning: a: text g.x=1 g.y=2 g.h.z=3\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// OPR-62: key=value, with what has parts as JSON.
func TestLogFmt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	allEvents(engine.LogEvents((&terminal{stderr: &out}).logger(view{format: "logfmt", verbose: 2})))
	for _, want := range []string{
		` level=TRACE msg=page resource=issues page=1 `, ` fields.t="{\"x\":[1.5]}"`, ` resources="[\"issues\",\"comments\"]"`,
		` request_headers="{\"Accept\":[\"a\",\"b\"]}" `, ` elapsed=300ms `,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}

// OPR-62: a machine gets one object a line, the failure of the run too, and that
// once.
func TestLogJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	term := &terminal{stderr: &out, live: true}
	v := view{progress: "auto", format: "json", verbose: 2}
	allEvents(engine.LogEvents(term.logger(v)))
	if got := term.progressMode("auto"); got != "log" {
		t.Errorf("progress %s between the lines for a machine", got)
	}
	term.fail(&engine.ResumableError{Err: errors.New("no such thing (hint: look for it)")})
	term.fail(config.Errors{{Path: "client", Text: "wrong"}})
	term.say("that is all")
	var messages []string
	for line := range strings.Lines(out.String()) {
		var r struct {
			Level, Msg, Hint string
			Exit             int `json:"exit_code"`
			Resumable        bool
			Body             string
			Headers          http.Header `json:"request_headers"`
			Fields           map[string]any
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		messages = append(messages, r.Level+" "+r.Msg)
		if r.Msg == engine.LogRequest && r.Body != "" && r.Headers.Get("Accept") != "a" ||
			r.Msg == "no such thing" && (r.Hint != "look for it" || !r.Resumable || r.Exit != exitFailed) ||
			strings.Contains(r.Msg, "wrong") && r.Exit != exitUsage ||
			r.Msg == "page" && r.Level == "INFO" && r.Fields["a"] != "b" {
			t.Errorf("wrong: %s", line)
		}
	}
	want := []string{
		"INFO load resumed", "INFO load began", "DEBUG request", "DEBUG request", "DEBUG retry", "INFO retry", "TRACE page",
		"DEBUG detail", "INFO page", "WARN careful", "ERROR two\nlines", "WARN look here", "WARN issues: named already",
		"INFO resource done", "ERROR resource failed", "ERROR no such thing", "ERROR client: wrong", "INFO that is all",
	}
	if got := strings.Join(messages, "|"); got != strings.Join(want, "|") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "|"))
	}
}
