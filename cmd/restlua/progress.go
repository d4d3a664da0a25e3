package main

import (
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/restlua/restlua/engine"
)

// progressModes are the values of --progress.
var progressModes = []string{"auto", "bar", "log", "json", "none"}

// progress shows what a load does while it does it. Its methods are called from
// several goroutines; close is called once, when the load has ended, and leaves
// nothing on the screen that the report would repeat.
type progress interface {
	start(engine.StartEvent)
	page(engine.PageEvent)
	retry(engine.RetryEvent)
	done(engine.ResourceEvent)
	close()
}

// newProgress makes the progress of one load. auto means bars on a terminal,
// lines elsewhere. l gets the lines.
func newProgress(t *terminal, mode string, l *slog.Logger) progress {
	switch mode {
	case "bar":
		return &barProgress{t: t, counts: newTally(time.Now)}
	case "log":
		return newLogProgress(l, time.Now)
	case "json":
		return &jsonProgress{t: t}
	}
	return noProgress{}
}

// progressMode is what auto stands for.
func (t *terminal) progressMode(mode string) string {
	switch {
	case mode != "auto":
		return mode
	case t.live && t.machine == nil:
		return "bar"
	}
	return "log"
}

// progressEvents connects the engine's events to a progress.
func progressEvents(p progress) engine.Events {
	return engine.Events{Start: p.start, Page: p.page, Retry: p.retry, Resource: p.done}
}

func named(resource, text string) string {
	if resource == "" || strings.HasPrefix(text, resource+": ") {
		return text
	}
	return resource + ": " + text
}

type noProgress struct{}

func (noProgress) start(engine.StartEvent)   {}
func (noProgress) page(engine.PageEvent)     {}
func (noProgress) retry(engine.RetryEvent)   {}
func (noProgress) done(engine.ResourceEvent) {}
func (noProgress) close()                    {}

// tally counts what the events of each resource say.
type tally struct {
	now     func() time.Time
	started time.Time

	mu        sync.Mutex
	names     []string // in the order of the load
	resources map[string]*counts
}

// counts is where one resource stands.
type counts struct {
	first       time.Time // of its pages; zero: none yet
	pages, rows int64
	bytes       int64
	until       time.Time // a retry waits until then
	done        bool
	elapsed     time.Duration // when done
}

func newTally(now func() time.Time) *tally {
	return &tally{now: now, started: now(), resources: map[string]*counts{}}
}

// of returns the counts of a resource; t.mu is held.
func (t *tally) of(name string) *counts {
	c := t.resources[name]
	if c == nil {
		c = &counts{}
		t.resources[name] = c
		t.names = append(t.names, name)
	}
	return c
}

func (t *tally) start(names []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range names {
		t.of(n)
	}
}

func (t *tally) page(e engine.PageEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.of(e.Resource)
	if c.first.IsZero() {
		c.first = t.now()
	}
	if !e.More {
		c.pages++
	}
	c.rows = e.Rows
	c.bytes += e.Bytes
}

func (t *tally) retry(e engine.RetryEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(e.Resource).until = t.now().Add(e.Wait)
}

func (t *tally) done(e engine.ResourceEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.of(e.Resource)
	c.done, c.rows, c.elapsed = true, e.Rows, e.Elapsed
}

// snapshot copies the counts of one resource.
func (t *tally) snapshot(name string) counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return *t.of(name)
}

// total adds up all resources.
func (t *tally) total() (sum counts, waiting bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.resources {
		sum.pages += c.pages
		sum.rows += c.rows
		sum.bytes += c.bytes
		waiting = waiting || t.now().Before(c.until)
	}
	return sum, waiting
}

// jsonProgress writes one JSON object a line for each event.
type jsonProgress struct {
	t  *terminal
	mu sync.Mutex
}

func (p *jsonProgress) line(v any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	enc := json.NewEncoder(p.t.stderr)
	enc.SetEscapeHTML(false)
	enc.Encode(v)
}

func (p *jsonProgress) start(e engine.StartEvent) {
	p.line(struct {
		Event     string   `json:"event"`
		Source    string   `json:"source"`
		Dataset   string   `json:"dataset"`
		Load      int64    `json:"load"`
		Resources []string `json:"resources"`
	}{"start", e.Source, e.Dataset, e.Load, e.Resources})
}

func (p *jsonProgress) page(e engine.PageEvent) {
	p.line(struct {
		Event    string `json:"event"`
		Resource string `json:"resource"`
		Page     int    `json:"page"`
		Records  int    `json:"records"`
		Rows     int64  `json:"rows"`
		Bytes    int64  `json:"bytes"`
		URL      string `json:"url"`
	}{"page", e.Resource, e.Page, e.Records, e.Rows, e.Bytes, e.URL})
}

func (p *jsonProgress) retry(e engine.RetryEvent) {
	p.line(struct {
		Event    string `json:"event"`
		Resource string `json:"resource"`
		Attempt  int    `json:"attempt"`
		Reason   string `json:"reason"`
		WaitNS   int64  `json:"wait_ns"`
		URL      string `json:"url"`
	}{"retry", e.Resource, e.Attempt, e.Reason, int64(e.Wait), e.URL})
}

func (p *jsonProgress) done(e engine.ResourceEvent) {
	p.line(struct {
		Event     string `json:"event"`
		Resource  string `json:"resource"`
		Pages     int64  `json:"pages"`
		Rows      int64  `json:"rows"`
		ElapsedNS int64  `json:"elapsed_ns"`
	}{"resource", e.Resource, e.Pages, e.Rows, int64(e.Elapsed)})
}

func (p *jsonProgress) close() {}
