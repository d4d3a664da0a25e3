// Package state is the document state.json: the record of a dataset. Its
// atomic replacement is the commit of a load (spec: dataset).
package state

import (
	"encoding/json"
	"time"

	"github.com/restlua/restlua/engine/schema"
)

// Format is the version of the document that this engine writes. It reads the
// older ones too: 1 had the numbers of loads in the loads themselves.
const Format = 2

// State is the whole document. Its JSON is that of `restlua show --json`; the
// file has the loads in fewer words (Encode).
type State struct {
	Format      int                  `json:"format"`
	Source      string               `json:"source"`
	Generation  int64                `json:"generation"` // number of the last committed load
	LoadID      string               `json:"load_id"`
	CommittedAt time.Time            `json:"committed_at"`
	Resources   map[string]*Resource `json:"resources"`
	Tables      map[string]*Table    `json:"tables"`
	Loads       []Load               `json:"loads"` // the last 100
}

// Resource is what a resource keeps from load to load.
type Resource struct {
	Incremental map[string]*Cursor `json:"incremental,omitempty"` // by cursor path
	// PerParent holds cursors by cursor path and parent value (OPR-33).
	PerParent map[string]map[string]*Cursor `json:"per_parent,omitempty"`
	// Deferred are records of the parent whose series failed; the next load
	// takes them first (OPR-32).
	Deferred []json.RawMessage `json:"deferred,omitempty"`
	State    json.RawMessage   `json:"state,omitempty"` // ctx.state of hooks
}

// Cursor is the position of an incremental. Values are JSON scalars as they
// stood in the records: text, digits and type are kept.
type Cursor struct {
	InitialValue json.RawMessage `json:"initial_value"`
	LastValue    json.RawMessage `json:"last_value"`
	StartValue   json.RawMessage `json:"start_value"`
	Boundary     []string        `json:"boundary"` // hashes of the rows at LastValue
}

// Table is one table: its schema and its live files.
type Table struct {
	schema.Table
	WriteDisposition string   `json:"write_disposition"`
	PrimaryKey       []string `json:"primary_key,omitempty"`
	MergeKey         []string `json:"merge_key,omitempty"`
	Rows             int64    `json:"rows"`
	// Mixed says that older files may lack columns or have narrower types:
	// evolve = "union" left them as they were.
	Mixed bool   `json:"mixed,omitempty"`
	Files []File `json:"files"`
}

// File is one live file of a table.
type File struct {
	Name   string            `json:"name"`
	Rows   int64             `json:"rows"`
	Bytes  int64             `json:"bytes"`
	MinKey []json.RawMessage `json:"min_key,omitempty"`
	MaxKey []json.RawMessage `json:"max_key,omitempty"`
}

// Load is one committed load, as the last ones are listed.
type Load struct {
	Number      int64            `json:"number"`
	LoadID      string           `json:"load_id"`
	StartedAt   time.Time        `json:"started_at"`
	CommittedAt time.Time        `json:"committed_at"`
	Rows        map[string]int64 `json:"rows"`
	Requests    map[string]int64 `json:"requests,omitempty"` // by resource
	// Changes say what became of the tables; those that the load left as they
	// were are not among them.
	Changes map[string]Change `json:"changes,omitempty"`
}

// Change is what a load did to one table.
type Change struct {
	Created bool           `json:"created,omitempty"` // the table was not there before
	Added   int64          `json:"added,omitempty"`   // new rows
	Updated int64          `json:"updated,omitempty"` // rows that replaced one with the same key
	Deleted int64          `json:"deleted,omitempty"` // rows gone without a successor
	Columns []ColumnChange `json:"columns,omitempty"` // of a table that was there
}

// ColumnChange is a column that a load added, or whose type grew. Types are in
// the words of schema.Column.TypeName.
type ColumnChange struct {
	Name string `json:"name"`
	From string `json:"from,omitempty"` // empty: the column is new
	To   string `json:"to"`
}
