package dataset

import (
	"context"
	"fmt"
	"slices"

	"github.com/restlua/restlua/engine/schema"
)

// dispose arranges older and new files of a resource as its write disposition
// says, and counts what that does to the rows.
func (w *committing) dispose(ctx context.Context, g *group) error {
	for _, c := range g.tables {
		c.table.WriteDisposition = g.Disposition
		c.keys = []string{schema.RootID}
		if c == g.root() {
			c.table.PrimaryKey, c.table.MergeKey = slices.Clone(g.PrimaryKey), slices.Clone(g.MergeKey)
			c.keys = slices.Concat(g.PrimaryKey, g.MergeKey)
		}
		c.table.Mixed = g.Evolve == "union" && c.old != nil && (c.table.Mixed || !sameColumns(c.old.Columns, c.table.Columns))
		if g.Disposition == replaceRows {
			c.table.Mixed = false
		}
	}
	switch g.Disposition {
	case appendRows:
		for _, c := range g.tables {
			c.sources = append(c.live(w.d), c.sources...)
			c.report.Added = c.report.Rows
		}
		return nil
	case replaceRows:
		for _, c := range g.tables {
			c.report.Added, c.report.Deleted = c.report.Rows, c.oldRows()
		}
		return nil
	case mergeRows:
		return w.merge(ctx, g)
	}
	return fmt.Errorf("unknown write_disposition %q", g.Disposition)
}

func (w *committing) merge(ctx context.Context, g *group) error {
	merging := &merging{committing: w, group: g, dead: newRowSet(), dropped: newRowSet()}
	var err error
	switch g.Strategy {
	case "", deleteInsert, upsert, insertOnly:
		err = merging.byKey(ctx)
	case scd2:
		err = merging.versions(ctx)
	default:
		err = fmt.Errorf("unknown merge strategy %q", g.Strategy)
	}
	if err != nil {
		return err
	}
	for _, c := range g.tables {
		c.join = true
		if c != g.root() {
			if err := merging.follow(ctx, c); err != nil {
				return err
			}
		}
		if err := c.measure(ctx, w.d); err != nil {
			return err
		}
	}
	return nil
}
