package parquet_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/normalize"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
	"github.com/restlua/restlua/writers/conform"
	"github.com/restlua/restlua/writers/parquet"
)

// FuzzRecords takes any JSON values, one a line, through the normaliser into
// Parquet files and reads them back: every scalar of the records stands in its
// column, with its value, and nothing else does. What must be there is worked
// out from encoding/json's view of the records.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"a":{"b~/":"x"},"l":[{"x":1,"m":[[2]]},3,null,[4,[5]]],"o":{"q":[{"z":{"y":[1]}}]}}`,
		"1\n\"a\"\n{\"b\":1}\nnull\n[1,[2]]",
		"{\"n\":1}\n{\"n\":1.5}\n{\"n\":12345678901234567890.123}\n{\"n\":1e400}",
		"{\"n\":9223372036854775807}\n{\"n\":-0}\n{\"n\":1E2}\n{\"n\":0.10}",
		"{\"t\":\"2024-01-15T10:00:00+02:00\"}\n{\"t\":\"2024-01-15 10:00\"}",
		"{\"t\":\"20240115T100000Z\"}\n{\"t\":\"no time\"}",
		"{\"v\":true}\n{\"v\":\"x\"}\n{\"v\":{\"w\":[]}}\n{\"v\":[1]}",
		`{"a":1,"A":2,"a_":3,"":4," ":5,"_rl_id":6,"value":[{"value":1,"list":[7]},8,[9]]}`,
		`{"s":"nul\u0000 \ud83d \ud83d\ude00 é","k":1,"k":{"k":2}}`,
		`{"e":{},"l":[],"n":null,"m":[[],{},null]}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, lines []byte, whole bool) {
		if !utf8.Valid(lines) || len(lines) > 1<<14 {
			return
		}
		o := normalize.Options{Resource: "docs", Table: "docs", Load: 1, MaxNesting: -1}
		if whole {
			o.MaxNesting = 0
		}
		var batches []*schema.Batch
		o.Write = func(b *schema.Batch) error { batches = append(batches, b); return nil }
		n, err := normalize.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines)%2 == 0 { // as the records of a page are, or each by itself
			var marks rawjson.Marks
			marks.Set(lines)
			n.Within(&marks)
		}
		want := expected{whole: whole, rows: map[string][]map[string]any{}}
		for line := range bytes.Lines(lines) {
			dec := json.NewDecoder(bytes.NewReader(line))
			dec.UseNumber()
			var record any
			if !json.Valid(line) || dec.Decode(&record) != nil || depth(line) > 500 {
				return
			}
			want.record(record)
			if err := n.Record(bytes.TrimSpace(line)); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		if err := n.Flush(); err != nil {
			t.Fatal(err)
		}
		got := map[string][]map[string]string{}
		types := map[string]schema.Type{}
		for _, table := range n.Tables() {
			for _, b := range batches {
				if b.Table.Source == table.Source {
					got[table.Source] = append(got[table.Source], readBack(t, table, b, types)...)
				}
			}
		}
		want.compare(t, got, types)
	})
}

// depth bounds how deeply the objects and lists of a text are nested.
func depth(line []byte) int { return bytes.Count(line, []byte("[")) + bytes.Count(line, []byte("{")) }

// readBack writes a batch to a file and returns the file's rows: column source
// -> value as text. It notes the columns' types.
func readBack(t *testing.T, table *schema.Table, b *schema.Batch, types map[string]schema.Type) []map[string]string {
	t.Helper()
	file := conform.Write(t, parquet.Format{}, writers.Options{}, table, b)
	r, err := parquet.Format{}.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	var in schema.Batch
	for g := range r.Parts() {
		if err := r.Read(g, nil, &in); err != nil {
			t.Fatal(err)
		}
		start := len(rows)
		for range in.Rows {
			rows = append(rows, map[string]string{})
		}
		for i, v := range in.Vectors {
			c := table.Columns[i]
			if v.Column.Name != c.Name || !v.Column.SameType(c) {
				t.Fatalf("column %d is %s %s, want %s %s", i, v.Column.Name, v.Column.TypeName(), c.Name, c.TypeName())
			}
			if strings.HasPrefix(c.Source, "_rl_") {
				continue
			}
			types[table.Source+" "+c.Source] = c.Type
			value := 0
			for row := range in.Rows {
				if v.IsValid(row) {
					rows[start+row][c.Source] = string(v.AppendText(nil, value, 0))
					value++
				}
			}
		}
	}
	return rows
}

// expected are the rows that records must become: table source -> rows, and in
// each column source -> the decoded scalar, or whole object or list.
type expected struct {
	whole bool // objects and lists are kept as they are
	rows  map[string][]map[string]any
}

func (e *expected) record(v any) {
	if _, ok := v.(map[string]any); !ok {
		v = map[string]any{"value": v} // NRM-27
	}
	e.row("", v)
}

// row adds a row of a table for a record or an element of a list.
func (e *expected) row(table string, v any) {
	row := map[string]any{}
	at := len(e.rows[table])
	e.rows[table] = append(e.rows[table], row)
	switch v := v.(type) {
	case map[string]any:
		e.fields(table, row, "", v)
	case []any:
		e.elements(table+"/*/list", v) // NRM-23
	case nil:
	default:
		row["/value"] = v // NRM-22
	}
	e.rows[table][at] = row
}

func (e *expected) fields(table string, row map[string]any, path string, object map[string]any) {
	for key, v := range object {
		at := path + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		object, isObject := v.(map[string]any)
		list, isList := v.([]any)
		switch {
		case v == nil:
		case isObject && !e.whole:
			e.fields(table, row, at, object)
		case isList && !e.whole:
			if table != "" {
				at = "/*" + at
			}
			e.elements(table+at, list)
		default:
			row[at] = v
		}
	}
}

func (e *expected) elements(table string, list []any) {
	for _, v := range list {
		e.row(table, v)
	}
}

// compare looks for each table's rows among those that were read. Rows of one
// table may stand in another order: that of the keys in an object is lost.
func (e *expected) compare(t *testing.T, got map[string][]map[string]string, types map[string]schema.Type) {
	t.Helper()
	for _, table := range slices.Sorted(maps.Keys(e.rows)) {
		var a, b []string
		for _, row := range e.rows[table] {
			a = append(a, show(row, func(column string, v any) string { return wanted(types[table+" "+column], v) }))
		}
		for _, row := range got[table] {
			b = append(b, show(row, func(column, text string) string { return found(types[table+" "+column], text) }))
		}
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("table %q (whole %v) has\n%s\nwant\n%s", table, e.whole, strings.Join(b, "\n"), strings.Join(a, "\n"))
		}
	}
	for table, rows := range got {
		if len(e.rows[table]) == 0 && len(rows) > 0 {
			t.Errorf("table %q has %d rows, want none", table, len(rows))
		}
	}
}

func show[V any](row map[string]V, cell func(column string, v V) string) string {
	var b strings.Builder
	for _, column := range slices.Sorted(maps.Keys(row)) {
		fmt.Fprintf(&b, "%q = %s; ", column, cell(column, row[column]))
	}
	return b.String()
}

// wanted is a decoded value in a form that does not depend on how the column's
// type writes it.
func wanted(kind schema.Type, v any) string {
	switch v := v.(type) {
	case map[string]any, []any:
		if kind == schema.JSON {
			return plain(v)
		}
	case json.Number:
		return scalarText(v.String())
	case bool:
		return scalarText(strconv.FormatBool(v))
	case string:
		if kind == schema.Timestamp {
			return instant(v)
		}
		return scalarText(v)
	}
	return fmt.Sprintf("%T in a %s column", v, kind)
}

// found is the same for a value that was read.
func found(kind schema.Type, text string) string {
	switch kind {
	case schema.Timestamp:
		return instant(text)
	case schema.JSON:
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			return fmt.Sprintf("%s: %v", text, err)
		}
		return wanted(kind, v)
	}
	return scalarText(text)
}

// plain is JSON with sorted keys and plain numbers.
func plain(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "{" + show(v, func(_ string, v any) string { return plain(v) }) + "}"
	case []any:
		var b strings.Builder
		for _, x := range v {
			b.WriteString(plain(x) + ",")
		}
		return "[" + b.String() + "]"
	case json.Number:
		return number(v.String())
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

// literal is a JSON number.
var literal = regexp.MustCompile(`^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$`)

// scalarText is a scalar's text: that of a string without a look at quotes, as
// a column of numbers and strings is text, and stays it on its way to JSON
// (NRM-52). Numbers may be written otherwise than in the record (NRM-53).
func scalarText(s string) string {
	if literal.MatchString(s) {
		return number(s)
	}
	return strconv.Quote(s)
}

// number is a number's sign, digits and exponent, without zeros at either end.
func number(s string) string {
	m := literal.FindStringSubmatch(s)
	if m == nil {
		return "no number: " + s
	}
	exponent, err := strconv.ParseInt("0"+strings.TrimLeft(m[4], "+-"), 10, 32)
	if err != nil {
		return s // compared as it was written
	}
	if strings.HasPrefix(m[4], "-") {
		exponent = -exponent
	}
	digits := strings.TrimLeft(m[2]+m[3], "0")
	short := strings.TrimRight(digits, "0")
	if short == "" {
		return "0"
	}
	return fmt.Sprintf("%s%se%d", m[1], short, exponent-int64(len(m[3]))+int64(len(digits)-len(short)))
}

var stamp = regexp.MustCompile(`^(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?$`)

// instant is the moment of a timestamp in microseconds (NRM-54, NRM-56).
func instant(s string) string {
	m := stamp.FindStringSubmatch(s)
	if m == nil {
		return "no timestamp: " + s
	}
	n := make([]int, len(m))
	for i := range m {
		n[i], _ = strconv.Atoi(m[i]) // empty is 0
	}
	micros, _ := strconv.Atoi((m[7] + "000000")[:6])
	at := time.Date(n[1], time.Month(n[2]), n[3], n[4], n[5], n[6], micros*1000, time.UTC)
	zone := time.Duration(n[9])*time.Hour + time.Duration(n[10])*time.Minute
	if m[8] == "-" {
		zone = -zone
	}
	return strconv.FormatInt(at.Add(-zone).UnixMicro(), 10)
}
