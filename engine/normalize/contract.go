package normalize

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/schema"
)

// Mode says what a schema contract does with a value that would change the
// schema.
type Mode uint8

// The modes of a contract, in the words of the config: evolve, freeze,
// discard_row, discard_value.
const (
	Evolve Mode = iota
	Freeze
	DiscardRow
	DiscardValue
)

var modeNames = [...]string{Evolve: "evolve", Freeze: "freeze", DiscardRow: "discard_row", DiscardValue: "discard_value"}

func (m Mode) String() string { return modeNames[m] }

// ParseMode is the opposite of String; the empty text is Evolve.
func ParseMode(text string) (Mode, error) {
	if text == "" {
		return Evolve, nil
	}
	if i := slices.Index(modeNames[:], text); i >= 0 {
		return Mode(i), nil
	}
	return Evolve, fmt.Errorf("unknown mode %q of a schema contract", text)
}

// Contract holds a mode for each kind of change: new child tables, new columns,
// values that would change a column's type. It holds from a resource's second
// load on (NRM-70).
type Contract struct{ Tables, Columns, DataType Mode }

// Dropped counts what a contract kept out of a table (NRM-77). Column is empty
// where a whole child table was refused.
type Dropped struct {
	Table, Column string
	Kind          string // tables, columns, data_type
	Mode          Mode
	Rows, Values  int64
}

// Rejected is a row that a contract refused (OPR-44).
type Rejected struct {
	Table, Column, Kind string
	Row                 []byte // JSON text of the row; valid only for the call
}

// What a refused value comes to; value, list and Record catch them.
var (
	errDropValue = errors.New("the value is dropped")
	errDropRow   = errors.New("the row is dropped")
)

// governed reports whether the contract holds for changes of t: its resource
// was loaded before, and so was the table itself (NRM-70, NRM-71).
func (n *Normalizer) governed(t *table) bool {
	return n.known[""] != nil && n.known[t.source] != nil
}

// violation decides over a value at a place of t by the mode of its kind.
func (n *Normalizer) violation(t *table, column, pointer, kind string, mode Mode, what string) error {
	if mode == Freeze {
		return &Error{Pointer: pointer, Text: fmt.Sprintf("the schema contract (%s = %q) of table %q refuses %s", kind, mode, t.name, what)}
	}
	d := n.drop(t.name, column, kind, mode)
	if mode == DiscardRow && kind != "tables" { // NRM-74: of a refused table the parent rows stay
		d.Rows++
		n.refused = Rejected{Table: t.name, Column: column, Kind: kind}
		return errDropRow
	}
	d.Values++
	return errDropValue
}

func (n *Normalizer) drop(table, column, kind string, mode Mode) *Dropped {
	for i := range n.dropped {
		if d := &n.dropped[i]; d.Table == table && d.Column == column && d.Kind == kind {
			return d
		}
	}
	n.dropped = append(n.dropped, Dropped{Table: table, Column: column, Kind: kind, Mode: mode})
	return &n.dropped[len(n.dropped)-1]
}

// Dropped returns what the contract kept out so far.
func (n *Normalizer) Dropped() []Dropped { return n.dropped }

// reject hands the refused row over and takes its rows back: those numbered
// from row on, with the columns that appeared from the fresh-th on.
func (n *Normalizer) reject(row int64, fresh int, text []byte) {
	n.takeBack(row, fresh)
	if n.o.Reject != nil {
		n.refused.Row = text
		n.o.Reject(n.refused)
	}
	n.refused = Rejected{}
}

// skipValue is the end of the value at i, which is not stored but must be JSON.
func (n *Normalizer) skipValue(i int) (int, error) {
	end, err := n.end(i)
	if err != nil {
		return i, &Error{Text: "the record is no valid JSON: " + err.Error()}
	}
	return end, nil
}

// mayAdd asks the contract about a new column of t.
func (n *Normalizer) mayAdd(t *table, f *field) error {
	if n.o.Contract.Columns == Evolve || !n.governed(t) {
		return nil
	}
	return n.violation(t, f.path(), f.pointer, "columns", n.o.Contract.Columns, fmt.Sprintf("the new column %q", f.path()))
}

// mayOpen asks the contract about a child table for the lists of f.
func (n *Normalizer) mayOpen(f *field) error {
	t := f.in.table
	if n.o.Contract.Tables == Evolve || !n.governed(t) || n.known[f.listSource()] != nil {
		return nil
	}
	return n.violation(t, f.path(), f.pointer, "tables", n.o.Contract.Tables, fmt.Sprintf("the new child table %q", schema.JoinPath(t.name, f.path())))
}

// misfit asks the contract about a value that a column's type cannot hold.
func (n *Normalizer) misfit(c *column, text []byte) error {
	return n.violation(c.table, c.col.Name, c.col.Source, "data_type", n.o.Contract.DataType,
		fmt.Sprintf("the value %s in column %q, which is %s", excerpt(text), c.col.Name, strings.TrimSpace(c.col.TypeName())))
}
