package parquet

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
)

const (
	// dictBytes bounds a dictionary page: it is held while its row group
	// fills, for each column.
	dictBytes = 256 << 10
	// dictValues bounds the number of entries: 15 bits of an index.
	dictValues = 1 << 15
)

// dictionary is the distinct values of a chunk so far, found by an open hash
// table. It has its own copy of them.
type dictionary struct {
	seed   maphash.Seed
	slots  []uint32 // index+1 of the entry; 0: free
	hashes []uint64 // of the entries
	plain  []byte   // the entries as their page has them
	ends   []uint32 // of the entries in plain
}

func (d *dictionary) used() bool { return d != nil && len(d.hashes) > 0 }

// size is its memory in bytes.
func (d *dictionary) size() int {
	if d == nil {
		return 0
	}
	return 4*len(d.slots) + 8*len(d.hashes) + len(d.plain) + 4*len(d.ends)
}

// fromDictionary looks up the values, adding entries, and leaves their indices
// in s.ids. It reports whether that pays: the values repeat, and the entries
// are few. Where it does not, the chunk goes on without its dictionary.
func (c *chunk) fromDictionary(s *scratch, v *schema.Vector) bool {
	if c.noDict {
		return false
	}
	if c.dict == nil {
		c.dict = &dictionary{seed: maphash.MakeSeed(), slots: make([]uint32, 1024)}
	}
	before := len(c.dict.hashes)
	if c.lookUp(s, v, before) {
		return true
	}
	c.noDict = true
	c.dict.cut(before)
	if before == 0 {
		c.dict = nil
	}
	return false
}

func (c *chunk) lookUp(s *scratch, v *schema.Vector, before int) bool {
	d := c.dict
	s.ids = s.ids[:0]
	texts := isBytes(v.Column.Type)
	for i := range v.Count {
		if texts && i > 0 && string(v.Bytes(i)) == string(v.Bytes(i-1)) {
			s.ids = append(s.ids, s.ids[i-1])
			continue
		}
		id := d.find(v, i)
		if id < 0 {
			return false
		}
		if i == encodingSample && len(d.hashes)-before > encodingSample/2 {
			return false
		}
		s.ids = append(s.ids, id)
	}
	return v.Count > 0 && len(d.hashes)-before <= v.Count/2+1
}

// find returns the index of the i-th value, a new one where it is the first of
// its kind; -1: there is no room for it.
func (d *dictionary) find(v *schema.Vector, i int) int32 {
	h := d.hash(v, i)
	mask := uint64(len(d.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := d.slots[at]
		if s == 0 {
			if !d.append(v, i, h) {
				return -1
			}
			d.slots[at] = uint32(len(d.hashes))
			if 2*len(d.hashes) > len(d.slots) {
				d.slots = make([]uint32, 2*len(d.slots))
				d.fill()
			}
			return int32(len(d.hashes) - 1)
		}
		if d.hashes[s-1] == h && d.same(int(s-1), v, i) {
			return int32(s - 1)
		}
	}
}

// append adds the i-th value to the entries.
func (d *dictionary) append(v *schema.Vector, i int, h uint64) bool {
	if len(d.hashes) >= dictValues {
		return false
	}
	switch v.Column.Type {
	case schema.Text, schema.JSON, schema.Binary:
		b := v.Bytes(i)
		if len(d.plain)+lengthBytes+len(b) > dictBytes {
			return false
		}
		d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(b)))
		d.plain = append(d.plain, b...)
	case schema.Decimal:
		d.plain = append(d.plain, v.Data[decimalBytes*i:decimalBytes*(i+1)]...)
	case schema.Double:
		d.plain = binary.LittleEndian.AppendUint64(d.plain, math.Float64bits(v.Doubles[i]))
	case schema.Date:
		d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(v.Ints[i]))
	default:
		d.plain = binary.LittleEndian.AppendUint64(d.plain, uint64(v.Ints[i]))
	}
	if len(d.plain) > dictBytes {
		return false
	}
	d.hashes = append(d.hashes, h)
	d.ends = append(d.ends, uint32(len(d.plain)))
	return true
}

// cut takes back all entries but the first n.
func (d *dictionary) cut(n int) {
	d.hashes, d.ends = d.hashes[:n], d.ends[:n]
	if n == 0 {
		d.plain = d.plain[:0]
	} else {
		d.plain = d.plain[:d.ends[n-1]]
	}
	clear(d.slots)
	d.fill()
}

// fill makes the empty hash table anew.
func (d *dictionary) fill() {
	mask := uint64(len(d.slots) - 1)
	for id, h := range d.hashes {
		at := h & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = uint32(id + 1)
	}
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

// mix spreads the bits of an integer over its hash. No two integers have one
// hash.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

// same reports whether an entry is the i-th value, whose hash it has.
func (d *dictionary) same(entry int, v *schema.Vector, i int) bool {
	switch v.Column.Type {
	case schema.Text, schema.JSON, schema.Binary:
		return string(d.text(entry)) == string(v.Bytes(i))
	case schema.Decimal:
		return string(d.plain[decimalBytes*entry:decimalBytes*(entry+1)]) == string(v.Data[decimalBytes*i:decimalBytes*(i+1)])
	}
	return true
}

// text is an entry of text, json or binary.
func (d *dictionary) text(entry int) []byte {
	start := uint32(0)
	if entry > 0 {
		start = d.ends[entry-1]
	}
	return d.plain[start+lengthBytes : d.ends[entry] : d.ends[entry]]
}

// dictionaryPage makes the page of the entries, in order of appearance. It is
// compressed whether it shrinks or not: other than data pages of version 2, a
// dictionary page has no mark that says it is not.
func (c *chunk) dictionaryPage(s *scratch) ([]byte, error) {
	plain := c.dict.plain
	var err error
	if s.packed, err = c.codec.compress(s, s.packed[:0], plain, content(c.indexer.column.Type, plain, len(c.dict.hashes))); err != nil {
		return nil, err
	}
	body, size, err := withHeader(format.PageHeader{
		Type: format.DictionaryPage, UncompressedPageSize: int32(len(plain)), CompressedPageSize: int32(len(s.packed)),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(c.dict.hashes)), Encoding: format.Plain}),
	}, s.packed, len(plain))
	c.meta.plainSize += int64(size)
	return body, err
}
