package overview

import "github.com/restlua/restlua/engine/state"

// Written is how many rows of a table a load added or updated.
func Written(l *state.Load, table string) int64 {
	x := l.Changes[table]
	return x.Added + x.Updated
}

// LastLoad is the last load that the state lists; nil where there was none.
func (d *Dataset) LastLoad() *state.Load {
	if len(d.Loads) == 0 {
		return nil
	}
	return &d.Loads[len(d.Loads)-1]
}

// ChangedSince reports whether the dataset was changed by something that is no
// load, such as compact or state set, since the last load.
func (d *Dataset) ChangedSince() bool {
	l := d.LastLoad()
	return l == nil && d.Generation > 0 || l != nil && d.Generation > l.Number
}
