package parquet

import (
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
)

// encodingSample is how many values tell whether an encoding is worth a try.
const encodingSample = 2048

// choose looks at the values and names the encoding that suits them. For a
// dictionary it leaves the indices in s.ids and the entries in c.dict. Pages of
// one chunk may differ in it.
func (c *chunk) choose(s *scratch, v *schema.Vector) format.Encoding {
	if v.Column.Type != schema.Bool && c.fromDictionary(s, v) {
		return format.RLEDictionary
	}
	switch v.Column.Type {
	case schema.Bigint, schema.Timestamp, schema.Time:
	default:
		return format.Plain
	}
	// Deltas are tried on the first values; ids and times shrink a lot.
	n := min(len(v.Ints), encodingSample)
	packed, err := (&delta.BinaryPackedEncoding{}).EncodeInt64(s.delta[:0], v.Ints[:n])
	s.delta = packed
	if err == nil && len(packed) < 7*n {
		return format.DeltaBinaryPacked
	}
	return format.Plain
}
