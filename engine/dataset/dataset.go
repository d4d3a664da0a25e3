package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers"
)

const (
	stateFile    = "state.json"
	engineFolder = "_restlua"
	// ownPrefix begins the names of the engine's own tables and columns.
	ownPrefix = "_rl_"
)

// Options of a dataset. Format is needed, the rest has a meaning when zero.
type Options struct {
	FS            FS               // nil: the real file system
	Format        writers.Format   // of the tables' files
	Source        string           // name of the source, as state.json shows it; empty: as it was
	Wait          time.Duration    // how long to wait for another writer; 0: not at all
	Now           func() time.Time // nil: time.Now
	Compression   string           // of new files, see writers.Options
	RowGroupBytes int64            // of new files, see writers.Options.GroupBytes
	Busy          func() int       // of new files, see writers.Options.Busy
	Grace         time.Duration    // how long replaced files stay in the trash; 0: 1 h
	FileBytes     int64            // size from which a load starts another file; 0: 512 MiB
	Version       string           // of the engine, for the files' metadata

	joinBytes int64 // for tests: see joinBytes
}

// Dataset is a folder open for writing. Only one process has it at a time.
// Its methods are for one goroutine, but for Load.Write.
type Dataset struct {
	dir  string
	o    Options
	fs   FS
	lock io.Closer

	state *state.State // as committed
	text  []byte       // of state.json as committed; nil: there is none yet
	load  *Load        // under way

	unpublished bool // the last commit is made, but its files are not all in place
}

// Open makes the folder if needed, takes the lock, reads the state and finishes
// what a killed process left. Errors: *LockedError while another process
// writes, *state.DamagedError and *state.FormatError for a state.json that
// cannot be used, *MissingError for files that are listed and gone.
func Open(ctx context.Context, dir string, o Options) (*Dataset, error) {
	d := newDataset(dir, o)
	if d.o.Format == nil {
		return nil, errors.New("dataset: no file format was given")
	}
	if err := d.fs.MkdirAll(d.engineDir()); err != nil {
		return nil, fmt.Errorf("dataset %s: %w", dir, err)
	}
	lock, err := d.takeLock(ctx)
	if err != nil {
		return nil, err
	}
	d.lock = lock
	if err := d.start(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func newDataset(dir string, o Options) *Dataset {
	if o.FS == nil {
		o.FS = disk{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Grace == 0 {
		o.Grace = time.Hour
	}
	if o.joinBytes <= 0 {
		o.joinBytes = joinBytes
	}
	if o.FileBytes <= 0 {
		o.FileBytes = 512 << 20
	}
	return &Dataset{dir: filepath.Clean(dir), o: o, fs: o.FS}
}

func (d *Dataset) now() time.Time { return state.Time(d.o.Now()) }

// start reads the state and recovers.
func (d *Dataset) start() error {
	for _, dir := range []string{d.stageDir(), d.trashDir()} {
		if err := d.fs.MkdirAll(dir); err != nil {
			return err
		}
	}
	for _, dir := range []string{d.engineDir(), d.dir, filepath.Dir(d.dir)} {
		if err := d.fs.SyncDir(dir); err != nil {
			return err
		}
	}
	s, text, err := d.readState()
	if err != nil {
		return err
	}
	if s == nil {
		if err := d.refuseOrphans(); err != nil {
			return err
		}
		s = state.New(d.o.Source)
	}
	d.state, d.text = s, text
	return d.recover()
}

// readState reads state.json; nil without error where there is none.
func (d *Dataset) readState() (*state.State, []byte, error) {
	path := filepath.Join(d.dir, stateFile)
	text, err := d.fs.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	s, err := state.Parse(path, text)
	return s, text, err
}

// refuseOrphans keeps a dataset whose state.json was lost from being taken for
// an empty one: its tables would all go to the trash.
func (d *Dataset) refuseOrphans() error {
	entries, err := d.fs.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == engineFolder {
			continue
		}
		files, err := d.fs.ReadDir(d.tableDir(e.Name()))
		if err != nil {
			return err
		}
		for _, f := range files {
			if d.ours(e.Name(), f.Name()) {
				return fmt.Errorf("dataset %s has tables (%s) but no %s (hint: put back a copy of the file, or move the folder away and load anew)", d.dir, e.Name(), stateFile)
			}
		}
	}
	return nil
}

var numbers = regexp.MustCompile(`^-\d{6,}-\d{3,}$`)

// ours reports whether the engine gave a file of a table its name.
func (d *Dataset) ours(table, name string) bool {
	table = filePrefix(table)
	ext := d.o.Format.Ext()
	if len(name) <= len(table)+len(ext) || name[:len(table)] != table || name[len(name)-len(ext):] != ext {
		return false
	}
	return numbers.MatchString(name[len(table) : len(name)-len(ext)])
}

// State is the state as committed. It must not be changed.
func (d *Dataset) State() *state.State { return d.state }

// Close frees the lock. A load under way is thrown away.
func (d *Dataset) Close() error {
	var err error
	if d.load != nil {
		err = d.load.Discard()
	}
	if d.lock == nil {
		return err
	}
	err = errors.Join(err, d.lock.Close())
	d.lock = nil
	return err
}

// Read reads the state of the dataset in dir without the lock; a load may be
// committed at any moment behind it. An error that wraps fs.ErrNotExist says
// that there is no dataset.
func Read(dir string) (*state.State, error) {
	s, err := state.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no dataset in %s: %w", dir, err)
	}
	return s, err
}

// Update commits a change of the state alone, such as a cursor that is set or
// a table that is dropped; dropped tables and files go to the trash. It takes a
// number as a load does, but is no load: _rl_loads does not have it.
func (d *Dataset) Update(ctx context.Context, change func(*state.State) error) error {
	if d.load != nil {
		return errors.New("the state cannot be changed while a load is under way")
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := d.settle(); err != nil {
		return err
	}
	next := d.state.Clone()
	if err := change(next); err != nil {
		return err
	}
	next.Generation = d.state.Generation + 1
	next.LoadID = loadID(next.Generation)
	next.CommittedAt = d.now()
	if err := next.Check(); err != nil {
		return fmt.Errorf("the change of the state is not possible: %w", err)
	}
	for name, t := range next.Tables {
		old := map[string]bool{}
		if o := d.state.Tables[name]; o != nil {
			for _, f := range o.Files {
				old[f.Name] = true
			}
		}
		for _, f := range t.Files {
			if !old[f.Name] {
				return fmt.Errorf("the change of the state is not possible: table %s has no file %s", name, f.Name)
			}
		}
	}
	if err := d.writeState(next); err != nil {
		return err
	}
	return d.settle()
}

// settle finishes a commit whose files could not all be put in place.
func (d *Dataset) settle() error {
	if !d.unpublished {
		return nil
	}
	return d.recover()
}

// writeState replaces state.json by next: the commit point. It refuses when
// somebody changed the file since this process read it.
func (d *Dataset) writeState(next *state.State) error {
	text, err := next.Encode()
	if err != nil {
		return err
	}
	if err := d.unchanged(); err != nil {
		return err
	}
	path := filepath.Join(d.dir, stateFile)
	if err := d.writeFile(path+".tmp", text); err != nil {
		return err
	}
	if err := d.fs.Rename(path+".tmp", path); err != nil {
		return err
	}
	// From here on the new state counts, also where the folder cannot be synced:
	// a reader may have seen it.
	d.state, d.text, d.unpublished = next, text, true
	if err := d.fs.SyncDir(d.dir); err != nil {
		return &UnpublishedError{Load: next.Generation, Err: err}
	}
	return nil
}

func (d *Dataset) unchanged() error {
	text, err := d.fs.ReadFile(filepath.Join(d.dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) && d.text == nil {
		return nil
	}
	if err != nil {
		return err
	}
	if d.text == nil || !bytes.Equal(text, d.text) {
		return fmt.Errorf("%s was changed by somebody else since this load began; nothing was committed", filepath.Join(d.dir, stateFile))
	}
	return nil
}

func (d *Dataset) writeFile(path string, text []byte) (err error) {
	f, err := d.fs.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	closing := f
	f = nil
	return closing.Close()
}

// loadID is the number of a load as text.
func loadID(number int64) string { return fmt.Sprintf("%06d", number) }

// fileName is the name of the n-th file, from 1, that a load makes for a table.
func (d *Dataset) fileName(table string, load int64, n int) string {
	return fmt.Sprintf("%s-%06d-%03d%s", filePrefix(table), load, n, d.o.Format.Ext())
}

// filePrefix begins the names of a table's files. pyarrow, pandas and Spark take
// files with an underscore in front for hidden ones and leave them out.
func filePrefix(table string) string { return strings.TrimLeft(table, "_") }

// UnpublishedError says that a load is committed but its files could not be
// put in place; the next start does it.
type UnpublishedError struct {
	Load int64
	Err  error
}

func (e *UnpublishedError) Error() string {
	return fmt.Sprintf("load %d is committed, but its files are not all in place: %v (hint: the next run finishes it)", e.Load, e.Err)
}

func (e *UnpublishedError) Unwrap() error { return e.Err }
