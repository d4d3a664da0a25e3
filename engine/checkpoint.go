package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/dataset"
)

// A load keeps checkpoints (OPR-41): where each resource is between two pages,
// what its cursor and its normaliser know, and the rows so far in stage files.
// Taking one stops all resources at the end of their page for a moment, so that
// what it says of parents and children fits together.
const (
	checkpointEvery  = 30 * time.Second
	checkpointBytes  = 64 << 20 // of staged files; then it comes earlier
	checkpointPause  = 5 * time.Second
	checkpointMaxAge = 24 * time.Hour
	periodicPatience = time.Second     // how long all stand still for the page of one
	lastPatience     = 3 * time.Second // the same when the load ends before its time (OPR-42)
	checkpointFormat = 1
)

// checkpoint is the engine's part of what a later process finds.
type checkpoint struct {
	Format    int                  `json:"format"`
	Hash      string               `json:"hash"` // of script, config and options
	StartedAt time.Time            `json:"started_at"`
	Tasks     map[string]savedTask `json:"tasks"`
}

// keepsCheckpoints reports whether the load can be resumed at all.
func (o *Options) keepsCheckpoints() bool {
	return o.Limit == 0 && o.Pages == 0 && !o.DryRun && !o.RetryDeferred && o.CheckpointEvery >= 0
}

// hash identifies what must be the same for a load to go on: the script, its
// config but for credentials, and the options that decide what is asked.
func (p *plan) hash(script Script, o *Options) (string, error) {
	c := *p.config
	c.Client.Auth = nil
	c.Resources = nil
	for _, r := range p.config.Resources {
		r := *r
		if r.Endpoint != nil {
			e := *r.Endpoint
			e.Auth = nil
			r.Endpoint = &e
		}
		c.Resources = append(c.Resources, &r)
	}
	text, err := json.Marshal(struct {
		Config      config.Config
		Script      string
		Resources   []string
		FullRefresh bool
		Format      int
	}{c, scriptHash(script), o.Resources, o.FullRefresh, checkpointFormat})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

func scriptHash(script Script) string {
	if h, ok := script.(interface{ Hash() string }); ok {
		return h.Hash()
	}
	return ""
}

// begin starts the load, or goes on with one that a killed process left.
func (r *run) begin(ctx context.Context) error {
	var err error
	if r.configHash, err = r.hash(r.script, r.options); err != nil {
		return err
	}
	if !r.options.keepsCheckpoints() {
		r.load, err = r.data.Begin()
		return err
	}
	r.checkpoints = true
	left, err := r.data.Checkpoint()
	if err != nil {
		return err
	}
	if left != nil {
		saved, why := r.usable(ctx, left)
		if why == "" {
			return r.resume(left, saved)
		}
		if why != restarted {
			r.warn("", fmt.Sprintf("the load of %s, which did not end, is thrown away: %s", left.CreatedAt.Local().Format("2006-01-02 15:04"), why))
		}
		if err := r.data.DropCheckpoint(); err != nil {
			return err
		}
	}
	r.load, err = r.data.Begin()
	return err
}

const restarted = "--restart was given"

// usable reads a checkpoint, or says why it does not help.
func (r *run) usable(ctx context.Context, left *dataset.Checkpoint) (*checkpoint, string) {
	if r.options.Restart {
		return nil, restarted
	}
	limit := r.options.ResumeMaxAge
	if limit == 0 {
		limit = checkpointMaxAge
	}
	if age := r.options.Now().Sub(left.CreatedAt); age > limit {
		return nil, fmt.Sprintf("it is older than %s", limit)
	}
	saved := &checkpoint{}
	if err := json.Unmarshal(left.Note, saved); err != nil || saved.Format != checkpointFormat {
		return nil, "another version of restlua wrote it"
	}
	if saved.Hash == r.configHash {
		return saved, ""
	}
	// time.now() in the script is the load's start: what was true then counts.
	o := *r.options
	o.Now = func() time.Time { return saved.StartedAt }
	o.Replay = ""
	then, err := prepare(ctx, r.script, &o)
	if err == nil {
		if hash, err := then.hash(r.script, r.options); err == nil && hash == saved.Hash {
			r.config, r.units, r.configHash = then.config, then.units, hash
			return saved, ""
		}
	}
	return nil, "the script or its settings have changed since"
}

// resume takes up the load of a checkpoint. Resources that cannot go on in the
// middle start anew, and so do those below them.
func (r *run) resume(left *dataset.Checkpoint, saved *checkpoint) error {
	anew := map[string]bool{} // a parent's children start anew with it
	for _, u := range r.units {
		name := u.resource.Name
		s, ok := saved.Tasks[name]
		anew[name] = !ok || s.Anew || u.resource.Parent != "" && anew[u.resource.Parent]
	}
	load, err := r.data.Resume(func(resource string) bool { return !anew[resource] })
	if err != nil {
		return err
	}
	r.load, r.started, r.resumed = load, saved.StartedAt, map[string]savedTask{}
	e := ResumeEvent{StartedAt: saved.StartedAt, CheckpointAt: left.CreatedAt, Rows: map[string]int64{}, Pages: map[string]int64{}}
	for name, s := range saved.Tasks {
		if !anew[name] {
			r.resumed[name] = s
			e.Rows[name], e.Pages[name] = s.Rows, s.Pages
		}
	}
	if f := r.options.Events.Resume; f != nil {
		f(e)
	}
	return nil
}

// anew reports whether a task starts anew after a kill: its hooks keep values in
// variables, its paginator's state is no plain data, or it is no endpoint.
func (t *task) anew() bool {
	if t.source == nil {
		return true
	}
	if s, ok := t.owner.script.(interface{ SharesState(resource string) bool }); ok && t.world != nil && s.SharesState(t.resource.Path) {
		return true
	}
	parent := t.owner.byName[t.resource.Parent]
	return parent != nil && parent.anew()
}

// ahead reports whether hooks that run ahead of the rows have changed ctx.state: a
// paginator that keeps a position there, before its page is taken in.
func (t *task) ahead() bool {
	w, ok := t.world.(interface{ StateAhead() bool })
	return ok && w.StateAhead()
}

// keep takes checkpoints until ctx ends.
func (r *run) keepCheckpoints(ctx context.Context) {
	every := r.options.CheckpointEvery
	if every == 0 {
		every = checkpointEvery
	}
	pause := min(checkpointPause, every)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	last, size := time.Now(), int64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		staged := r.load.Staged()
		if time.Since(last) < every && staged-size < checkpointBytes {
			continue
		}
		if err := r.takeCheckpoint(periodicPatience, false); err != nil {
			r.cancel(fmt.Errorf("the checkpoint cannot be written: %w", err))
			return
		}
		last, size = time.Now(), staged
	}
}

// Why no checkpoint is possible: a page broke off half done, or the rows of one
// did not get to their file.
var (
	errHalfPage  = errors.New("a page is half done")
	errUnwritten = errors.New("rows were not written")
)

// takeCheckpoint stops all tasks at the end of their page and saves them. They
// go on while the rows get to the disk, unless the load ends with this
// checkpoint: what they did behind it would be lost. Where a page takes longer
// than patience, the checkpoint before stays.
func (r *run) takeCheckpoint(patience time.Duration, last bool) error {
	r.taking.Lock()
	defer r.taking.Unlock()
	if !r.gate.close(patience) {
		return nil
	}
	open := sync.OnceFunc(r.gate.open)
	defer open()
	if !slices.ContainsFunc(r.tasks, func(t *task) bool { return t.pages > 0 }) {
		return nil // nothing to keep
	}
	note := checkpoint{Format: checkpointFormat, Hash: r.configHash, StartedAt: r.started, Tasks: map[string]savedTask{}}
	for _, t := range r.tasks {
		s, err := t.save()
		if errors.Is(err, errHalfPage) {
			return nil // the checkpoint before stays
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
		note.Tasks[t.name()] = s
	}
	cut, err := r.load.Cut()
	if err != nil {
		return err
	}
	// Behind the batches of the pages so far, before those of the next ones.
	taken := make(chan error, 1)
	r.batches <- fullBatch{cut: cut, taken: taken}
	if !last {
		open()
	}
	switch err := <-taken; {
	case errors.Is(err, errUnwritten):
		return nil // the checkpoint before stays
	case err != nil:
		return err
	}
	return cut.Keep(note)
}

// storedState is ctx.state as a task starts with it.
func (r *run) storedState(resource string) []byte {
	if s, ok := r.resumed[resource]; ok && s.State != nil {
		return s.State
	}
	if s := r.stored(resource); s != nil {
		return s.State
	}
	return nil
}
