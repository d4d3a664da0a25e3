package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/restlua/restlua/engine"
)

// OPR-61: without a terminal a line every 10 s for what is at work, and one at
// the end of each resource.
func TestLogProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out locked
		term := &terminal{stderr: &out}
		p := newLogProgress(term, time.Now)
		p.start(engine.StartEvent{Resources: []string{"issues", "comments"}})
		time.Sleep(time.Second)
		p.page(engine.PageEvent{Resource: "issues", Records: 100, Rows: 100, Bytes: 2500})
		time.Sleep(4 * time.Second)
		p.page(engine.PageEvent{Resource: "issues", Records: 100, Rows: 180, Bytes: 2500})
		p.retry(engine.RetryEvent{Resource: "issues", Wait: 12 * time.Second})
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got, want := out.take(), "restlua: issues: 2 pages, 180 rows, 20 rows/s, 5.0 KB, waiting 7.0 s\n"; got != want {
			t.Errorf("after 10 s: %q, want %q", got, want)
		}
		p.done(engine.ResourceEvent{Resource: "issues", Pages: 2, Rows: 180, Elapsed: 11 * time.Second})
		if got, want := out.take(), "restlua: issues: 2 pages, 180 rows, 5.0 KB in 11 s\n"; got != want {
			t.Errorf("at the end: %q, want %q", got, want)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := out.take(); got != "" {
			t.Errorf("after the end: %q", got)
		}
		p.close()
	})
}

// Bars vanish at the end, lines written meanwhile stay, and nothing is written
// after close.
func TestBarProgress(t *testing.T) {
	t.Parallel()
	var out locked
	term := &terminal{stderr: &out}
	p := &barProgress{t: term, counts: newTally(time.Now)}
	p.start(engine.StartEvent{Resources: []string{"issues", strings.Repeat("x", 60)}})
	e := events(term, p, 0)
	e.Page(engine.PageEvent{Resource: "issues", Records: 100, Rows: 100, Bytes: 2500})
	e.Warning(engine.WarningEvent{Resource: "issues", Text: "look here"})
	e.Resource(engine.ResourceEvent{Resource: "issues", Pages: 1, Rows: 100})
	p.close()
	if got := out.take(); !strings.Contains(got, "restlua: warning: issues: look here\n") {
		t.Errorf("the warning is gone: %q", got)
	}
	term.say("after")
	if got := out.take(); got != "restlua: after\n" {
		t.Errorf("after close: %q", got)
	}
	// A load that failed before it began has no bars to take away.
	(&barProgress{t: term, counts: newTally(time.Now)}).close()
}

// OPR-41
func TestResumed(t *testing.T) {
	t.Parallel()
	got := resumed(engine.ResumeEvent{
		StartedAt: time.Date(2026, 3, 1, 10, 2, 0, 0, time.Local),
		Pages:     map[string]int64{"issues": 40, "comments": 0}, Rows: map[string]int64{"issues": 4000},
	})
	if want := "resuming load of 10:02: comments from page 1 (0 rows kept), issues from page 41 (4,000 rows kept)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLogEvents(t *testing.T) {
	t.Parallel()
	for verbose, want := range []string{
		"restlua: a: hello n=1\nrestlua: warning: a: careful\n",
		"restlua: a: detail\nrestlua: a: hello n=1\nrestlua: warning: a: careful\n",
	} {
		var out bytes.Buffer
		log := logEvents(&terminal{stderr: &out}, verbose)
		log(engine.LogEvent{Resource: "a", Level: "debug", Text: "detail"})
		log(engine.LogEvent{Resource: "a", Level: "info", Text: "hello", Fields: map[string]any{"n": 1}})
		log(engine.LogEvent{Resource: "a", Level: "warn", Text: "careful"})
		if out.String() != want {
			t.Errorf("verbose %d: %q, want %q", verbose, out.String(), want)
		}
	}
}

// locked is a buffer for several goroutines.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns what was written since the last take.
func (l *locked) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, _ := io.ReadAll(&l.b)
	return string(text)
}
