// Package scripts holds the example scripts that the command line brings along.
package scripts

import "embed"

// FS has the scripts at its top level: github.lua, pokemon.lua.
//
//go:embed *.lua
var FS embed.FS
