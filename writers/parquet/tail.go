package parquet

import (
	"io"
	"slices"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Tail writes what Close would add: the row group under way, and the footer. A
// copy of the file is closed, so that the row group goes on filling.
func (f *file) Tail(w io.Writer, table *schema.Table, meta map[string]string) (writers.Info, error) {
	return f.copyTo(w).Close(table, meta)
}

// copyTo returns the file as it is, going on in w. It counts its memory for
// itself. Packed pages are shared, and so are slices that are only appended to:
// f overwrites what is behind their ends when it goes on.
func (f *file) copyTo(w io.Writer) *file {
	t := *f
	t.w = w
	t.memory = &memory{scratches: f.memory.scratches}
	t.columns = make([]*column, len(f.columns))
	for i, col := range f.columns {
		c := *col
		c.chunks = slices.Clone(col.chunks)
		c.waiting.Valid = slices.Clone(col.waiting.Valid) // Reset clears it
		if col.open != nil {
			c.open = col.open.copy()
		}
		t.columns[i] = &c
	}
	return &t
}

// copy returns the settled chunk for a copy of its file. Values that come to it
// get no dictionary entries, which would be the chunk's own, too.
func (c *chunk) copy() *chunk {
	x := *c
	x.noDict = true
	x.kinds = slices.Clone(c.kinds)
	x.meta.pages = slices.Clone(c.meta.pages)
	return &x
}
