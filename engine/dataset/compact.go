package dataset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/restlua/restlua/engine/schema"
)

// Compact joins the small files of a table, as one commit. It takes a number
// as a load does, but is no load: _rl_loads does not have it. The report is nil
// where there was nothing to join.
func (d *Dataset) Compact(ctx context.Context, table string) (*TableReport, error) {
	old := d.state.Tables[table]
	if old == nil {
		return nil, fmt.Errorf("the dataset has no table %q", table)
	}
	l, err := d.Begin()
	if err != nil {
		return nil, err
	}
	report, err := l.compact(ctx, table)
	return report, errors.Join(err, l.Discard())
}

func (l *Load) compact(ctx context.Context, table string) (*TableReport, error) {
	old := l.d.state.Tables[table]
	w := &committing{Load: l, Commit: Commit{AllowRewrite: true}, at: l.d.now()}
	c := newChange(old, &old.Table)
	c.table = old.Clone()
	c.table.Files = nil
	c.keys = slices.Concat(old.PrimaryKey, old.MergeKey)
	if old.Parent != "" {
		c.keys = []string{schema.RootID}
	}
	c.join, c.always = true, true
	c.sources = c.live(l.d)
	if len(c.parts(l.d)) >= len(c.sources) {
		return nil, nil
	}
	if err := c.build(ctx, w); err != nil {
		return nil, err
	}
	for _, dir := range []string{l.dir, filepath.Dir(l.dir)} {
		if err := l.d.fs.SyncDir(dir); err != nil {
			return nil, err
		}
	}
	next := l.d.state.Clone()
	next.Generation, next.LoadID, next.CommittedAt = l.number, l.ID(), w.at
	next.Tables[table] = c.table
	if err := l.d.writeState(next); err != nil {
		return nil, err
	}
	err := l.end()
	if placing := l.d.settle(); placing != nil {
		err = errors.Join(&UnpublishedError{Load: l.number, Err: placing}, err)
	}
	return &c.report, err
}
