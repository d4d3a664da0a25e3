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

// RDR-02, RDR-03, RDR-05, RDR-07: the readers see names, order, types and all
// values of a folder, whatever its files' sizes, compression and history.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		groups, rows int
		compression  string
		evolved      bool // a later load changed the columns
	}{
		{"RDR-03 no rows", 0, 0, "zstd", false},
		{"RDR-03 no rows, evolved", 0, 0, "zstd", true},
		{"one row", 1, 1, "zstd", false},
		{"two row groups with a late column", 2, 1000, "zstd", false},
		{"pages of many sizes", 2, 45_000, "zstd", false},
		{"snappy", 2, 3000, "snappy", false},
		{"gzip", 2, 3000, "gzip", false},
		{"not compressed", 2, 3000, "none", false},
		{"many row groups", 60, 500, "zstd", false},
		{"RDR-02 evolved, one row", 1, 1, "zstd", true},
		{"RDR-02 evolved", 2, 20_000, "zstd", true},
		{"RDR-02 evolved, not compressed", 2, 3000, "none", true},
		{"RDR-02 evolved, many row groups", 60, 500, "zstd", true},
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
				b := conform.Write(t, parquet.Format{}, writers.Options{Compression: test.compression}, table, given...)
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
	if _, err := (parquet.Format{}).Evolve(context.Background(), bytes.NewReader(b), int64(len(b)), &out, from, to, nil, writers.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
