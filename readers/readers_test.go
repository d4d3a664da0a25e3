// Package readers holds tests only: programs that others wrote read what
// restlua writes, and get every row, column, type and value of it (RDR-09). It
// is a module of its own because DuckDB needs cgo.
//
// TestTables reads files that hold the hard cases of each type, TestLoads
// datasets after loads of all kinds, TestDataset any dataset there is,
// TestTorture reads while loads are committed. readers.py takes TestLoads'
// datasets to the readers that are written in other languages.
package readers

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
)

// content is what a reader says of a table: its columns as "name type", with
// the type in the words of schema.Column.TypeName, and each column's cells.
type content struct {
	columns []string
	cells   [][]string
	rows    int
}

// null is the cell of a null; the cells of values begin with '='.
const null = "-"

// cell shows a value so that equal texts are equal values: doubles by their
// bits, moments by their number of microseconds or days.
func cell(v *schema.Vector, i int) string {
	switch v.Column.Type {
	case schema.Bool:
		return fmt.Sprint("=", v.Bools[i])
	case schema.Bigint, schema.Timestamp, schema.Date, schema.Time:
		return fmt.Sprint("=", v.Ints[i])
	case schema.Double:
		return doubleCell(v.Doubles[i])
	case schema.Decimal:
		d := schema.DecAt(v.Data, i)
		n := new(big.Int).Lsh(big.NewInt(d.Hi), 64)
		return decimalCell(n.Add(n, new(big.Int).SetUint64(d.Lo)), v.Column.Scale)
	case schema.Binary:
		return binaryCell(v.Bytes(i))
	}
	return "=" + string(v.Bytes(i))
}

func doubleCell(f float64) string {
	if f != f {
		return "=NaN" // of many kinds of bits
	}
	return fmt.Sprintf("=%v %x", f, math.Float64bits(f))
}

func decimalCell(unscaled *big.Int, scale int) string { return fmt.Sprintf("=%de-%d", unscaled, scale) }

func binaryCell(b []byte) string { return "=" + hex.EncodeToString(b) }

// written is the content that readers must see of batches, when the table has
// become to: columns are converted, missing ones are null.
func written(t *testing.T, to *schema.Table, batches []*schema.Batch) content {
	t.Helper()
	out := content{cells: make([][]string, len(to.Columns))}
	for i := range to.Columns {
		out.columns = append(out.columns, to.Columns[i].Name+" "+to.Columns[i].TypeName())
	}
	for _, b := range batches {
		out.rows += b.Rows
		for i, c := range to.Columns {
			values := &schema.Vector{Column: c}
			for _, v := range b.Vectors {
				if v.Column.Source == c.Source {
					if err := schema.Convert(values, v, c); err != nil {
						t.Fatal(err)
					}
				}
			}
			n := 0
			for row := range b.Rows {
				text := null
				if values.IsValid(row) {
					text = cell(values, n)
					n++
				}
				out.cells[i] = append(out.cells[i], text)
			}
		}
	}
	return out
}

// same fails the test where a reader's content is not the wanted one.
func same(t *testing.T, who string, got, want content) {
	t.Helper()
	if !slices.EqualFunc(got.columns, want.columns, sameColumn) {
		t.Errorf("%s: columns\n%.60q\nwant\n%.60q", who, got.columns, want.columns)
		return
	}
	if got.rows != want.rows {
		t.Errorf("%s: %d rows, want %d", who, got.rows, want.rows)
	}
	for i, name := range want.columns {
		for row := range min(len(got.cells[i]), len(want.cells[i])) {
			if got.cells[i][row] != want.cells[i][row] {
				t.Errorf("%s: column %.40q, row %d: %.80q, want %.80q", who, name, row, got.cells[i][row], want.cells[i][row])
				break
			}
		}
	}
}

// sameColumn compares two columns; a reader that does not know JSON sees text.
func sameColumn(a, b string) bool {
	text := func(s string) string {
		if name, ok := strings.CutSuffix(s, " json"); ok {
			return name + " text"
		}
		return s
	}
	return text(a) == text(b)
}

// readers are the readers of this module, by name.
func readers(db *sql.DB) map[string]func(dir string) (content, error) {
	return map[string]func(dir string) (content, error){
		"DuckDB":   func(dir string) (content, error) { return byDuckDB(context.Background(), db, dir) },
		"arrow-go": func(dir string) (content, error) { return byArrow(context.Background(), dir) },
	}
}
