package scripttest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

// rows are the rows of a table as a JSON list, in the order of its files.
// Nulls and the engine's own columns are left out.
func rows(folder string, t *state.Table) ([]byte, error) {
	out := []byte{'['}
	for _, f := range t.Files {
		var err error
		if out, err = appendFile(out, filepath.Join(folder, f.Name)); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return append(out, ']'), nil
}

func appendFile(out []byte, path string) (_ []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := parquet.Format{}.Open(f, info.Size())
	if err != nil {
		return nil, err
	}
	for g := range r.Parts() {
		var b schema.Batch
		if err := r.Read(g, nil, &b); err != nil {
			return nil, err
		}
		next := make([]int, len(b.Vectors)) // values are stored without nulls
		for i := range b.Rows {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(out, '{')
			first := true
			for k, v := range b.Vectors {
				if !v.IsValid(i) {
					continue
				}
				if !strings.HasPrefix(v.Column.Name, "_rl_") {
					if !first {
						out = append(out, ',')
					}
					first = false
					out = append(rawjson.AppendQuoted(out, v.Column.Name), ':')
					out = appendValue(out, v, next[k])
				}
				next[k]++
			}
			out = append(out, '}')
		}
	}
	return out, nil
}

// appendValue appends the i-th value of a vector.
func appendValue(out []byte, v *schema.Vector, i int) []byte {
	switch v.Column.Type {
	case schema.Bool:
		return strconv.AppendBool(out, v.Bools[i])
	case schema.Bigint:
		return strconv.AppendInt(out, v.Ints[i], 10)
	case schema.Double:
		return strconv.AppendFloat(out, v.Doubles[i], 'g', -1, 64)
	case schema.Decimal:
		return append(out, decimal(v.Data[16*i:16*i+16], v.Column.Scale)...)
	case schema.JSON:
		return append(out, v.Bytes(i)...)
	case schema.Timestamp:
		layout := time.RFC3339Nano
		if v.Column.Naive {
			layout = "2006-01-02T15:04:05.999999999"
		}
		return rawjson.AppendQuoted(out, time.UnixMicro(v.Ints[i]).UTC().Format(layout))
	case schema.Date:
		return rawjson.AppendQuoted(out, time.Unix(86400*v.Ints[i], 0).UTC().Format(time.DateOnly))
	case schema.Time:
		return rawjson.AppendQuoted(out, time.UnixMicro(v.Ints[i]).UTC().Format("15:04:05.999999"))
	case schema.Binary:
		return rawjson.AppendQuoted(out, base64.StdEncoding.EncodeToString(v.Bytes(i)))
	}
	return rawjson.AppendQuoted(out, string(v.Bytes(i)))
}

// decimal is the text of 16 bytes of two's complement with their scale.
func decimal(raw []byte, scale int) string {
	n := new(big.Int).SetBytes(raw)
	if raw[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
}
