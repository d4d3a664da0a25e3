package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

func appendUint64(dst []byte, u uint64) []byte { return binary.LittleEndian.AppendUint64(dst, u) }

// keyHash stands for the values of a key: 16 bytes of a cryptographic hash, so
// that no two keys of a table meet.
type keyHash [16]byte

// hasher makes the hashes of one key, row by row.
type hasher struct {
	columns []walker
	buffer  []byte
}

func newHasher(vectors []*schema.Vector) *hasher {
	h := &hasher{}
	for _, v := range vectors {
		h.columns = append(h.columns, walker{v: v})
	}
	return h
}

// at is the hash of row's key; false where a part is null. Rows are asked in
// order, each once.
func (h *hasher) at(row int) (keyHash, bool) {
	h.buffer = h.buffer[:0]
	whole := true
	for i := range h.columns {
		w := &h.columns[i]
		at, ok := w.at(row)
		if !ok {
			whole = false
			continue
		}
		h.buffer = appendKey(h.buffer, w.v, at)
	}
	sum := sha256.Sum256(h.buffer)
	return keyHash(sum[:16]), whole
}

// box is the least and the greatest value of each key column of some rows;
// null values are not in it.
type box struct{ min, max []cell }

// longKey is the longest text whose bounds are kept.
const longKey = 256

// add makes the box hold the values of a batch. It returns nil where they
// cannot be listed: they are too long, or a column has none.
func (b *box) add(vectors []*schema.Vector) *box {
	for i, v := range vectors {
		if v.Count == 0 && len(b.min) <= i {
			return nil
		}
		for at := range v.Count {
			c := cellAt(v, at)
			if len(c.s) > longKey {
				return nil
			}
			b.include(i, len(vectors), c)
		}
	}
	return b
}

func (b *box) include(i, n int, c cell) {
	if b.min == nil {
		b.min, b.max = make([]cell, 0, n), make([]cell, 0, n)
	}
	if len(b.min) <= i {
		b.min, b.max = append(b.min, c), append(b.max, c)
		return
	}
	if c.compare(b.min[i]) < 0 {
		b.min[i] = c
	}
	if c.compare(b.max[i]) > 0 {
		b.max[i] = c
	}
}

// meets reports whether a row of both may have the same values in the columns
// from..to.
func (b *box) meets(o *box, from, to int) bool {
	if b == nil || o == nil {
		return true
	}
	for i := from; i < to; i++ {
		if b.max[i].compare(o.min[i]) < 0 || o.max[i].compare(b.min[i]) < 0 {
			return false
		}
	}
	return true
}

// columnsNamed returns the table's columns with these names; nil where one is
// not there.
func columnsNamed(t *state.Table, names []string) []*schema.Column {
	var out []*schema.Column
	for _, n := range names {
		c := t.Column(n)
		if c == nil {
			return nil
		}
		out = append(out, c)
	}
	return out
}

// listed is the box that the state lists for a live file; nil where it lists
// none, or one for other columns or types.
func (c *change) listed(f state.File) *box {
	if len(f.MinKey) != len(c.keys) || len(f.MaxKey) != len(c.keys) || len(c.keys) == 0 {
		return nil
	}
	if c.old.Parent == "" && !slices.Equal(slices.Concat(c.old.PrimaryKey, c.old.MergeKey), c.keys) {
		return nil
	}
	b := &box{}
	for i, name := range c.keys {
		was, is := c.old.Column(name), c.table.Column(name)
		if was == nil || is == nil || !was.SameType(*is) {
			return nil
		}
		least, err := parseCell(f.MinKey[i], is)
		if err != nil {
			return nil // a bound that is not understood bounds nothing
		}
		most, err := parseCell(f.MaxKey[i], is)
		if err != nil {
			return nil
		}
		b.min, b.max = append(b.min, least), append(b.max, most)
	}
	return b
}

// measure finds the boxes of files that have none.
func (c *change) measure(ctx context.Context, d *Dataset) error {
	columns := columnsNamed(c.table, c.keys)
	if columns == nil {
		return nil
	}
	for _, s := range c.sources {
		if s.box != nil || s.file.Rows == 0 {
			continue
		}
		b := &box{}
		err := d.read([]*source{s}, columns...).each(ctx, func(batch *schema.Batch, _ *source) error {
			if b != nil {
				b = b.add(batch.Vectors)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if b != nil && len(b.min) == len(columns) {
			s.box = b
		}
	}
	return nil
}

// around is the box of all sources that have rows; nil where one is unknown.
func around(sources []*source) *box {
	var all *box
	for _, s := range sources {
		if s.file.Rows == 0 {
			continue
		}
		if s.box == nil {
			return nil
		}
		if all == nil {
			all = &box{min: slices.Clone(s.box.min), max: slices.Clone(s.box.max)}
			continue
		}
		for i := range s.box.min {
			all.include(i, len(s.box.min), s.box.min[i])
			all.include(i, len(s.box.min), s.box.max[i])
		}
	}
	return all
}

// bounds is what the state lists for a file made of the sources.
func (c *change) bounds(from []*source) (least, most []json.RawMessage) {
	b := around(from)
	if b == nil {
		return nil, nil
	}
	for i, name := range c.keys {
		col := c.table.Column(name)
		least, most = append(least, b.min[i].json(col)), append(most, b.max[i].json(col))
	}
	return least, most
}
