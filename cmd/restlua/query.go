package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// duckDB is a shell command that shows the first rows of the table in folder.
func duckDB(folder string) string {
	return `duckdb -c ` + shellQuote("FROM "+duckDBFiles(folder)+" LIMIT 10")
}

func duckDBFiles(folder string) string {
	glob := filepath.ToSlash(folder) + "/*.parquet"
	return "'" + strings.ReplaceAll(glob, "'", "''") + "'"
}

// queries are ready lines that read the table in folder with each reader.
func queries(folder string) [][2]string {
	path := strconv.Quote(filepath.ToSlash(folder))
	return [][2]string{
		{"duckdb", fmt.Sprintf("SELECT * FROM %s;", duckDBFiles(folder))},
		{"spark", fmt.Sprintf("spark.read.parquet(%s)", path)},
		{"polars", fmt.Sprintf("pl.read_parquet(%s)", path)},
		{"pandas", fmt.Sprintf("pd.read_parquet(%s)", path)},
	}
}

// shellQuote puts s into double quotes for a POSIX shell.
func shellQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s) + `"`
}
