package main

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/restlua/restlua/engine"
)

// maxBars is the most resources that get a line of their own at a time; more
// would not fit on a usual screen. The total counts all of them.
const maxBars = 12

// barProgress draws a line per resource and one total on a terminal. They go
// when the load has ended: the report says the same, and more.
type barProgress struct {
	t      *terminal
	counts *tally
	bars   *mpb.Progress // nil until the load begins
	lines  []*mpb.Bar
}

func (p *barProgress) start(e engine.StartEvent) {
	p.counts.start(e.Resources)
	p.bars = mpb.New(mpb.WithOutput(p.t.stderr), mpb.WithAutoRefresh(), mpb.WithRefreshRate(120*time.Millisecond))
	p.t.drawAbove(p.bars)
	shown := e.Resources
	if len(shown) > maxBars {
		shown = shown[:maxBars]
	}
	label := len("total")
	for _, name := range shown {
		label = max(label, utf8.RuneCountInString(name))
	}
	label = min(label, 30)
	for _, name := range shown {
		p.add(func(width int) string {
			c := p.counts.snapshot(name)
			return line(pad(cut(name, label), label, false), c.cells(p.counts.now()), width)
		})
	}
	p.add(func(width int) string {
		sum, waiting := p.counts.total()
		sum.first = p.counts.started
		cells := sum.cells(p.counts.now())
		cells[len(cells)-1] = human(p.counts.now().Sub(p.counts.started))
		if waiting {
			cells[len(cells)-1] += ", waiting"
		}
		return line(pad("total", label, false), cells, width)
	})
}

// add adds a line that text draws, given the columns of the terminal.
func (p *barProgress) add(text func(width int) string) {
	p.lines = append(p.lines, p.bars.New(0, mpb.NopStyle(), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(
		decor.Any(func(s decor.Statistics) string { return text(s.AvailableWidth) }),
	)))
}

func (p *barProgress) page(e engine.PageEvent)     { p.counts.page(e) }
func (p *barProgress) retry(e engine.RetryEvent)   { p.counts.retry(e) }
func (p *barProgress) done(e engine.ResourceEvent) { p.counts.done(e) }

func (p *barProgress) close() {
	if p.bars == nil {
		return
	}
	for _, b := range p.lines {
		b.Abort(true)
	}
	p.bars.Wait()
	p.t.drawAbove(nil)
}

// cells are the columns of a resource's line: pages, rows, rate, bytes, and
// what it does now.
func (c *counts) cells(now time.Time) []string {
	state := ""
	switch {
	case c.done:
		state = "done in " + human(c.elapsed)
	case now.Before(c.until):
		state = "waiting " + human(c.until.Sub(now))
	}
	return []string{
		pad(count(c.pages, "page"), 11, true),
		pad(count(c.rows, "row"), 14, true),
		pad(perSecond(c.rate(now)), 14, true),
		pad(size(c.bytes), 10, true),
		state,
	}
}

// rate is how many rows came a second; 0 while it cannot be told.
func (c *counts) rate(now time.Time) int64 {
	if c.first.IsZero() || c.done {
		return 0
	}
	seconds := now.Sub(c.first).Seconds()
	if seconds < 1 {
		return 0
	}
	return int64(float64(c.rows) / seconds)
}

// perSecond shows a rate; nothing for 0.
func perSecond(rows int64) string {
	if rows == 0 {
		return ""
	}
	return group(rows) + " rows/s"
}

// optional are the cells that a narrow terminal does without, the first one
// first: rate, bytes, pages.
var optional = []int{2, 3, 0}

// line puts a label and cells into at most width columns.
func line(label string, cells []string, width int) string {
	keep := make([]bool, len(cells))
	for i := range keep {
		keep[i] = true
	}
	text := func() string {
		parts := []string{label}
		for i, c := range cells {
			if keep[i] {
				parts = append(parts, c)
			}
		}
		return strings.TrimRight(strings.Join(parts, "  "), " ")
	}
	for _, drop := range optional {
		if utf8.RuneCountInString(text()) <= width {
			break
		}
		keep[drop] = false
	}
	return cut(text(), width)
}
