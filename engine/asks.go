package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/engine/state"
)

// ask is one request series to make: what its placeholders stand for, and whom
// it serves. A resource without parent, partitions and windows has one.
type ask struct {
	binding rest.Binding
	parents [][]byte // the parents' records; nil: none
	cursor  *cursor  // of this series alone (OPR-33); nil: the task's
	number  int      // among those for its parents, from 0
	last    bool     // of those for its parents
	saved   []byte   // snapshot of the series, where an earlier process began it
}

// maxParentCursors bounds the cursors of one resource in the state (OPR-33).
const maxParentCursors = 100_000

// running is a series whose pages are being fetched, or why it could not begin.
type running struct {
	ask      ask
	pages    <-chan fetched
	included []rest.Field
	err      error
}

// asks gives every series of the task, in the order in which its rows come:
// parents whose series failed in the last load first, then the parents as they
// arrive; within a parent the partitions, within these the windows.
func (t *task) asks(ctx context.Context, yield func(ask) error) error {
	if t.parents == nil {
		return t.spread(ctx, nil, yield)
	}
	group := &grouper{task: t, size: max(1, t.resource.Batch)}
	group.give = func(parents [][]byte) error { return t.spread(ctx, parents, yield) }
	for {
		parent, ok := t.parents.next(ctx)
		if !ok {
			break
		}
		if err := group.add(parent); err != nil {
			return err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return group.flush()
}

// grouper hands on the parents' records: each value once (OPR-31), several at a
// time where the resource asks in batches (OPR-30).
type grouper struct {
	task  *task
	size  int
	group [][]byte
	give  func(parents [][]byte) error
}

func (g *grouper) add(parent []byte) error {
	again, err := g.task.asked(parent)
	if err != nil {
		return err
	}
	if again {
		g.task.parents.drop()
		return nil
	}
	if g.group = append(g.group, parent); len(g.group) < g.size {
		return nil
	}
	return g.flush()
}

func (g *grouper) flush() error {
	if len(g.group) == 0 {
		return nil
	}
	group := g.group
	g.group = nil
	return g.give(group)
}

// parentHash identifies what a parent's record makes a child ask and include.
type parentHash [12]byte

// asked reports whether an equal parent was seen before, and notes this one.
func (t *task) asked(parent []byte) (bool, error) {
	if !t.resource.Deduplicate {
		return false, nil
	}
	hash, err := t.parentHash(parent)
	if err != nil {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, again := t.seen[hash]; again {
		return true, nil
	}
	t.seen[hash] = false
	return false, nil
}

// settled notes that all was asked for the parents of a group.
func (t *task) settled(parents [][]byte) {
	t.parents.done(len(parents))
	if !t.resource.Deduplicate {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range parents {
		if hash, err := t.parentHash(p); err == nil { // it had one when it was asked for
			t.seen[hash] = true
		}
	}
}

func (t *task) parentHash(parent []byte) (parentHash, error) {
	key, err := t.source.ParentKey(parent)
	if err != nil {
		return parentHash{}, err
	}
	included, err := t.source.Included(parent)
	if err != nil {
		return parentHash{}, err
	}
	for _, f := range included {
		key += "\x00" + string(f.Value)
	}
	sum := sha256.Sum256([]byte(key))
	return parentHash(sum[:len(parentHash{})]), nil
}

// spread gives the series of one group of parents, or of a resource without.
func (t *task) spread(ctx context.Context, parents [][]byte, yield func(ask) error) error {
	a := ask{parents: parents, binding: rest.Binding{Incremental: t.values}}
	if len(parents) > 0 {
		a.binding.Parent = parents[0]
	}
	if t.resource.Batch > 0 {
		a.binding.Parents = parents
	}
	windows := t.windows
	if t.perParent() {
		var err error
		if a.cursor, err = t.cursorOf(parents[0]); err != nil {
			return err
		}
		if a.binding.Incremental, err = a.cursor.values(ctx); err != nil {
			return err
		}
		if windows, err = a.cursor.windows(ctx, t.owner.started); err != nil {
			return err
		}
	}
	partitions := t.resource.Partitions
	if partitions == nil {
		partitions = [][]byte{nil}
	}
	var all []ask
	for _, p := range partitions {
		a.binding.Partition = p
		if windows == nil {
			all = append(all, a)
			continue
		}
		for i := range windows {
			part := *a.binding.Incremental
			part.StartRequest, part.EndRequest = windows[i].Start, windows[i].End
			w := a
			w.binding.Window, w.binding.Incremental = &windows[i], &part
			all = append(all, w)
		}
	}
	if len(all) == 0 {
		if parents != nil {
			t.settled(parents)
		}
		return nil
	}
	all[len(all)-1].last = true
	// What an earlier process finished of the first group is not asked again.
	skip, saved := min(t.resumed.Asks, len(all)-1), t.resumed.Series
	t.resumed.Asks, t.resumed.Series = 0, nil
	all[skip].saved = saved
	for i, a := range all[skip:] {
		a.number = skip + i
		if err := yield(a); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) perParent() bool {
	e := t.resource.Endpoint
	return e != nil && e.Incremental != nil && e.Incremental.PerParent && t.resource.Parent != ""
}

// cursorOf is the cursor of one parent value; new parents start at the initial
// value (OPR-33).
func (t *task) cursorOf(parent []byte) (*cursor, error) {
	key, err := t.source.ParentKey(parent)
	if err != nil {
		return nil, err
	}
	return t.newParentCursor(key)
}

func (t *task) newParentCursor(key string) (*cursor, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.cursors[key]; c != nil {
		return c, nil
	}
	if len(t.cursors) >= maxParentCursors {
		return nil, fmt.Errorf("incremental.per_parent: more than %d parents\nhint: leave per_parent out (one cursor for all), or split the parents over several resources", maxParentCursors)
	}
	var old *state.Cursor
	if s := t.owner.stored(t.name()); s != nil {
		old = s.PerParent[t.resource.Endpoint.Incremental.CursorPath][key]
	}
	c, err := newCursor(t.resource, old, t.world)
	if err != nil {
		return nil, err
	}
	if t.cursors == nil {
		t.cursors = map[string]*cursor{}
	}
	t.cursors[key] = c
	return c, nil
}

// sideBySide makes all series of the task. Up to as many as the client has
// connections are fetched side by side, and one more stands ready; their pages
// are processed in the order of the asks, so the result does not depend on
// timing.
func (t *task) sideBySide(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	window := max(1, t.owner.config.Client.Concurrency)
	if t.inStep() {
		window = 1
	}
	queue := make(chan running, window-1)
	var starter sync.WaitGroup
	starter.Go(func() {
		defer close(queue)
		err := t.asks(ctx, func(a ask) error {
			select {
			case queue <- t.start(ctx, a):
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		if err != nil {
			cancel(err)
		}
	})
	err := func() error {
		for s := range queue {
			if s.err != nil {
				return s.err
			}
			t.begin(s.ask)
			if err := t.settle(ctx, s); err != nil {
				return err
			}
			if t.full() {
				return nil
			}
		}
		return context.Cause(ctx)
	}()
	cancel(errDone)
	starter.Wait()
	return err
}

// errDone ends what still runs for a task that is done.
var errDone = errors.New("done")

// begin makes the cursor of a series the one that its records are asked about.
func (t *task) begin(a ask) {
	if a.cursor == nil {
		return
	}
	t.owner.gate.enter()
	t.cursor = a.cursor
	t.owner.gate.leave()
}

// finish notes that a series is settled. The gate is held.
func (t *task) finish(a ask) {
	t.finished = a.number + 1
	t.series, t.lost = nil, false
	if a.last {
		t.finished = 0
		if a.parents != nil {
			t.settled(a.parents)
		}
	}
}

// start begins to fetch the pages of a series.
func (t *task) start(ctx context.Context, a ask) running {
	s := running{ask: a}
	series, err := t.source.Series(a.binding)
	if err == nil && a.saved != nil {
		err = series.Restore(a.saved)
	}
	if err == nil && a.parents != nil && t.resource.Batch == 0 {
		s.included, err = t.source.Included(a.parents[0])
	}
	if err != nil {
		s.err = err
		return s
	}
	s.pages = t.fetch(ctx, series)
	return s
}

// settle takes in the pages of a series by what on_error says of a series that
// fails (OPR-32): unless that ends the load, its pages are gathered first, so
// that none of its rows is stored when a later page fails.
func (t *task) settle(ctx context.Context, s running) error {
	policy := t.resource.OnError
	if policy != "skip" && policy != "defer" {
		if err := t.drain(ctx, s.pages, s.included); err != nil {
			return err
		}
		return t.takeAll(ctx, s.ask, nil, nil)
	}
	var pages []fetched
	var failure error
	for f := range s.pages {
		if f.err != nil {
			failure = f.err
			break
		}
		pages = append(pages, f)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if failure != nil {
		for _, f := range pages {
			f.page.Release()
		}
		t.giveUp(policy, s.ask)
		t.owner.warn(t.name(), fmt.Sprintf("a series failed and was %s: %v", map[string]string{"skip": "skipped", "defer": "deferred to the next run"}[policy], failure))
		return t.takeAll(ctx, s.ask, nil, nil)
	}
	if err := t.takeAll(ctx, s.ask, pages, s.included); err != nil {
		return err
	}
	return t.waitForChildren(ctx)
}

// giveUp counts a series that failed, and keeps its parents for the next load.
func (t *task) giveUp(policy string, a ask) {
	t.owner.gate.enter()
	defer t.owner.gate.leave()
	t.failures++
	if policy != "defer" {
		return
	}
	for _, p := range a.parents {
		t.kept = append(t.kept, bytes.Clone(p))
	}
}

// takeAll takes in the last pages of a series and notes that it is settled. No
// checkpoint comes between.
func (t *task) takeAll(ctx context.Context, a ask, pages []fetched, included []rest.Field) error {
	t.owner.gate.enter()
	defer t.owner.gate.leave()
	defer t.finish(a)
	for _, f := range pages {
		f.saved = nil
		if _, err := t.take(ctx, f, included); err != nil || t.full() {
			return err
		}
	}
	return nil
}
