package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/restlua/restlua/engine/schema"
)

// checkpointFile lies in the stage of a load that can be resumed: what is staged
// and closed, and the note of whoever extracts. Its replacement is what makes a
// checkpoint count; files of the stage that it does not list are thrown away.
const checkpointFile = "checkpoint.json"

// checkpointFormat is the version of that file.
const checkpointFormat = 1

// Checkpoint is what a load left that did not end.
type Checkpoint struct {
	Number    int64
	CreatedAt time.Time
	Note      []byte // what Load.Checkpoint was given
	manifest  *manifest
}

// manifest is the content of checkpointFile.
type manifest struct {
	Format     int             `json:"format"`
	Generation int64           `json:"generation"` // of the state that the load began with
	CreatedAt  time.Time       `json:"created_at"`
	Segments   int             `json:"segments"`
	Rejected   int64           `json:"rejected"` // bytes of the file of refused rows
	Tables     []manifestTable `json:"tables"`
	Note       json.RawMessage `json:"note"`
}

type manifestTable struct {
	Resource string            `json:"resource"`
	Name     string            `json:"name"`
	Source   string            `json:"source"`
	Files    []manifestSegment `json:"files"`
}

type manifestSegment struct {
	Name    string          `json:"name"`
	Rows    int64           `json:"rows"`
	Bytes   int64           `json:"bytes"`
	Columns []schema.Column `json:"columns"`
}

// Staged is the size of the stage files so far, in bytes.
func (l *Load) Staged() int64 {
	l.mu.Lock()
	tables := slices.Clone(l.tables)
	l.mu.Unlock()
	sum := int64(0)
	for _, t := range tables {
		t.mu.Lock()
		for _, s := range t.segments {
			if s.file != nil {
				sum += s.writer.Size()
			} else {
				sum += s.bytes
			}
		}
		t.mu.Unlock()
	}
	return sum
}

// Checkpoint closes the open stage files and makes them, and note, what a later
// process can resume. note is JSON. No Write may be under way.
func (l *Load) Checkpoint(ctx context.Context, note []byte) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return errDone
	}
	m := &manifest{Format: checkpointFormat, Generation: l.d.state.Generation, CreatedAt: l.d.now(), Segments: l.segments, Note: note}
	for _, t := range l.tables {
		if t.err != nil {
			return t.err
		}
		x := manifestTable{Resource: t.resource, Name: t.name, Source: t.source}
		for _, s := range t.segments {
			if err := s.close(s.self(t), l.d.meta(&schema.Table{Name: t.name}, l.number)); err != nil {
				return err
			}
			x.Files = append(x.Files, manifestSegment{Name: filepath.Base(s.path), Rows: s.rows, Bytes: s.bytes, Columns: s.columns})
		}
		m.Tables = append(m.Tables, x)
	}
	if l.rejected != nil {
		if err := l.rejected.Sync(); err != nil {
			return err
		}
		info, err := l.rejected.Stat()
		if err != nil {
			return err
		}
		m.Rejected = info.Size()
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
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
	l.kept = true
	if err := l.d.fs.SyncDir(l.dir); err != nil {
		return err
	}
	return l.d.fs.SyncDir(l.d.stageDir())
}

// self is the table as this segment has it, names made unique: those of the
// table are settled by the commit, which finds columns by their source.
func (s *segment) self(t *staged) *schema.Table {
	table := &schema.Table{Name: t.name, Resource: t.resource, Columns: slices.Clone(s.columns)}
	seen := map[string]bool{}
	for i := range table.Columns {
		c := &table.Columns[i]
		for n := 2; seen[c.Name]; n++ {
			c.Name = fmt.Sprintf("%s_%d", s.columns[i].Name, n)
		}
		seen[c.Name] = true
	}
	return table
}

// Kept reports whether a later process can go on with the load.
func (l *Load) Kept() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept
}

// Leave ends the load for this process. Its last checkpoint stays for a later
// one; where it has none, everything is thrown away.
func (l *Load) Leave() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil
	}
	err := l.end()
	if l.kept {
		return err
	}
	return errors.Join(err, l.d.fs.RemoveAll(l.dir), l.d.fs.RemoveAll(l.rejectedPath()))
}

// Checkpoint returns what a load left that began with the state as it is now;
// nil where there is none.
func (d *Dataset) Checkpoint() (*Checkpoint, error) {
	number := d.state.Generation + 1
	m, err := d.manifest(number)
	if m == nil || err != nil {
		return nil, err
	}
	return &Checkpoint{Number: number, CreatedAt: m.CreatedAt, Note: m.Note, manifest: m}, nil
}

// manifest reads the checkpoint of a load; nil where there is none that can be
// used.
func (d *Dataset) manifest(number int64) (*manifest, error) {
	dir := filepath.Join(d.stageDir(), loadID(number))
	text, err := d.fs.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	if json.Unmarshal(text, m) != nil || m.Format != checkpointFormat || m.Generation != d.state.Generation {
		return nil, nil // of another version, or of a state that is gone
	}
	for _, t := range m.Tables {
		for _, f := range t.Files {
			info, err := d.fs.Stat(filepath.Join(dir, f.Name))
			if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != f.Bytes {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// DropCheckpoint throws away what a load left.
func (d *Dataset) DropCheckpoint() error {
	number := loadID(d.state.Generation + 1)
	return errors.Join(
		d.fs.RemoveAll(filepath.Join(d.stageDir(), number)),
		d.fs.RemoveAll((&Load{d: d, number: d.state.Generation + 1}).rejectedPath()),
	)
}

// Resume goes on with the load of the checkpoint; staged rows of resources for
// which keep is false are thrown away.
func (d *Dataset) Resume(keep func(resource string) bool) (*Load, error) {
	if d.load != nil {
		return nil, errors.New("a load is under way already")
	}
	number := d.state.Generation + 1
	m, err := d.manifest(number)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("there is no load to go on with")
	}
	l := &Load{d: d, number: number, dir: filepath.Join(d.stageDir(), loadID(number)), segments: m.Segments, kept: true}
	listed := map[string]bool{checkpointFile: true}
	for _, t := range m.Tables {
		s := &staged{resource: t.Resource, name: t.Name, source: t.Source}
		for _, f := range t.Files {
			listed[f.Name] = true
			s.segments = append(s.segments, &segment{path: filepath.Join(l.dir, f.Name), columns: f.Columns, rows: f.Rows, bytes: f.Bytes})
			s.rows += f.Rows
		}
		if keep(t.Resource) {
			l.tables = append(l.tables, s)
		}
	}
	if err := l.sweep(listed); err != nil {
		return nil, err
	}
	if err := l.reopenRejected(m.Rejected); err != nil {
		return nil, err
	}
	d.load = l
	return l, nil
}

// sweep removes what was staged behind the checkpoint.
func (l *Load) sweep(listed map[string]bool) error {
	entries, err := l.d.fs.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if listed[e.Name()] {
			continue
		}
		if err := l.d.fs.RemoveAll(filepath.Join(l.dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// reopenRejected brings the file of refused rows back to what it was at the
// checkpoint.
func (l *Load) reopenRejected(size int64) error {
	path := l.rejectedPath()
	if size == 0 {
		return l.d.fs.RemoveAll(path)
	}
	text, err := l.d.fs.ReadFile(path)
	if err != nil {
		return err
	}
	if int64(len(text)) < size {
		return &os.PathError{Op: "resume", Path: path, Err: errors.New("the file is shorter than the checkpoint says")}
	}
	f, err := l.d.fs.Create(path)
	if err != nil {
		return err
	}
	l.rejected = f
	_, err = f.Write(text[:size])
	return err
}
