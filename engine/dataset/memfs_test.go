package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// memFS is a file system in memory that knows what would survive a power cut:
// bytes of a file only after its Sync, names in a folder only after its
// SyncDir. The move of a folder is one step for both parents, as a folder
// cannot be in two places.
type memFS struct {
	mu     sync.Mutex
	root   *memDir
	moves  []move // of folders, not synced yet
	locked bool

	trace  []string
	before func(op string) error // called before each operation that changes something
	// What a weakened protocol leaves out.
	noSync    bool
	noSyncDir func(name string) bool
}

type memDir struct {
	names, synced map[string]any // *memDir or *memFile
}

type memFile struct{ data, synced []byte }

type move struct {
	a, b         *memDir
	nameA, nameB string
}

func newMemDir() *memDir { return &memDir{names: map[string]any{}, synced: map[string]any{}} }

func newMemFS() *memFS { return &memFS{root: newMemDir()} }

// clone is a copy of the file system; with crash of what a power cut leaves.
func (m *memFS) clone(crash bool) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.copy(crash)
}

func (m *memFS) copy(crash bool) *memFS {
	files := map[*memFile]*memFile{}
	var dir func(d *memDir) *memDir
	node := func(n any) any {
		if d, ok := n.(*memDir); ok {
			return dir(d)
		}
		f := n.(*memFile)
		if files[f] == nil {
			data := f.data
			if crash {
				data = f.synced
			}
			files[f] = &memFile{data: slices.Clone(data), synced: slices.Clone(data)}
		}
		return files[f]
	}
	dir = func(d *memDir) *memDir {
		c := newMemDir()
		names := d.names
		if crash {
			names = d.synced
		}
		for name, n := range names {
			c.names[name] = node(n)
		}
		c.synced = maps.Clone(c.names)
		return c
	}
	return &memFS{root: dir(m.root), noSync: m.noSync, noSyncDir: m.noSyncDir}
}

func (m *memFS) op(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	if m.before != nil {
		if err := m.before(line); err != nil {
			return err
		}
	}
	if n := len(m.trace); n == 0 || m.trace[n-1] != line || !strings.HasPrefix(line, "write ") {
		m.trace = append(m.trace, line)
	}
	return nil
}

// find returns the folder that name stands in, and what is there.
func (m *memFS) find(name string) (parent *memDir, base string, node any, err error) {
	parent = m.root
	parts := strings.Split(strings.Trim(path.Clean(name), "/"), "/")
	for i, p := range parts {
		if i == len(parts)-1 {
			return parent, p, parent.names[p], nil
		}
		d, ok := parent.names[p].(*memDir)
		if !ok {
			return nil, "", nil, &fs.PathError{Op: "find", Path: name, Err: fs.ErrNotExist}
		}
		parent = d
	}
	return nil, "", nil, fs.ErrInvalid
}

func notThere(name string) error { return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist} }

func (m *memFS) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("create %s", name); err != nil {
		return nil, err
	}
	d, base, node, err := m.find(name)
	if err != nil {
		return nil, err
	}
	f, ok := node.(*memFile)
	if !ok {
		f = &memFile{}
		d.names[base] = f
	}
	f.data = nil
	return &memHandle{m, f, name}, nil
}

func (m *memFS) Extend(name string, size int64) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("extend %s", name); err != nil {
		return nil, err
	}
	_, _, node, err := m.find(name)
	f, ok := node.(*memFile)
	if err != nil || !ok || int64(len(f.data)) < size {
		return nil, notThere(name)
	}
	f.data = slices.Clone(f.data[:size])
	return &memHandle{m, f, name}, nil
}

func (m *memFS) Open(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _, node, err := m.find(name)
	f, ok := node.(*memFile)
	if err != nil || !ok {
		return nil, notThere(name)
	}
	return &memHandle{m, f, name}, nil
}

func (m *memFS) Rename(old, new string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("rename %s %s", old, new); err != nil {
		return err
	}
	a, nameA, node, err := m.find(old)
	if err != nil || node == nil {
		return notThere(old)
	}
	b, nameB, _, err := m.find(new)
	if err != nil {
		return err
	}
	delete(a.names, nameA)
	b.names[nameB] = node
	if _, ok := node.(*memDir); ok {
		m.moves = append(m.moves, move{a, b, nameA, nameB})
	}
	return nil
}

func (m *memFS) Exchange(next, live string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("exchange %s %s", next, live); err != nil {
		return err
	}
	a, nameA, x, err := m.find(next)
	if err != nil {
		return err
	}
	b, nameB, y, err := m.find(live)
	if err != nil || x == nil || y == nil {
		return notThere(live)
	}
	a.names[nameA], b.names[nameB] = y, x
	m.moves = append(m.moves, move{a, b, nameA, nameB})
	return nil
}

func (m *memFS) Link(old, new string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("link %s %s", old, new); err != nil {
		return err
	}
	_, _, node, err := m.find(old)
	f, ok := node.(*memFile)
	if err != nil || !ok {
		return notThere(old)
	}
	d, base, _, err := m.find(new)
	if err != nil {
		return err
	}
	d.names[base] = f
	return nil
}

func (m *memFS) RemoveAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, node, err := m.find(name)
	if err != nil || node == nil {
		return nil
	}
	if err := m.op("remove %s", name); err != nil {
		return err
	}
	delete(d.names, base)
	return nil
}

func (m *memFS) MkdirAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, made := m.root, false
	for p := range strings.SplitSeq(strings.Trim(path.Clean(name), "/"), "/") {
		sub, ok := d.names[p].(*memDir)
		if !ok {
			if !made {
				if err := m.op("mkdir %s", name); err != nil {
					return err
				}
			}
			made = true
			sub = newMemDir()
			d.names[p] = sub
		}
		d = sub
	}
	return nil
}

func (m *memFS) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _, node, err := m.find(name)
	d, ok := node.(*memDir)
	if err != nil || !ok {
		return nil, notThere(name)
	}
	var out []fs.DirEntry
	for _, n := range slices.Sorted(maps.Keys(d.names)) {
		out = append(out, fs.FileInfoToDirEntry(infoOf(n, d.names[n])))
	}
	return out, nil
}

func (m *memFS) ReadFile(name string) ([]byte, error) {
	f, err := m.Open(name)
	if err != nil {
		return nil, err
	}
	return slices.Clone(f.(*memHandle).f.data), nil
}

func (m *memFS) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, base, node, err := m.find(name)
	if err != nil || node == nil {
		return nil, notThere(name)
	}
	return infoOf(base, node), nil
}

func (m *memFS) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("syncdir %s", name); err != nil {
		return err
	}
	if m.noSyncDir != nil && m.noSyncDir(name) {
		return nil
	}
	d := m.root
	if strings.Trim(path.Clean(name), "/") != "" {
		_, _, node, err := m.find(name)
		sub, ok := node.(*memDir)
		if err != nil || !ok {
			return notThere(name)
		}
		d = sub
	}
	m.moves = slices.DeleteFunc(m.moves, func(x move) bool {
		if x.a != d && x.b != d {
			return false
		}
		settle(x.a, x.nameA)
		settle(x.b, x.nameB)
		return true
	})
	d.synced = maps.Clone(d.names)
	return nil
}

// settle makes one name of a folder durable.
func settle(d *memDir, name string) {
	if n, ok := d.names[name]; ok {
		d.synced[name] = n
	} else {
		delete(d.synced, name)
	}
}

func (m *memFS) Lock(name string, holder []byte) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		return nil, errLocked
	}
	m.locked = true
	return unlocker{m}, nil
}

type unlocker struct{ m *memFS }

func (u unlocker) Close() error {
	u.m.mu.Lock()
	defer u.m.mu.Unlock()
	u.m.locked = false
	return nil
}

type memHandle struct {
	m    *memFS
	f    *memFile
	name string
}

func (h *memHandle) ReadAt(p []byte, off int64) (int, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if off >= int64(len(h.f.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *memHandle) Write(p []byte) (int, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.m.op("write %s", h.name); err != nil {
		return 0, err
	}
	h.f.data = append(h.f.data, p...)
	return len(p), nil
}

func (h *memHandle) Sync() error {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.m.op("sync %s", h.name); err != nil {
		return err
	}
	if !h.m.noSync {
		h.f.synced = slices.Clone(h.f.data)
	}
	return nil
}

func (h *memHandle) Close() error               { return nil }
func (h *memHandle) Stat() (fs.FileInfo, error) { return infoOf(path.Base(h.name), h.f), nil }

type memInfo struct {
	name string
	size int64
	dir  bool
}

func infoOf(name string, node any) memInfo {
	if f, ok := node.(*memFile); ok {
		return memInfo{name: name, size: int64(len(f.data))}
	}
	return memInfo{name: name, dir: true}
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) ModTime() time.Time { return testTime }
func (i memInfo) IsDir() bool        { return i.dir }
func (i memInfo) Sys() any           { return nil }
func (i memInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o777
	}
	return 0o666
}

var errInjected = errors.New("injected: no space left on device")
