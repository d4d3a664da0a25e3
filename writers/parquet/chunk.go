package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
)

// maxPageRows bounds a page, so that readers can skip in columns of few bytes.
const maxPageRows = 20000

// chunk is the encoded form of one column of one row group.
type chunk struct {
	out      []byte // pages as they go into the file
	meta     chunkMeta
	*scratch // while it is encoded; its out is longer than the chunk's
}

// encode makes the pages of a vector. Offsets in the meta are relative to the
// chunk.
func (f *file) encode(s *scratch, v *schema.Vector, rows int) (*chunk, error) {
	c := &chunk{out: s.out[:0], scratch: s}
	c.meta = chunkMeta{codec: f.codec.id, values: int64(rows), stats: statistics{NullCount: int64(rows - v.Count)}}
	encoding := c.choose(v)
	if encoding == format.RLEDictionary {
		c.meta.dictionary = true
		if err := c.dictionaryPage(f.codec, v); err != nil {
			return nil, err
		}
	}
	c.meta.encodings = []format.Encoding{encoding, format.RLE}
	if encoding == format.RLEDictionary {
		c.meta.encodings = append(c.meta.encodings, format.Plain)
	}
	c.meta.dataAt = int64(len(c.out))
	index := &indexer{column: v.Column}
	per := pageRows(v, rows)
	for row, value := 0, 0; row < rows; row += per {
		n := min(per, rows-row)
		present := countValid(v, row, n)
		if err := c.page(f.codec, v, encoding, row, n, value, present); err != nil {
			return nil, err
		}
		index.add(v, value, present, n-present)
		value += present
	}
	index.mark(&c.meta.stats)
	c.meta.index = index.columnIndex()
	c.finish()
	return c, nil
}

// finish leaves the scratch to the next chunk. Chunks wait for those before
// them to be written; the exact size keeps that memory small.
func (c *chunk) finish() {
	c.meta.size = int64(len(c.out))
	c.scratch.out = c.out
	c.out = bytes.Clone(c.out)
	c.scratch = nil
}

// nulls makes the chunk of a column that a row group lacks.
func (f *file) nulls(col schema.Column, rows int) (*chunk, error) {
	v := &schema.Vector{Column: col}
	v.Column.Nullable = true
	s := f.memory.get()
	defer f.memory.put(s)
	c := &chunk{out: s.out[:0], scratch: s}
	c.meta = chunkMeta{codec: f.codec.id, values: int64(rows), stats: statistics{NullCount: int64(rows)}}
	c.meta.encodings = []format.Encoding{format.Plain, format.RLE}
	if err := c.page(f.codec, v, format.Plain, 0, rows, 0, 0); err != nil {
		return nil, err
	}
	index := &indexer{column: col}
	index.add(v, 0, 0, rows)
	c.meta.index = index.columnIndex()
	c.finish()
	return c, nil
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

// page appends one data page: n rows from row on, whose values begin at value.
func (c *chunk) page(codec *codec, v *schema.Vector, encoding format.Encoding, row, n, value, present int) error {
	c.packed = c.packed[:0]
	if v.Column.Nullable {
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
	if c.packed, err = codec.compress(c.scratch, c.packed, c.plain); err != nil {
		return err
	}
	// A page that does not shrink stays as it is: readers are faster so.
	if codec.id != format.Uncompressed && len(c.packed) < plainSize {
		header.IsCompressed = thrift.New(true)
	} else {
		c.packed = append(c.packed[:levelBytes], c.plain...)
	}
	start := len(c.out)
	if err := c.header(format.PageHeader{
		Type: format.DataPageV2, UncompressedPageSize: int32(plainSize), CompressedPageSize: int32(len(c.packed)),
		DataPageHeaderV2: thrift.New(header),
	}, plainSize); err != nil {
		return err
	}
	c.meta.pages = append(c.meta.pages, format.PageLocation{Offset: int64(start), CompressedPageSize: int32(len(c.out) - start), FirstRowIndex: int64(row)})
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
