package parquet

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers/parquet/internal/zstd"
)

// page is one data page: first what it is made of, then what was made.
type page struct {
	chunk    *chunk
	v        *schema.Vector
	encoding format.Encoding
	row      int // its first one in v, a multiple of 8
	rows     int
	value    int // its first one in v
	present  int // values

	body        []byte // header and packed values
	plainSize   int    // of both before they were packed
	least, most []byte // values in plain encoding, which may be slices of v
	bounded     bool   // it has these two
}

// pack makes the page. Pages of one chunk may be packed side by side, but for
// those whose dictionary indices are in s.
func (p *page) pack(s *scratch) error {
	codec := p.chunk.codec
	s.packed = s.packed[:0]
	if p.chunk.indexer.column.Nullable {
		s.packed = levels(s.packed, p.v, p.row, p.rows, p.present)
	}
	levelBytes := len(s.packed)
	plain, err := p.values(s)
	if err != nil {
		return err
	}
	header := format.DataPageHeaderV2{
		NumValues: int32(p.rows), NumNulls: int32(p.rows - p.present), NumRows: int32(p.rows), Encoding: p.encoding,
		DefinitionLevelsByteLength: int32(levelBytes), IsCompressed: thrift.New(false),
	}
	kind := zstd.Numbers
	if p.encoding == format.Plain {
		kind = content(p.v.Column.Type, plain, p.present)
	}
	plainSize := levelBytes + len(plain)
	if s.packed, err = codec.compress(s, s.packed, plain, kind); err != nil {
		return err
	}
	// A page that does not shrink stays as it is: readers are faster so.
	if codec.id != format.Uncompressed && len(s.packed) < plainSize {
		header.IsCompressed = thrift.New(true)
	} else {
		s.packed = append(s.packed[:levelBytes], plain...)
	}
	p.body, p.plainSize, err = withHeader(format.PageHeader{
		Type: format.DataPageV2, UncompressedPageSize: int32(plainSize), CompressedPageSize: int32(len(s.packed)),
		DataPageHeaderV2: thrift.New(header),
	}, s.packed, plainSize)
	switch {
	case p.present == 0:
	case p.encoding == format.RLEDictionary && isBytes(p.v.Column.Type):
		// The dictionary may grow, and so move, before the page is taken in; its
		// entries stay what they are.
		dict := p.chunk.dict
		s.seen = slices.Grow(s.seen[:0], len(dict.ends))[:len(dict.ends)]
		p.least, p.most = dict.bounds(s.seen, s.ids[p.value:p.value+p.present])
		p.bounded = true
	default:
		p.least, p.most, p.bounded = bounds(p.v, p.value, p.present)
	}
	return err
}

// content says what n values in plain encoding are, of which plain is what is to
// be compressed.
func content(t schema.Type, plain []byte, n int) zstd.Content {
	const (
		longValue = 128      // bytes
		manyBytes = 64 << 10 // fewer hold too little to find long words again
	)
	switch {
	case !isBytes(t):
		return zstd.Numbers
	case len(plain) < manyBytes || len(plain) < longValue*n:
		return zstd.Words
	}
	return zstd.Prose
}

// withHeader returns a page of its own memory, of the exact size, as it waits
// for its row group to be full; and its size with the values unpacked.
func withHeader(h format.PageHeader, packed []byte, plainSize int) (page []byte, plain int, err error) {
	b, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
	if err != nil {
		return nil, 0, err
	}
	page = make([]byte, len(b)+len(packed))
	copy(page[copy(page, b):], packed)
	return page, len(b) + plainSize, nil
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

// values returns the encoded values, in the scratch or where they stand.
func (p *page) values(s *scratch) (plain []byte, err error) {
	v, value, n := p.v, p.value, p.present
	switch p.encoding { // both have a header, also without values
	case format.RLEDictionary:
		s.plain, err = (&rle.DictionaryEncoding{}).EncodeInt32(s.plain[:0], s.ids[value:value+n])
		return s.plain, err
	case format.DeltaBinaryPacked:
		s.plain, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(s.plain[:0], v.Ints[value:value+n])
		return s.plain, err
	}
	dst := s.plain[:0]
	switch v.Column.Type {
	case schema.Bool:
		for i, b := range v.Bools[value : value+n] {
			if i&7 == 0 {
				dst = append(dst, 0)
			}
			if b {
				dst[i>>3] |= 1 << (i & 7)
			}
		}
	case schema.Double:
		for _, d := range v.Doubles[value : value+n] {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(d))
		}
	case schema.Decimal:
		return v.Data[decimalBytes*value : decimalBytes*(value+n)], nil
	case schema.Date:
		for _, d := range v.Ints[value : value+n] {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(d))
		}
	case schema.Bigint, schema.Timestamp, schema.Time:
		for _, i := range v.Ints[value : value+n] {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(i))
		}
	default:
		return v.Plain(value, n), nil
	}
	s.plain = dst
	return dst, nil
}
