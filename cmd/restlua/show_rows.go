package main

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

const (
	// maxCell bounds a value on the screen, so that some of the next row's fits
	// beside a long text.
	maxCell = 40
	// maxRefused bounds a row that was refused.
	maxRefused = 1000
)

// columnValues are the values of the i-th column, one for each row, as the
// screen shows them.
func columnValues(t *overview.Table, i int) []string {
	var out []string
	for _, row := range t.Cells {
		switch text := row[i].Text; {
		case row[i].Null:
			out = append(out, "null")
		case t.Columns[i].Type == schema.Text:
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

// shownJSON is what show --json prints.
type shownJSON struct {
	*state.State
	FirstRows  map[string]tableRows `json:"first_rows"`
	Rejected   []rejectedJSON       `json:"rejected,omitempty"`
	Unfinished *unfinishedJSON      `json:"unfinished,omitempty"`
}

// rejectedJSON are the rows that one load refused.
type rejectedJSON struct {
	Load  int64             `json:"load"`
	Path  string            `json:"path"`
	Rows  int64             `json:"rows"`
	More  bool              `json:"more,omitempty"` // there are more than rows
	First []json.RawMessage `json:"first"`
}

// unfinishedJSON is a load that is not committed.
type unfinishedJSON struct {
	Load      int64            `json:"load"`
	CreatedAt string           `json:"created_at"`
	Rows      map[string]int64 `json:"rows"`
}

func newShownJSON(d *overview.Dataset) shownJSON {
	out := shownJSON{State: d.State, FirstRows: map[string]tableRows{}}
	for i := range d.Tables {
		out.FirstRows[d.Tables[i].Name] = tableRows{&d.Tables[i]}
	}
	for _, r := range d.Rejected {
		x := rejectedJSON{Load: r.Load, Path: r.Path, Rows: r.Rows, More: r.More, First: []json.RawMessage{}}
		for _, line := range r.First {
			if json.Valid(line) {
				x.First = append(x.First, line)
			}
		}
		out.Rejected = append(out.Rejected, x)
	}
	if u := d.Unfinished; u != nil {
		out.Unfinished = &unfinishedJSON{u.Number, u.CreatedAt.UTC().Format(time.RFC3339), u.Rows}
	}
	return out
}

// tableRows are the first rows of a table.
type tableRows struct{ *overview.Table }

// MarshalJSON makes the rows a list of objects whose keys stand in the order of
// the columns. Texts, times and binary values are strings, all else is as JSON
// has it.
func (r tableRows) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, row := range r.Cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for k, c := range r.Columns {
			if k > 0 {
				b = append(b, ',')
			}
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
	if t.InJSON() && json.Valid([]byte(c.Text)) { // not NaN
		return append(b, c.Text...)
	}
	return rawjson.AppendQuoted(b, strings.ToValidUTF8(c.Text, "\ufffd"))
}
