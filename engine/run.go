package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/har"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/normalize"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

// Version is what requests and files say of the engine that made them.
const Version = "0.1.0"

// memoryBudget is shared by the open batches of all tables, in bytes. Each
// batch that is full is written while the next one fills.
const memoryBudget = 4 << 20

// minBatch is the least memory that one resource's batches get, so that many
// resources do not make tiny pages.
const minBatch = 2 << 20

// Run runs the script once and commits what came as one load: either all of
// it, with the state, or nothing. Cancelling ctx ends the run without a commit.
//
// Errors: config.Errors for mistakes in the script's table; *UsageError for
// wrong options; *dataset.LockedError while another process writes; every
// other error names the resource, the page and the redacted URL.
func Run(ctx context.Context, script Script, o Options) (result *Result, err error) {
	o.defaults()
	began := o.Now()
	if o.Events.End != nil {
		defer func() { o.Events.End(EndEvent{Elapsed: o.Now().Sub(began), Result: result, Err: err}) }()
	}
	p, err := prepare(ctx, script, &o)
	if err != nil {
		return nil, err
	}
	r := &run{plan: p, script: script, options: &o}
	result, err = r.do(ctx)
	return result, p.redact(err)
}

// ResumableError is a failure that left a checkpoint: the next run of the same
// script goes on there. Nothing was committed.
type ResumableError struct{ Err error }

func (e *ResumableError) Error() string { return e.Err.Error() }
func (e *ResumableError) Unwrap() error { return e.Err }

// run is one load under way.
type run struct {
	*plan
	script  Script
	options *Options
	client  *rest.Client
	data    *dataset.Dataset
	load    *dataset.Load
	tasks   []*task
	byName  map[string]*task

	cancel   context.CancelCauseFunc
	batches  chan fullBatch
	fetchers sync.WaitGroup // goroutines that read pages ahead

	gate        gate       // tasks are inside while they process a page
	taking      sync.Mutex // a checkpoint
	checkpoints bool       // the load keeps checkpoints
	configHash  string
	resumed     map[string]savedTask // what a checkpoint says; nil: a fresh load

	going, held              atomic.Int32 // tasks that are not done; those of them that wait for the writer
	requests, retries, bytes atomic.Int64
	waited                   atomic.Int64 // nanoseconds

	ending   sync.Once // of a load that failed
	mu       sync.Mutex
	warnings []string
	warned   map[string]bool
	found    map[string]bool // what was detected, so that it is told once
}

// fullBatch is a batch on its way to its file, or a checkpoint between two.
type fullBatch struct {
	batch *schema.Batch
	from  *normalize.Normalizer // that gets it back
	task  *task
	size  int // bytes

	cut   *dataset.Cut // not nil: take it
	taken chan<- error
}

// mostWaiting bounds the batches that wait for the writer. Their bytes are
// bounded by lending; this only has to hold the child tables of one record.
const mostWaiting = 256

func (r *run) do(ctx context.Context) (result *Result, err error) {
	r.data, err = dataset.Open(ctx, r.dataset, dataset.Options{
		Format: parquet.New(), Source: r.config.Name, Wait: r.options.Wait, Now: r.options.Now,
		Compression: r.options.Compression, RowGroupBytes: r.options.RowGroupBytes, FileBytes: r.options.FileBytes, Version: Version,
		Busy: r.busy,
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.data.Close()) }()
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	committed := false
	defer func() {
		switch {
		case committed:
		case err != nil && r.checkpoints:
			kept := r.load.Kept()
			if err = errors.Join(err, r.load.Leave()); kept {
				err = &ResumableError{err}
			}
		default:
			err = errors.Join(err, r.load.Discard())
		}
	}()
	r.plan.load = r.load.Number()
	client := rest.Options{
		Transport: r.options.Transport, Sleep: r.options.Sleep, Now: r.options.Now, Redactor: r.redactor, Version: Version,
		Events: r.clientEvents(), Detail: r.options.Detail, ErrorBody: r.options.ErrorBody,
		RefreshTokens: rest.RefreshTokens{Load: r.data.Token, Store: r.data.StoreToken}, Scratch: r.load.Scratch(),
	}
	if r.options.Record != "" {
		rec, failed := har.Create(r.options.Record, har.Options{Redactor: r.redactor, Now: r.options.Now, Version: Version})
		if failed != nil {
			return nil, failed
		}
		defer func() { err = errors.Join(err, rec.Close()) }()
		client.Wrap = rec.Around
	}
	settings := r.config.Client
	if r.options.MaxWait > 0 {
		settings.Session.RequestMaxRetryDelay = r.options.MaxWait
	}
	if r.client, err = rest.NewClient(&settings, client); err != nil {
		return nil, err
	}
	r.plan.http = r.client.Do
	r.plan.wait = func(ctx context.Context, d time.Duration) error {
		r.waited.Add(int64(d))
		return r.client.Wait(ctx, d)
	}
	defer r.client.Close()
	if err := r.makeTasks(ctx); err != nil {
		return nil, err
	}
	defer r.closeWorlds()
	r.announce()
	if err := r.extract(ctx); err != nil {
		return nil, err
	}
	if result, err = r.commit(ctx); err != nil {
		return nil, err
	}
	committed = result.Committed
	return result, nil
}

func (r *run) announce() {
	for _, w := range r.config.Warnings {
		r.warn("", (&config.Error{Pos: w.Pos, Path: w.Path, Text: w.Text}).Error())
	}
	if r.options.Events.Start == nil {
		return
	}
	e := StartEvent{Source: r.config.Name, Dataset: r.dataset, Load: r.load.Number()}
	for _, t := range r.tasks {
		e.Resources = append(e.Resources, t.name())
	}
	r.options.Events.Start(e)
}

// makeTasks prepares every unit of the plan, parents first.
func (r *run) makeTasks(ctx context.Context) error {
	r.byName = map[string]*task{}
	written := 0
	for _, u := range r.units {
		if r.options.RetryDeferred {
			s := r.stored(u.resource.Name)
			u.written = u.written && s != nil && len(s.Deferred) > 0
		}
		if u.written {
			written++
		}
	}
	batch := r.options.BatchBytes
	if batch == 0 {
		batch = max(minBatch, memoryBudget/max(1, written))
	}
	for _, u := range r.units {
		t, err := newTask(ctx, r, u, batch)
		if err != nil {
			return err
		}
		r.tasks = append(r.tasks, t)
		r.byName[t.name()] = t
	}
	for _, u := range r.units {
		for _, c := range u.children {
			r.byName[u.resource.Name].children = append(r.byName[u.resource.Name].children, r.byName[c.resource.Name])
		}
	}
	return nil
}

func (r *run) closeWorlds() {
	for _, t := range r.tasks {
		t.closeWorlds()
	}
}

// extract starts the goroutines of the load, all of them ended when it
// returns: one per resource (fetching ahead in others, see task), one that
// writes full batches, one that takes checkpoints, and one that waits for the
// end of outer. Work goes on until the checkpoint of an interrupted load is
// taken; only then is it cancelled.
func (r *run) extract(outer context.Context) error {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(outer))
	r.cancel = cancel
	defer cancel(nil)
	if err := r.event(outer, r.config.OnStart, nil); err != nil {
		return err
	}
	r.batches = make(chan fullBatch, mostWaiting)
	var writer, work, watch sync.WaitGroup
	watching, watched := context.WithCancel(context.Background())
	writer.Go(func() { r.writeBatches(ctx) })
	watch.Go(func() {
		select {
		case <-outer.Done():
			r.lastCheckpoint()
			cancel(context.Cause(outer))
		case <-watching.Done():
		}
	})
	if r.checkpoints {
		watch.Go(func() { r.keepCheckpoints(watching) })
	}
	for _, t := range r.tasks {
		work.Go(func() {
			r.going.Add(1)
			defer r.going.Add(-1)
			t.run(ctx)
		})
	}
	work.Wait()
	watched()
	watch.Wait()
	close(r.batches)
	writer.Wait()
	err := context.Cause(ctx)
	cancel(nil) // ends fetchers of series that nobody reads any more
	r.fetchers.Wait()
	return err
}

// busy is how many cores the tasks want beside the writer (writers.Options.Busy):
// one each, until one of them has to wait for it. Between a request and its
// answer, too: while all cores pack pages, nobody looks whether an answer has
// come, for up to ten milliseconds.
func (r *run) busy() int {
	if r.held.Load() > 0 {
		return 0
	}
	return int(r.going.Load())
}

// lastCheckpoint saves what is there when a load ends before its time, before
// anything is cancelled. Where that fails, the checkpoint before stays.
func (r *run) lastCheckpoint() {
	if !r.checkpoints {
		return
	}
	r.ending.Do(func() {
		if err := r.takeCheckpoint(lastPatience, true); err != nil {
			r.warn("", "the checkpoint cannot be written: "+err.Error())
		}
	})
}

// writeBatches takes full batches to their files, in the order in which they
// came, and checkpoints between them. After a failure it goes on taking them, so
// that nobody blocks.
func (r *run) writeBatches(ctx context.Context) {
	unwritten := false // a batch did not get to its file
	for b := range r.batches {
		unwritten = unwritten || ctx.Err() != nil
		if b.cut != nil {
			err := errUnwritten
			if !unwritten {
				err = b.cut.Take()
			}
			b.taken <- err
			continue
		}
		if !unwritten {
			if err := r.load.Write(ctx, b.batch); err != nil {
				unwritten = true
				r.cancel(fmt.Errorf("%s: %w", b.task.name(), err))
			}
		}
		b.from.Recycle(b.batch)
		b.task.tables.lent.giveBack(b.size)
	}
}

// event calls on_start or on_finish in a world of its own.
func (r *run) event(ctx context.Context, f hook.Ref, report []byte) error {
	if f == "" {
		return nil
	}
	world, err := r.script.World(ctx, r.env("", nil, nil, r.options))
	if err != nil {
		return err
	}
	defer world.Close()
	return world.Event(ctx, f, report)
}

// clientEvents counts requests and hands them on.
func (r *run) clientEvents() rest.Events {
	return rest.Events{
		Request: func(i rest.RequestInfo) {
			r.requests.Add(1)
			r.bytes.Add(i.Bytes)
			if t := r.byName[i.Resource]; t != nil {
				t.requests.Add(1)
			}
			if f := r.options.Events.Request; f != nil {
				f(RequestEvent{
					Resource: i.Resource, Method: i.Method, URL: i.URL, Status: i.Status, Bytes: i.Bytes,
					Attempt: i.Attempt, Waited: i.Waited, Elapsed: i.Elapsed, Err: i.Err,
					RequestHeaders: i.RequestHeaders, ResponseHeaders: i.ResponseHeaders, Body: i.Body,
				})
			}
		},
		Retry: func(i rest.RetryInfo) {
			r.retries.Add(1)
			r.waited.Add(int64(i.Wait))
			if f := r.options.Events.Retry; f != nil {
				f(RetryEvent{Resource: i.Resource, URL: i.URL, Attempt: i.Attempt, Reason: i.Reason, Wait: i.Wait})
			}
		},
		Warning:  r.warn,
		Detected: r.detected,
	}
}

// warn reports a remark once.
func (r *run) warn(resource, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := resource + "\x00" + text
	if r.warned[key] {
		return
	}
	if r.warned == nil {
		r.warned = map[string]bool{}
	}
	r.warned[key] = true
	text = r.redactor.Text(text)
	if resource != "" {
		r.warnings = append(r.warnings, resource+": "+text)
	} else {
		r.warnings = append(r.warnings, text)
	}
	if f := r.options.Events.Warning; f != nil {
		f(WarningEvent{Resource: resource, Text: text})
	}
}

// detected passes on what was found out of a resource, once: children find the
// same for each parent.
func (r *run) detected(resource, text string) {
	f := r.options.Events.Detected
	if f == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil {
		r.found = map[string]bool{}
	}
	if key := resource + "\x00" + text; !r.found[key] {
		r.found[key] = true
		f(DetectedEvent{Resource: resource, Text: r.redactor.Text(text)})
	}
}

// stored is what the last load left of a resource; nil: nothing.
func (r *run) stored(resource string) *state.Resource {
	if r.options.FullRefresh {
		return nil
	}
	return r.data.State().Resources[resource]
}

// failed is told that a resource cannot be finished. That ends the load, unless
// the others shall go on (OPR-40).
func (r *run) failed(err error) {
	if r.options.KeepGoing && !errors.Is(err, context.Canceled) {
		return
	}
	r.lastCheckpoint()
	r.cancel(err) // the first cause is kept
}

// storedCursor is the cursor of the last load, or nil.
func (r *run) storedCursor(resource, path string) *state.Cursor {
	if s := r.stored(resource); s != nil {
		return s.Incremental[path]
	}
	return nil
}

func (r *run) elapsed() time.Duration { return r.options.Now().Sub(r.started) }
