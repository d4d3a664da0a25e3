package dataset

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/restlua/restlua/engine/schema"
)

// checkpointFile lies in the stage of a load that can be resumed: which rows are
// staged, and the note of whoever extracts. Its replacement is what makes a
// checkpoint count; files of the stage that it does not list are thrown away.
const checkpointFile = "checkpoint.json"

// checkpointFormat is the version of that file. 1 had no tails: every file that
// it lists is whole, so it can be read.
const checkpointFormat = 2

// Checkpoint is what a load left that did not end.
type Checkpoint struct {
	Number    int64
	CreatedAt time.Time
	Note      []byte // what Cut.Keep was given
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
	Bytes   int64           `json:"bytes"` // of the whole file
	Columns []schema.Column `json:"columns"`
	Tail    *manifestTail   `json:"tail,omitempty"` // nil: the file is whole
}

// manifestTail is where the end of a file lies that was open.
type manifestTail struct {
	File  string `json:"file"` // in the stage
	At    int64  `json:"at"`
	Bytes int64  `json:"bytes"`
}

// body is the part of the file that the file itself has.
func (s *manifestSegment) body() int64 {
	if s.Tail == nil {
		return s.Bytes
	}
	return s.Bytes - s.Tail.Bytes
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
	if json.Unmarshal(text, m) != nil || m.Format < 1 || m.Format > checkpointFormat || m.Generation != d.state.Generation {
		return nil, nil // of another version, or of a state that is gone
	}
	for _, t := range m.Tables {
		for _, f := range t.Files {
			if there, err := d.holds(dir, &f); err != nil || !there {
				return nil, err
			}
		}
	}
	return m, nil
}

// holds reports whether the stage has all of a file that a checkpoint lists.
func (d *Dataset) holds(dir string, f *manifestSegment) (bool, error) {
	size := func(name string) (int64, error) {
		info, err := d.fs.Stat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return -1, nil
		}
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	}
	n, err := size(f.Name)
	if err != nil || f.Tail == nil {
		return n == f.Bytes, err
	}
	if err != nil || n < f.body() { // rows that came later stand behind
		return false, err
	}
	n, err = size(f.Tail.File)
	return n >= f.Tail.At+f.Tail.Bytes, err
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
	listed, tails := map[string]bool{checkpointFile: true}, map[string]bool{}
	for _, t := range m.Tables {
		s := &staged{resource: t.Resource, name: t.Name, source: t.Source}
		for _, f := range t.Files {
			listed[f.Name] = true
			if f.Tail != nil {
				listed[f.Tail.File], tails[f.Tail.File] = true, true
			}
			s.segments = append(s.segments, &segment{path: filepath.Join(l.dir, f.Name), columns: f.Columns, rows: f.Rows, bytes: f.Bytes})
			s.rows += f.Rows
			if !keep(t.Resource) {
				continue
			}
			if err := l.complete(&f); err != nil {
				return nil, err
			}
		}
		if keep(t.Resource) {
			l.tables = append(l.tables, s)
		}
	}
	l.tails = slices.Sorted(maps.Keys(tails))
	if err := l.sweep(listed); err != nil {
		return nil, err
	}
	if err := l.reopenRejected(m.Rejected); err != nil {
		return nil, err
	}
	d.load = l
	return l, nil
}

// complete makes a stage file that was open what it was at the checkpoint, with
// its tail behind. Broken off, it can be done again: body and tail stay.
func (l *Load) complete(f *manifestSegment) (err error) {
	if f.Tail == nil {
		return nil
	}
	in, err := l.d.fs.Open(filepath.Join(l.dir, f.Tail.File))
	if err != nil {
		return err
	}
	defer in.Close() // read only: nothing can be lost
	out, err := l.d.fs.Extend(filepath.Join(l.dir, f.Name), f.body())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.NewSectionReader(in, f.Tail.At, f.Tail.Bytes))
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
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
	info, err := l.d.fs.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() < size {
		return &os.PathError{Op: "resume", Path: path, Err: errors.New("the file is shorter than the checkpoint says")}
	}
	l.rejected, err = l.d.fs.Extend(path, size)
	return err
}
