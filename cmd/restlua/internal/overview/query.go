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

// queries are the lines for the table in folder, one for each reader. The files
// of a mixed table differ in columns and types: readers must be told, and Spark
// unites only columns that were added, not types that were widened.
func queries(folder string, mixed bool) []Query {
	path := strconv.Quote(filepath.ToSlash(folder))
	from := DuckDBFiles(folder, mixed)
	if mixed {
		const glob = "  # from glob import glob"
		files := strconv.Quote(filepath.ToSlash(folder) + "/*.parquet")
		return []Query{
			{"duckdb", fmt.Sprintf("SELECT * FROM %s;", from)},
			{"spark", fmt.Sprintf(`spark.read.option("mergeSchema", "true").parquet(%s)`, path)},
			{"polars", fmt.Sprintf(`pl.concat([pl.read_parquet(f) for f in sorted(glob(%s))], how="diagonal_relaxed")`+glob, files)},
			{"pandas", fmt.Sprintf("pd.concat(pd.read_parquet(f) for f in sorted(glob(%s)))"+glob, files)},
		}
	}
	return []Query{
		{"duckdb", fmt.Sprintf("SELECT * FROM %s;", from)},
		{"spark", fmt.Sprintf("spark.read.parquet(%s)", path)},
		{"polars", fmt.Sprintf("pl.read_parquet(%s)", path)},
		{"pandas", fmt.Sprintf("pd.read_parquet(%s)", path)},
	}
}

// DuckDBFiles is how a statement of DuckDB names the files of the table in
// folder.
func DuckDBFiles(folder string, mixed bool) string {
	glob := filepath.ToSlash(folder) + "/*.parquet"
	files := "'" + strings.ReplaceAll(glob, "'", "''") + "'"
	if mixed {
		return "read_parquet(" + files + ", union_by_name = true)"
	}
	return files
}
