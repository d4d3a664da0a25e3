package main

import (
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
)

// duckDB is a shell command that shows the first rows of the table in folder.
func duckDB(folder string, mixed bool) string {
	return `duckdb -c ` + shellQuote("FROM "+overview.DuckDBFiles(folder, mixed)+" LIMIT 10")
}

// shellQuote puts s into double quotes for a POSIX shell.
func shellQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s) + `"`
}
