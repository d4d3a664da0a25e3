package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// column makes a column whose source is its name.
func col(name string, t schema.Type) schema.Column {
	c := schema.Column{Name: name, Type: t, Nullable: true, Source: "/" + name}
	if t == schema.Decimal {
		c.Precision, c.Scale = 38, 4
	}
	return c
}

var kinds = []schema.Type{schema.Bool, schema.Bigint, schema.Double, schema.Decimal, schema.Text, schema.JSON, schema.Timestamp, schema.Date, schema.Time, schema.Binary}

// random makes a batch over all types; style decides how values repeat and
// where nulls stand.
func random(r *rand.Rand, rows, style int) *schema.Batch {
	b := &schema.Batch{Table: &schema.Table{Name: "t"}, Rows: rows}
	for _, t := range kinds {
		v := &schema.Vector{Column: col("c_"+t.String(), t)}
		for row := range rows {
			if style%3 == 1 && r.IntN(3) > 0 || style%3 == 2 && row > rows/2 {
				continue
			}
			v.Grow(row)
			x := r.Int64()
			if style%2 == 0 {
				x %= 7
			}
			addRandom(v, x, style)
		}
		b.Vectors = append(b.Vectors, v)
	}
	id := &schema.Vector{Column: schema.Column{Name: schema.ID, Source: schema.ID, Type: schema.Bigint}}
	for row := range rows {
		id.Grow(row)
		id.Ints = append(id.Ints, int64(row)+1<<36)
	}
	b.Vectors = append(b.Vectors, id)
	return b
}

func addRandom(v *schema.Vector, x int64, style int) {
	switch v.Column.Type {
	case schema.Bool:
		v.Bools = append(v.Bools, x&1 == 0)
	case schema.Double:
		v.Doubles = append(v.Doubles, []float64{float64(x) / 8, math.NaN(), math.Inf(-1), math.Copysign(0, -1)}[max(0, x%4)%4])
	case schema.Decimal:
		v.Data = schema.AppendDec(v.Data, schema.DecInt(x).Rescale(4))
	case schema.Date:
		v.Ints = append(v.Ints, x%100000)
	case schema.Time:
		v.Ints = append(v.Ints, max(x, -x)%86400e6)
	case schema.Timestamp:
		v.Ints = append(v.Ints, x%(1<<50))
	case schema.Bigint:
		v.Ints = append(v.Ints, x)
	case schema.JSON:
		v.AppendBytes(fmt.Appendf(nil, `{"x":%d}`, x))
	default:
		text := fmt.Sprintf("é\x00😀 %d", x)
		if v.Column.Type == schema.Text && x%50 == 0 {
			text = strings.Repeat("long ", 100+style)
		}
		v.AppendBytes([]byte(text))
	}
}

// dump shows a vector's rows, for comparison.
func dump(v *schema.Vector, rows int) []string {
	out := make([]string, 0, rows)
	i := 0
	for r := range rows {
		if !v.IsValid(r) {
			out = append(out, "-")
			continue
		}
		out = append(out, string(v.AppendText(nil, i, 0)))
		i++
	}
	return out
}

func write(t testing.TB, table *schema.Table, o writers.Options, batches ...*schema.Batch) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := Format{}.Create(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Close(table, map[string]string{"restlua.table": "t"})
	if err != nil {
		t.Fatal(err)
	}
	if info.Bytes != int64(out.Len()) {
		t.Errorf("Info.Bytes = %d, the file has %d", info.Bytes, out.Len())
	}
	return out.Bytes()
}

func tableOf(b *schema.Batch) *schema.Table {
	t := &schema.Table{Name: "t"}
	for _, v := range b.Vectors {
		t.Columns = append(t.Columns, v.Column)
	}
	return t
}

// What is written comes back: all types, patterns of nulls, row groups of one
// batch and of several, compressions; row groups and batches that lack a column
// give nulls (RDR-05, RDR-06).
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for style, rows := range []int{1, 7, 8, 9, 1000, 30000} {
		for _, compression := range []string{"zstd", "snappy", "gzip", "none"} {
			for _, group := range []int64{1, 0} {
				t.Run(fmt.Sprintf("RDR-05 style %d rows %d %s group %d", style, rows, compression, group), func(t *testing.T) {
					t.Parallel()
					r := rand.New(rand.NewPCG(uint64(style), 1))
					first, second := random(r, rows, style), random(r, rows/2+1, style+1)
					table := tableOf(second)
					// The first batch lacks one column, the second another.
					lost := first.Vectors[4]
					first.Vectors = append(first.Vectors[:4:4], first.Vectors[5:]...)
					second.Vectors[1].Reset()
					file := write(t, table, writers.Options{Compression: compression, GroupBytes: group}, first, second)
					reader, err := open(bytes.NewReader(file), int64(len(file)))
					if err != nil {
						t.Fatal(err)
					}
					groups := len(reader.f.RowGroups())
					if reader.Rows() != int64(first.Rows+second.Rows) || groups != 1+int(group) || reader.Meta()["restlua.table"] != "t" {
						t.Fatalf("rows %d groups %d meta %v", reader.Rows(), groups, reader.Meta())
					}
					for i, c := range reader.Columns() {
						if c.Name != table.Columns[i].Name || !c.SameType(table.Columns[i]) {
							t.Errorf("RDR-07 column %d is %s %s, want %s %s", i, c.Name, c.TypeName(), table.Columns[i].Name, table.Columns[i].TypeName())
						}
					}
					compareRows(t, reader, table, []*schema.Batch{first, second}, lost.Column)
				})
			}
		}
	}
}

// compareRows compares what a reader gives, part by part, with batches; lacking
// is a column that one of them does not have.
func compareRows(t *testing.T, r *reader, table *schema.Table, batches []*schema.Batch, lacking schema.Column) {
	t.Helper()
	want, got := make([][]string, len(table.Columns)), make([][]string, len(table.Columns))
	for _, b := range batches {
		for i := range table.Columns {
			w := &schema.Vector{Column: lacking}
			for _, v := range b.Vectors {
				if v.Column.Source == table.Columns[i].Source {
					w = v
				}
			}
			want[i] = append(want[i], dump(w, b.Rows)...)
		}
	}
	for p := range r.Parts() {
		var part schema.Batch
		if err := r.Read(p, nil, &part); err != nil {
			t.Fatal(err)
		}
		for i := range table.Columns {
			got[i] = append(got[i], dump(part.Vectors[i], part.Rows)...)
		}
	}
	for i := range table.Columns {
		if strings.Join(got[i], "|") != strings.Join(want[i], "|") {
			t.Errorf("column %s differs", table.Columns[i].Name)
		}
	}
}

// RDR-03: a table without rows is a file with the full schema.
func TestNoRows(t *testing.T) {
	t.Parallel()
	table := tableOf(random(rand.New(rand.NewPCG(1, 1)), 1, 0))
	file := write(t, table, writers.Options{})
	reader, err := Format{}.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if reader.Rows() != 0 || len(reader.Columns()) != len(table.Columns) {
		t.Errorf("rows %d columns %d", reader.Rows(), len(reader.Columns()))
	}
}

// Bounds of long texts are cut: the lower one stays below, the upper one above.
func TestCutBounds(t *testing.T) {
	t.Parallel()
	x := indexer{column: col("c", schema.Text)}
	for _, s := range []string{strings.Repeat("a", 100), strings.Repeat("é", 100), strings.Repeat("\U0010ffff", 100), "x"} {
		low, high := x.cutLow([]byte(s)), x.cutHigh([]byte(s))
		if string(low) > s || high != nil && string(high) < s || len(low) > statBytes {
			t.Errorf("RDR-07 bounds of %.10q: %q, %q", s, low, high)
		}
	}
}

// A file for other readers by hand: RESTLUA_SAMPLE=file go test -run Sample.
func TestSample(t *testing.T) {
	path := os.Getenv("RESTLUA_SAMPLE")
	if path == "" {
		t.Skip("RESTLUA_SAMPLE names no file")
	}
	r := rand.New(rand.NewPCG(5, 1))
	first, second := random(r, 30000, 4), random(r, 10000, 1)
	table := tableOf(second)
	first.Vectors = first.Vectors[1:]
	if err := os.WriteFile(path, write(t, table, writers.Options{Compression: "zstd"}, first, second), 0o666); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	batch := random(r, 50000, 0)
	b.SetBytes(int64(batch.Size()))
	b.ReportAllocs()
	for b.Loop() {
		write(b, tableOf(batch), writers.Options{Compression: "zstd"}, batch)
	}
}
