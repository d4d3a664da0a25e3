package lua

import (
	"errors"
	"fmt"
	"strings"
)

// A matcher finds Lua patterns (Lua 5.1 manual, 5.4.1) by backtracking, within
// a number of steps: patterns can take time exponential in the text, and no
// instruction of the VM passes meanwhile.
type matcher struct {
	text, pattern string
	steps         int // left
	// watch is asked from time to time whether the call may go on.
	watch    func() error
	depth    int
	level    int // of captures
	captures [maxCaptures]capture
	err      error
}

type capture struct {
	start, len int // len may be one of the marks below
}

const (
	maxCaptures  = 32
	maxMatchDeep = 200 // as Lua's MAXCCALLS
	unclosed     = -1
	position     = -2
)

var errSteps = errors.New("the pattern takes too many steps on this text")

func (m *matcher) fail(format string, args ...any) int {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
	return -1
}

// step counts work; false when there is none left.
func (m *matcher) step() bool {
	if m.steps--; m.steps&0xffff == 0 && m.err == nil {
		m.err = m.watch()
	}
	if m.steps < 0 && m.err == nil {
		m.err = errSteps
	}
	return m.err == nil
}

// find looks for the pattern from init on. It returns the start and end of the
// match, or -1.
func (m *matcher) find(init int) (start, end int) {
	p, anchored := 0, false
	if strings.HasPrefix(m.pattern, "^") {
		p, anchored = 1, true
	}
	for s := init; s <= len(m.text); s++ {
		m.level = 0
		if e := m.match(s, p); e >= 0 {
			return s, e
		}
		if anchored || !m.step() {
			break
		}
	}
	return -1, -1
}

// match matches the pattern from p on at s; it returns the end, or -1.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxMatchDeep {
		m.depth--
		return m.fail("the pattern is too complex")
	}
	defer func() { m.depth-- }()
	for m.step() {
		if p >= len(m.pattern) {
			return s
		}
		switch m.pattern[p] {
		case '(':
			if strings.HasPrefix(m.pattern[p+1:], ")") {
				return m.open(s, p+2, position)
			}
			return m.open(s, p+1, unclosed)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.pattern) {
				if s == len(m.text) {
					return s
				}
				return -1
			}
		case '%':
			if p+1 < len(m.pattern) {
				switch c := m.pattern[p+1]; {
				case c == 'b':
					if s = m.balance(s, p+2); s < 0 {
						return -1
					}
					p += 4
					continue
				case c == 'f':
					ep, ok := m.frontier(s, p+2)
					if !ok {
						return -1
					}
					p = ep
					continue
				case c >= '0' && c <= '9':
					if s = m.back(s, c); s < 0 {
						return -1
					}
					p += 2
					continue
				}
			}
		}
		ep := m.classEnd(p)
		if ep < 0 {
			return -1
		}
		suffix := byte(0)
		if ep < len(m.pattern) {
			suffix = m.pattern[ep]
		}
		switch suffix {
		case '?':
			if m.single(s, p, ep) {
				if e := m.match(s+1, ep+1); e >= 0 || m.err != nil {
					return e
				}
			}
			p = ep + 1
		case '*':
			return m.longest(s, p, ep)
		case '+':
			if !m.single(s, p, ep) {
				return -1
			}
			return m.longest(s+1, p, ep)
		case '-':
			return m.shortest(s, p, ep)
		default:
			if !m.single(s, p, ep) {
				return -1
			}
			s, p = s+1, ep
		}
	}
	return -1
}

func (m *matcher) longest(s, p, ep int) int {
	n := 0
	for m.single(s+n, p, ep) {
		if !m.step() {
			return -1
		}
		n++
	}
	for ; n >= 0; n-- {
		if e := m.match(s+n, ep+1); e >= 0 || m.err != nil {
			return e
		}
	}
	return -1
}

func (m *matcher) shortest(s, p, ep int) int {
	for {
		if e := m.match(s, ep+1); e >= 0 || m.err != nil {
			return e
		}
		if !m.single(s, p, ep) {
			return -1
		}
		s++
	}
}

func (m *matcher) open(s, p, mark int) int {
	if m.level >= maxCaptures {
		return m.fail("the pattern has more than %d captures", maxCaptures)
	}
	m.captures[m.level] = capture{s, mark}
	m.level++
	e := m.match(s, p)
	if e < 0 {
		m.level--
	}
	return e
}

func (m *matcher) close(s, p int) int {
	l := m.level - 1
	for l >= 0 && m.captures[l].len != unclosed {
		l--
	}
	if l < 0 {
		return m.fail("the pattern closes a capture that it did not open")
	}
	m.captures[l].len = s - m.captures[l].start
	e := m.match(s, p)
	if e < 0 {
		m.captures[l].len = unclosed
	}
	return e
}

// balance matches %bxy.
func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pattern) {
		return m.fail("the pattern ends in %%b")
	}
	if s >= len(m.text) || m.text[s] != m.pattern[p] {
		return -1
	}
	opening, closing, depth := m.pattern[p], m.pattern[p+1], 1
	for i := s + 1; i < len(m.text); i++ {
		if !m.step() {
			return -1
		}
		switch m.text[i] {
		case closing:
			if depth--; depth == 0 {
				return i + 1
			}
		case opening:
			depth++
		}
	}
	return -1
}

// frontier matches %f[set].
func (m *matcher) frontier(s, p int) (ep int, ok bool) {
	if p >= len(m.pattern) || m.pattern[p] != '[' {
		m.fail("%%f needs a set [...] behind it")
		return 0, false
	}
	if ep = m.classEnd(p); ep < 0 {
		return 0, false
	}
	var before, here byte
	if s > 0 {
		before = m.text[s-1]
	}
	if s < len(m.text) {
		here = m.text[s]
	}
	return ep, !m.inSet(before, p, ep-1) && m.inSet(here, p, ep-1)
}

// back matches %1.
func (m *matcher) back(s int, c byte) int {
	l := int(c - '1')
	if l < 0 || l >= m.level || m.captures[l].len == unclosed {
		return m.fail("%%%c is no capture of the pattern", c)
	}
	if m.captures[l].len == position {
		return m.fail("%%%c is a capture of a position", c)
	}
	old := m.text[m.captures[l].start : m.captures[l].start+m.captures[l].len]
	m.steps -= len(old)
	if !strings.HasPrefix(m.text[s:], old) {
		return -1
	}
	return s + len(old)
}

// capture returns capture l, or the whole match where the pattern has none.
// isPosition tells that it is the place pos.
func (m *matcher) capture(l, start, end int) (text string, pos int, isPosition bool) {
	if l >= m.level {
		if l != 0 {
			m.fail("%%%d is no capture of the pattern", l+1)
			return "", 0, false
		}
		return m.text[start:end], 0, false
	}
	c := m.captures[l]
	switch c.len {
	case position:
		return "", c.start + 1, true
	case unclosed:
		m.fail("the pattern opens a capture that it does not close")
		return "", 0, false
	}
	return m.text[c.start : c.start+c.len], 0, false
}
