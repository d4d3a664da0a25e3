package lua

import "strings"

// classEnd returns the end of the class that starts at p, or -1.
func (m *matcher) classEnd(p int) int {
	c := m.pattern[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pattern) {
			return m.fail("the pattern ends in %%")
		}
		return p + 1
	case '[':
		if p < len(m.pattern) && m.pattern[p] == '^' {
			p++
		}
		for first := true; ; first = false {
			if p >= len(m.pattern) {
				return m.fail("the pattern has a [ without ]")
			}
			c := m.pattern[p]
			p++
			if c == '%' {
				p++
				continue
			}
			if c == ']' && !first {
				return p
			}
		}
	}
	return p
}

// single reports whether the byte at s is of the class at p.
func (m *matcher) single(s, p, ep int) bool {
	if s >= len(m.text) {
		return false
	}
	c := m.text[s]
	switch m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pattern[p+1])
	case '[':
		return m.inSet(c, p, ep-1)
	}
	return m.pattern[p] == c
}

// inSet reports whether c is in the set [p..end], end the place of its ].
func (m *matcher) inSet(c byte, p, end int) bool {
	m.steps -= (end - p) / 8
	in := true
	p++
	if m.pattern[p] == '^' {
		in = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.pattern[p] == '%' && p+1 < end:
			p++
			if inClass(c, m.pattern[p]) {
				return in
			}
		case p+2 < end && m.pattern[p+1] == '-':
			if m.pattern[p] <= c && c <= m.pattern[p+2] {
				return in
			}
			p += 2
		case m.pattern[p] == c:
			return in
		}
	}
	return !in
}

// inClass reports whether c is of the class %class; a capital letter is the
// complement.
func inClass(c, class byte) bool {
	var in bool
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	digit := c >= '0' && c <= '9'
	switch class | 0x20 {
	case 'a':
		in = letter
	case 'c':
		in = c < 0x20 || c == 0x7f
	case 'd':
		in = digit
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > 0x20 && c < 0x7f && !letter && !digit
	case 's':
		in = strings.IndexByte(" \t\n\v\f\r", c) >= 0
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = letter || digit
	case 'x':
		in = digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if class >= 'A' && class <= 'Z' {
		return !in
	}
	if class < 'a' || class > 'z' {
		return class == c
	}
	return in
}
