package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
)

// statBytes is where the bounds of texts are cut (RDR-07). A cut least value
// stays below the real one; a cut greatest value is raised above it.
const statBytes = 64

// indexer gathers the bounds of a chunk and of its pages.
type indexer struct {
	column   schema.Column
	min, max []byte // of the chunk, as the footer stores them
	least    []byte // of the chunk, whole
	most     []byte
	broken   bool // a page has values but no bounds
	ci       format.ColumnIndex
}

// add takes the next page.
func (x *indexer) add(p *page) {
	x.ci.NullCounts = append(x.ci.NullCounts, int64(p.rows-p.present))
	x.ci.NullPages = append(x.ci.NullPages, p.present == 0)
	if p.present == 0 {
		x.ci.MinValues = append(x.ci.MinValues, []byte{})
		x.ci.MaxValues = append(x.ci.MaxValues, []byte{})
		return
	}
	least, most, ok := p.least, p.most, p.bounded
	if ok && (x.least == nil || x.less(least, x.least)) {
		x.least = append(make([]byte, 0, len(least)), least...)
	}
	if ok && (x.most == nil || x.less(x.most, most)) {
		x.most = append(make([]byte, 0, len(most)), most...)
	}
	low, high := x.cutLow(least), x.cutHigh(most)
	if !ok || high == nil {
		x.broken = true
	}
	x.ci.MinValues = append(x.ci.MinValues, low)
	x.ci.MaxValues = append(x.ci.MaxValues, high)
	if x.least != nil {
		x.min, x.max = x.cutLow(x.least), x.cutHigh(x.most)
		if x.max == nil || len(x.min) == 0 && isBytes(x.column.Type) {
			// An empty bound cannot be told from a missing one in the footer.
			x.min, x.max = nil, nil
		}
	}
}

// mark fills in the chunk's bounds, and says which of them were cut.
func (x *indexer) mark(s *statistics) {
	if x.max == nil {
		return
	}
	s.MinValue, s.MaxValue = x.min, x.max
	s.MinExact = thrift.New(len(x.min) == len(x.least))
	s.MaxExact = thrift.New(bytes.Equal(x.max, x.most))
}

// columnIndex is the index of the chunk's pages, or nil where one has no bounds.
func (x *indexer) columnIndex() *format.ColumnIndex {
	if x.broken {
		return nil
	}
	x.ci.BoundaryOrder = format.Unordered
	ascending := true
	last := -1
	for i, null := range x.ci.NullPages {
		if null {
			continue
		}
		if last >= 0 && (x.less(x.ci.MinValues[i], x.ci.MinValues[last]) || x.less(x.ci.MaxValues[i], x.ci.MaxValues[last])) {
			ascending = false
			break
		}
		last = i
	}
	if ascending && last >= 0 {
		x.ci.BoundaryOrder = format.Ascending
	}
	// A copy: a pointer into the indexer would keep the chunk and its pages.
	index := x.ci
	return &index
}

func isBytes(t schema.Type) bool {
	return t == schema.Text || t == schema.JSON || t == schema.Binary
}

// cutLow shortens a lower bound.
func (x *indexer) cutLow(b []byte) []byte {
	if !isBytes(x.column.Type) || len(b) <= statBytes {
		return bytes.Clone(b)
	}
	n := statBytes
	if x.column.Type != schema.Binary {
		for n > 0 && !utf8.RuneStart(b[n]) {
			n--
		}
	}
	return bytes.Clone(b[:n])
}

// cutHigh shortens an upper bound and raises its last character, so that it
// stays above; nil where that is not possible.
func (x *indexer) cutHigh(b []byte) []byte {
	if !isBytes(x.column.Type) || len(b) <= statBytes {
		if b == nil {
			return nil
		}
		return append(make([]byte, 0, len(b)), b...)
	}
	short := x.cutLow(b)
	if x.column.Type == schema.Binary {
		for i := len(short) - 1; i >= 0; i-- {
			if short[i] != 0xff {
				short[i]++
				return short[:i+1]
			}
		}
		return nil
	}
	for len(short) > 0 {
		r, n := utf8.DecodeLastRune(short)
		short = short[:len(short)-n]
		if r++; r == 0xd800 {
			r = 0xe000
		}
		if r <= utf8.MaxRune {
			return utf8.AppendRune(short, r)
		}
	}
	return nil
}

// less compares two bounds as the column's type orders them.
func (x *indexer) less(a, b []byte) bool {
	switch x.column.Type {
	case schema.Bigint, schema.Timestamp, schema.Time:
		return int64(binary.LittleEndian.Uint64(a)) < int64(binary.LittleEndian.Uint64(b))
	case schema.Date:
		return int32(binary.LittleEndian.Uint32(a)) < int32(binary.LittleEndian.Uint32(b))
	case schema.Double:
		return math.Float64frombits(binary.LittleEndian.Uint64(a)) < math.Float64frombits(binary.LittleEndian.Uint64(b))
	case schema.Decimal:
		if s, t := a[0]^0x80, b[0]^0x80; s != t {
			return s < t
		}
		return bytes.Compare(a[1:], b[1:]) < 0
	}
	return bytes.Compare(a, b) < 0
}

// bounds returns the least and greatest of n values in plain encoding; ok is
// false where there is none (only NaN).
func bounds(v *schema.Vector, value, n int) (least, most []byte, ok bool) {
	switch v.Column.Type {
	case schema.Bool:
		lo, hi := byte(1), byte(0)
		for _, b := range v.Bools[value : value+n] {
			if b {
				hi = 1
			} else {
				lo = 0
			}
		}
		return []byte{lo}, []byte{hi}, true
	case schema.Bigint, schema.Timestamp, schema.Time, schema.Date:
		ints := v.Ints[value : value+n]
		lo, hi := ints[0], ints[0]
		for _, i := range ints {
			lo, hi = min(lo, i), max(hi, i)
		}
		if v.Column.Type == schema.Date {
			return binary.LittleEndian.AppendUint32(nil, uint32(lo)), binary.LittleEndian.AppendUint32(nil, uint32(hi)), true
		}
		return binary.LittleEndian.AppendUint64(nil, uint64(lo)), binary.LittleEndian.AppendUint64(nil, uint64(hi)), true
	case schema.Double:
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, d := range v.Doubles[value : value+n] {
			if d == d {
				lo, hi, ok = math.Min(lo, d), math.Max(hi, d), true
			}
		}
		// The format asks for -0 as a lower and +0 as an upper bound.
		if lo == 0 {
			lo = math.Copysign(0, -1)
		}
		if hi == 0 {
			hi = 0
		}
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(lo)), binary.LittleEndian.AppendUint64(nil, math.Float64bits(hi)), ok
	}
	if v.Column.Type == schema.Decimal {
		return decimalBounds(v.Data[decimalBytes*value : decimalBytes*(value+n)])
	}
	return textBounds(v, value, n)
}

func decimalBounds(data []byte) (least, most []byte, ok bool) {
	x := indexer{column: schema.Column{Type: schema.Decimal}}
	least, most = data[:decimalBytes], data[:decimalBytes]
	for data = data[decimalBytes:]; len(data) > 0; data = data[decimalBytes:] {
		b := data[:decimalBytes]
		if x.less(b, least) {
			least = b
		} else if x.less(most, b) {
			most = b
		}
	}
	return least, most, true
}

func textBounds(v *schema.Vector, value, n int) (least, most []byte, ok bool) {
	least = v.Bytes(value)
	most = least
	low, high := prefix(least), prefix(most)
	start := v.Ends[value] + lengthBytes
	for _, end := range v.Ends[value+1 : value+n] {
		b := v.Data[start:end]
		start = end + lengthBytes
		// Most values are inside, and most of these are so by their first
		// bytes. Addresses begin alike, but often come in order.
		p := prefix(b)
		if p > low && p < high {
			continue
		}
		if bytes.Compare(b, most) > 0 {
			most, high = b, p
		} else if p <= low && bytes.Compare(b, least) < 0 {
			least, low = b, p
		}
	}
	return notNil(least), notNil(most), true
}

// prefix orders byte strings by their first eight bytes; the order of those
// with one prefix is open.
func prefix(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var short [8]byte
	copy(short[:], b)
	return binary.BigEndian.Uint64(short[:])
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// bounds returns the least and greatest of the entries with the given ids.
func (d *dictionary) bounds(seen []bool, ids []int32) (least, most []byte) {
	clear(seen)
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		b := d.text(int(id))
		if least == nil || bytes.Compare(b, least) < 0 {
			least = b
		}
		if most == nil || bytes.Compare(b, most) > 0 {
			most = b
		}
	}
	return least, most
}
