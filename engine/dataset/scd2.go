package dataset

import (
	"context"
	"crypto/sha256"
	"io"
	"strings"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// The columns that say when a version held (NRM-89).
const (
	validFrom = ownPrefix + "valid_from"
	validTo   = ownPrefix + "valid_to"
)

// versions keeps every version of a row: one that the table has as current
// stays, others are added, current ones that the load lacks end. Rows of child
// tables are part of the version that they belong to.
func (m *merging) versions(ctx context.Context) error {
	root := m.root()
	for _, name := range []string{validFrom, validTo} {
		if root.table.Column(name) == nil {
			root.table.Columns = append(root.table.Columns, schema.Column{Name: name, Source: name, Type: schema.Timestamp, Nullable: true})
		}
	}
	staged, live := root.sources, root.live(m.d)
	root.sources = append(live, staged...)
	if root.report.Rows == 0 { // NRM-93
		return nil
	}
	var newChildren, oldChildren [][]*source
	for _, c := range m.tables[1:] {
		newChildren, oldChildren = append(newChildren, c.sources), append(oldChildren, c.live(m.d))
	}
	loaded := map[keyHash]int64{}
	keys := map[keyHash]struct{}{}
	if err := m.eachVersion(ctx, staged, newChildren, func(v version) {
		if v.keyed {
			keys[v.key] = struct{}{}
		}
		if _, again := loaded[v.hash]; again {
			m.dropped.add(v.id)
			return
		}
		loaded[v.hash] = v.id
	}); err != nil {
		return err
	}
	ended := newRowSet()
	if err := m.eachVersion(ctx, live, oldChildren, func(v version) {
		if !v.current {
			return
		}
		if id, same := loaded[v.hash]; same {
			m.dropped.add(id)
			return
		}
		if len(m.MergeKey) > 0 {
			if _, is := keys[v.key]; !v.keyed || !is {
				return
			}
		}
		ended.add(v.id)
		v.from.edit = root.ends(ended, state.Time(m.StartedAt).UnixMicro())
	}); err != nil {
		return err
	}
	if err := m.d.hit(ctx, staged, schema.ID, m.dropped); err != nil {
		return err
	}
	for _, s := range staged {
		s.edit = root.begins(state.Time(m.StartedAt).UnixMicro())
	}
	root.count()
	root.ended = true
	root.report.Updated = int64(len(ended.ids))
	return nil
}

// position is where a column stands in the table.
func (c *change) position(name string) int {
	for i := range c.table.Columns {
		if c.table.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// begins sets valid_from of all rows.
func (c *change) begins(at int64) func(b *schema.Batch) error {
	i := c.position(validFrom)
	return func(b *schema.Batch) error {
		v := &schema.Vector{Column: c.table.Columns[i]}
		for row := range b.Rows {
			v.Grow(row)
			v.Ints = append(v.Ints, at)
		}
		b.Vectors[i] = v
		return nil
	}
}

// ends sets valid_to of the rows in the set.
func (c *change) ends(ended *rowSet, at int64) func(b *schema.Batch) error {
	i, id := c.position(validTo), c.position(schema.ID)
	return func(b *schema.Batch) error {
		v := &schema.Vector{Column: c.table.Columns[i]}
		was := walker{v: b.Vectors[i]}
		for row := range b.Rows {
			old, has := was.at(row)
			switch {
			case has:
				v.Grow(row)
				v.Ints = append(v.Ints, was.v.Ints[old])
			case ended.has(b.Vectors[id].Ints[row]):
				v.Grow(row)
				v.Ints = append(v.Ints, at)
			}
		}
		b.Vectors[i] = v
		return nil
	}
}

// version is one row of the root table with all that hangs on it.
type version struct {
	id      int64
	hash    keyHash // of all values of the source
	key     keyHash // of the merge key
	keyed   bool    // no part of it is null
	current bool
	from    *source
}

// eachVersion reads the root rows of the files and, side by side with them, the
// rows of the child tables: ids ascend in every table (NRM-41), so a row's
// children come in the order of the rows and nothing is kept.
func (m *merging) eachVersion(ctx context.Context, roots []*source, children [][]*source, f func(v version)) (err error) {
	root := m.root()
	data := dataColumns(root.table)
	want := append(data[:len(data):len(data)], root.table.Column(schema.ID), root.table.Column(validTo))
	keys := columnsNamed(root.table, m.MergeKey)
	want = append(want, keys...)
	var below []*childRows
	for i, c := range m.tables[1:] {
		below = append(below, m.d.childRows(c, children[i]))
	}
	defer func() {
		for _, c := range below {
			if closing := c.rows.close(); err == nil {
				err = closing
			}
		}
	}()
	var text []byte
	return m.d.read(roots, want...).each(ctx, func(b *schema.Batch, s *source) error {
		n := len(data)
		values := walkers(b.Vectors[:n])
		ended := walker{v: b.Vectors[n+1]}
		key := newHasher(b.Vectors[n+2:])
		for row := range b.Rows {
			v := version{id: b.Vectors[n].Ints[row], from: s}
			_, over := ended.at(row)
			v.current = !over
			v.key, v.keyed = key.at(row)
			text = appendRow(text[:0], values, row)
			for i, c := range below {
				if text, err = c.collect(ctx, text, i, v.id); err != nil {
					return err
				}
			}
			sum := sha256.Sum256(text)
			v.hash = keyHash(sum[:16])
			f(v)
		}
		return nil
	})
}

// dataColumns are the columns that come from the source.
func dataColumns(t *state.Table) []*schema.Column {
	var out []*schema.Column
	for i := range t.Columns {
		if !strings.HasPrefix(t.Columns[i].Source, ownPrefix) {
			out = append(out, &t.Columns[i])
		}
	}
	return out
}

func walkers(vectors []*schema.Vector) []walker {
	out := make([]walker, len(vectors))
	for i, v := range vectors {
		out[i].v = v
	}
	return out
}

// appendRow appends the values of a row that are not null; a column that was
// added later changes nothing for older rows.
func appendRow(dst []byte, values []walker, row int) []byte {
	for i := range values {
		if at, ok := values[i].at(row); ok {
			dst = appendUint64(dst, uint64(i))
			dst = appendKey(dst, values[i].v, at)
		}
	}
	return dst
}

// childRows reads a child table's rows in step with their root rows.
type childRows struct {
	rows   *rows
	data   int // columns from the source
	batch  *schema.Batch
	values []walker
	row    int
}

func (d *Dataset) childRows(c *change, sources []*source) *childRows {
	want := dataColumns(c.table)
	n := len(want)
	for _, name := range []string{schema.ID, schema.ParentID, schema.ListIdx, schema.RootID} {
		want = append(want, c.table.Column(name))
	}
	return &childRows{rows: d.read(sources, want...), data: n}
}

// collect appends the rows below one root row. Where a row hangs is told by the
// distance of its id and its parent's from the root's: rows are numbered in the
// order of the document.
func (c *childRows) collect(ctx context.Context, dst []byte, table int, root int64) ([]byte, error) {
	for {
		if c.batch == nil || c.row >= c.batch.Rows {
			b, _, err := c.rows.next(ctx)
			if err == io.EOF {
				c.batch = nil
				return dst, nil
			}
			if err != nil {
				return dst, err
			}
			c.batch, c.values, c.row = b, walkers(b.Vectors[:c.data]), 0
			continue
		}
		own := c.batch.Vectors[c.data:]
		at := own[3].Ints[c.row]
		if at > root {
			return dst, nil
		}
		keep := len(dst)
		dst = appendUint64(dst, ^uint64(table))
		dst = appendUint64(dst, uint64(own[0].Ints[c.row]-root))
		dst = appendUint64(dst, uint64(own[1].Ints[c.row]-root))
		dst = appendUint64(dst, uint64(own[2].Ints[c.row]))
		dst = appendRow(dst, c.values, c.row)
		if at < root {
			dst = dst[:keep] // its root row is not read: it was left out
		}
		c.row++
	}
}
