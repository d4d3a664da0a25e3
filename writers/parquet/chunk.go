package parquet

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
)

// maxPageRows bounds a page, so that readers can skip in columns of few bytes.
const maxPageRows = 20000

// chunk is one column of the row group under way: its pages in the form in
// which they go into the file, and what the footer will say of them. Offsets in
// meta count from the first data page. The dictionary page is made last, when
// all entries are known, and goes before the others.
type chunk struct {
	codec   *codec
	rows    int
	parts   int // calls of add and addNulls that are settled
	meta    chunkMeta
	pages   [][]byte
	dict    *dictionary
	kinds   []format.PageEncodingStats
	indexer indexer
	noDict  bool // values that do not repeat came

	added []added // not settled
	fresh []*page // of these
}

// added is what one call of add or addNulls brought.
type added struct{ rows, nulls, pages int }

func newChunk(codec *codec, column schema.Column) *chunk {
	return &chunk{codec: codec, meta: chunkMeta{codec: codec.id}, indexer: indexer{column: column}}
}

// add cuts the next rows into pages. Those that are left to pack, in any order
// and side by side, are returned; settle takes them in behind that. The values
// of v are not needed afterwards.
func (c *chunk) add(s *scratch, v *schema.Vector, rows int) ([]*page, error) {
	if v.Count < rows && !c.indexer.column.Nullable {
		return nil, c.errNull()
	}
	encoding := c.choose(s, v)
	per := pageRows(v, rows)
	first := len(c.fresh)
	for row, value := 0, 0; row < rows; row += per {
		n := min(per, rows-row)
		p := &page{chunk: c, v: v, encoding: encoding, row: row, rows: n, value: value, present: countValid(v, row, n)}
		c.fresh = append(c.fresh, p)
		value += p.present
	}
	c.added = append(c.added, added{rows: rows, nulls: rows - v.Count, pages: len(c.fresh) - first})
	left := c.fresh[first:]
	if encoding != format.RLEDictionary && len(left) > 1 {
		return left, nil
	}
	for _, p := range left { // the indices are in the scratch
		if err := p.pack(s); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// addNow is add for one goroutine.
func (c *chunk) addNow(s *scratch, v *schema.Vector, rows int) error {
	left, err := c.add(s, v, rows)
	for i := 0; i < len(left) && err == nil; i++ {
		err = left[i].pack(s)
	}
	if err == nil {
		c.settle()
	}
	return err
}

// addNulls makes a page of rows without a value. Row groups are read in the
// pieces in which they were written, so a page covers no more than one.
func (c *chunk) addNulls(s *scratch, rows int) error {
	if !c.indexer.column.Nullable {
		return c.errNull()
	}
	p := &page{chunk: c, v: &schema.Vector{Column: c.indexer.column}, encoding: format.Plain, rows: rows}
	c.fresh = append(c.fresh, p)
	c.added = append(c.added, added{rows: rows, nulls: rows, pages: 1})
	return p.pack(s)
}

func (c *chunk) errNull() error {
	return fmt.Errorf("parquet: column %q is without nulls in this file, but a row has none of its values", c.indexer.column.Name)
}

// settle takes in what was added and is packed. Pages wait for their row group
// to be full.
func (c *chunk) settle() {
	for _, a := range c.added {
		for _, p := range c.fresh[:a.pages] {
			c.take(p)
		}
		c.fresh = c.fresh[a.pages:]
		c.rows += a.rows
		c.parts++
		c.meta.values += int64(a.rows)
		c.meta.stats.NullCount += int64(a.nulls)
	}
	c.added, c.fresh = c.added[:0], nil
}

// take takes in the next page.
func (c *chunk) take(p *page) {
	c.count(p.encoding)
	c.meta.pages = append(c.meta.pages, format.PageLocation{
		Offset: c.meta.size, CompressedPageSize: int32(len(p.body)), FirstRowIndex: int64(c.rows + p.row),
	})
	c.meta.size += int64(len(p.body))
	c.meta.plainSize += int64(p.plainSize)
	c.indexer.add(p)
	c.pages = append(c.pages, p.body)
}

// held is how much memory waits for the row group to be full, in bytes.
func (c *chunk) held() int64 { return c.meta.size + int64(c.dict.size()) }

// end makes the dictionary page and settles what the footer says.
func (c *chunk) end(s *scratch) error {
	for _, k := range c.kinds {
		c.meta.encodings = append(c.meta.encodings, k.Encoding)
	}
	c.meta.encodings = append(c.meta.encodings, format.RLE)
	if c.dict.used() {
		page, err := c.dictionaryPage(s)
		if err != nil {
			return err
		}
		c.pages = append([][]byte{page}, c.pages...)
		c.meta.move(int64(len(page)))
		c.meta.offset, c.meta.dataAt, c.meta.dictionary = 0, int64(len(page)), true
		c.meta.size += int64(len(page))
		if !slices.Contains(c.meta.encodings, format.Plain) {
			c.meta.encodings = append(c.meta.encodings, format.Plain)
		}
		c.kinds = append(c.kinds, format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1})
	}
	c.meta.kinds = c.kinds
	c.indexer.mark(&c.meta.stats)
	c.meta.index = c.indexer.columnIndex()
	return nil
}

// count counts a data page of an encoding.
func (c *chunk) count(encoding format.Encoding) {
	for i := range c.kinds {
		if c.kinds[i].Encoding == encoding {
			c.kinds[i].Count++
			return
		}
	}
	c.kinds = append(c.kinds, format.PageEncodingStats{PageType: format.DataPageV2, Encoding: encoding, Count: 1})
}

// nulls makes the chunk of a column that a row group lacks.
func (f *file) nulls(col schema.Column, parts []int) (*chunk, error) {
	s := f.memory.get()
	defer f.memory.put(s)
	col.Nullable = true
	c := newChunk(f.codec, col)
	for _, rows := range parts {
		if err := c.addNulls(s, rows); err != nil {
			return nil, err
		}
	}
	c.settle()
	return c, c.end(s)
}

// pageRows is how many rows a page of v holds: a multiple of eight, so that
// pages begin at whole bytes of the bitmap.
func pageRows(v *schema.Vector, rows int) int {
	size := max(1, v.Size())
	n := int(int64(rows) * pageBytes / int64(size))
	return max(8, min(n, maxPageRows)&^7)
}

// countValid counts the values of n rows from row on; row is a multiple of 8.
func countValid(v *schema.Vector, row, n int) int {
	if row >= v.Len {
		return 0
	}
	last := min(row+n, v.Len)
	count := 0
	for i := row >> 3; i < (last+7)>>3; i++ {
		b := v.Valid[i]
		if rest := last - i<<3; rest < 8 {
			b &= 1<<rest - 1
		}
		count += bits.OnesCount8(b)
	}
	return count
}
