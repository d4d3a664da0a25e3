package overview

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// Query is a ready line that reads a table.
type Query struct {
	Reader string `json:"reader"` // duckdb spark polars pandas
	Line   string `json:"line"`
}

// queries are the lines for the table in folder, one for each reader.
func queries(folder string) []Query {
	path := strconv.Quote(filepath.ToSlash(folder))
	return []Query{
		{"duckdb", fmt.Sprintf("SELECT * FROM %s;", DuckDBFiles(folder))},
		{"spark", fmt.Sprintf("spark.read.parquet(%s)", path)},
		{"polars", fmt.Sprintf("pl.read_parquet(%s)", path)},
		{"pandas", fmt.Sprintf("pd.read_parquet(%s)", path)},
	}
}

// DuckDBFiles is how a statement of DuckDB names the files of the table in
// folder.
func DuckDBFiles(folder string) string {
	glob := filepath.ToSlash(folder) + "/*.parquet"
	return "'" + strings.ReplaceAll(glob, "'", "''") + "'"
}
