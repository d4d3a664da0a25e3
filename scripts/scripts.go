// Package scripts holds the example scripts that the command line brings along.
package scripts

import "embed"

// FS has the scripts at its top level, each with its tests: github.lua,
// github_test.lua, pokemon.lua, pokemon_test.lua.
//
//go:embed *.lua
var FS embed.FS
