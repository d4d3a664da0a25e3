package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/engine/state"
)

// task is one resource of a load at work: it reads pages, runs the steps, asks
// the cursor, hands records to the normaliser and to the children. All of it
// but the fetching happens in one goroutine, in stream order, so that the
// result does not depend on timing.
type task struct {
	owner    *run
	resource *config.Resource
	children []*task
	given    []Step       // in Go
	world    hook.World   // nil: no hooks
	workers  []hook.World // run the steps in place of world; nil: it does
	source   *rest.Resource
	cursor   *cursor
	values   *rest.IncrementalValues
	tables   *tables // nil: not written

	parents *parentQueue        // records of the parent; nil for a root
	kept    [][]byte            // parents that this load leaves (OPR-32)
	mu      sync.Mutex          // of cursors and seen, which the asking goroutine fills
	seen    map[parentHash]bool // parents that were asked for (OPR-31)
	cursors map[string]*cursor  // by parent value (OPR-33)
	windows []rest.Window       // of the range (OPR-34); nil: one request for all

	requests       atomic.Int64
	bytes          int64 // of the bodies of its pages
	pages, records int64
	rows, failures int64
	elapsed        time.Duration
	place          place // of the record at hand, for errors
	duplicates     *duplicates
	gaps           gaps
	err            error // why the task could not be finished (--keep-going)

	finished int      // series settled of the group of parents at hand
	series   []byte   // snapshot of the series at hand behind its last page; nil: none
	resumed  position // where an earlier process was
	done     bool     // all its rows were taken in
	half     bool     // a page broke off half done
	lost     bool     // the series at hand has rows and no snapshot

	firstState []byte // ctx.state at the start, where there are workers
}

// place says where a record came from.
type place struct {
	url    string
	page   int
	record int // on its page, from 1
}

func newTask(ctx context.Context, r *run, u *planUnit, batchBytes int) (*task, error) {
	t := &task{owner: r, resource: u.resource, duplicates: newDuplicates(u.resource.PrimaryKey)}
	t.given = r.options.Steps[t.name()]
	res := u.resource
	if res.Parent != "" {
		t.parents, t.seen = newParentQueue(), map[parentHash]bool{}
	}
	var old *state.Cursor
	var inc *config.Incremental
	if res.Endpoint != nil && res.Endpoint.Incremental != nil {
		inc = res.Endpoint.Incremental
		old = r.storedCursor(res.Name, inc.CursorPath)
	}
	if s := r.stored(res.Name); s != nil && t.parents != nil {
		for _, p := range s.Deferred {
			t.parents.push(p)
		}
	}
	if hasHooks(res, r.config) {
		var start []byte
		if inc != nil {
			c, err := newCursor(res, old, nil)
			if err != nil {
				return nil, err
			}
			if c.start != nil {
				start = c.start.raw // with its lag, as in {incremental.start_value}
			}
		}
		env := r.env(res.Name, start, r.storedState(res.Name), r.options)
		var err error
		if t.world, err = r.script.World(ctx, env); err != nil {
			return nil, err
		}
		if err := t.makeWorkers(ctx, env); err != nil {
			return nil, err
		}
	}
	var err error
	if inc != nil {
		if t.cursor, err = newCursor(res, old, t.world); err != nil {
			return nil, err
		}
		if t.values, err = t.cursor.values(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", res.Name, err)
		}
		if t.windows, err = t.cursor.windows(ctx, r.started); err != nil {
			return nil, fmt.Errorf("%s: %w", res.Name, err)
		}
	}
	if res.Endpoint != nil {
		if t.source, err = r.client.Resource(res, t.world); err != nil {
			return nil, err
		}
	}
	if u.written {
		if t.tables, err = newTables(t, batchBytes); err != nil {
			return nil, err
		}
	}
	if s, ok := r.resumed[res.Name]; ok {
		if err := t.restore(s); err != nil {
			return nil, fmt.Errorf("%s: the checkpoint cannot be used: %w (hint: --restart begins anew)", res.Name, err)
		}
	}
	return t, nil
}

func (t *task) name() string { return t.resource.Name }

// run does the task's whole work and tells the children that no more comes. A
// failure is left in t.err.
func (t *task) run(ctx context.Context) {
	started := t.owner.options.Now()
	err := t.extract(ctx)
	if err == nil {
		err = t.end()
	}
	if err != nil {
		// Before waiting for anybody: who is blocked on this task must see it.
		t.err = err
		t.owner.failed(err)
	}
	for _, c := range t.children {
		c.parents.close()
	}
	if t.parents != nil {
		t.parents.leave()
	}
	t.elapsed = t.owner.options.Now().Sub(started)
	events := &t.owner.options.Events
	if f := events.Resource; f != nil && err == nil {
		f(ResourceEvent{Resource: t.name(), Requests: t.requests.Load(), Pages: t.pages, Rows: t.rows, Bytes: t.bytes, Elapsed: t.elapsed})
	}
	if f := events.Failure; f != nil && err != nil {
		f(FailureEvent{Resource: t.name(), Elapsed: t.elapsed, Err: t.owner.redact(err)})
	}
}

// end hands over the last rows.
func (t *task) end() error {
	t.owner.gate.enter()
	defer t.owner.gate.leave()
	t.done = true
	if t.tables == nil {
		return nil
	}
	defer t.tables.free()
	return t.tables.flush()
}

// broken is why the task's rows cannot be used: its own failure, or one of a
// resource that it depends on.
func (t *task) broken() error {
	for x := t; x != nil; x = x.owner.byName[x.resource.Parent] {
		if x.err != nil {
			if x != t {
				return fmt.Errorf("resource %q, on which it depends, failed", x.name())
			}
			return x.err
		}
	}
	return nil
}

func (t *task) extract(ctx context.Context) error {
	switch {
	case t.done:
		return nil // before the checkpoint
	case t.owner.options.RetryDeferred && t.parents == nil:
		return nil // only the parents that were left are asked for
	case t.source == nil:
		return t.literalRows(ctx)
	case t.parents != nil || t.windows != nil || t.resource.Partitions != nil || t.resource.OnError == "skip" || t.resource.OnError == "defer":
		return t.sideBySide(ctx)
	}
	series, err := t.source.Series(rest.Binding{Incremental: t.values})
	if err == nil && t.resumed.Series != nil {
		err = series.Restore(t.resumed.Series)
	}
	if err != nil {
		return err
	}
	if t.inStep() {
		return t.readInStep(ctx, series)
	}
	return t.drain(ctx, t.fetch(ctx, series), nil)
}

// inStep reports whether the next page may only be asked for when this one has
// been looked at, because a record can end the series.
func (t *task) inStep() bool {
	o := t.owner.options
	return o.Limit > 0 || t.parents == nil && t.cursor != nil && t.cursor.cfg.RowOrder != ""
}

// fetched is one page on its way from its fetcher, or the error that ended the
// series.
type fetched struct {
	page  *rest.Page
	saved []byte // snapshot of the series behind the page; nil: it has none
	err   error
}

// fetch reads the pages of a series in a goroutine of its own, two pages ahead
// of whoever drains the channel: one in it, and one that waits to be sent. It
// ends with the series, or with ctx.
func (t *task) fetch(ctx context.Context, s *rest.Series) <-chan fetched {
	out := make(chan fetched, 1)
	t.owner.fetchers.Go(func() {
		defer close(out)
		defer s.Close()
		for n := int64(1); ; {
			f := t.nextPage(ctx, s, n)
			if f.page == nil && f.err == nil {
				return
			}
			if f.err == nil && !f.page.More {
				n++
			}
			select {
			case out <- f:
			case <-ctx.Done():
				return
			}
			if f.err != nil {
				return
			}
		}
	})
	return out
}

// nextPage reads the n-th page of a series; neither page nor error is its end.
func (t *task) nextPage(ctx context.Context, s *rest.Series, n int64) fetched {
	if limit := t.owner.options.Pages; limit > 0 && n > limit {
		return fetched{}
	}
	page, err := s.Next(ctx)
	if err == io.EOF { // itself: a connection that is closed without an answer is a wrapped one
		return fetched{}
	}
	f := fetched{page: page, err: err}
	if err == nil && t.owner.checkpoints {
		f.saved, _ = s.Snapshot()
	}
	return f
}

// drain processes the pages of one series in order.
func (t *task) drain(ctx context.Context, pages <-chan fetched, included []rest.Field) error {
	for f := range pages {
		if f.err != nil {
			return f.err
		}
		if _, err := t.page(ctx, f, included); err != nil || t.full() {
			return err
		}
	}
	return context.Cause(ctx)
}

func (t *task) readInStep(ctx context.Context, s *rest.Series) error {
	defer s.Close()
	for n := int64(1); ; {
		f := t.nextPage(ctx, s, n)
		if f.page == nil {
			return f.err
		}
		if !f.page.More {
			n++
		}
		stop, err := t.page(ctx, f, nil)
		if stop || err != nil {
			return err
		}
	}
}

// page processes the records of one page, and waits until the children have
// caught up; stop says that the series need not go on.
func (t *task) page(ctx context.Context, f fetched, included []rest.Field) (stop bool, err error) {
	if stop, err = t.process(ctx, f, included); err != nil || stop {
		return stop, err
	}
	return false, t.waitForChildren(ctx)
}

// waitForChildren bounds how far they stay behind.
func (t *task) waitForChildren(ctx context.Context) error {
	for _, c := range t.children {
		if err := c.parents.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// process holds the gate, so that a checkpoint finds no page half done.
func (t *task) process(ctx context.Context, f fetched, included []rest.Field) (stop bool, err error) {
	t.owner.gate.enter()
	defer t.owner.gate.leave()
	t.lost = t.owner.checkpoints && f.saved == nil
	return t.take(ctx, f, included)
}

// take takes in the records of a page. The gate is held.
func (t *task) take(ctx context.Context, f fetched, included []rest.Field) (stop bool, err error) {
	p := f.page
	t.place = place{url: p.URL, page: p.Number}
	if p.Before == 0 {
		t.pages++
		if p.Number == 1 {
			t.duplicates.begin()
		}
	}
	take, end := t.taker(ctx, p.Records, included)
	defer end()
	if t.tables != nil && len(t.given) == 0 { // steps in Go may write into a record
		t.tables.within(p.Marks())
		defer t.tables.within(nil)
	}
	for i, record := range p.Records {
		t.records++
		t.place.record = int(p.Before) + i + 1
		before := t.rows
		last, err := take(i)
		if err != nil {
			t.half = true
			return false, t.fail(err)
		}
		if t.rows > before {
			t.duplicates.look(record)
		}
		stop = stop || last
		if t.full() {
			stop = true
			break
		}
	}
	end()
	t.series = f.saved
	t.gaps.look(p.Gap)
	t.bytes += p.Bytes
	if f := t.owner.options.Events.Page; f != nil {
		f(PageEvent{Resource: t.name(), Page: p.Number, Records: len(p.Records), Rows: t.rows, Bytes: p.Bytes, URL: p.URL, More: p.More})
	}
	p.Release()
	return stop, nil
}

// full reports whether --limit is reached.
func (t *task) full() bool {
	limit := t.owner.options.Limit
	return limit > 0 && t.rows >= limit
}

// fail adds to err where its record came from.
func (t *task) fail(err error) error {
	if t.place.page == 0 {
		return fmt.Errorf("%s: record %d: %w", t.name(), t.place.record, err)
	}
	return fmt.Errorf("%s: page %d, record %d of %s: %w", t.name(), t.place.page, t.place.record, t.place.url, err)
}

// literalRows gives the rows of a resource that is no endpoint.
func (t *task) literalRows(ctx context.Context) error {
	give := func(record []byte) error {
		if t.full() {
			return nil
		}
		t.owner.gate.enter()
		t.records++
		t.place.record++
		_, err := t.record(ctx, record)
		t.owner.gate.leave()
		if err != nil {
			return t.fail(err)
		}
		return t.waitForChildren(ctx)
	}
	for _, record := range t.resource.Rows {
		if err := give(record); err != nil {
			return err
		}
	}
	if t.resource.RowsFunc == "" {
		return nil
	}
	// The function runs in a world of its own: while it runs it holds that
	// world, and the steps of its rows need one too.
	world, err := t.owner.script.World(ctx, t.owner.env(t.name(), nil, nil, t.owner.options))
	if err != nil {
		return err
	}
	defer world.Close()
	return world.Rows(ctx, t.resource.RowsFunc, give)
}

// state is what the task leaves for the next load; nil: nothing. old is what
// the last one left.
func (t *task) state(old *state.Resource) (*state.Resource, error) {
	s := old.Clone()
	if s == nil {
		s = &state.Resource{}
	}
	s.Deferred = nil
	for _, p := range t.kept {
		s.Deferred = append(s.Deferred, p)
	}
	switch {
	case t.perParent():
		path := t.resource.Endpoint.Incremental.CursorPath
		before := s.PerParent[path]
		for key, c := range t.cursors {
			if got := c.result(before[key]); got != nil {
				if before == nil {
					before = map[string]*state.Cursor{}
				}
				before[key] = got
			}
		}
		if before != nil {
			if s.PerParent == nil {
				s.PerParent = map[string]map[string]*state.Cursor{}
			}
			s.PerParent[path] = before
		}
	case t.cursor != nil:
		path := t.cursor.cfg.CursorPath
		if got := t.cursor.result(s.Incremental[path]); got != nil {
			if s.Incremental == nil {
				s.Incremental = map[string]*state.Cursor{}
			}
			s.Incremental[path] = got
		}
	}
	if err := t.workersState(); err != nil {
		return nil, fmt.Errorf("%s: ctx.state: %w", t.name(), err)
	}
	if w, ok := t.world.(interface{ State() ([]byte, error) }); ok {
		raw, err := w.State()
		if err != nil {
			return nil, fmt.Errorf("%s: ctx.state: %w", t.name(), err)
		}
		if s.State = nil; len(raw) > 0 && !bytes.Equal(raw, []byte("{}")) {
			s.State = json.RawMessage(raw)
		}
	}
	if len(s.Incremental) == 0 && len(s.PerParent) == 0 && len(s.Deferred) == 0 && len(s.State) == 0 {
		return nil, nil
	}
	return s, nil
}
