package schema

import "encoding/binary"

// Batch is rows of one table, in columns. A batch belongs to one goroutine at
// a time; whoever gets it says when it may be used again.
type Batch struct {
	Table   *Table // name and resource; its Columns may run ahead of the batch's
	Rows    int
	Vectors []*Vector
}

// Vector holds the values of one column of a batch: the non-null values one
// behind the other, and a bitmap of the rows that have one. A vector that was
// not touched by the last rows is shorter than the batch: rows from Len on are
// null. So a missing field costs nothing.
//
// Values of Text, JSON and Binary stand in Data as Parquet's plain encoding has
// them, with their length in four bytes before each, least first: pages are
// slices of Data. StartBytes and EndBytes, or AppendBytes, put them there.
type Vector struct {
	Column  Column
	Len     int    // rows covered by Valid
	Count   int    // values, that is rows that are not null
	Valid   []byte // bit r&7 of byte r>>3: row r has a value; at least (Len+7)/8 bytes
	Bools   []bool
	Ints    []int64
	Doubles []float64
	Data    []byte
	Ends    []uint32 // where each value ends in Data (Text, JSON, Binary)
}

// Grow marks row as having a value and reports whether it had one already
// (a key twice in one object), in which case the caller overwrites the last
// value in place of adding one.
func (v *Vector) Grow(row int) (again bool) {
	i := row >> 3
	for len(v.Valid) <= i {
		v.Valid = append(v.Valid, 0)
	}
	bit := byte(1) << (row & 7)
	if v.Valid[i]&bit != 0 {
		return true
	}
	v.Valid[i] |= bit
	v.Len = row + 1
	v.Count++
	return false
}

// AppendRows adds the first rows of from, which has the same type, as the rows
// from start on, where v's next row may be. Rows with drop[row] are left out and
// take no place; drop may be nil.
func (v *Vector) AppendRows(start int, from *Vector, rows int, drop []bool) {
	to, value := start, 0
	for row := range min(rows, from.Len) {
		valid := from.IsValid(row)
		if drop == nil || !drop[row] {
			if valid {
				v.Grow(to)
				v.appendValue(from, value)
			}
			to++
		}
		if valid {
			value++
		}
	}
}

// appendValue adds the i-th value of from.
func (v *Vector) appendValue(from *Vector, i int) {
	switch from.Column.Type {
	case Bool:
		v.Bools = append(v.Bools, from.Bools[i])
	case Double:
		v.Doubles = append(v.Doubles, from.Doubles[i])
	case Decimal:
		v.Data = append(v.Data, from.Data[16*i:16*i+16]...)
	case Text, JSON, Binary:
		v.AppendBytes(from.Bytes(i))
	default:
		v.Ints = append(v.Ints, from.Ints[i])
	}
}

// IsValid reports whether row has a value.
func (v *Vector) IsValid(row int) bool {
	return row < v.Len && v.Valid[row>>3]&(1<<(row&7)) != 0
}

// lengthBytes is what stands before each value in Data.
const lengthBytes = 4

// AppendBytes adds a value to a Text, JSON or Binary vector.
func (v *Vector) AppendBytes(b []byte) {
	v.Data = append(binary.LittleEndian.AppendUint32(v.Data, uint32(len(b))), b...)
	v.Ends = append(v.Ends, uint32(len(v.Data)))
}

// StartBytes begins a value of a Text, JSON or Binary vector, which is what is
// appended to Data until EndBytes is called.
func (v *Vector) StartBytes() { v.Data = append(v.Data, 0, 0, 0, 0) }

// EndBytes ends a value that StartBytes began, and returns it.
func (v *Vector) EndBytes() []byte {
	start := v.start(len(v.Ends))
	value := v.Data[start+lengthBytes:]
	binary.LittleEndian.PutUint32(v.Data[start:], uint32(len(value)))
	v.Ends = append(v.Ends, uint32(len(v.Data)))
	return value
}

// Bytes returns the bytes of the i-th value (not row) of a Text, JSON or Binary
// vector. The slice is valid until the vector changes.
func (v *Vector) Bytes(i int) []byte {
	return v.Data[v.start(i)+lengthBytes : v.Ends[i]]
}

// Plain returns n values of a Text, JSON or Binary vector from the i-th on, in
// plain encoding: each behind its length. The slice is valid until the vector
// changes.
func (v *Vector) Plain(i, n int) []byte {
	return v.Data[v.start(i):v.start(i+n)]
}

// start is where the i-th value's length stands in Data, or will.
func (v *Vector) start(i int) uint32 {
	if i == 0 {
		return 0
	}
	return v.Ends[i-1]
}

// Reset empties the vector and keeps its memory.
func (v *Vector) Reset() {
	clear(v.Valid)
	v.Len, v.Count = 0, 0
	v.Valid = v.Valid[:0]
	v.Bools = v.Bools[:0]
	v.Ints = v.Ints[:0]
	v.Doubles = v.Doubles[:0]
	v.Data = v.Data[:0]
	v.Ends = v.Ends[:0]
}

// Size is the memory that the values take, in bytes.
func (v *Vector) Size() int {
	return len(v.Valid) + len(v.Bools) + 8*len(v.Ints) + 8*len(v.Doubles) + len(v.Data) + 4*len(v.Ends)
}

// Size is the memory that the batch's values take, in bytes.
func (b *Batch) Size() int {
	n := 0
	for _, v := range b.Vectors {
		n += v.Size()
	}
	return n
}
