package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/restlua/restlua/engine"
)

// logInterval is how often the log shows where a resource stands.
const logInterval = 10 * time.Second

// logProgress writes a plain line per resource at work every 10 seconds: for
// files, pipes and CI. The line at the end of a resource is the engine's. It
// starts one goroutine, which close ends.
type logProgress struct {
	log    *slog.Logger
	counts *tally
	stop   chan struct{}
	ended  chan struct{}
}

func newLogProgress(l *slog.Logger, now func() time.Time) *logProgress {
	p := &logProgress{log: l, counts: newTally(now), stop: make(chan struct{}), ended: make(chan struct{})}
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
		attrs := []slog.Attr{
			slog.String("resource", name), slog.Int64("pages", c.pages), slog.Int64("rows", c.rows), slog.Int64("bytes", c.bytes),
			slog.Int64("rows_per_second", c.rate(now)),
		}
		if now.Before(c.until) {
			attrs = append(attrs, slog.Duration("waiting", c.until.Sub(now)))
		}
		p.log.LogAttrs(context.Background(), slog.LevelInfo, logProgressed, attrs...)
	}
}

func (p *logProgress) start(e engine.StartEvent)   { p.counts.start(e.Resources) }
func (p *logProgress) page(e engine.PageEvent)     { p.counts.page(e) }
func (p *logProgress) retry(e engine.RetryEvent)   { p.counts.retry(e) }
func (p *logProgress) done(e engine.ResourceEvent) { p.counts.done(e) }

func (p *logProgress) close() {
	close(p.stop)
	<-p.ended
}
