package draft

import (
	"path"
	"strings"
)

// MatchPath reports whether a path matches one of the patterns, or there are
// none. A pattern is as path.Match has it, segment by segment; ** stands for any
// number of segments.
func MatchPath(patterns []string, at string) bool {
	for _, p := range patterns {
		if matchSegments(strings.Split(strings.Trim(p, "/"), "/"), strings.Split(strings.Trim(at, "/"), "/")) {
			return true
		}
	}
	return len(patterns) == 0
}

func matchSegments(pattern, at []string) bool {
	if len(pattern) == 0 {
		return len(at) == 0
	}
	if pattern[0] == "**" {
		for i := 0; i <= len(at); i++ {
			if matchSegments(pattern[1:], at[i:]) {
				return true
			}
		}
		return false
	}
	if len(at) == 0 {
		return false
	}
	ok, err := path.Match(pattern[0], at[0])
	return err == nil && ok && matchSegments(pattern[1:], at[1:])
}
