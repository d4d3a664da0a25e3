package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// mostOpen is how many stage files stay open behind a checkpoint although no
// rows came to them since the one before.
const mostOpen = 64

// Cut is a checkpoint on its way (OPR-41). Three calls make it, so that a load
// stands still for the first only: Load.Cut between two records, Take behind
// the last row that counts and before the next one, Keep while rows go on
// coming. One Cut may be on its way at a time; the load must not end meanwhile.
//
// A stage file stays open. What would make it whole, its tail, goes into a file
// beside it, so that a load with checkpoints writes the files of one without.
type Cut struct {
	load     *Load
	manifest manifest
	rejected File // nil: no row was refused so far
	open     []openSegment
	tails    File // nil: no stage file grew
	name     string
	size     int64 // of tails
}

// openSegment is a stage file that stays open.
type openSegment struct {
	*segment
	table *staged
	saved manifestSegment
	grew  bool // since the checkpoint before
}

// Cut begins a checkpoint. No Reject may be under way: those before it count.
func (l *Load) Cut() (*Cut, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil, errDone
	}
	c := &Cut{load: l, rejected: l.rejected}
	c.manifest = manifest{Format: checkpointFormat, Generation: l.d.state.Generation, CreatedAt: l.d.now()}
	if l.rejected != nil {
		info, err := l.rejected.Stat()
		if err != nil {
			return nil, err
		}
		c.manifest.Rejected = info.Size()
	}
	return c, nil
}

// Take makes what was written so far the rows of the checkpoint. No Write may
// be under way. After an error there is nothing to keep.
func (c *Cut) Take() (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	c.load.mu.Lock()
	tables := slices.Clone(c.load.tables)
	c.load.mu.Unlock()
	idle := 0
	for _, t := range tables {
		if err := c.take(t, &idle); err != nil {
			return err
		}
	}
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	c.manifest.Segments = c.load.segments
	return nil
}

func (c *Cut) take(t *staged, idle *int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	x := manifestTable{Resource: t.resource, Name: t.name, Source: t.source}
	for i, s := range t.segments {
		grew := s.saved.Rows != s.rows
		if !grew && s.file != nil {
			*idle++
		}
		tailer, ok := s.writer.(writers.Tailer)
		if !ok || i < len(t.segments)-1 || !grew && *idle > mostOpen {
			// It gets no more rows, or none for long.
			if err := s.close(c.load.self(t, s), c.load.meta(t)); err != nil {
				return err
			}
			x.Files = append(x.Files, manifestSegment{Name: filepath.Base(s.path), Rows: s.rows, Bytes: s.bytes, Columns: s.columns})
			continue
		}
		saved := s.saved
		if grew {
			var err error
			if saved, err = c.tail(t, s, tailer); err != nil {
				return err
			}
		}
		c.open = append(c.open, openSegment{s, t, saved, grew})
		x.Files = append(x.Files, saved)
	}
	c.manifest.Tables = append(c.manifest.Tables, x)
	return nil
}

// tail writes what would make an open stage file whole.
func (c *Cut) tail(t *staged, s *segment, w writers.Tailer) (manifestSegment, error) {
	if c.tails == nil {
		c.load.mu.Lock()
		c.load.segments++
		c.name = fmt.Sprintf("tails-%04d", c.load.segments)
		c.load.mu.Unlock()
		var err error
		if c.tails, err = c.load.d.fs.Create(filepath.Join(c.load.dir, c.name)); err != nil {
			return manifestSegment{}, err
		}
	}
	table := s.as(c.load.self(t, s))
	out := &counter{w: c.tails}
	info, err := w.Tail(out, table, c.load.meta(t))
	if err == nil && info.Rows != s.rows {
		err = fmt.Errorf("%d rows were staged, but the file has %d", s.rows, info.Rows)
	}
	if err != nil {
		return manifestSegment{}, fmt.Errorf("table %s: %w", t.name, err)
	}
	saved := manifestSegment{Name: filepath.Base(s.path), Rows: s.rows, Bytes: info.Bytes, Columns: table.Columns}
	saved.Tail = &manifestTail{File: c.name, At: c.size, Bytes: out.n}
	c.size += out.n
	return saved, nil
}

// counter counts the bytes that go to w.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// Keep makes the checkpoint, with note as JSON, what a later process can
// resume. After an error the one before is.
func (c *Cut) Keep(note any) (err error) {
	defer func() { err = errors.Join(err, c.close()) }()
	if c.manifest.Note, err = json.Marshal(note); err != nil {
		return err
	}
	text, err := json.Marshal(c.manifest)
	if err != nil {
		return err
	}
	if err := c.sync(); err != nil {
		return err
	}
	l := c.load
	path := filepath.Join(l.dir, checkpointFile)
	if err := l.d.writeFile(path+".tmp", text); err != nil {
		return err
	}
	if err := l.d.fs.SyncDir(l.dir); err != nil { // the files that it lists, first
		return err
	}
	if err := l.d.fs.Rename(path+".tmp", path); err != nil {
		return err
	}
	l.mu.Lock()
	l.kept = true
	l.mu.Unlock()
	if err := l.d.fs.SyncDir(l.dir); err != nil {
		return err
	}
	if err := l.d.fs.SyncDir(l.d.stageDir()); err != nil {
		return err
	}
	return c.settle()
}

// sync makes survive a power cut what the manifest lists.
func (c *Cut) sync() error {
	for _, s := range c.open {
		if !s.grew {
			continue
		}
		if err := s.file.Sync(); err != nil {
			return err
		}
	}
	if c.tails != nil {
		if err := c.tails.Sync(); err != nil {
			return err
		}
	}
	if c.rejected == nil {
		return nil
	}
	if err := c.rejected.Sync(); err != nil {
		return err
	}
	return c.load.syncRejected()
}

// settle remembers what the next checkpoint need not write again, and removes
// tails that this one does not list.
func (c *Cut) settle() error {
	listed := map[string]bool{}
	for _, s := range c.open {
		s.table.mu.Lock()
		s.segment.saved = s.saved
		s.table.mu.Unlock()
		listed[s.saved.Tail.File] = true
	}
	l := c.load
	for _, name := range l.tails {
		if listed[name] {
			continue
		}
		if err := l.d.fs.RemoveAll(filepath.Join(l.dir, name)); err != nil {
			return err
		}
	}
	l.tails = slices.Sorted(maps.Keys(listed))
	return nil
}

// close frees the file of tails.
func (c *Cut) close() error {
	if c.tails == nil {
		return nil
	}
	err := c.tails.Close()
	c.tails = nil
	return err
}

// meta is the footer's text of a stage file.
func (l *Load) meta(t *staged) map[string]string {
	return l.d.meta(&schema.Table{Name: t.name}, l.number)
}

// self is the table as this segment has it, in the order that the commit will
// probably give it, so that a file that is closed before need not be written
// anew: columns that the table has, those that are new, the engine's own. Names
// are made unique; those of the table are settled by the commit, which finds
// columns by their source.
func (l *Load) self(t *staged, s *segment) *schema.Table {
	var known schema.Table
	if k := l.d.state.Tables[t.name]; k != nil {
		known = k.Table
	}
	place := func(c *schema.Column) int {
		if strings.HasPrefix(c.Source, ownPrefix) {
			return len(known.Columns) + 1
		}
		for i := range known.Columns {
			if known.Match(c) == &known.Columns[i] {
				return i
			}
		}
		return len(known.Columns)
	}
	table := &schema.Table{Name: t.name, Resource: t.resource, Columns: slices.Clone(s.columns)}
	slices.SortStableFunc(table.Columns, func(a, b schema.Column) int { return place(&a) - place(&b) })
	seen := map[string]bool{}
	for i := range table.Columns {
		c := &table.Columns[i]
		plain := c.Name
		for n := 2; seen[c.Name]; n++ {
			c.Name = fmt.Sprintf("%s_%d", plain, n)
		}
		seen[c.Name] = true
	}
	return table
}
