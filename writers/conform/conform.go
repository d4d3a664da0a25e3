// Package conform is the suite that every file format must pass: what a Writer
// got, a Reader gives back, and damaged files give errors.
package conform

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Run runs the suite on a format.
func Run(t *testing.T, f writers.Format) {
	t.Helper()
	t.Run("round trip", func(t *testing.T) { t.Parallel(); roundTrip(t, f) })
	t.Run("RDR-03 no rows", func(t *testing.T) { t.Parallel(); noRows(t, f) })
	t.Run("fits", func(t *testing.T) { t.Parallel(); fits(t, f) })
	t.Run("OPR-41 tail", func(t *testing.T) { t.Parallel(); tail(t, f) })
	t.Run("damaged", func(t *testing.T) { t.Parallel(); damaged(t, f) })
	if e, ok := f.(writers.Evolver); ok {
		t.Run("RDR-02 evolve", func(t *testing.T) { t.Parallel(); evolve(t, f, e) })
		t.Run("join", func(t *testing.T) { t.Parallel(); join(t, f, e) })
	}
}

// All returns a table with a column of every type, names that readers stumble
// over, and batches of it: the second lacks the first column, the last column
// is late. Its values are the hard ones of each type.
func All(rows int) (*schema.Table, []*schema.Batch) {
	table := &schema.Table{Name: "all"}
	add := func(name string, t schema.Type) *schema.Column {
		table.Columns = append(table.Columns, schema.Column{Name: name, Type: t, Nullable: true, Source: "/" + name})
		return &table.Columns[len(table.Columns)-1]
	}
	add("select", schema.Bool)
	add("a.b c", schema.Bigint)
	add("größe", schema.Double)
	dec := add("dec", schema.Decimal)
	dec.Precision, dec.Scale = 38, 4
	add(strings.Repeat("n", 300), schema.Text)
	add("json", schema.JSON)
	add("ts", schema.Timestamp)
	add("naive", schema.Timestamp).Naive = true
	add("date", schema.Date)
	add("time", schema.Time)
	add("binary", schema.Binary)
	add("late", schema.Bigint)
	table.Columns = append(table.Columns, schema.Column{Name: schema.ID, Source: schema.ID, Type: schema.Bigint})
	var batches []*schema.Batch
	for g := range 2 {
		b := &schema.Batch{Table: table, Rows: rows}
		for i, c := range table.Columns {
			v := &schema.Vector{Column: c}
			for row := range rows {
				lacks := g == 1 && i == 0 || g == 0 && c.Name == "late" || (row+i)%5 == 0 && c.Nullable
				if !lacks {
					v.Grow(row)
					appendValue(v, g*rows+row)
				}
			}
			if v.Count > 0 {
				b.Vectors = append(b.Vectors, v)
			}
		}
		batches = append(batches, b)
	}
	return table, batches
}

var (
	doubles = [...]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 0.1, math.MaxFloat64, math.SmallestNonzeroFloat64}
	ints    = [...]int64{0, -1, 1<<53 + 1, math.MaxInt64, math.MinInt64}
	texts   = [...]string{"", "nul\x00nul", "😀é", "plain", strings.Repeat("\U0010ffff", 40), strings.Repeat("long ", 100)}
	digits  = [...]string{"0", "-0.0001", "1.5", "9999999999999999999999999999999999.9999", "-9999999999999999999999999999999999.9999"}
)

func appendValue(v *schema.Vector, i int) {
	x := int64(i)*1_000_003 - 5_000_000
	switch v.Column.Type {
	case schema.Bool:
		v.Bools = append(v.Bools, i%3 == 0)
	case schema.Bigint:
		if v.Column.Name == schema.ID {
			v.Ints = append(v.Ints, 1<<36+int64(i))
			return
		}
		v.Ints = append(v.Ints, ints[i%len(ints)])
	case schema.Timestamp:
		v.Ints = append(v.Ints, x*1_000_000)
	case schema.Date:
		v.Ints = append(v.Ints, x%40_000)
	case schema.Time:
		v.Ints = append(v.Ints, max(x, -x)*977%86_400_000_000)
	case schema.Double:
		v.Doubles = append(v.Doubles, doubles[i%len(doubles)])
	case schema.Decimal:
		d, _ := schema.ParseDec([]byte(digits[i%len(digits)]), v.Column.Scale)
		v.Data = schema.AppendDec(v.Data, d)
	default:
		text := texts[i%len(texts)]
		if v.Column.Type == schema.JSON {
			text = fmt.Sprintf(`{"i":%d}`, i)
		}
		if v.Column.Type == schema.Binary {
			text = "\xff\x00" + text
		}
		v.AppendBytes([]byte(text))
	}
}

// Write makes a file of batches.
func Write(t testing.TB, f writers.Format, o writers.Options, table *schema.Table, batches ...*schema.Batch) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := f.Create(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Close(table, map[string]string{"restlua.table": table.Name})
	if err != nil {
		t.Fatal(err)
	}
	if info.Bytes != int64(out.Len()) || w.Size() != info.Bytes {
		t.Errorf("Info.Bytes = %d, Size = %d, the file has %d", info.Bytes, w.Size(), out.Len())
	}
	return out.Bytes()
}

// Cells shows the values of a vector, "-" for null; bits of doubles are kept.
func Cells(v *schema.Vector, rows int) []string {
	out := make([]string, rows)
	i := 0
	for r := range rows {
		out[r] = "-"
		if !v.IsValid(r) {
			continue
		}
		out[r] = "=" + string(v.AppendText(nil, i, 0))
		if v.Column.Type == schema.Double {
			out[r] = fmt.Sprintf("=%x", math.Float64bits(v.Doubles[i]))
		}
		i++
	}
	return out
}

// check reads a file back and compares it with the batches, converted to table.
func check(t *testing.T, f writers.Format, file []byte, table *schema.Table, batches []*schema.Batch) {
	t.Helper()
	r, err := f.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	cols := r.Columns()
	if len(cols) != len(table.Columns) {
		t.Fatalf("%d columns, want %d", len(cols), len(table.Columns))
	}
	for i, c := range table.Columns {
		if cols[i].Name != c.Name || !cols[i].SameType(c) {
			t.Errorf("RDR-05, RDR-07 column %d is %s %s, want %s %s", i, cols[i].Name, cols[i].TypeName(), c.Name, c.TypeName())
		}
	}
	expected, got := make([][]string, len(cols)), make([][]string, len(cols))
	for _, b := range batches {
		for i, c := range table.Columns {
			as := &schema.Vector{}
			for _, v := range b.Vectors {
				if v.Column.Source == c.Source {
					if err := schema.Convert(as, v, c); err != nil {
						t.Fatal(err)
					}
				}
			}
			expected[i] = append(expected[i], Cells(as, b.Rows)...)
		}
	}
	for p := range r.Parts() {
		var part schema.Batch
		if err := r.Read(p, nil, &part); err != nil {
			t.Fatal(err)
		}
		for i := range cols {
			got[i] = append(got[i], Cells(part.Vectors[i], part.Rows)...)
		}
	}
	for i, c := range table.Columns {
		if strings.Join(got[i], "|") != strings.Join(expected[i], "|") {
			t.Errorf("column %.20s is not what was written", c.Name)
		}
	}
	if rows := len(expected[0]); r.Rows() != int64(rows) {
		t.Errorf("Rows = %d, want %d", r.Rows(), rows)
	}
}

func roundTrip(t *testing.T, f writers.Format) {
	for _, rows := range []int{1, 9, 1000, 45_000} {
		for _, compression := range []string{"", "zstd", "snappy", "gzip", "none"} {
			table, batches := All(rows)
			check(t, f, Write(t, f, writers.Options{Compression: compression}, table, batches...), table, batches)
		}
	}
	if _, err := f.Create(&bytes.Buffer{}, writers.Options{Compression: "rar"}); err == nil {
		t.Error("an unknown compression is no error")
	}
}

func noRows(t *testing.T, f writers.Format) {
	table, _ := All(1)
	check(t, f, Write(t, f, writers.Options{}, table), table, nil)
}

func fits(t *testing.T, f writers.Format) {
	table, batches := All(10)
	w, err := f.Create(&bytes.Buffer{}, writers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(context.Background(), batches[0]); err != nil {
		t.Fatal(err)
	}
	if !w.Fits(batches[1]) {
		t.Error("a late column does not fit")
	}
	wider := &schema.Vector{Column: *table.Column("a.b c")}
	wider.Column.Type = schema.Double
	wider.Grow(0)
	wider.Doubles = append(wider.Doubles, 1.5)
	other := &schema.Batch{Table: table, Rows: 1, Vectors: []*schema.Vector{wider}}
	if w.Fits(other) {
		t.Error("a double fits a bigint column")
	}
	if w.Write(context.Background(), other) == nil {
		t.Error("Write takes a batch that does not fit")
	}
}

// damaged cuts and garbles a file: errors or values, never a panic.
func damaged(t *testing.T, f writers.Format) {
	table, batches := All(40)
	file := Write(t, f, writers.Options{}, table, batches...)
	read := func(b []byte) error {
		r, err := f.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return err
		}
		for g := range r.Parts() {
			var got schema.Batch
			if err := r.Read(g, nil, &got); err != nil {
				return err
			}
		}
		return nil
	}
	for n := 0; n < len(file); n += 1 + len(file)/200 {
		if read(file[:n]) == nil {
			t.Errorf("a file cut after %d of %d bytes is no error", n, len(file))
		}
	}
	for at := 0; at < len(file); at += 1 + len(file)/500 {
		b := bytes.Clone(file)
		b[at] ^= 0x55
		_ = read(b) // must return
	}
}
