package lua

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/lua/view"
)

// The pattern functions of the library string, bounded in steps and size.

// search runs one search and charges its steps.
func (w *World) search(L *lua.LState, m *matcher, what string, init int) (start, end int) {
	if m.steps == 0 {
		m.steps = w.meter.options.PatternSteps
	}
	m.watch = w.meter.look
	before := m.steps
	start, end = m.find(init)
	w.meter.Charge(L, (before-m.steps)/16)
	w.patternError(L, m, what)
	return start, end
}

func (w *World) patternError(L *lua.LState, m *matcher, what string) {
	if m.err == nil {
		return
	}
	if m.err == errSteps {
		L.RaiseError("%s: the pattern took more than %d steps on a text of %d bytes", what, w.meter.options.PatternSteps, len(m.text))
	}
	L.RaiseError("%s: %s", what, m.err.Error())
}

// pushCapture pushes capture l of a match.
func (w *World) pushCapture(L *lua.LState, m *matcher, what string, l, start, end int) {
	text, pos, isPosition := m.capture(l, start, end)
	w.patternError(L, m, what)
	if isPosition {
		L.Push(lua.LNumber(pos))
		return
	}
	L.Push(lua.LString(text))
}

// pushCaptures pushes all captures, or the whole match where there are none.
func (w *World) pushCaptures(L *lua.LState, m *matcher, what string, start, end int) int {
	n := max(1, m.level)
	for l := range n {
		w.pushCapture(L, m, what, l, start, end)
	}
	return n
}

// startAt is the place of argument n, as find and match take it.
func startAt(L *lua.LState, n, size int) int {
	i := L.OptInt(n, 1)
	if i < 0 {
		i = max(size+i+1, 1)
	}
	return max(i, 1) - 1
}

func (w *World) stringFind(L *lua.LState) int {
	s, pattern := textArg(L, 1), textArg(L, 2)
	init := startAt(L, 3, len(s))
	if init > len(s) {
		L.Push(lua.LNil)
		return 1
	}
	if lua.LVAsBool(L.Get(4)) || !strings.ContainsAny(pattern, "^$*+?.([%-") {
		w.meter.Charge(L, (len(s)-init)/256)
		i := strings.Index(s[init:], pattern)
		if i < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(init + i + 1))
		L.Push(lua.LNumber(init + i + len(pattern)))
		return 2
	}
	m := matcher{text: s, pattern: pattern}
	start, end := w.search(L, &m, "string.find", init)
	if start < 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(start + 1))
	L.Push(lua.LNumber(end))
	for l := range m.level {
		w.pushCapture(L, &m, "string.find", l, start, end)
	}
	return 2 + m.level
}

func (w *World) stringMatch(L *lua.LState) int {
	s, pattern := textArg(L, 1), textArg(L, 2)
	init := startAt(L, 3, len(s))
	m := matcher{text: s, pattern: pattern}
	start, end := -1, -1
	if init <= len(s) {
		start, end = w.search(L, &m, "string.match", init)
	}
	if start < 0 {
		L.Push(lua.LNil)
		return 1
	}
	return w.pushCaptures(L, &m, "string.match", start, end)
}

func (w *World) stringGmatch(L *lua.LState) int {
	m := &matcher{text: textArg(L, 1), pattern: textArg(L, 2)}
	at := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if at > len(m.text) {
			return 0
		}
		m.steps = w.meter.options.PatternSteps
		start, end := w.search(L, m, "string.gmatch", at)
		if start < 0 {
			at = len(m.text) + 1
			return 0
		}
		if at = end; start == end {
			at++
		}
		return w.pushCaptures(L, m, "string.gmatch", start, end)
	}))
	return 1
}

func (w *World) stringGsub(L *lua.LState) int {
	const what = "string.gsub"
	s, pattern := textArg(L, 1), textArg(L, 2)
	repl := L.Get(3)
	switch repl.(type) {
	case *lua.LTable, *lua.LFunction, *lua.LUserData:
	default:
		textArg(L, 3)
	}
	limit := L.OptInt(4, len(s)+1)
	m := matcher{text: s, pattern: pattern}
	var out []byte
	at, count := 0, 0
	for count < limit && at <= len(s) {
		m.steps = w.meter.options.PatternSteps
		start, end := w.search(L, &m, what, at)
		if start < 0 {
			break
		}
		count++
		out = append(out, s[at:start]...)
		out = w.replacement(L, &m, out, repl, start, end)
		w.bound(L, what, len(out))
		at = end
		if start == end {
			if at < len(s) {
				out = append(out, s[at])
			}
			at++
		}
		if strings.HasPrefix(pattern, "^") {
			break
		}
	}
	if count == 0 {
		L.Push(lua.LString(s))
		L.Push(lua.LNumber(0))
		return 2
	}
	if at < len(s) {
		out = append(out, s[at:]...)
	}
	w.bound(L, what, len(out))
	L.Push(lua.LString(out))
	L.Push(lua.LNumber(count))
	return 2
}

// replacement appends what one match is replaced by.
func (w *World) replacement(L *lua.LState, m *matcher, out []byte, repl lua.LValue, start, end int) []byte {
	const what = "string.gsub"
	if text, ok := view.Text(repl); ok {
		return w.template(L, m, out, text, start, end)
	}
	var v lua.LValue
	if fn, ok := repl.(*lua.LFunction); ok {
		L.Push(fn)
		L.Call(w.pushCaptures(L, m, what, start, end), 1)
		v = L.Get(-1)
	} else {
		w.pushCapture(L, m, what, 0, start, end)
		v = L.GetTable(repl, L.Get(-1))
	}
	L.Pop(1)
	if !lua.LVAsBool(v) {
		return append(out, m.text[start:end]...)
	}
	text, ok := view.Text(v)
	if !ok {
		L.RaiseError("%s: the replacement must be text, not %s", what, view.Describe(v))
	}
	return append(out, text...)
}

// template appends a replacement text with its %1 and %%.
func (w *World) template(L *lua.LState, m *matcher, out []byte, text string, start, end int) []byte {
	const what = "string.gsub"
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '%' {
			out = append(out, c)
			continue
		}
		i++
		switch {
		case i >= len(text) || (text[i] < '0' || text[i] > '9') && text[i] != '%':
			L.RaiseError("%s: in the replacement a %% must be followed by a digit or by %%", what)
		case text[i] == '%':
			out = append(out, '%')
		case text[i] == '0':
			out = append(out, m.text[start:end]...)
		default:
			capture, pos, isPosition := m.capture(int(text[i]-'1'), start, end)
			w.patternError(L, m, what)
			if isPosition {
				capture = formatInt(int64(pos))
			}
			out = append(out, capture...)
		}
		if len(out) > w.meter.options.MaxText {
			w.bound(L, what, len(out))
		}
	}
	return out
}
