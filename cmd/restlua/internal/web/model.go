package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

const (
	// refusedRows is how many of the rows that a load refused the page gets.
	refusedRows = 20
	// maxText bounds a value, in characters: what is longer is cut.
	maxText = 10_000
)

// datasetJSON is what the page shows of all tables. Values of rows and cursors
// are texts everywhere, so that no digit passes through a number of the script.
type datasetJSON struct {
	Source     string            `json:"source"`
	Folder     string            `json:"folder"`
	Version    string            `json:"version"`
	Load       int64             `json:"load"` // of the state
	Committed  time.Time         `json:"committed"`
	Changed    bool              `json:"changed"` // by compact or state, since the last load
	Tables     []summary         `json:"tables"`
	Loads      []loadJSON        `json:"loads"` // the oldest first
	Cursors    []overview.Cursor `json:"cursors"`
	Rejected   []rejectedJSON    `json:"rejected"`
	Unfinished *unfinishedJSON   `json:"unfinished"`
}

// summary is a table in the list.
type summary struct {
	Name        string   `json:"name"`
	Parent      string   `json:"parent,omitempty"`
	Depth       int      `json:"depth"`
	Rows        int64    `json:"rows"`
	Files       int      `json:"files"`
	Bytes       int64    `json:"bytes"`
	Columns     int      `json:"columns"`
	Disposition string   `json:"disposition"`
	Key         []string `json:"key,omitempty"`
	Mixed       bool     `json:"mixed,omitempty"`
}

type loadJSON struct {
	Number    int64                   `json:"number"`
	Started   time.Time               `json:"started"`
	Committed time.Time               `json:"committed"`
	Requests  int64                   `json:"requests"`
	Changes   map[string]state.Change `json:"changes"`
}

type rejectedJSON struct {
	Load  int64    `json:"load"`
	Path  string   `json:"path"`
	Rows  int64    `json:"rows"`
	More  bool     `json:"more"`
	First []string `json:"first"` // JSON, indented
}

type unfinishedJSON struct {
	Load    int64        `json:"load"`
	Created time.Time    `json:"created"`
	Bytes   int64        `json:"bytes"`
	Tables  []stagedJSON `json:"tables"`
}

type stagedJSON struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// tableJSON is one table with its columns and first rows.
type tableJSON struct {
	Name    string           `json:"name"`
	Load    int64            `json:"load"` // of the state that it belongs to
	Columns []columnJSON     `json:"columns"`
	Rows    [][]*string      `json:"rows"` // null is null; JSON is indented
	Cut     bool             `json:"cut"`  // a value was too long
	Queries []overview.Query `json:"queries"`
	Problem string           `json:"problem,omitempty"`
}

type columnJSON struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Kind     string `json:"kind"` // number text json other: how values stand
	Nullable bool   `json:"nullable"`
	Source   string `json:"source"` // path in the record; empty: a column of the engine
}

func newDataset(d *overview.Dataset, o Options) *datasetJSON {
	out := &datasetJSON{
		Source: d.Source, Folder: o.Folder, Version: o.Version, Load: d.Generation, Committed: d.CommittedAt, Changed: d.ChangedSince(),
		Tables: []summary{}, Loads: []loadJSON{}, Cursors: []overview.Cursor{}, Rejected: []rejectedJSON{},
	}
	for _, t := range d.Tables {
		out.Tables = append(out.Tables, summary{
			Name: t.Name, Parent: t.Parent, Depth: t.Depth, Rows: t.Rows, Files: len(t.Files), Bytes: t.Bytes,
			Columns: len(t.Columns), Disposition: t.WriteDisposition, Key: t.PrimaryKey, Mixed: t.Mixed,
		})
	}
	for _, l := range d.Loads {
		x := loadJSON{Number: l.Number, Started: l.StartedAt, Committed: l.CommittedAt, Changes: l.Changes}
		for _, n := range l.Requests {
			x.Requests += n
		}
		out.Loads = append(out.Loads, x)
	}
	for _, c := range d.Cursors {
		c.Hooks = indented(c.Hooks)
		c.Hooks, _ = short(c.Hooks)
		out.Cursors = append(out.Cursors, c)
	}
	for _, r := range d.Rejected {
		x := rejectedJSON{Load: r.Load, Path: r.Path, Rows: r.Rows, More: r.More, First: []string{}}
		for _, line := range r.First {
			text, _ := short(indented(string(line)))
			x.First = append(x.First, text)
		}
		out.Rejected = append(out.Rejected, x)
	}
	if u := d.Unfinished; u != nil {
		out.Unfinished = &unfinishedJSON{Load: u.Number, Created: u.CreatedAt, Bytes: u.Bytes, Tables: []stagedJSON{}}
		for _, name := range slices.Sorted(maps.Keys(u.Rows)) {
			out.Unfinished.Tables = append(out.Unfinished.Tables, stagedJSON{name, u.Rows[name]})
		}
	}
	return out
}

func newTable(d *overview.Dataset, t *overview.Table) *tableJSON {
	out := &tableJSON{Name: t.Name, Load: d.Generation, Columns: []columnJSON{}, Rows: [][]*string{}, Queries: t.Queries}
	if t.Problem != nil {
		out.Problem = t.Problem.Error()
	}
	for _, c := range t.Columns {
		x := columnJSON{Name: c.Name, Type: c.TypeName(), Kind: kind(c.Type), Nullable: c.Nullable, Source: c.Source}
		if strings.HasPrefix(c.Source, "_rl_") {
			x.Source = ""
		}
		out.Columns = append(out.Columns, x)
	}
	for _, row := range t.Cells {
		cells := make([]*string, len(row))
		for i, c := range row {
			if text, cut := cellText(t.Columns[i].Type, c); !c.Null {
				cells[i], out.Cut = &text, out.Cut || cut
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func cellText(t schema.Type, c dataset.Cell) (text string, cut bool) {
	if t == schema.JSON {
		return short(indented(c.Text))
	}
	return short(c.Text)
}

// kind says how a value stands on the page.
func kind(t schema.Type) string {
	switch t {
	case schema.Bigint, schema.Double, schema.Decimal:
		return "number"
	case schema.Text:
		return "text"
	case schema.JSON:
		return "json"
	}
	return "other"
}

// indented lays JSON out in lines; numbers stay as they are written. Other text
// comes back as it was.
func indented(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}

// short cuts a text at maxText characters.
func short(text string) (_ string, cut bool) {
	if len(text) <= maxText {
		return text, false
	}
	n := 0
	for i := range text {
		if n == maxText {
			return text[:i] + "…", true
		}
		n++
	}
	return text, false
}
