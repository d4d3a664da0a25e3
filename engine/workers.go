package engine

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rest"
)

// aheadOfRows is how many records a worker may be ahead of the one that is
// taken into the tables.
const aheadOfRows = 16

// makeWorkers makes the worlds that run the steps of a resource with
// hook_workers = N (SCR-04): N copies beside the task's own world, which keeps
// all other hooks. env is that of the task's own world.
func (t *task) makeWorkers(ctx context.Context, env hook.Env) error {
	n := t.resource.HookWorkers
	if n <= 1 || len(t.resource.Steps) == 0 {
		return nil
	}
	t.firstState = env.State
	for i := range n {
		env.Worker = i + 1
		world, err := t.owner.script.World(ctx, env)
		if err != nil {
			return err
		}
		t.workers = append(t.workers, world)
	}
	return nil
}

func (t *task) closeWorlds() {
	if t.world != nil {
		t.world.Close()
	}
	for _, w := range t.workers {
		w.Close()
	}
}

// workersState is an error where a step wrote the ctx.state of its copy of the
// world: only that of one copy could be kept.
func (t *task) workersState() error {
	for _, w := range t.workers {
		s, ok := w.(interface{ State() ([]byte, error) })
		if !ok {
			continue
		}
		raw, err := s.State()
		if err == nil && string(raw) != string(t.firstState) && (len(t.firstState) > 0 || len(raw) > 0 && string(raw) != "{}") {
			err = fmt.Errorf("a step wrote it, but hook_workers = %d gives each of %d copies of the script a ctx.state of its own (hint: leave hook_workers out)",
				t.resource.HookWorkers, t.resource.HookWorkers)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// taker returns the function that takes the i-th of the records of a page
// through the steps and into the tables; the records are taken in their order.
// end must be called before the page is released.
func (t *task) taker(ctx context.Context, records [][]byte, included []rest.Field) (take func(i int) (stop bool, err error), end func()) {
	if t.workers != nil {
		return t.sideBySteps(ctx, records, included)
	}
	return func(i int) (stop bool, err error) {
		record := records[i]
		if included != nil {
			if record, err = include(record, included); err != nil {
				return false, err
			}
		}
		return t.record(ctx, record)
	}, func() {}
}

// stepped is what the steps of the script made of one record.
type stepped struct {
	rows [][]byte
	err  error
}

// sideBySteps is taker for workers: each runs the steps in a goroutine of its
// own. Which worker gets a record follows from its place among all records, so
// that a load that is repeated gives the same rows.
func (t *task) sideBySteps(outer context.Context, records [][]byte, included []rest.Field) (take func(i int) (stop bool, err error), end func()) {
	ctx, cancel := context.WithCancel(outer)
	n := len(t.workers)
	first := int(t.records % int64(n))
	results := make([]chan stepped, n)
	var work sync.WaitGroup
	for k, world := range t.workers {
		results[k] = make(chan stepped, aheadOfRows)
		work.Go(func() {
			for i := (k - first + n) % n; i < len(records); i += n {
				var s stepped
				s.rows, s.err = t.allSteps(ctx, world, records[i], included)
				select {
				case results[k] <- s:
				case <-ctx.Done():
					return
				}
				if s.err != nil {
					return
				}
			}
		})
	}
	take = func(i int) (stop bool, err error) {
		var s stepped
		select {
		case s = <-results[(first+i)%n]:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
		for _, row := range s.rows {
			last, err := t.behindSteps(outer, row)
			if err != nil {
				return false, err
			}
			stop = stop || last
		}
		return stop, s.err
	}
	return take, func() {
		cancel()
		work.Wait()
	}
}

// allSteps runs the script's steps for one record in world. The rows are the
// caller's, or slices of record.
func (t *task) allSteps(ctx context.Context, world hook.World, record []byte, included []rest.Field) (rows [][]byte, err error) {
	if included != nil {
		if record, err = include(record, included); err != nil {
			return nil, err
		}
	}
	_, err = t.step(ctx, world, 0, record, func(_ context.Context, r []byte) (bool, error) {
		if len(r) == 0 || &r[0] != &record[0] {
			r = bytes.Clone(r)
		}
		rows = append(rows, r)
		return false, nil
	})
	return rows, err
}
