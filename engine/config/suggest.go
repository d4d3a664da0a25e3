package config

import "strings"

// suggest returns the hint that names the word nearest to a wrong one, or "".
func suggest(wrong string, words []string) string {
	if near := Nearest(wrong, words); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	return ""
}

// Nearest is the word that a slip of the pen could have turned into wrong: the
// one with the fewest edits, if these are few for its length. Words that differ
// in case, or in - and _ only, are the nearest. "" where no word is near.
func Nearest(wrong string, words []string) string {
	const longest = 64 // no key is longer; keeps the work small
	if len(wrong) > longest {
		return ""
	}
	allowed := 3
	switch {
	case len(wrong) <= 4:
		allowed = 1
	case len(wrong) <= 8:
		allowed = 2
	}
	best, bestEdits := "", allowed+1
	for _, w := range words {
		if w == wrong || w == "" || len(w) > longest {
			continue
		}
		if edits := distance(fold(wrong), fold(w)); edits < bestEdits {
			best, bestEdits = w, edits
		}
	}
	return best
}

func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
