package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers/parquet"
)

// field is one value of a row that is not null.
type field struct {
	name string
	v    *schema.Vector
	at   int // of the value in v
}

// eachRow gives every row of a Parquet file.
func eachRow(path string, row func(fields []field)) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r, err := parquet.Format{}.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	for g := range r.Parts() {
		var b schema.Batch
		if err := r.Read(g, nil, &b); err != nil {
			return err
		}
		next := make([]int, len(b.Vectors)) // values are stored without nulls
		for i := range b.Rows {
			var fields []field
			for k, v := range b.Vectors {
				if v.IsValid(i) {
					fields = append(fields, field{v.Column.Name, v, next[k]})
					next[k]++
				}
			}
			row(fields)
		}
	}
	return nil
}

// readRows reads a Parquet file as JSON lines, without the engine's columns and
// without nulls.
func readRows(path string) ([]string, error) {
	var out []string
	var failed error
	err := eachRow(path, func(fields []field) {
		row := map[string]any{}
		for _, f := range fields {
			if !strings.HasPrefix(f.name, "_rl_") {
				row[f.name] = cellOf(f.v, f.at)
			}
		}
		line, err := json.Marshal(row)
		failed = errors.Join(failed, err)
		out = append(out, string(line))
	})
	return out, errors.Join(err, failed)
}

// cellOf is the i-th value of a vector as JSON shows it.
func cellOf(v *schema.Vector, i int) any {
	text := v.AppendText(nil, i, 0)
	if v.Column.Type.InJSON() {
		return json.RawMessage(text)
	}
	return string(text)
}
