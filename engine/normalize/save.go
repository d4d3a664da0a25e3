package normalize

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
)

// saved is a normaliser between two records, as JSON: what it learnt of tables
// and columns, in order of appearance. Rows are not in it; Flush comes first.
type saved struct {
	Rows     int64        `json:"rows"`
	Lone     int          `json:"lone,omitempty"`
	Dropped  []Dropped    `json:"dropped,omitempty"`
	Warnings []string     `json:"warnings,omitempty"`
	Warned   []string     `json:"warned,omitempty"`
	Tables   []savedTable `json:"tables"`
}

type savedTable struct {
	Source  string          `json:"source"`
	Rows    int64           `json:"rows"`
	Columns []schema.Column `json:"columns"`
}

// Save returns what Restore needs to go on with the next record. The batches
// must have been flushed.
func (n *Normalizer) Save() ([]byte, error) {
	s := saved{Rows: n.rows, Lone: n.lone, Dropped: n.dropped, Warnings: n.warnings}
	for key := range n.warned {
		s.Warned = append(s.Warned, key)
	}
	for _, t := range n.tables {
		if t.batch != nil && t.batch.Rows > 0 {
			return nil, fmt.Errorf("table %s has rows that were not flushed", t.name)
		}
		x := savedTable{Source: t.source, Rows: t.rows}
		for _, c := range t.cols {
			col := c.col
			facts := *c.facts
			col.Facts = &facts
			x.Columns = append(x.Columns, col)
		}
		s.Tables = append(s.Tables, x)
	}
	return json.Marshal(s)
}

// Restore brings a normaliser that was made with the same options and has not
// taken a record yet to where Save was called.
func (n *Normalizer) Restore(text []byte) error {
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("the saved state of table %s cannot be read: %w", n.root.name, err)
	}
	n.rows, n.lone, n.dropped, n.warnings = s.Rows, s.Lone, s.Dropped, s.Warnings
	for _, key := range s.Warned {
		n.warned[key] = true
	}
	for _, x := range s.Tables {
		t, err := n.tableAt(x.Source)
		if err != nil {
			return err
		}
		t.rows = x.Rows
		for _, col := range x.Columns {
			if err := n.restoreColumn(t, col); err != nil {
				return err
			}
		}
	}
	return nil
}

// tableAt returns the table of a list by its path from the root record.
func (n *Normalizer) tableAt(source string) (*table, error) {
	t := n.root
	if source == "" {
		return t, nil
	}
	for list := range strings.SplitSeq(source, "/*") {
		f := t.shape.at(n, list)
		if f == nil {
			return nil, fmt.Errorf("%q is no path of a list", source)
		}
		t = f.listTable(n)
	}
	return t, nil
}

// at returns the field at a JSON Pointer below the shape; nil for the empty one.
func (s *shape) at(n *Normalizer, pointer string) *field {
	var f *field
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if f != nil {
			s = f.objectShape()
		}
		key := strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		f = s.field(n, rawjson.AppendQuoted(nil, key))
	}
	return f
}

func (n *Normalizer) restoreColumn(t *table, col schema.Column) error {
	var c *column
	switch {
	case col.Source != "":
		f := t.shape.at(n, col.Source)
		if f == nil {
			return fmt.Errorf("%q is no path of a column", col.Source)
		}
		var err error
		if c, err = f.column(n); err != nil {
			return err
		}
	case t == n.root:
		c = n.columnNamed(col.Name)
	default:
		return fmt.Errorf("column %q of table %s has no source", col.Name, t.name)
	}
	if col.Facts != nil {
		*c.facts = *col.Facts
	}
	c.declared = c.declared || col.Declared
	c.col.Type, c.col.Precision, c.col.Scale, c.col.Naive, c.col.Nullable, c.col.Declared = col.Type, col.Precision, col.Scale, col.Naive, col.Nullable, col.Declared
	return nil
}
