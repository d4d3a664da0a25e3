package readers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

func openDuckDB(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// parquetFiles is the table function that reads a table's folder as the
// documentation tells users to.
func parquetFiles(dir string) string {
	return "read_parquet('" + strings.ReplaceAll(dir, "'", "''") + "/*.parquet')"
}

// duckTypes are DuckDB's names of types; decimals have their own.
var duckTypes = map[string]string{
	"BOOLEAN": "bool", "BIGINT": "bigint", "DOUBLE": "double", "VARCHAR": "text", "JSON": "json", "BLOB": "binary",
	"TIMESTAMP WITH TIME ZONE": "timestamp", "TIMESTAMP": "timestamp without time zone", "DATE": "date", "TIME": "time",
}

func duckType(name string) string {
	if known, ok := duckTypes[name]; ok {
		return known
	}
	return strings.ToLower(name)
}

// byDuckDB reads a table's folder with DuckDB's default settings.
func byDuckDB(ctx context.Context, db *sql.DB, dir string) (out content, err error) {
	names, err := duckColumns(ctx, db, dir, &out)
	if err != nil {
		return out, err
	}
	fields := make([]string, len(names))
	for i, name := range names {
		fields[i] = quoted(name)
		// The driver takes JSON apart; the text is what was written.
		if strings.HasSuffix(out.columns[i], " json") {
			fields[i] += "::VARCHAR"
		}
	}
	rows, err := db.QueryContext(ctx, "SELECT "+strings.Join(fields, ", ")+" FROM "+parquetFiles(dir))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for ; rows.Next(); out.rows++ {
		if err := rows.Scan(into...); err != nil {
			return out, err
		}
		for i, v := range values {
			text, err := duckCell(v, out.columns[i])
			if err != nil {
				return out, err
			}
			out.cells[i] = append(out.cells[i], text)
		}
	}
	return out, rows.Err()
}

func duckColumns(ctx context.Context, db *sql.DB, dir string, out *content) (names []string, err error) {
	rows, err := db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+parquetFiles(dir)+")")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		names = append(names, name)
		out.columns = append(out.columns, name+" "+duckType(kind))
	}
	out.cells = make([][]string, len(names))
	return names, rows.Err()
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func duckCell(v any, column string) (string, error) {
	switch v := v.(type) {
	case nil:
		return null, nil
	case bool, int64, string:
		return fmt.Sprint("=", v), nil
	case float64:
		return doubleCell(v), nil
	case []byte:
		return binaryCell(v), nil
	case duckdb.Decimal:
		return decimalCell(v.Value, int(v.Scale)), nil
	case *big.Int:
		return decimalCell(v, 0), nil
	case time.Time:
		switch {
		case strings.HasSuffix(column, " date"):
			return fmt.Sprint("=", v.Unix()/86400), nil
		case strings.HasSuffix(column, " time"):
			return fmt.Sprint("=", v.Sub(v.Truncate(24*time.Hour)).Microseconds()), nil
		}
		return fmt.Sprint("=", v.UnixMicro()), nil
	}
	return "", fmt.Errorf("DuckDB gives a %T for column %.40q", v, column)
}

// probe asks DuckDB for what statistics, page indexes and dictionaries answer:
// of each column the number of values, the least and the greatest, and how
// often each of these and one in the middle stands in it.
func probe(t *testing.T, db *sql.DB, dir string, want content) {
	t.Helper()
	var kinds content
	if _, err := duckColumns(context.Background(), db, dir, &kinds); err != nil || !slices.Equal(kinds.columns, want.columns) {
		t.Errorf("DuckDB has columns\n%.60q (%v), want\n%.60q", kinds.columns, err, want.columns)
		return
	}
	from := parquetFiles(dir)
	for i, column := range want.columns {
		name := quoted(column[:strings.LastIndexByte(column, ' ')])
		if strings.HasSuffix(column, "without time zone") {
			name = quoted(strings.TrimSuffix(column, " timestamp without time zone"))
		}
		var n int
		if err := db.QueryRow("SELECT count(" + name + ") FROM " + from).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if have := len(want.cells[i]) - count(want.cells[i], null); n != have {
			t.Errorf("column %.40q: DuckDB counts %d values, want %d", column, n, have)
		}
		if n == 0 || strings.HasSuffix(column, " json") {
			continue
		}
		for _, which := range []string{"min", "max", "median"} {
			value := which + "(" + name + ")"
			if which == "median" {
				value = fmt.Sprintf("list(%s ORDER BY %s)[%d]", name, name, 1+n/2)
			}
			// The value is looked for as a constant, so that it is compared
			// with the statistics of row groups and pages.
			var constant any
			if err := db.QueryRow(fmt.Sprintf("SELECT %s FROM %s", value, from)).Scan(&constant); err != nil {
				t.Fatal(err)
			}
			text, err := duckCell(constant, column)
			if err != nil {
				t.Fatal(err)
			}
			var found int
			query := fmt.Sprintf("SET VARIABLE wanted = (SELECT %s FROM %s)", value, from)
			if _, err := db.Exec(query); err != nil {
				t.Fatal(err)
			}
			if err := db.QueryRow(fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = getvariable('wanted')", from, name)).Scan(&found); err != nil {
				t.Fatal(err)
			}
			have := count(want.cells[i], text)
			if strings.HasSuffix(column, " double") && strings.HasPrefix(text, "=0 ") || strings.HasPrefix(text, "=-0 ") {
				have = count(want.cells[i], doubleCell(0)) + count(want.cells[i], "=-0 8000000000000000")
			}
			if found != have {
				t.Errorf("column %.40q: DuckDB finds its %s %.40q %d times, want %d", column, which, text, found, have)
			}
		}
	}
}

func count(cells []string, text string) (n int) {
	for _, c := range cells {
		if c == text {
			n++
		}
	}
	return n
}
