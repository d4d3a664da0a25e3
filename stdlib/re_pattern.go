package stdlib

import (
	"iter"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

const (
	maxPatterns      = 256      // compiled patterns kept in one world
	maxPatternLength = 16 << 10 // bytes
	maxMatches       = 1 << 20  // matches or pieces of one call, groups counted

	// maxSearch bounds one search, which cannot be interrupted: bytes of the
	// text times steps of the pattern. It takes a second or two at worst.
	maxSearch = 1 << 27
)

// pattern is a compiled regular expression.
type pattern struct {
	re   *regexp.Regexp
	size int // steps of its program
	// behind finds the pattern behind the first character of a text, as its
	// group 1; nil if the pattern does not look at what stands before a match.
	behind *regexp.Regexp
}

// patternCache keeps the compiled patterns of one world.
type patternCache map[string]*pattern

// pattern is argument n, compiled.
func (c *call) pattern(n int) *pattern {
	text := c.text(n)
	if p := c.patterns[text]; p != nil {
		return p
	}
	if len(text) > maxPatternLength {
		c.fail("argument %d: the pattern is longer than %d KiB", n, maxPatternLength>>10)
	}
	p, err := compilePattern(text)
	if e, ok := err.(*syntax.Error); ok {
		c.fail("argument %d: %s: %q", n, e.Code, e.Expr)
	}
	c.check(err)
	// Scripts that make patterns from data would fill the memory; starting
	// anew costs only compiling again what is still in use.
	if c.patterns == nil || len(c.patterns) >= maxPatterns {
		c.patterns = patternCache{}
	}
	c.patterns[text] = p
	return p
}

func compilePattern(text string) (*pattern, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	p := &pattern{re: re, size: len(program.Inst)}
	const looksBehind = syntax.EmptyBeginLine | syntax.EmptyBeginText | syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary
	for _, inst := range program.Inst {
		if inst.Op == syntax.InstEmptyWidth && syntax.EmptyOp(inst.Arg)&looksBehind != 0 {
			p.behind, err = regexp.Compile(`\A(?s:.)(?s:.*?)(` + text + `)`)
			return p, err
		}
	}
	return p, nil
}

// find is the first match that starts at byte from of text or behind it: pairs
// of places as package regexp gives them, nil if there is none.
func (p *pattern) find(c *call, text string, from int) []int {
	if len(text)-from > maxSearch/p.size {
		c.fail("argument 1: the text is too long for this pattern (%d bytes, at most %d)", len(text)-from, maxSearch/p.size)
	}
	start := from
	var loc []int
	if p.behind == nil || from == 0 {
		loc = p.re.FindStringSubmatchIndex(text[from:])
	} else {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		start -= size
		if loc = p.behind.FindStringSubmatchIndex(text[start:]); loc != nil {
			loc = loc[2:]
		}
	}
	for i := range loc {
		if loc[i] >= 0 {
			loc[i] += start
		}
	}
	return loc
}

// all gives the matches that do not overlap. An empty match right behind
// another match is none. The searches are made one by one, so that a call can
// be interrupted between them: all of them together may take time in
// proportion to the square of the text.
func (p *pattern) all(c *call, text string) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		last := -1
		for from := 0; from <= len(text); {
			c.spend(1 + (len(text)-from)>>12)
			loc := p.find(c, text, from)
			if loc == nil {
				return
			}
			accept := true
			if loc[1] > from {
				from = loc[1]
			} else {
				accept = loc[0] != last
				_, size := utf8.DecodeRuneInString(text[from:])
				from += max(size, 1)
			}
			last = loc[1]
			if accept && !yield(loc) {
				return
			}
		}
	}
}
