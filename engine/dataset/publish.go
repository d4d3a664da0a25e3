package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/restlua/restlua/engine/state"
)

const (
	// staging ends the names of files on their way into a table, so that nobody
	// takes them for live ones.
	staging = ".new"
	// removed ends the names of files in the trash, for the same reason.
	removed = ".old"
)

// MissingError says that files which state.json lists are gone. Nothing was
// changed.
type MissingError struct {
	Dir   string
	Files []string // table/name
}

func (e *MissingError) Error() string {
	names := e.Files
	more := ""
	if len(names) > 3 {
		names, more = names[:3], fmt.Sprintf(" and %d more", len(e.Files)-3)
	}
	return fmt.Sprintf("dataset %s: files that %s lists are gone: %s%s; nothing was changed (hint: put them back, or reset the resource and load it anew)",
		e.Dir, stateFile, strings.Join(names, ", "), more)
}

// generation is a table's folder and its successor in the stage, beside what
// the state lists.
type generation struct {
	name  string
	table *state.Table // nil: the state has no such table
	next  string       // folder of the successor

	there   bool            // the folder is there
	live    map[string]bool // files of the format in it
	staged  map[string]bool // files in next, under their names in there
	missing []string        // listed, not live
	extra   []string        // live, not listed
}

// names of the files in a folder; nil where there is none.
func (d *Dataset) names(dir string) (map[string]bool, error) {
	entries, err := d.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = !e.IsDir()
	}
	return names, nil
}

// inspect looks at what is there of a table. stage is the committed load's.
func (d *Dataset) inspect(name string, table *state.Table, stage string) (*generation, error) {
	g := &generation{name: name, table: table, next: filepath.Join(stage, name), live: map[string]bool{}}
	names, err := d.names(d.tableDir(name))
	if err != nil {
		return nil, err
	}
	g.there = names != nil
	if g.staged, err = d.names(g.next); err != nil {
		return nil, err
	}
	for n, isFile := range names {
		if isFile && strings.HasSuffix(n, d.o.Format.Ext()) {
			g.live[n] = true
		}
	}
	listed := map[string]bool{}
	if table != nil {
		for _, f := range table.Files {
			listed[f.Name] = true
			if !g.live[f.Name] {
				g.missing = append(g.missing, f.Name)
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(g.live)) {
		if !listed[n] {
			g.extra = append(g.extra, n)
		}
	}
	return g, nil
}

// lost are the listed files that are nowhere.
func (g *generation) lost() []string {
	var out []string
	for _, n := range g.missing {
		if !g.staged[n] && !g.staged[n+staging] {
			out = append(out, g.name+"/"+n)
		}
	}
	return out
}

// place makes the folder hold exactly the listed files. It can be done again
// from wherever it was broken off.
func (d *Dataset) place(g *generation) error {
	live := d.tableDir(g.name)
	switch {
	case len(g.missing) == 0 && len(g.extra) == 0:
		return nil
	case len(g.missing) == 0:
		return d.expel(g)
	case len(g.missing) == 1 && len(g.extra) == 0 && g.there:
		// One new file: readers never see an error.
		n := g.missing[0]
		from := n
		if g.staged[n+staging] {
			from += staging
		}
		if err := d.fs.Rename(filepath.Join(g.next, from), filepath.Join(live, n)); err != nil {
			return err
		}
		return d.fs.SyncDir(live)
	}
	// The next generation gets its names only now that it is committed.
	if g.staged == nil {
		if err := d.fs.MkdirAll(g.next); err != nil {
			return err
		}
	}
	for _, f := range g.table.Files {
		to := filepath.Join(g.next, f.Name)
		var err error
		switch {
		case g.staged[f.Name+staging]:
			err = d.fs.Rename(to+staging, to)
		case !g.staged[f.Name]:
			err = d.fs.Link(filepath.Join(live, f.Name), to)
		}
		if err != nil {
			return err
		}
	}
	if err := d.fs.SyncDir(g.next); err != nil {
		return err
	}
	if !g.there {
		if err := d.fs.Rename(g.next, live); err != nil {
			return err
		}
		return d.fs.SyncDir(d.dir)
	}
	if err := d.fs.Exchange(g.next, live); err != nil {
		return err
	}
	if err := d.fs.SyncDir(d.dir); err != nil {
		return err
	}
	return d.trash(g.next, g.name)
}

// expel takes files that are not listed out of a table's folder.
func (d *Dataset) expel(g *generation) error {
	dir, err := d.newTrash(g.name)
	if err != nil {
		return err
	}
	if err := d.fs.MkdirAll(dir); err != nil {
		return err
	}
	for _, n := range g.extra {
		if err := d.fs.Rename(filepath.Join(d.tableDir(g.name), n), filepath.Join(dir, n+removed)); err != nil {
			return err
		}
	}
	if err := d.fs.SyncDir(dir); err != nil {
		return err
	}
	return d.fs.SyncDir(d.tableDir(g.name))
}

// newTrash is a folder for a table's old files that is not there yet.
func (d *Dataset) newTrash(table string) (string, error) {
	parent := filepath.Join(d.trashDir(), loadID(d.state.Generation))
	if err := d.fs.MkdirAll(parent); err != nil {
		return "", err
	}
	dir := filepath.Join(parent, table)
	for n := 2; ; n++ {
		_, err := d.fs.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return dir, nil
		}
		if err != nil {
			return "", err
		}
		dir = filepath.Join(parent, table+"."+strconv.Itoa(n))
	}
}

// trash moves a folder of files that are no longer live.
func (d *Dataset) trash(dir, table string) error {
	entries, err := d.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), d.o.Format.Ext()) {
			from := filepath.Join(dir, e.Name())
			if err := d.fs.Rename(from, from+removed); err != nil {
				return err
			}
		}
	}
	to, err := d.newTrash(table)
	if err != nil {
		return err
	}
	if err := d.fs.Rename(dir, to); err != nil {
		return err
	}
	return d.fs.SyncDir(filepath.Dir(to))
}
