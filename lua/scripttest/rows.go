package scripttest

import (
	"context"
	"strings"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

// rows are the rows of a table of the dataset in dir as a JSON list, in the
// order of its files. Nulls and the engine's own columns are left out.
func rows(ctx context.Context, dir string, t *state.Table) ([]byte, error) {
	cells, err := dataset.ReadRows(ctx, dir, parquet.Format{}, t, int(t.Rows))
	if err != nil {
		return nil, err
	}
	out := []byte{'['}
	for i, row := range cells {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '{')
		empty := len(out)
		for k, c := range t.Columns {
			if row[k].Null || strings.HasPrefix(c.Name, "_rl_") {
				continue
			}
			if len(out) > empty {
				out = append(out, ',')
			}
			out = append(rawjson.AppendQuoted(out, c.Name), ':')
			if c.Type.InJSON() {
				out = append(out, row[k].Text...)
			} else {
				out = rawjson.AppendQuoted(out, row[k].Text)
			}
		}
		out = append(out, '}')
	}
	return append(out, ']'), nil
}
