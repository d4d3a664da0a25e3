package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
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
	codec    *codec
	rows     int
	parts    int // calls of add and addNulls
	meta     chunkMeta
	pages    [][]byte // each holds one or more pages
	dict     *dictionary
	kinds    []format.PageEncodingStats
	indexer  indexer
	noDict   bool // values that do not repeat came
	*scratch      // while values are added
}

func newChunk(codec *codec, column schema.Column) *chunk {
	return &chunk{codec: codec, meta: chunkMeta{codec: codec.id}, indexer: indexer{column: column}}
}

// add makes pages of the next rows. The values of v are not needed afterwards.
func (c *chunk) add(s *scratch, v *schema.Vector, rows int) error {
	if v.Count < rows && !c.indexer.column.Nullable {
		return c.errNull()
	}
	c.scratch = s
	s.out = s.out[:0]
	encoding := c.choose(v)
	per := pageRows(v, rows)
	for row, value := 0, 0; row < rows; row += per {
		n := min(per, rows-row)
		present := countValid(v, row, n)
		if err := c.page(v, encoding, row, n, value, present); err != nil {
			return err
		}
		c.indexer.add(v, value, present, n-present)
		value += present
	}
	c.meta.stats.NullCount += int64(rows - v.Count)
	c.taken(rows)
	return nil
}

// addNulls makes a page of rows without a value. Row groups are read in the
// pieces in which they were written, so a page covers no more than one.
func (c *chunk) addNulls(s *scratch, rows int) error {
	if !c.indexer.column.Nullable {
		return c.errNull()
	}
	c.scratch = s
	s.out = s.out[:0]
	v := &schema.Vector{Column: c.indexer.column}
	if err := c.page(v, format.Plain, 0, rows, 0, 0); err != nil {
		return err
	}
	c.indexer.add(v, 0, 0, rows)
	c.meta.stats.NullCount += int64(rows)
	c.taken(rows)
	return nil
}

func (c *chunk) errNull() error {
	return fmt.Errorf("parquet: column %q is without nulls in this file, but a row has none of its values", c.indexer.column.Name)
}

// taken notes rows whose pages stand in the scratch, and leaves it to the next
// chunk. Pages wait for their row group to be full; the exact size keeps that
// memory small.
func (c *chunk) taken(rows int) {
	c.rows += rows
	c.parts++
	c.meta.values += int64(rows)
	c.meta.size += int64(len(c.out))
	c.pages = append(c.pages, bytes.Clone(c.out))
	c.scratch = nil
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
		c.scratch = s
		s.out = s.out[:0]
		if err := c.dictionaryPage(); err != nil {
			return err
		}
		page := bytes.Clone(c.out)
		c.scratch = nil
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

// levels appends the definition levels of n rows: a run where they are all the
// same, else the bitmap as it is, which is their bit-packed form.
func levels(dst []byte, v *schema.Vector, row, n, present int) []byte {
	switch present {
	case n:
		return append(binary.AppendUvarint(dst, uint64(n)<<1), 1)
	case 0:
		return append(binary.AppendUvarint(dst, uint64(n)<<1), 0)
	}
	groups := (n + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	from := row >> 3
	have := v.Valid[min(from, len(v.Valid)):min(from+groups, len(v.Valid))]
	dst = append(dst, have...)
	for i := len(have); i < groups; i++ {
		dst = append(dst, 0)
	}
	return dst
}

// page appends one data page: n rows of v from row on, whose values begin at
// value.
func (c *chunk) page(v *schema.Vector, encoding format.Encoding, row, n, value, present int) error {
	c.packed = c.packed[:0]
	if c.indexer.column.Nullable {
		c.packed = levels(c.packed, v, row, n, present)
	}
	levelBytes := len(c.packed)
	var err error
	if c.plain, err = c.values(c.plain[:0], v, encoding, value, present); err != nil {
		return err
	}
	header := format.DataPageHeaderV2{
		NumValues: int32(n), NumNulls: int32(n - present), NumRows: int32(n), Encoding: encoding,
		DefinitionLevelsByteLength: int32(levelBytes), IsCompressed: thrift.New(false),
	}
	plainSize := levelBytes + len(c.plain)
	if c.packed, err = c.codec.compress(c.scratch, c.packed, c.plain); err != nil {
		return err
	}
	// A page that does not shrink stays as it is: readers are faster so.
	if c.codec.id != format.Uncompressed && len(c.packed) < plainSize {
		header.IsCompressed = thrift.New(true)
	} else {
		c.packed = append(c.packed[:levelBytes], c.plain...)
	}
	start := len(c.out)
	c.count(encoding)
	if err := c.header(format.PageHeader{
		Type: format.DataPageV2, UncompressedPageSize: int32(plainSize), CompressedPageSize: int32(len(c.packed)),
		DataPageHeaderV2: thrift.New(header),
	}, plainSize); err != nil {
		return err
	}
	c.meta.pages = append(c.meta.pages, format.PageLocation{
		Offset: c.meta.size + int64(start), CompressedPageSize: int32(len(c.out) - start), FirstRowIndex: int64(c.rows + row),
	})
	return nil
}

// header appends a page's header and the packed page.
func (c *chunk) header(h format.PageHeader, plainSize int) error {
	b, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
	if err != nil {
		return err
	}
	c.out = append(append(c.out, b...), c.packed...)
	c.meta.plainSize += int64(len(b) + plainSize)
	return nil
}

// values appends the encoded values [value, value+n).
func (c *chunk) values(dst []byte, v *schema.Vector, encoding format.Encoding, value, n int) ([]byte, error) {
	switch encoding { // both have a header, also without values
	case format.RLEDictionary:
		ids, err := (&rle.DictionaryEncoding{}).EncodeInt32(c.delta[:0], c.ids[value:value+n])
		c.delta = ids
		return append(dst, ids...), err
	case format.DeltaBinaryPacked:
		packed, err := (&delta.BinaryPackedEncoding{}).EncodeInt64(c.delta[:0], v.Ints[value:value+n])
		c.delta = packed
		return append(dst, packed...), err
	}
	switch v.Column.Type {
	case schema.Bool:
		start := len(dst)
		for i, b := range v.Bools[value : value+n] {
			if i&7 == 0 {
				dst = append(dst, 0)
			}
			if b {
				dst[start+i>>3] |= 1 << (i & 7)
			}
		}
	case schema.Double:
		for _, d := range v.Doubles[value : value+n] {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(d))
		}
	case schema.Decimal:
		dst = append(dst, v.Data[decimalBytes*value:decimalBytes*(value+n)]...)
	case schema.Date:
		for _, d := range v.Ints[value : value+n] {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(d))
		}
	case schema.Bigint, schema.Timestamp, schema.Time:
		for _, i := range v.Ints[value : value+n] {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(i))
		}
	default:
		for i := value; i < value+n; i++ {
			b := v.Bytes(i)
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
			dst = append(dst, b...)
		}
	}
	return dst, nil
}
