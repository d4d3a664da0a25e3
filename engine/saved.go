package engine

import (
	"encoding/json"

	"github.com/restlua/restlua/engine/rest"
)

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
