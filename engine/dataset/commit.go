package dataset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// committing is a commit under way.
type committing struct {
	*Load
	Commit
	at      time.Time
	changes []*change // in the order of the resources' tables
	byName  map[string]*change
}

// group is a resource with its staged rows. Resources that share a root table
// make one group.
type group struct {
	Resource
	tables []*change
	names  []string // of the resources
}

// root is the change of the root table.
func (g *group) root() *change { return g.tables[0] }

// Commit makes the load's rows part of the tables. An error leaves the dataset
// as it was, but for *UnpublishedError: then the load is committed and counts,
// and the next start puts its files in place.
func (l *Load) Commit(ctx context.Context, c Commit) (*Report, error) {
	if l.done {
		return nil, errDone
	}
	for _, t := range l.tables {
		if t.err != nil {
			return nil, fmt.Errorf("the load cannot be committed: %w", t.err)
		}
	}
	w := &committing{Load: l, Commit: c, at: l.d.now(), byName: map[string]*change{}}
	if err := w.prepare(ctx); err != nil {
		return nil, err
	}
	next, report := w.next()
	if err := l.keepRejected(); err != nil {
		return nil, err
	}
	if err := l.d.writeState(next); err != nil {
		var unpublished *UnpublishedError
		if errors.As(err, &unpublished) { // the next start finishes it
			return report, errors.Join(err, l.end())
		}
		return nil, err
	}
	// Committed: from here on nothing is an error of the load.
	err := l.end()
	if placing := l.d.settle(); placing != nil {
		err = errors.Join(&UnpublishedError{Load: l.number, Err: placing}, err)
	}
	return report, err
}

// prepare makes all files of the next generation, durable in the stage.
func (w *committing) prepare(ctx context.Context) error {
	groups, err := w.groups()
	if err != nil {
		return err
	}
	for _, g := range groups {
		for _, c := range g.tables {
			if err := c.close(w); err != nil {
				return err
			}
		}
		if err := w.dispose(ctx, g); err != nil {
			return fmt.Errorf("%s: %w", g.Name, err)
		}
	}
	if err := w.logLoad(ctx); err != nil {
		return err
	}
	for _, c := range w.changes {
		if err := c.build(ctx, w); err != nil {
			return fmt.Errorf("table %s: %w", c.table.Name, err)
		}
	}
	if err := w.d.fs.SyncDir(w.dir); err != nil {
		return err
	}
	return w.d.fs.SyncDir(w.d.stageDir())
}

// next is the state as it will be, and the report.
func (w *committing) next() (*state.State, *Report) {
	s := w.d.state.Clone()
	s.Generation, s.LoadID, s.CommittedAt = w.number, w.ID(), w.at
	if w.d.o.Source != "" {
		s.Source = w.d.o.Source
	}
	if w.MoveCursors {
		for name, r := range w.Cursors {
			s.Resources[name] = r.Clone()
		}
	}
	log := state.Load{Number: w.number, LoadID: w.ID(), StartedAt: state.Time(w.StartedAt), CommittedAt: w.at, Rows: map[string]int64{}, Requests: w.Requests, Changes: map[string]state.Change{}}
	report := &Report{LoadID: w.ID(), CommittedAt: w.at, Tables: map[string]*TableReport{}}
	for _, c := range w.changes {
		s.Tables[c.table.Name] = c.table
		report.Tables[c.table.Name] = &c.report
		if !strings.HasPrefix(c.table.Name, ownPrefix) {
			log.Rows[c.table.Name] = c.report.Rows
			if x, any := c.log(); any {
				log.Changes[c.table.Name] = x
			}
		}
	}
	s.Loads = append(s.Loads, log)
	if len(s.Loads) > state.MaxLoads {
		s.Loads = s.Loads[len(s.Loads)-state.MaxLoads:]
	}
	return s, report
}

// groups pairs the resources with what the load staged for them.
func (w *committing) groups() ([]*group, error) {
	var groups []*group
	for i := range w.Resources {
		r := &w.Resources[i]
		if len(r.Tables) == 0 {
			continue
		}
		if err := w.check(r); err != nil {
			return nil, err
		}
		var g *group
		for _, other := range groups {
			if other.Tables[0].Name == r.Tables[0].Name {
				g = other
			}
		}
		if g == nil {
			g = &group{Resource: *r}
			groups = append(groups, g)
		} else if g.Disposition != r.Disposition || !slices.Equal(g.PrimaryKey, r.PrimaryKey) || !slices.Equal(g.MergeKey, r.MergeKey) {
			return nil, fmt.Errorf("the resources %q and %q share the table %s, but not write_disposition, primary_key and merge_key", g.Name, r.Name, r.Tables[0].Name)
		}
		g.names = append(g.names, r.Name)
		for _, t := range r.Tables {
			c, err := w.change(g, r, t)
			if err != nil {
				return nil, err
			}
			for _, s := range w.tables {
				if w.belongs(s, r, t) {
					c.staged = append(c.staged, s)
				}
			}
		}
	}
	return groups, nil
}

// check refuses names that the folder cannot have.
func (w *committing) check(r *Resource) error {
	for _, t := range r.Tables {
		if strings.HasPrefix(t.Name, ownPrefix) || t.Name == engineFolder || !state.PlainName(t.Name) {
			return fmt.Errorf("%s: a table cannot be called %q (hint: table_name gives it another name)", r.Name, t.Name)
		}
	}
	if r.Disposition == mergeRows && r.Strategy != scd2 && len(r.PrimaryKey)+len(r.MergeKey) == 0 {
		return fmt.Errorf("%s: write_disposition = \"merge\" needs a primary_key or a merge_key", r.Name) // NRM-90
	}
	return nil
}

// change returns the change of a table, made once; two resources meet in a
// root table only (NRM-15).
func (w *committing) change(g *group, r *Resource, t *schema.Table) (*change, error) {
	c := w.byName[t.Name]
	if c == nil {
		c = newChange(w.d.state.Tables[t.Name], t)
		if c.old != nil && t.Parent != "" && c.old.Resource != r.Name && c.old.Parent != t.Parent {
			return nil, fmt.Errorf("the child table %s of resource %q has the name of a table of resource %q (hint: table_name gives one of them another name)", t.Name, r.Name, c.old.Resource)
		}
		w.byName[t.Name] = c
		w.changes = append(w.changes, c)
		g.tables = append(g.tables, c)
		return c, nil
	}
	if !slices.Contains(g.tables, c) || (c.table.Parent == "") != (t.Parent == "") {
		return nil, fmt.Errorf("the resources %q and %q both have a table %s (hint: table_name gives one of them another name)", c.table.Resource, r.Name, t.Name)
	}
	c.table.Columns = union(c.table.Columns, t.Columns)
	return c, nil
}

// belongs reports whether the staged rows are those of table t of resource r.
// Their name is a wish where t is a child table, so it only decides between
// several root tables of one resource (BLD-08).
func (w *committing) belongs(s *staged, r *Resource, t *schema.Table) bool {
	if s.resource != r.Name || s.source != t.Source {
		return false
	}
	root := r.Tables[0].Name
	if t.Source == "" {
		return s.name == root
	}
	best := ""
	for i := range w.Resources {
		o := &w.Resources[i]
		if o.Name != r.Name || len(o.Tables) == 0 {
			continue
		}
		has := slices.ContainsFunc(o.Tables, func(x *schema.Table) bool { return x.Source == s.source })
		if name := o.Tables[0].Name; has && len(name) > len(best) && (s.name == name || strings.HasPrefix(s.name, name+"__")) {
			best = name
		}
	}
	return best == root || best == "" // "": a name that was cut (NRM-10)
}

// change is what a commit does to one table.
type change struct {
	old     *state.Table // nil: the table is new
	table   *state.Table // as it will be
	staged  []*staged
	sources []*source // in the order that the rows will have
	keys    []string  // columns whose bounds are kept for each file: the keys, of a child table _rl_root_id
	join    bool      // join small files where there are many
	always  bool      // join them also where there are few
	ended   bool      // report.Updated counts versions that ended, not replaced rows
	report  TableReport
}

func newChange(old *state.Table, t *schema.Table) *change {
	c := &change{old: old, table: &state.Table{Table: *t}}
	if old != nil {
		c.table.Columns = union(old.Columns, t.Columns)
		c.table.Mixed = old.Mixed
	} else {
		c.table.Columns = slices.Clone(t.Columns)
	}
	return c
}

// log is the change as the list of loads keeps it; false: the table is as it was.
func (c *change) log() (state.Change, bool) {
	r := &c.report
	x := state.Change{Created: c.old == nil, Added: r.Added, Updated: r.Updated, Deleted: r.Deleted}
	for _, n := range r.New {
		if n.Type != schema.None {
			x.Columns = append(x.Columns, state.ColumnChange{Name: n.Name, To: n.TypeName()})
		}
	}
	for _, w := range r.Widened {
		x.Columns = append(x.Columns, state.ColumnChange{Name: w.Column, From: w.From, To: w.To})
	}
	return x, x.Created || x.Added+x.Updated+x.Deleted > 0 || len(x.Columns) > 0
}

// close ends the staged files and makes them sources.
func (c *change) close(w *committing) error {
	for _, t := range c.staged {
		for _, s := range t.segments {
			for i := range s.columns {
				own := &s.columns[i]
				m := c.table.Match(own)
				if m == nil {
					return fmt.Errorf("table %s: the load has a column %q that the table does not know", c.table.Name, own.Name)
				}
				if wide := joined(*own, *m); !wide.SameType(*m) {
					*m = wide
				}
				m.Nullable = m.Nullable || own.Nullable
			}
		}
	}
	for _, t := range c.staged {
		for _, s := range t.segments {
			if err := s.close(&c.table.Table, w.d.meta(&c.table.Table, w.number)); err != nil {
				return err
			}
			c.report.Rows += s.rows
			c.sources = append(c.sources, &source{path: s.path, columns: s.columns, file: state.File{Rows: s.rows, Bytes: s.bytes}})
		}
	}
	c.report.compare(c.old, c.table.Columns)
	return nil
}

// meta is the footer's text (RDR-08).
func (d *Dataset) meta(t *schema.Table, load int64) map[string]string {
	return map[string]string{"restlua.load": loadID(load), "restlua.table": t.Name, "restlua.version": d.o.Version}
}

// live returns the older files as sources.
func (c *change) live(d *Dataset) []*source {
	if c.old == nil {
		return nil
	}
	var out []*source
	for _, f := range c.old.Files {
		out = append(out, &source{path: filepath.Join(d.tableDir(c.table.Name), f.Name), file: f, columns: c.old.Columns, live: true, box: c.listed(f)})
	}
	return out
}

func (c *change) oldRows() int64 {
	if c.old == nil {
		return 0
	}
	return c.old.Rows
}
