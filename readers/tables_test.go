package readers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
	"github.com/restlua/restlua/writers/conform"
	"github.com/restlua/restlua/writers/parquet"
)

// groups cuts a batch generator into row groups: files of n row groups with the
// hard values of all types, the first column missing in every second one and a
// column that begins late (conform.All).
func groups(n, rows int) (*schema.Table, []*schema.Batch) {
	table, batches := conform.All(rows)
	for len(batches) < n {
		_, more := conform.All(rows)
		batches = append(batches, more...)
	}
	return table, batches[:n]
}

// changing are batches whose columns change their nature: values repeat, then
// none does, then they do again. The pages of a row group differ in encoding.
func changing(rows int) (*schema.Table, []*schema.Batch) {
	columns := []schema.Column{
		{Name: "number", Source: "/number", Type: schema.Bigint, Nullable: true},
		{Name: "text", Source: "/text", Type: schema.Text, Nullable: true},
		{Name: "double", Source: "/double", Type: schema.Double, Nullable: true},
		{Name: "day", Source: "/day", Type: schema.Date, Nullable: true},
	}
	table := &schema.Table{Name: "changing", Columns: columns}
	var batches []*schema.Batch
	for n, kinds := range []int{20, rows, 20, rows} {
		b := &schema.Batch{Table: table, Rows: rows}
		for _, c := range columns {
			v := &schema.Vector{Column: c}
			for row := range rows {
				if row%7 == 0 {
					continue
				}
				x := int64(n*rows+row%kinds) * 7_919_000_017 % 10_000_019
				v.Grow(row)
				switch c.Type {
				case schema.Bigint:
					v.Ints = append(v.Ints, x<<40^x)
				case schema.Date:
					v.Ints = append(v.Ints, x%40_000)
				case schema.Double:
					v.Doubles = append(v.Doubles, float64(x)/3)
				default:
					v.AppendBytes(fmt.Appendf(nil, "text of some length %d", x))
				}
			}
			b.Vectors = append(b.Vectors, v)
		}
		batches = append(batches, b)
	}
	return table, batches
}

// RDR-07: the pages of a row group differ in encoding, first from a dictionary
// and then not.
func TestChangingPages(t *testing.T) {
	t.Parallel()
	db := openDuckDB(t)
	table, batches := changing(30_000)
	dir := t.TempDir()
	b := conform.Write(t, parquet.Format{}, writers.Options{}, table, batches...)
	if err := os.WriteFile(filepath.Join(dir, "0.parquet"), b, 0o666); err != nil {
		t.Fatal(err)
	}
	keep(t, dir, filepath.Join("tables", "changing-pages"))
	want := written(t, table, batches)
	for name, read := range readers(db) {
		got, err := read(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		same(t, name, got, want)
	}
	probe(t, db, dir, want)
}

// RDR-02, RDR-03, RDR-05, RDR-07: the readers see names, order, types and all
// values of a folder, whatever its files' sizes, compression and history.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		groups, rows int
		compression  string
		evolved      bool  // a later load changed the columns
		groupBytes   int64 // 1: a row group for each batch
	}{
		{"RDR-03 no rows", 0, 0, "zstd", false, 0},
		{"RDR-03 no rows, evolved", 0, 0, "zstd", true, 0},
		{"one row", 1, 1, "zstd", false, 0},
		{"two row groups with a late column", 2, 1000, "zstd", false, 1},
		{"pages of many sizes", 2, 45_000, "zstd", false, 0},
		{"snappy", 2, 3000, "snappy", false, 0},
		{"gzip", 2, 3000, "gzip", false, 0},
		{"not compressed", 2, 3000, "none", false, 0},
		{"many row groups", 60, 500, "zstd", false, 1},
		{"one row group of many batches", 60, 3000, "zstd", false, 0},
		{"row groups of some batches", 30, 20_000, "snappy", false, 4 << 20},
		{"RDR-02 evolved, one row", 1, 1, "zstd", true, 0},
		{"RDR-02 evolved", 2, 20_000, "zstd", true, 0},
		{"RDR-02 evolved, not compressed", 2, 3000, "none", true, 0},
		{"RDR-02 evolved, many row groups", 60, 500, "zstd", true, 1},
		{"RDR-02 evolved, row groups of some batches", 30, 20_000, "zstd", true, 2 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := openDuckDB(t)
			table, batches := conform.All(1)
			if batches = nil; test.groups > 0 {
				table, batches = groups(test.groups, test.rows)
			}
			dir := t.TempDir()
			// A file without rows and one with them: the readers take the
			// schema of the first for that of all.
			for i, given := range [][]*schema.Batch{nil, batches} {
				b := conform.Write(t, parquet.Format{}, writers.Options{Compression: test.compression, GroupBytes: test.groupBytes}, table, given...)
				if test.evolved {
					b = evolve(t, b, table, conform.Evolved(table))
				}
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".parquet")), b, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if test.evolved {
				table = conform.Evolved(table)
			}
			keep(t, dir, filepath.Join("tables", strings.ReplaceAll(strings.ReplaceAll(test.name, ",", ""), " ", "-")))
			want := written(t, table, batches)
			for name, read := range readers(db) {
				got, err := read(dir)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				same(t, name, got, want)
			}
			probe(t, db, dir, want)
		})
	}
}

func evolve(t *testing.T, b []byte, from, to *schema.Table) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := (parquet.Format{}).Evolve(context.Background(), []writers.Source{{R: bytes.NewReader(b), Size: int64(len(b)), Table: from}}, &out, to, nil, writers.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
