package main

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

const (
	// firstRows is how many rows of each table show shows.
	firstRows = 3
	// maxCell bounds a value on the screen, so that some of the next row's fits
	// beside a long text.
	maxCell = 40
)

// tableRows are the first rows of a table.
type tableRows struct {
	columns []schema.Column
	cells   [][]dataset.Cell // by row, then by column
}

// readFirst reads the first n rows of the dataset's tables, by table.
func readFirst(ctx context.Context, dir string, s *state.State, n int) (map[string]tableRows, error) {
	out := map[string]tableRows{}
	for _, name := range tableNames(s) {
		columns, cells, err := dataset.ReadRows(ctx, dir, parquet.Format{}, name, n)
		if err != nil {
			return nil, err
		}
		out[name] = tableRows{columns, cells}
	}
	return out, nil
}

// find returns the position of a column, or -1: a load that was committed since
// the state was read may have changed the columns.
func (r tableRows) find(name string) int {
	for i, c := range r.columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// values are the values of a column, one for each row, as the screen shows them.
func (r tableRows) values(column string) []string {
	at := r.find(column)
	if at < 0 {
		return nil
	}
	var out []string
	for _, row := range r.cells {
		switch text := row[at].Text; {
		case row[at].Null:
			out = append(out, "null")
		case r.columns[at].Type == schema.Text:
			// In quotes an empty text, blanks and the text null can be seen.
			quoted := string(rawjson.AppendQuoted(nil, text))
			out = append(out, cut(printable(quoted), maxCell))
		default:
			out = append(out, cut(printable(text), maxCell))
		}
	}
	return out
}

// maxWidths are the widths of the rows' values over all columns.
func maxWidths(lines [][]string) []int {
	var widths []int
	for _, values := range lines {
		for i, v := range values {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(v))
		}
	}
	return widths
}

// MarshalJSON makes the rows a list of objects whose keys stand in the order of
// the columns. Texts, times and binary values are strings, all else is as JSON
// has it.
func (r tableRows) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, row := range r.cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		first := true
		for k, c := range r.columns {
			if c.Type == schema.None {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(rawjson.AppendQuoted(b, c.Name), ':')
			b = appendCell(b, c.Type, row[k])
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
}

func appendCell(b []byte, t schema.Type, c dataset.Cell) []byte {
	if c.Null {
		return append(b, "null"...)
	}
	switch t {
	case schema.Bool, schema.Bigint, schema.Double, schema.Decimal, schema.JSON:
		if json.Valid([]byte(c.Text)) { // not NaN
			return append(b, c.Text...)
		}
	}
	return rawjson.AppendQuoted(b, strings.ToValidUTF8(c.Text, "\ufffd"))
}
