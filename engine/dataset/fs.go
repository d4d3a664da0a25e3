package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// FS is every file operation that the dataset makes, so that tests can record
// them, make each of them fail, and cut the power behind each. Paths are those
// of the operating system. Errors are those of package os, so that errors.Is
// with fs.ErrNotExist works.
type FS interface {
	// Create makes an empty file for writing; one that is there is emptied.
	Create(name string) (File, error)
	// Extend opens a file for writing behind its first size bytes; what it has
	// beyond goes.
	Extend(name string, size int64) (File, error)
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Rename moves a file or folder; a file at the new name is replaced.
	Rename(old, new string) error
	// Exchange swaps two folders, in one step where the system can. Elsewhere
	// live is missing for a moment, and next + ".old" may be left behind.
	Exchange(next, live string) error
	// Link gives the file a second name; where the file system cannot, the new
	// name gets a synced copy.
	Link(old, new string) error
	// RemoveAll removes name and what is below; nothing there is no error.
	RemoveAll(name string) error
	// MkdirAll makes the folder and those above it.
	MkdirAll(name string) error
	// ReadDir lists a folder, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	// ReadFile reads a whole file.
	ReadFile(name string) ([]byte, error)
	// Stat describes a file or folder.
	Stat(name string) (fs.FileInfo, error)
	// SyncDir makes the names in a folder survive a power cut.
	SyncDir(name string) error
	// Lock takes the lock file at name for this process and writes holder into
	// it; closing frees it. errLocked while another process has it.
	Lock(name string, holder []byte) (io.Closer, error)
}

// File is an open file. Sync makes what was written survive a power cut.
type File interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Sync() error
	Stat() (fs.FileInfo, error)
}

// errLocked is the answer of FS.Lock while another process has the lock.
var errLocked = errors.New("locked by another process")

// disk is the real file system.
type disk struct{}

func (disk) Create(name string) (File, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &written{File: f}, nil
}

func (disk) Open(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err // not a nil *os.File, which were a File that is not nil
	}
	return f, nil
}

func (disk) Extend(name string, size int64) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	err = f.Truncate(size)
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &written{File: f, size: size, begun: size}, nil
}

func (disk) Rename(old, new string) error               { return os.Rename(old, new) }
func (disk) RemoveAll(name string) error                { return os.RemoveAll(name) }
func (disk) MkdirAll(name string) error                 { return os.MkdirAll(name, 0o777) }
func (disk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (disk) ReadFile(name string) ([]byte, error)       { return os.ReadFile(name) }
func (disk) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }

func (disk) Exchange(next, live string) error {
	err := exchange(next, live)
	if err == nil || !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	aside := next + ".old"
	if err := os.Rename(live, aside); err != nil {
		return err
	}
	if err := os.Rename(next, live); err != nil {
		return errors.Join(err, os.Rename(aside, live))
	}
	return os.Rename(aside, next)
}

func (disk) Link(old, new string) error {
	err := os.Link(old, new)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := copyFile(old, new); err != nil {
		return errors.Join(err, os.RemoveAll(new))
	}
	return nil
}

func copyFile(old, new string) (err error) {
	in, err := os.Open(old)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(new, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}

func (disk) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there; NTFS journals names
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if err != nil && errors.Is(err, errors.ErrUnsupported) {
		err = nil // some network file systems
	}
	if err != nil {
		err = fmt.Errorf("sync %s: %w", name, err)
	}
	return errors.Join(err, d.Close())
}

func (disk) Lock(name string, holder []byte) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(holder, 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return held{f}, nil
}

// held is a lock file while it is locked.
type held struct{ f *os.File }

func (h held) Close() error { return errors.Join(unlock(h.f), h.f.Close()) }

// dirs of a dataset.
func (d *Dataset) engineDir() string        { return filepath.Join(d.dir, engineFolder) }
func (d *Dataset) stageDir() string         { return filepath.Join(d.engineDir(), "stage") }
func (d *Dataset) trashDir() string         { return filepath.Join(d.engineDir(), "trash") }
func (d *Dataset) tableDir(t string) string { return filepath.Join(d.dir, t) }
