package dataset

import (
	"context"
	"fmt"

	"github.com/restlua/restlua/engine/schema"
)

// merging is the merge of one resource. It keeps the load's keys in memory and
// the ids of rows that go, never the table.
type merging struct {
	*committing
	*group
	dead    *rowSet // older root rows that go
	dropped *rowSet // staged root rows that do not come
}

// winner is the row of the load that stands for a key.
type winner struct {
	id      int64
	deletes bool // NRM-87
	met     bool // the table has the key
}

// keyed are the load's keys.
type keyed struct {
	primary map[keyHash]*winner
	order   map[keyHash]cell // of the winner's deciding column, where there is one
	merge   map[keyHash]struct{}
}

// layout is where the columns stand that the merge reads of the root table.
type layout struct {
	columns        []*schema.Column
	primary, merge int // columns of each key, from 0 on
	id             int // -1: none, as the others
	decide, hard   int
}

func (m *merging) layout(staged bool) (*layout, error) {
	root := m.root()
	l := &layout{decide: -1, hard: -1}
	primary, merge := m.PrimaryKey, m.MergeKey
	if len(primary) > 0 && (m.Strategy == upsert || m.Strategy == insertOnly) {
		merge = nil // NRM-88
	}
	add := func(name, what string) (int, error) {
		c := root.table.Column(name)
		if c == nil {
			return 0, fmt.Errorf("the table has no column %q, which is its %s", name, what)
		}
		l.columns = append(l.columns, c)
		return len(l.columns) - 1, nil
	}
	for _, k := range primary {
		if _, err := add(k, "primary_key"); err != nil {
			return nil, err
		}
	}
	l.primary = len(primary)
	for _, k := range merge {
		if _, err := add(k, "merge_key"); err != nil {
			return nil, err
		}
	}
	l.merge = len(merge)
	var err error
	if l.id, err = add(schema.ID, "row id"); err != nil || !staged {
		return l, err
	}
	if name := m.deciding(); name != "" && root.table.Column(name) != nil {
		l.decide, err = add(name, "deciding column")
	}
	if err == nil && m.HardDelete != "" && root.table.Column(m.HardDelete) != nil {
		l.hard, err = add(m.HardDelete, "hard_delete")
	}
	return l, err
}

// deciding is the column that decides among rows of one key; empty: the last
// row wins.
func (m *merging) deciding() string {
	if m.DedupSort != "" {
		return m.DedupSort
	}
	return m.DedupBy
}

// byKey merges by primary key, merge key or both.
func (m *merging) byKey(ctx context.Context) error {
	root := m.root()
	if root.report.Rows == 0 { // NRM-93
		root.sources = root.live(m.d)
		return nil
	}
	keys, err := m.load(ctx)
	if err != nil {
		return err
	}
	staged := root.sources
	if err := root.measure(ctx, m.d); err != nil {
		return err
	}
	live := root.live(m.d)
	if err := m.meet(ctx, keys, live, around(staged)); err != nil {
		return err
	}
	for _, k := range keys.primary {
		switch {
		case m.Strategy == insertOnly && k.met:
			m.dropped.add(k.id)
		case k.deletes:
			m.dropped.add(k.id)
		case k.met:
			root.report.Updated++
		}
	}
	if err := m.d.hit(ctx, staged, schema.ID, m.dropped); err != nil {
		return err
	}
	root.sources = append(live, staged...)
	root.count()
	root.report.Added -= root.report.Updated
	root.report.Deleted -= root.report.Updated
	return nil
}

// count sums up which rows come and go.
func (c *change) count() {
	c.report.Added, c.report.Deleted = c.report.Rows, 0
	for _, s := range c.sources {
		if s.live {
			c.report.Deleted += s.hits
		} else {
			c.report.Added -= s.hits
		}
	}
}

// load reads the load's keys and finds the winner of each (NRM-85 to NRM-87).
func (m *merging) load(ctx context.Context) (*keyed, error) {
	l, err := m.layout(true)
	if err != nil {
		return nil, err
	}
	k := &keyed{primary: map[keyHash]*winner{}, order: map[keyHash]cell{}, merge: map[keyHash]struct{}{}}
	err = m.d.read(m.root().sources, l.columns...).each(ctx, func(b *schema.Batch, _ *source) error {
		primary, merge := newHasher(b.Vectors[:l.primary]), newHasher(b.Vectors[l.primary:l.primary+l.merge])
		ids := walker{v: b.Vectors[l.id]}
		var decide, hard walker
		if l.decide >= 0 {
			decide.v = b.Vectors[l.decide]
		}
		if l.hard >= 0 {
			hard.v = b.Vectors[l.hard]
		}
		for row := range b.Rows {
			at, ok := ids.at(row)
			if !ok {
				return fmt.Errorf("a staged row has no %s", schema.ID)
			}
			r := candidate{id: b.Vectors[l.id].Ints[at], deletes: l.hard >= 0 && hard.deletes(row)}
			if l.decide >= 0 {
				if at, ok := decide.at(row); ok {
					r.order, r.ordered = cellAt(decide.v, at), true
				}
			}
			if l.merge > 0 {
				if key, whole := merge.at(row); whole {
					k.merge[key] = struct{}{}
				}
			}
			if l.primary == 0 {
				if r.deletes {
					m.dropped.add(r.id)
				}
				continue
			}
			key, whole := primary.at(row)
			if !whole {
				return fmt.Errorf("a row has no value in a column of its primary_key (%v)", m.PrimaryKey) // NRM-91
			}
			m.enter(k, key, r)
		}
		return nil
	})
	return k, err
}

// candidate is one row of the load on its way to be a winner.
type candidate struct {
	id      int64
	deletes bool
	ordered bool // order is not null
	order   cell
}

// deletes reports whether a row's hard_delete column says so: true, or of other
// types any value.
func (w *walker) deletes(row int) bool {
	at, ok := w.at(row)
	return ok && (w.v.Column.Type != schema.Bool || w.v.Bools[at])
}

// enter lets a row compete for its key.
func (m *merging) enter(k *keyed, key keyHash, r candidate) {
	have := k.primary[key]
	if have == nil {
		k.primary[key] = &winner{id: r.id, deletes: r.deletes}
		if r.ordered {
			k.order[key] = r.order
		}
		return
	}
	best, ordered := k.order[key]
	wins := true // a tie: the last
	switch {
	case ordered && r.ordered:
		order := r.order.compare(best)
		if m.DedupSort != "" && !m.DedupDesc {
			order = -order
		}
		wins = order >= 0
	case ordered:
		wins = false // null loses
	}
	if !wins {
		m.dropped.add(r.id)
		return
	}
	m.dropped.add(have.id)
	have.id, have.deletes = r.id, r.deletes
	if r.ordered {
		k.order[key] = r.order
	}
}

// meet finds the older rows that the load's keys replace, file by file; files
// whose keys lie elsewhere are not opened.
func (m *merging) meet(ctx context.Context, k *keyed, live []*source, loaded *box) error {
	l, err := m.layout(false)
	if err != nil {
		return err
	}
	root := m.root()
	for _, s := range live {
		if s.file.Rows == 0 {
			continue
		}
		n := len(m.PrimaryKey)
		if !(l.primary > 0 && s.box.meets(loaded, 0, n)) && !(l.merge > 0 && s.box.meets(loaded, n, n+l.merge)) {
			continue
		}
		s.drop, s.by = m.dead, schema.ID
		err := m.d.read([]*source{s}, l.columns...).each(ctx, func(b *schema.Batch, s *source) error {
			primary, merge := newHasher(b.Vectors[:l.primary]), newHasher(b.Vectors[l.primary:l.primary+l.merge])
			ids := walker{v: b.Vectors[l.id]}
			for row := range b.Rows {
				at, _ := ids.at(row)
				var hit bool
				if l.primary > 0 {
					if key, whole := primary.at(row); whole {
						if w := k.primary[key]; w != nil {
							if w.met && m.Strategy != insertOnly {
								root.report.Duplicates++
							}
							w.met, hit = true, true
						}
					}
				}
				if l.merge > 0 {
					if key, whole := merge.at(row); whole {
						_, is := k.merge[key]
						hit = hit || is
					}
				}
				if hit && m.Strategy != insertOnly {
					m.dead.add(b.Vectors[l.id].Ints[at])
					s.hits++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hit counts in each file the rows whose column holds an id of drop.
func (d *Dataset) hit(ctx context.Context, sources []*source, column string, drop *rowSet) error {
	if len(drop.ids) == 0 {
		return nil
	}
	want := schema.Column{Name: column, Source: column, Type: schema.Bigint}
	for _, s := range sources {
		if s.live && s.box != nil && column == schema.RootID && (s.box.max[0].n < drop.min || s.box.min[0].n > drop.max) {
			continue
		}
		s.drop, s.by = drop, column
		err := d.read([]*source{s}, &want).each(ctx, func(b *schema.Batch, s *source) error {
			for _, id := range b.Vectors[0].Ints {
				if drop.has(id) {
					s.hits++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// follow lets the rows of a child table follow their root rows.
func (m *merging) follow(ctx context.Context, c *change) error {
	staged, live := c.sources, c.live(m.d)
	if err := m.d.hit(ctx, staged, schema.RootID, m.dropped); err != nil {
		return err
	}
	if err := m.d.hit(ctx, live, schema.RootID, m.dead); err != nil {
		return err
	}
	c.sources = append(live, staged...)
	c.count()
	return nil
}
