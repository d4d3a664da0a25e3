package dataset

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// recover makes the folders hold what the state lists: it finishes the last
// commit, wherever that was broken off, and takes away what dead loads left.
// Done again, it changes nothing.
func (d *Dataset) recover() error {
	// Old files may go only when the state that does without them is durable.
	if err := d.fs.SyncDir(d.dir); err != nil {
		return err
	}
	stage := filepath.Join(d.stageDir(), loadID(d.state.Generation))
	var tables []*generation
	missing := &MissingError{Dir: d.dir}
	for _, name := range slices.Sorted(maps.Keys(d.state.Tables)) {
		g, err := d.inspect(name, d.state.Tables[name], stage)
		if err != nil {
			return err
		}
		missing.Files = append(missing.Files, g.lost()...)
		tables = append(tables, g)
	}
	if len(missing.Files) > 0 {
		return missing
	}
	for _, g := range tables {
		if err := d.place(g); err != nil {
			return err
		}
	}
	if err := d.dropTables(); err != nil {
		return err
	}
	if err := d.sweep(); err != nil {
		return err
	}
	d.unpublished = false
	return d.emptyTrash()
}

// dropTables moves the folders of tables that the state no longer has away.
func (d *Dataset) dropTables() error {
	entries, err := d.fs.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || name == engineFolder || d.state.Tables[name] != nil {
			continue
		}
		files, err := d.names(d.tableDir(name))
		if err != nil {
			return err
		}
		for f := range files {
			if d.ours(name, f) {
				if err := d.trash(d.tableDir(name), name); err != nil {
					return err
				}
				if err := d.fs.SyncDir(d.dir); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// sweep empties the stage, but for a load that can go on. What the committed load's stage still holds are
// folders that were live before; they go to the trash.
func (d *Dataset) sweep() error {
	entries, err := d.fs.ReadDir(d.stageDir())
	if err != nil {
		return err
	}
	resumable, err := d.manifest(d.state.Generation + 1)
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(d.stageDir(), e.Name())
		if resumable != nil && e.Name() == loadID(d.state.Generation+1) {
			continue
		}
		if e.IsDir() && e.Name() == loadID(d.state.Generation) {
			if err := d.keepReplaced(dir); err != nil {
				return err
			}
		}
		if err := d.fs.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dataset) keepReplaced(stage string) error {
	entries, err := d.fs.ReadDir(stage)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		dir := filepath.Join(stage, e.Name())
		files, err := d.names(dir)
		if err != nil {
			return err
		}
		for f := range files {
			if strings.HasSuffix(f, d.o.Format.Ext()) || strings.HasSuffix(f, removed) {
				if err := d.trash(dir, strings.TrimSuffix(e.Name(), removed)); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// emptyTrash removes what was replaced longer ago than the grace time.
func (d *Dataset) emptyTrash() error {
	entries, err := d.fs.ReadDir(d.trashDir())
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		if d.o.Now().Sub(info.ModTime()) >= d.o.Grace {
			if err := d.fs.RemoveAll(filepath.Join(d.trashDir(), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
