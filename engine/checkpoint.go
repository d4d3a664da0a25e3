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
	"github.com/restlua/restlua/engine/rest"
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

// position says where a task is, between two pages.
type position struct {
	Asks   int    `json:"asks,omitempty"`   // series settled of the group of parents at hand
	Series []byte `json:"series,omitempty"` // snapshot of the one under way
}

// savedTask is one resource in a checkpoint.
type savedTask struct {
	Anew     bool                    `json:"anew,omitempty"` // it cannot go on in the middle
	Done     bool                    `json:"done,omitempty"`
	Position position                `json:"position"`
	Pending  []json.RawMessage       `json:"pending,omitempty"` // parents not finished
	Seen     []byte                  `json:"seen,omitempty"`    // hashes of parents asked for
	Kept     []json.RawMessage       `json:"kept,omitempty"`
	Cursor   *savedCursor            `json:"cursor,omitempty"`
	Cursors  map[string]*savedCursor `json:"cursors,omitempty"`
	State    json.RawMessage         `json:"state,omitempty"` // ctx.state
	Pages    int64                   `json:"pages"`
	Records  int64                   `json:"records"`
	Rows     int64                   `json:"rows"`
	Failures int64                   `json:"failures,omitempty"`
	Keys     int64                   `json:"keys,omitempty"` // looked at for duplicates
	Twice    int64                   `json:"twice,omitempty"`
	Gaps     int64                   `json:"gaps,omitempty"`
	Gap      rest.Gap                `json:"gap,omitzero"` // the first
	Tables   *savedTables            `json:"tables,omitempty"`
}

// savedTables are the normalisers of a resource.
type savedTables struct {
	Counter int64        `json:"counter"`
	Roots   []savedRoots `json:"roots"`
}

type savedRoots struct {
	Name  string          `json:"name"`
	State json.RawMessage `json:"state"`
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

// save describes the task. The gate is held.
func (t *task) save() (savedTask, error) {
	if t.half {
		return savedTask{}, errHalfPage
	}
	s := savedTask{
		Anew: t.anew() || (t.lost || t.ahead()) && !t.done, Done: t.done, Position: position{t.finished, t.series}, Pages: t.pages, Records: t.records, Rows: t.rows, Failures: t.failures,
		Gaps: t.gaps.series, Gap: t.gaps.first,
	}
	if t.duplicates != nil {
		s.Keys, s.Twice = t.duplicates.keys, t.duplicates.twice
	}
	if t.tables != nil {
		if err := t.tables.flush(); err != nil {
			return s, err
		}
	}
	if s.Anew {
		return s, nil
	}
	if t.parents != nil {
		for _, p := range t.parents.pending() {
			s.Pending = append(s.Pending, p)
		}
		s.Seen = t.saveSeen()
	}
	for _, p := range t.kept {
		s.Kept = append(s.Kept, p)
	}
	if t.cursor != nil && !t.perParent() {
		s.Cursor = t.cursor.save()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, c := range t.cursors {
		if s.Cursors == nil {
			s.Cursors = map[string]*savedCursor{}
		}
		s.Cursors[key] = c.save()
	}
	if w, ok := t.world.(interface{ State() ([]byte, error) }); ok {
		raw, err := w.State()
		if err != nil {
			return s, err
		}
		s.State = raw
	}
	if t.tables == nil {
		return s, nil
	}
	s.Tables = &savedTables{Counter: t.tables.counter}
	for _, n := range t.tables.order {
		text, err := n.Save()
		if err != nil {
			return s, err
		}
		s.Tables.Roots = append(s.Tables.Roots, savedRoots{n.Name(), text})
	}
	return s, nil
}

// saveSeen packs the hashes of the parents for which all was asked; those that
// are pending are asked again.
func (t *task) saveSeen() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []byte
	for h, settled := range t.seen {
		if settled {
			out = append(out, h[:]...)
		}
	}
	return out
}

// restore brings a fresh task to where a checkpoint was taken.
func (t *task) restore(s savedTask) error {
	t.pages, t.records, t.rows, t.failures = s.Pages, s.Records, s.Rows, s.Failures
	t.resumed, t.done = s.Position, s.Done
	t.finished, t.series = s.Position.Asks, s.Position.Series
	t.gaps = gaps{s.Gaps, s.Gap}
	if t.duplicates != nil {
		t.duplicates.keys, t.duplicates.twice = s.Keys, s.Twice
	}
	for i := 0; i+len(parentHash{}) <= len(s.Seen); i += len(parentHash{}) {
		t.seen[parentHash(s.Seen[i:i+len(parentHash{})])] = true
	}
	if t.parents != nil {
		t.parents.waiting = nil // those deferred are among the pending
		for _, p := range s.Pending {
			t.parents.push(p)
		}
	}
	for _, p := range s.Kept {
		t.kept = append(t.kept, p)
	}
	if t.cursor != nil && s.Cursor != nil {
		if err := t.cursor.load(s.Cursor); err != nil {
			return err
		}
	}
	for key, saved := range s.Cursors {
		c, err := t.newParentCursor(key)
		if err == nil {
			err = c.load(saved)
		}
		if err != nil {
			return err
		}
	}
	if t.tables == nil || s.Tables == nil {
		return nil
	}
	t.tables.counter = s.Tables.Counter
	for _, root := range s.Tables.Roots {
		n, err := t.tables.root(root.Name)
		if err == nil {
			err = n.Restore(root.State)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// savedCursor is what a cursor learnt during the load.
type savedCursor struct {
	Last     json.RawMessage `json:"last,omitempty"`
	Boundary []string        `json:"boundary,omitempty"`
	Rows     int64           `json:"rows"`
}

func (c *cursor) save() *savedCursor {
	s := &savedCursor{Boundary: append([]string(nil), c.boundary...), Rows: c.rows}
	if c.last != nil {
		s.Last = append(s.Last, c.last.raw...)
	}
	return s
}

func (c *cursor) load(s *savedCursor) (err error) {
	c.last = nil
	if s.Last != nil {
		if c.last, err = optional(s.Last); err != nil {
			return err
		}
	}
	c.rows, c.boundary = s.Rows, s.Boundary
	clear(c.seen)
	for _, h := range c.boundary {
		c.seen[h] = true
	}
	return nil
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
