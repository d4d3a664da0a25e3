package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	anyFence = regexp.MustCompile("(?ms)^```.*?^```$")
	inline   = regexp.MustCompile("`[^`\n]*`")
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
)

// Every relative link in the pages leads to a file, and every anchor to a
// heading of it.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	pages := readPages(t)
	anchors := map[string]map[string]bool{}
	for _, p := range pages {
		anchors[p.path] = anchorsOf(p.text)
	}
	found := 0
	for _, p := range pages {
		for _, m := range links.FindAllStringSubmatch(inline.ReplaceAllString(anyFence.ReplaceAllString(p.text, ""), ""), -1) {
			found++
			target, anchor, hasAnchor := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue // the network is not asked
			}
			path := p.path
			if target != "" {
				path = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), target))
			}
			if _, err := os.Stat(filepath.Join("../..", path)); err != nil {
				t.Errorf("%s: %s leads nowhere", p.path, m[1])
				continue
			}
			if hasAnchor && !anchors[path][anchor] {
				t.Errorf("%s: %s has no heading #%s", p.path, path, anchor)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d links were found", found)
	}
}

// anchorsOf are the names that GitHub gives the headings of a page: lower case,
// without punctuation, blanks as hyphens, a number behind one that comes again.
func anchorsOf(text string) map[string]bool {
	anchors, seen := map[string]bool{}, map[string]int{}
	for _, m := range headings.FindAllStringSubmatch(anyFence.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ' || r == '-':
				return '-'
			case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		n := seen[name]
		seen[name]++
		if n > 0 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		anchors[name] = true
	}
	return anchors
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	got := anchorsOf("# From dlt's `rest_api`\n## paginator.cursor\n## A\n```\n# no heading\n```\n## A\n## Lag, windows, per parent\n")
	for _, want := range []string{"from-dlts-rest_api", "paginatorcursor", "a", "a-1", "lag-windows-per-parent"} {
		if !got[want] {
			t.Errorf("no anchor %s in %v", want, got)
		}
	}
	if len(got) != 5 {
		t.Errorf("%v", got)
	}
}
