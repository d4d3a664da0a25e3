package config

import (
	"strconv"
	"strings"
)

// JoinPath appends a key to a path: `a.b`, or `a["odd key"]` for a key that is
// no identifier. The result is how a reader of the script would write it, and
// what a hook.Ref holds.
func JoinPath(path, key string) string {
	if !isIdentifier(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// IndexPath appends the index of a list to a path, counted from 1: `a.b[2]`.
func IndexPath(path string, index int) string {
	return path + "[" + strconv.Itoa(index) + "]"
}

// isIdentifier reports whether key can stand behind a dot in Lua. Keywords
// count as identifiers here: no key of a config is one, and a path with them
// is read well.
func isIdentifier(key string) bool {
	for i := 0; i < len(key); i++ {
		c := key[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return key != ""
}

// resourceIndex is the index from 0 of the resource that a path lies in, or -1.
func resourceIndex(path string) int {
	rest, ok := strings.CutPrefix(path, "resources[")
	if !ok {
		return -1
	}
	digits, _, ok := strings.Cut(rest, "]")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil {
		return -1
	}
	return n - 1
}
