// Package schema holds the shape of tables: columns, their types, how a type
// grows (spec: normalisation, section 4), how names are made (section 1), and
// the Batch, the columnar rows that travel from the normaliser to a writer.
package schema

// Type is the type of a column, in the words of the config.
type Type uint8

// The types of columns.
const (
	None      Type = iota // no value seen yet: no column
	Bool                  // Vector.Bools
	Bigint                // Vector.Ints
	Double                // Vector.Doubles
	Decimal               // Vector.Data, 16 bytes each, big-endian two's complement of the unscaled value
	Text                  // Vector.Data + Ends
	JSON                  // Vector.Data + Ends
	Timestamp             // Vector.Ints, microseconds since 1970
	Date                  // Vector.Ints, days since 1970
	Time                  // Vector.Ints, microseconds since midnight
	Binary                // Vector.Data + Ends
)

// Column is one column of a table. Source identifies it: the JSON Pointer of
// the value within the record or list element ("/user/login"), "/" + name of
// the value column for list scalars, or the name itself for the engine's own
// columns (_rl_id). Name is what readers see; it may be settled late (NRM-12),
// so columns are matched by Source everywhere.
type Column struct {
	Name      string `json:"name"`
	Type      Type   `json:"type"`
	Precision int    `json:"precision,omitempty"` // decimal
	Scale     int    `json:"scale,omitempty"`     // decimal
	Naive     bool   `json:"naive,omitempty"`     // timestamp without time zone
	Nullable  bool   `json:"nullable"`
	Source    string `json:"source,omitempty"`
	Declared  bool   `json:"declared,omitempty"` // data_type given by the script
	Facts     *Facts `json:"facts,omitempty"`    // what typing needs (NRM-51, NRM-53); nil for system columns
}

// Table is one table: a resource's root table, or a child table for a list.
type Table struct {
	Name     string   `json:"-"`
	Resource string   `json:"resource"`
	Parent   string   `json:"parent,omitempty"` // table that the list stands in; empty for a root table
	Source   string   `json:"source,omitempty"` // of a child table: path of the list from the root record, "/labels", list elements as "/*"
	Columns  []Column `json:"columns"`          // source order, the engine's own last
}

// Column returns the column called name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// BySource returns the column with the given source, or nil.
func (t *Table) BySource(source string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Source == source {
			return &t.Columns[i]
		}
	}
	return nil
}

// Match returns the column of t that is the same as c: by source, or by name
// where one of both has no source yet (declared and never seen).
func (t *Table) Match(c *Column) *Column {
	if c.Source != "" {
		if m := t.BySource(c.Source); m != nil {
			return m
		}
	}
	if m := t.Column(c.Name); m != nil && (m.Source == "" || c.Source == "") {
		return m
	}
	return nil
}

// The names, and sources, of the engine's own columns (NRM-40).
const (
	ID       = "_rl_id"
	LoadID   = "_rl_load_id"
	ParentID = "_rl_parent_id"
	ListIdx  = "_rl_list_idx"
	RootID   = "_rl_root_id"
)

// IDShift is how far a load's number is shifted in a row's id (NRM-41).
const IDShift = 36
