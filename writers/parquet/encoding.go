package parquet

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
)

const (
	// dictSample is how many values tell whether a dictionary is worth a try.
	dictSample = 2048
	// dictBytes bounds a dictionary page.
	dictBytes = 512 << 10
	// dictValues bounds the number of entries: 16 bits of an index.
	dictValues = 1 << 16
)

// choose looks at the values and names the encoding that suits them. For a
// dictionary it leaves the indices in c.ids and the entries in c.dict.
func (c *chunk) choose(v *schema.Vector) format.Encoding {
	switch v.Column.Type {
	case schema.Bool:
		return format.Plain
	case schema.Decimal, schema.Double, schema.Text, schema.JSON, schema.Binary:
		if c.index(v) {
			return format.RLEDictionary
		}
		return format.Plain
	case schema.Date:
		if c.index(v) {
			return format.RLEDictionary
		}
		return format.Plain
	}
	if c.index(v) {
		return format.RLEDictionary
	}
	// Deltas are tried on the first values; ids and times shrink a lot.
	n := min(len(v.Ints), dictSample)
	packed, err := (&delta.BinaryPackedEncoding{}).EncodeInt64(c.delta[:0], v.Ints[:n])
	c.delta = packed
	if err == nil && len(packed) < 7*n {
		return format.DeltaBinaryPacked
	}
	return format.Plain
}

// dictionary maps values to indices by an open hash table.
type dictionary struct {
	seed   maphash.Seed
	slots  []uint32 // index+1 of the entry; 0: free
	hashes []uint64 // of the entries
	first  []int32  // value (not row) that made the entry
}

// index fills c.ids and c.dict, and reports whether a dictionary pays: the
// values repeat, and the entries are few.
func (c *chunk) index(v *schema.Vector) bool {
	d := &c.dict
	if d.slots == nil {
		d.seed = maphash.MakeSeed()
		d.slots = make([]uint32, 4096)
	}
	clear(d.slots)
	d.hashes, d.first, c.ids = d.hashes[:0], d.first[:0], c.ids[:0]
	bytes := 0
	for i := range v.Count {
		h := d.hash(v, i)
		id, isNew := d.find(v, i, h)
		if isNew {
			bytes += width(v, i)
			if bytes > dictBytes || len(d.first) > dictValues {
				return false
			}
		}
		if i == dictSample && len(d.first) > dictSample/2 {
			return false
		}
		c.ids = append(c.ids, id)
	}
	return len(d.first) <= v.Count/2+1 && v.Count > 0
}

// width is the size of a value in the dictionary page.
func width(v *schema.Vector, i int) int {
	switch v.Column.Type {
	case schema.Text, schema.JSON, schema.Binary:
		return 4 + len(v.Bytes(i))
	case schema.Decimal:
		return decimalBytes
	}
	return 8
}

func (d *dictionary) hash(v *schema.Vector, i int) uint64 {
	switch v.Column.Type {
	case schema.Text, schema.JSON, schema.Binary:
		return maphash.Bytes(d.seed, v.Bytes(i))
	case schema.Decimal:
		return maphash.Bytes(d.seed, v.Data[decimalBytes*i:decimalBytes*(i+1)])
	case schema.Double:
		return mix(math.Float64bits(v.Doubles[i]))
	}
	return mix(uint64(v.Ints[i]))
}

// mix spreads the bits of an integer over its hash.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

func same(v *schema.Vector, i, j int) bool {
	switch v.Column.Type {
	case schema.Text, schema.JSON, schema.Binary:
		return string(v.Bytes(i)) == string(v.Bytes(j))
	case schema.Decimal:
		return string(v.Data[decimalBytes*i:decimalBytes*(i+1)]) == string(v.Data[decimalBytes*j:decimalBytes*(j+1)])
	case schema.Double:
		return math.Float64bits(v.Doubles[i]) == math.Float64bits(v.Doubles[j])
	}
	return v.Ints[i] == v.Ints[j]
}

// find returns the index of value i, a new one where it is the first of its
// kind.
func (d *dictionary) find(v *schema.Vector, i int, h uint64) (id int32, isNew bool) {
	mask := uint64(len(d.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := d.slots[at]
		if s == 0 {
			d.first = append(d.first, int32(i))
			d.hashes = append(d.hashes, h)
			d.slots[at] = uint32(len(d.first))
			if 2*len(d.first) > len(d.slots) {
				d.grow()
			}
			return int32(len(d.first) - 1), true
		}
		if d.hashes[s-1] == h && same(v, int(d.first[s-1]), i) {
			return int32(s - 1), false
		}
	}
}

func (d *dictionary) grow() {
	d.slots = make([]uint32, 2*len(d.slots))
	mask := uint64(len(d.slots) - 1)
	for id, h := range d.hashes {
		at := h & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = uint32(id + 1)
	}
}

// dictionaryPage appends the page of the entries, in order of appearance. It is
// compressed whether it shrinks or not: other than data pages of version 2, a
// dictionary page has no mark that says it is not.
func (c *chunk) dictionaryPage(codec *codec, v *schema.Vector) error {
	plain := c.plain[:0]
	for _, i := range c.dict.first {
		switch v.Column.Type {
		case schema.Text, schema.JSON, schema.Binary:
			b := v.Bytes(int(i))
			plain = binary.LittleEndian.AppendUint32(plain, uint32(len(b)))
			plain = append(plain, b...)
		case schema.Decimal:
			plain = append(plain, v.Data[decimalBytes*i:decimalBytes*(i+1)]...)
		case schema.Double:
			plain = binary.LittleEndian.AppendUint64(plain, math.Float64bits(v.Doubles[i]))
		case schema.Date:
			plain = binary.LittleEndian.AppendUint32(plain, uint32(v.Ints[i]))
		default:
			plain = binary.LittleEndian.AppendUint64(plain, uint64(v.Ints[i]))
		}
	}
	c.plain = plain
	var err error
	if c.packed, err = codec.compress(c.scratch, c.packed[:0], plain); err != nil {
		return err
	}
	return c.header(format.PageHeader{
		Type: format.DictionaryPage, UncompressedPageSize: int32(len(plain)), CompressedPageSize: int32(len(c.packed)),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(c.dict.first)), Encoding: format.Plain}),
	}, len(plain))
}
