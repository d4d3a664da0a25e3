package engine

import (
	"fmt"
	"hash/maphash"

	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rest"
)

// watched is how many keys of a series are remembered at least, and half of how
// many at most: data that changes while it is paged through moves records to
// the next page, not far.
const watched = 1 << 16

// duplicates counts the primary keys that come twice in one series: data that
// changed while it was paged through (OPR-22). Records are looked at as they
// were received, those that the script or the cursor drops not at all: some APIs
// repeat the last records of a page on the next, and the script may know that.
type duplicates struct {
	paths       []*jsonpath.Path
	seed        maphash.Seed
	seen        map[uint64]struct{} // the last keys
	before      map[uint64]struct{} // those before them
	keys, twice int64
}

// newDuplicates watches the keys of a resource; nil where there is none, or
// where a key is no path into the record.
func newDuplicates(keys []string) *duplicates {
	if len(keys) == 0 {
		return nil
	}
	d := &duplicates{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}, before: map[uint64]struct{}{}}
	for _, k := range keys {
		p, err := jsonpath.Parse(k)
		if err != nil {
			return nil
		}
		d.paths = append(d.paths, p)
	}
	return d
}

// begin starts another series.
func (d *duplicates) begin() {
	if d != nil {
		clear(d.seen)
		clear(d.before)
	}
}

// look notes the key of a record.
func (d *duplicates) look(record []byte) {
	if d == nil {
		return
	}
	var h maphash.Hash
	h.SetSeed(d.seed)
	for _, p := range d.paths {
		raw, ok := p.First(record)
		if !ok {
			return
		}
		h.Write(raw)
		h.WriteByte(0)
	}
	d.keys++
	sum := h.Sum64()
	_, again := d.seen[sum]
	if _, earlier := d.before[sum]; again || earlier {
		d.twice++
		return
	}
	if len(d.seen) == watched {
		d.seen, d.before = d.before, d.seen
		clear(d.seen)
	}
	d.seen[sum] = struct{}{}
}

// remark says what was found; empty: nothing.
func (d *duplicates) remark() string {
	if d == nil || d.twice == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d keys came twice: the data changed while paging, so others may be missing; ask for what does not move: incremental.window, a cursor paginator, or a fixed sort order", d.twice, d.keys)
}

func (d *duplicates) count() int64 {
	if d == nil {
		return 0
	}
	return d.twice
}

// gaps counts the series that brought another number of records than the API
// stated (OPR-22).
type gaps struct {
	series int64
	first  rest.Gap
}

func (g *gaps) look(x *rest.Gap) {
	if x == nil {
		return
	}
	if g.series == 0 {
		g.first = *x
	}
	g.series++
}

// remark says what was found; empty: nothing.
func (g *gaps) remark() string {
	switch g.series {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%d records came, the API stated a total of %d", g.first.Received, g.first.Stated)
	}
	return fmt.Sprintf("%d series brought another number of records than the total that the API stated, the first of them %d of %d", g.series, g.first.Received, g.first.Stated)
}
