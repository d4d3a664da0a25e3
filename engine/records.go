package engine

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/rest"
)

// record takes one record through the steps, the cursor, the normaliser and to
// the children. stop says that no later record of the series can count.
func (t *task) record(ctx context.Context, record []byte) (stop bool, err error) {
	if len(t.resource.Steps) == 0 {
		return t.behindSteps(ctx, record)
	}
	return t.step(ctx, t.world, 0, record, t.behindSteps)
}

// step runs the script's processing steps from the i-th on in world, and gives
// what comes out to emit.
func (t *task) step(ctx context.Context, world hook.World, i int, record []byte, emit func(context.Context, []byte) (bool, error)) (stop bool, err error) {
	for steps := t.resource.Steps; i < len(steps); i++ {
		s := steps[i]
		switch s.Kind {
		case "filter":
			keep, err := world.Filter(ctx, s.Func, record)
			if err != nil || !keep {
				return false, err
			}
		case "map":
			record, err = world.Map(ctx, s.Func, record)
			if err != nil || record == nil {
				return false, err
			}
		case "yield_map":
			// Results are kept until the function is done: it holds the world
			// that the steps behind it need.
			var results [][]byte
			err := world.YieldMap(ctx, s.Func, record, func(r []byte) error {
				results = append(results, bytes.Clone(r))
				return nil
			})
			if err != nil {
				return false, err
			}
			for _, r := range results {
				last, err := t.step(ctx, world, i+1, r, emit)
				if err != nil {
					return false, err
				}
				stop = stop || last
			}
			return stop, nil
		}
	}
	return emit(ctx, record)
}

// behindSteps takes a record on from the script's steps: to those given in Go
// and into the tables.
func (t *task) behindSteps(ctx context.Context, record []byte) (stop bool, err error) {
	if len(t.given) > 0 {
		return t.goSteps(ctx, t.given, record)
	}
	return t.accept(ctx, record)
}

// goSteps runs the steps that a Go program gave.
func (t *task) goSteps(ctx context.Context, steps []Step, record []byte) (stop bool, err error) {
	for i, s := range steps {
		switch {
		case s.Filter != nil:
			keep, err := s.Filter(record)
			if err != nil || !keep {
				return false, err
			}
		case s.Map != nil:
			record, err = s.Map(record)
			if err != nil || record == nil {
				return false, err
			}
		case s.YieldMap != nil:
			err := s.YieldMap(record, func(r []byte) error {
				last, err := t.goSteps(ctx, steps[i+1:], r)
				stop = stop || last
				return err
			})
			return stop, err
		}
	}
	return t.accept(ctx, record)
}

// accept asks the cursor and gives the record to the table and the children.
func (t *task) accept(ctx context.Context, record []byte) (stop bool, err error) {
	if t.cursor != nil {
		keep, last, err := t.cursor.accept(ctx, record)
		if err != nil || !keep {
			return last, err
		}
		stop = last
	}
	if t.full() {
		return true, nil
	}
	if t.tables != nil {
		if err := t.tables.take(ctx, record); err != nil {
			return false, err
		}
	}
	t.rows++
	if len(t.children) == 0 {
		return stop, nil
	}
	if !isObject(record) {
		return false, fmt.Errorf("resource %q depends on this one, but the record is no object: %s", t.children[0].name(), excerpt(record, 100))
	}
	kept := bytes.Clone(record) // the page's memory is used again
	for _, c := range t.children {
		if !t.owner.options.RetryDeferred {
			c.parents.push(kept)
		}
	}
	return stop, nil
}

func isObject(record []byte) bool {
	i := rawjson.SkipSpace(record, 0)
	return i < len(record) && record[i] == '{'
}

// include puts the fields of include_from_parent into a child's record (REL-07,
// REL-10, REL-11).
func include(record []byte, fields []rest.Field) ([]byte, error) {
	if !isObject(record) {
		return nil, fmt.Errorf("include_from_parent needs records that are objects, not %s", excerpt(record, 100))
	}
	for _, f := range fields {
		record = rawjson.Set(record, f.Name, f.Value)
	}
	return record, nil
}

func waited(ns int64) time.Duration { return time.Duration(ns) }

func slicesSorted(seq iter.Seq[string]) []string { return slices.Sorted(seq) }
