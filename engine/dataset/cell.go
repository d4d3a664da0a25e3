package dataset

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/restlua/restlua/engine/schema"
)

// cell is one value that is not null, for comparing with others of its column.
type cell struct {
	n int64      // bool, bigint, timestamp, date, time
	f float64    // double
	d schema.Dec // decimal
	s string     // text, json, binary
}

// cellAt is the i-th value of a vector.
func cellAt(v *schema.Vector, i int) cell {
	switch v.Column.Type {
	case schema.Bool:
		if v.Bools[i] {
			return cell{n: 1}
		}
		return cell{}
	case schema.Double:
		return cell{f: v.Doubles[i]}
	case schema.Decimal:
		return cell{d: schema.DecAt(v.Data, i)}
	case schema.Text, schema.JSON, schema.Binary:
		return cell{s: string(v.Bytes(i))}
	}
	return cell{n: v.Ints[i]}
}

// compare orders two values of one column.
func (a cell) compare(b cell) int {
	return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.f, b.f), cmp.Compare(a.d.Hi, b.d.Hi), cmp.Compare(a.d.Lo, b.d.Lo), strings.Compare(a.s, b.s))
}

// json is how state.json shows the value.
func (a cell) json(c *schema.Column) json.RawMessage {
	switch c.Type {
	case schema.Bool:
		return strconv.AppendBool(nil, a.n == 1)
	case schema.Bigint:
		return strconv.AppendInt(nil, a.n, 10)
	case schema.Double:
		return strconv.AppendFloat(nil, a.f, 'g', -1, 64)
	case schema.Decimal:
		return schema.AppendDecText(nil, a.d, c.Scale)
	}
	text := a.s
	switch c.Type {
	case schema.Timestamp, schema.Date, schema.Time:
		v := schema.Vector{Column: *c, Ints: []int64{a.n}}
		text = string(v.AppendText(nil, 0, 0))
	case schema.Binary:
		text = base64.StdEncoding.EncodeToString([]byte(a.s))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(text) != nil {
		return nil // a string always encodes
	}
	return bytes.TrimSpace(b.Bytes())
}

// parseCell is the opposite of json.
func parseCell(raw json.RawMessage, c *schema.Column) (a cell, err error) {
	bad := fmt.Errorf("%s is no value of a %s", raw, c.TypeName())
	ok := true
	switch c.Type {
	case schema.Bool:
		if string(raw) == "true" {
			a.n = 1
		}
		return a, nil
	case schema.Bigint:
		a.n, err = strconv.ParseInt(string(raw), 10, 64)
		return a, err
	case schema.Double:
		a.f, err = strconv.ParseFloat(string(raw), 64)
		return a, err
	case schema.Decimal:
		if a.d, ok = schema.ParseDec(raw, c.Scale); !ok {
			return a, bad
		}
		return a, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return a, err
	}
	switch c.Type {
	case schema.Timestamp:
		a.n, _, _, ok = schema.ParseTimestamp([]byte(text))
	case schema.Date:
		a.n, ok = schema.ParseDate([]byte(text))
	case schema.Time:
		a.n, ok = schema.ParseTime([]byte(text))
	case schema.Binary:
		var b []byte
		b, err = base64.StdEncoding.DecodeString(text)
		a.s = string(b)
	default:
		a.s = text
	}
	if !ok {
		err = bad
	}
	return a, err
}

// appendKey appends the i-th value of a vector to the bytes that a key's hash
// is made of: its type is settled, so equal values are equal bytes (NRM-92).
func appendKey(dst []byte, v *schema.Vector, i int) []byte {
	switch v.Column.Type {
	case schema.Bool:
		if v.Bools[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case schema.Double:
		f := v.Doubles[i]
		if f == 0 {
			f = 0 // -0 is 0
		}
		return appendUint64(dst, math.Float64bits(f))
	case schema.Decimal:
		return append(dst, v.Data[16*i:16*i+16]...)
	case schema.Text, schema.JSON, schema.Binary:
		b := v.Bytes(i)
		return append(appendUint64(dst, uint64(len(b))), b...)
	}
	return appendUint64(dst, uint64(v.Ints[i]))
}
