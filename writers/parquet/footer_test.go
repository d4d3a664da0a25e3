package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

func metaOf(t *testing.T, file []byte) *fileMetaData {
	t.Helper()
	m, err := readMetaData(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// RDR-05: how each type stands in the file's schema.
func TestSchemaElements(t *testing.T) {
	t.Parallel()
	naive := col("naive", schema.Timestamp)
	naive.Naive = true
	id := schema.Column{Name: schema.ID, Source: schema.ID, Type: schema.Bigint}
	table := &schema.Table{Name: "t", Columns: []schema.Column{naive, id}}
	for _, k := range kinds {
		table.Columns = append(table.Columns, col(k.String(), k))
	}
	want := map[string]string{
		"naive":     "INT64 TIMESTAMP(isAdjustedToUTC=false,unit=MICROS) -",
		"bool":      "BOOLEAN - -",
		"bigint":    "INT64 - -",
		"double":    "DOUBLE - -",
		"decimal":   "FIXED_LEN_BYTE_ARRAY DECIMAL(38,4) DECIMAL",
		"text":      "BYTE_ARRAY STRING UTF8",
		"json":      "BYTE_ARRAY STRING JSON",
		"timestamp": "INT64 TIMESTAMP(isAdjustedToUTC=true,unit=MICROS) TIMESTAMP_MICROS",
		"date":      "INT32 DATE DATE",
		"time":      "INT64 TIME(isAdjustedToUTC=false,unit=MICROS) -",
		"binary":    "BYTE_ARRAY - -",
		schema.ID:   "INT64 - -",
	}
	// RDR-03: a file without rows has the schema, too.
	elements := metaOf(t, write(t, table, writers.Options{}))
	if elements.NumRows != 0 || len(elements.RowGroups) != 0 {
		t.Errorf("RDR-03 %d rows in %d row groups", elements.NumRows, len(elements.RowGroups))
	}
	var names []string
	for _, e := range elements.Schema[1:] {
		names = append(names, e.Name)
		logical, older := "-", "-"
		if e.LogicalType.Value != nil {
			logical = fmt.Sprint(e.LogicalType.Value)
		}
		if e.ConvertedType.Valid {
			older = map[deprecated.ConvertedType]string{deprecated.UTF8: "UTF8", deprecated.Json: "JSON", deprecated.Decimal: "DECIMAL",
				deprecated.Date: "DATE", deprecated.TimestampMicros: "TIMESTAMP_MICROS"}[e.ConvertedType.V]
		}
		if got := fmt.Sprint(e.Type.V, " ", logical, " ", older); got != want[e.Name] {
			t.Errorf("RDR-05 %s is %s, want %s", e.Name, got, want[e.Name])
		}
		if optional := e.RepetitionType.V == format.Optional; optional == (e.Name == schema.ID) {
			t.Errorf("RDR-05 %s: optional is %v", e.Name, optional)
		}
	}
	// RDR-07: the order is the table's, not that of the names.
	for i, c := range table.Columns {
		if names[i] != c.Name {
			t.Errorf("RDR-07 column %d is %s, want %s", i, names[i], c.Name)
		}
	}
}

// RDR-07: every chunk with values has statistics and a page index, also one that
// was added or copied when the file was written anew; RDR-08: the footer's keys
// are those that were given.
func TestStatistics(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 1))
	first, second := random(r, 30000, 3), random(r, 5000, 4)
	table := tableOf(second)
	first.Vectors = slices.Delete(first.Vectors, 4, 5) // null in the first row group
	file := write(t, table, writers.Options{Compression: "zstd"}, first, second)
	m := metaOf(t, file)
	const frame = `{"index_columns":[],"column_indexes":[],"columns":[` +
		`{"name":"c_bool","field_name":"c_bool","pandas_type":"bool","numpy_type":"boolean","metadata":null},` +
		`{"name":"c_bigint","field_name":"c_bigint","pandas_type":"int64","numpy_type":"Int64","metadata":null}]}`
	if kv := m.KeyValueMetadata; !slices.Equal(kv, []format.KeyValue{{Key: "restlua.table", Value: "t"}, {Key: "pandas", Value: frame}}) {
		t.Errorf("RDR-08 the footer has %v", kv)
	}
	if len(m.ColumnOrders) != len(table.Columns) {
		t.Errorf("RDR-07 %d column orders for %d columns", len(m.ColumnOrders), len(table.Columns))
	}
	f, err := pq.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for g, rg := range m.RowGroups {
		for i, c := range rg.Columns {
			name := fmt.Sprintf("RDR-07 row group %d, column %s", g, table.Columns[i].Name)
			stats, values := c.MetaData.Statistics, c.MetaData.NumValues-c.MetaData.Statistics.NullCount
			if c.MetaData.NumValues != rg.NumRows || values < 0 {
				t.Errorf("%s: %d rows, %d nulls of %d", name, rg.NumRows, stats.NullCount, c.MetaData.NumValues)
			}
			if has := stats.MinValue != nil && stats.MaxValue != nil && stats.MinExact.Valid && stats.MaxExact.Valid; has != (values > 0) {
				t.Errorf("%s: %d values, statistics are %+v", name, values, stats)
			}
			chunk := f.RowGroups()[g].ColumnChunks()[i]
			offsets, err := chunk.OffsetIndex()
			if err != nil || offsets.NumPages() == 0 {
				t.Errorf("%s: no offset index: %v", name, err)
				continue
			}
			bounds, err := chunk.ColumnIndex()
			if err != nil || bounds.NumPages() != offsets.NumPages() {
				t.Errorf("%s: no column index for %d pages: %v", name, offsets.NumPages(), err)
				continue
			}
			var nulls int64
			for page := range bounds.NumPages() {
				nulls += bounds.NullCount(page)
			}
			if nulls != stats.NullCount {
				t.Errorf("%s: the pages have %d nulls, the chunk %d", name, nulls, stats.NullCount)
			}
		}
	}
}

// RDR-07: bounds of texts are cut to 64 bytes and marked where they are, also
// when the pages are copied into a new file.
func TestCutBoundsAreMarked(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 50)
	for _, test := range []struct {
		name       string
		kind       schema.Type
		values     []string
		low, high  string
		exact, top bool // of the lower, of the upper bound
	}{
		{"short", schema.Text, []string{"b", "a", "c"}, "a", "c", true, true},
		{"64 bytes", schema.Text, []string{strings.Repeat("x", 64)}, strings.Repeat("x", 64), strings.Repeat("x", 64), true, true},
		{"65 bytes", schema.Text, []string{strings.Repeat("x", 65)}, strings.Repeat("x", 64), strings.Repeat("x", 63) + "y", false, false},
		{"long upper", schema.Text, []string{"a", long}, "a", strings.Repeat("é", 31) + "ê", true, false},
		{"long lower", schema.JSON, []string{long, "ê"}, strings.Repeat("é", 32), "ê", false, true},
		{"binary", schema.Binary, []string{strings.Repeat("\xff", 70), "\x00" + strings.Repeat("\x01", 70)},
			"\x00" + strings.Repeat("\x01", 63), "", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := &schema.Vector{Column: col("c", test.kind)}
			for row, s := range test.values {
				v.Grow(row)
				v.AppendBytes([]byte(s))
			}
			b := &schema.Batch{Table: &schema.Table{Name: "t"}, Rows: len(test.values), Vectors: []*schema.Vector{v}}
			table := tableOf(b)
			file := write(t, table, writers.Options{Compression: "none"}, b)
			wider := &schema.Table{Name: "t", Columns: append([]schema.Column{col("added", schema.Bool)}, table.Columns...)}
			anew := evolved(t, file, table, wider)
			for i, m := range []*fileMetaData{metaOf(t, file), metaOf(t, anew)} {
				columns := m.RowGroups[0].Columns
				s := columns[len(columns)-1].MetaData.Statistics
				if test.high == "" { // nothing of 64 bytes is above it
					if s.MinValue != nil || s.MaxValue != nil {
						t.Errorf("file %d: bounds %q, %q, want none", i, s.MinValue, s.MaxValue)
					}
					continue
				}
				if string(s.MinValue) != test.low || string(s.MaxValue) != test.high || s.MinExact.V != test.exact || s.MaxExact.V != test.top || !s.MinExact.Valid || !s.MaxExact.Valid {
					t.Errorf("file %d: bounds %q %v, %q %v, want %q %v, %q %v", i, s.MinValue, s.MinExact, s.MaxValue, s.MaxExact, test.low, test.exact, test.high, test.top)
				}
			}
		})
	}
}

// RDR-07: the encoding that suits the values.
func TestEncodings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		kind  schema.Type
		value func(i int64) int64
		want  format.Encoding
	}{
		{"few integers", schema.Bigint, func(i int64) int64 { return i % 5 }, format.RLEDictionary},
		{"counting", schema.Bigint, func(i int64) int64 { return i }, format.DeltaBinaryPacked},
		{"times", schema.Timestamp, func(i int64) int64 { return 1_700_000_000_000_000 + i*61_000_000 }, format.DeltaBinaryPacked},
		{"random", schema.Bigint, func(i int64) int64 { return int64(mix(uint64(i) + 1)) }, format.Plain},
		{"few texts", schema.Text, func(i int64) int64 { return i % 5 }, format.RLEDictionary},
		{"texts", schema.Text, func(i int64) int64 { return i }, format.Plain},
		{"doubles", schema.Double, func(i int64) int64 { return i }, format.Plain},
		{"few dates", schema.Date, func(i int64) int64 { return i % 30 }, format.RLEDictionary},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := &schema.Vector{Column: col("c", test.kind)}
			const rows = 5000
			for i := range int64(rows) {
				v.Grow(int(i))
				addRandom(v, 8*test.value(i)+8, 1)
				if test.kind != schema.Text && test.kind != schema.Double {
					v.Ints[i] = test.value(i)
				}
			}
			b := &schema.Batch{Table: &schema.Table{Name: "t"}, Rows: rows, Vectors: []*schema.Vector{v}}
			got := metaOf(t, write(t, tableOf(b), writers.Options{Compression: "zstd"}, b)).RowGroups[0].Columns[0].MetaData
			if got.Encoding[0] != test.want || (got.DictionaryPageOffset > 0) != (test.want == format.RLEDictionary) {
				t.Errorf("RDR-07 encodings %v, dictionary at %d, want %v", got.Encoding, got.DictionaryPageOffset, test.want)
			}
		})
	}
}

// evolved is the file with the columns of another table.
func evolved(t *testing.T, file []byte, from, to *schema.Table) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := (Format{}).Evolve(context.Background(), []writers.Source{{R: bytes.NewReader(file), Size: int64(len(file)), Table: from}}, &out, to, nil, writers.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
