// Package scripts holds the example scripts that the command line brings along.
package scripts

import (
	"embed"
	"io/fs"
	"strings"
)

// FS has the scripts at its top level, each with its tests: github.lua,
// github_test.lua and so on, and secrets.example.toml, which has a section for
// each script that needs secrets.
//
//go:embed *.lua secrets.example.toml
var FS embed.FS

// Names returns the names of the scripts, without .lua, in their order.
func Names() []string {
	files, _ := fs.Glob(FS, "*.lua") // the pattern is well formed
	var names []string
	for _, f := range files {
		if name := strings.TrimSuffix(f, ".lua"); !strings.HasSuffix(name, "_test") {
			names = append(names, name)
		}
	}
	return names
}
