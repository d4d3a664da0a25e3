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
		log := term.logger(view{progress: "log"})
		p := newLogProgress(log, time.Now)
		e := progressEvents(p).And(engine.LogEvents(log))
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
		e.Resource(engine.ResourceEvent{Resource: "issues", Pages: 2, Rows: 180, Bytes: 5000, Elapsed: 11 * time.Second})
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
	e := progressEvents(p).And(engine.LogEvents(term.logger(view{progress: "bar"})))
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
