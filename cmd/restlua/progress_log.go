package main

import (
	"strings"
	"time"

	"github.com/restlua/restlua/engine"
)

// logInterval is how often the log shows where a resource stands.
const logInterval = 10 * time.Second

// logProgress writes a plain line per resource at work every 10 seconds, and
// one at its end: for files, pipes and CI. It starts one goroutine, which close
// ends.
type logProgress struct {
	t      *terminal
	counts *tally
	stop   chan struct{}
	ended  chan struct{}
}

func newLogProgress(t *terminal, now func() time.Time) *logProgress {
	p := &logProgress{t: t, counts: newTally(now), stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		tick := time.NewTicker(logInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.show()
			case <-p.stop:
				return
			}
		}
	}()
	return p
}

// show writes the lines of all resources that have begun and not ended.
func (p *logProgress) show() {
	p.counts.mu.Lock()
	names := p.counts.names
	p.counts.mu.Unlock()
	now := p.counts.now()
	for _, name := range names {
		c := p.counts.snapshot(name)
		if c.done || c.pages == 0 && c.until.IsZero() {
			continue
		}
		parts := []string{count(c.pages, "page"), count(c.rows, "row")}
		if r := c.rate(now); r != "" {
			parts = append(parts, r)
		}
		parts = append(parts, size(c.bytes))
		if now.Before(c.until) {
			parts = append(parts, "waiting "+human(c.until.Sub(now)))
		}
		p.t.say("%s: %s", name, strings.Join(parts, ", "))
	}
}

func (p *logProgress) start(e engine.StartEvent) { p.counts.start(e.Resources) }
func (p *logProgress) page(e engine.PageEvent)   { p.counts.page(e) }
func (p *logProgress) retry(e engine.RetryEvent) { p.counts.retry(e) }

func (p *logProgress) done(e engine.ResourceEvent) {
	p.counts.done(e)
	c := p.counts.snapshot(e.Resource)
	p.t.say("%s: %s, %s, %s in %s", e.Resource, count(e.Pages, "page"), count(e.Rows, "row"), size(c.bytes), human(e.Elapsed))
}

func (p *logProgress) close() {
	close(p.stop)
	<-p.ended
}
