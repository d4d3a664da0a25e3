package lua

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
)

// Error is an error of a script: of its text, of its evaluation or of a hook
// (SCR-21).
type Error struct {
	// Path is that of the hook: "processing_steps[2].map". Empty while the
	// script is compiled or evaluated.
	Path string
	// Message begins with file and line where they are known:
	// "tickets.lua:31: attempt to index a nil value (key 'user')".
	Message string
	// Hint is the hint of error({ message = ..., hint = ... }); may be empty.
	Hint string
	// Traceback are the calls of the script that were under way, a line each;
	// may be empty.
	Traceback string

	cause error
}

func (e *Error) Error() string {
	s := e.Message
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Hint != "" {
		s += " (hint: " + e.Hint + ")"
	}
	return s
}

// Unwrap gives the error that stopped the call: a context's, or that of a
// request.
func (e *Error) Unwrap() error { return e.cause }

// failure makes the error of a call of f; f is empty while the script is
// evaluated.
func (w *World) failure(f hook.Ref, err error) error {
	if w.emitErr != nil {
		return w.emitErr // of the engine, not of the script
	}
	e := &Error{Path: w.place(f), Message: err.Error(), cause: w.meter.stopped}
	api, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		return e
	}
	e.Traceback = traceback(api.StackTrace)
	if f != "" {
		e.Traceback = strings.ReplaceAll(e.Traceback, "in main chunk", "in the hook")
	}
	e.Message, e.Hint = w.thrown(api.Object)
	if api.Type == lua.ApiErrorPanic {
		e.Message = w.script.main.name + ": " + e.Message
	}
	e.Message = plainWords(e.Message)
	if stopped := w.meter.stopped; stopped != nil && !strings.Contains(e.Message, stopped.Error()) {
		// The script caught the limit and threw something else.
		e.Message = stopped.Error() + " (" + e.Message + ")"
	}
	if e.Path == "" && !hasPlace(e.Message) {
		e.Message = w.script.main.name + ": " + e.Message
	}
	return e
}

// thrown is the message of what a script threw: text, or a table with message
// and hint.
func (w *World) thrown(v lua.LValue) (message, hint string) {
	t, ok := v.(*lua.LTable)
	if !ok {
		if s, ok := view.Text(v); ok {
			return s, ""
		}
		return "error with " + view.Describe(v), ""
	}
	message, _ = view.Text(t.RawGetString("message"))
	hint, _ = view.Text(t.RawGetString("hint"))
	if message == "" {
		message = "error with a table that has no message"
	}
	return message, hint
}

var (
	placeRE    = regexp.MustCompile(`^[^\s:]+:\d+: `)
	indexRE    = regexp.MustCompile(`attempt to index a non-table object\(([a-z]+)\) with key '([^']*)'`)
	callRE     = regexp.MustCompile(`attempt to call a non-function object`)
	arithRE    = regexp.MustCompile(`cannot perform ([a-z]+) operation between ([a-z]+) and ([a-z]+)`)
	overflowRE = regexp.MustCompile(`(stack|registry) overflow`)
)

func hasPlace(message string) bool { return placeRE.MatchString(message) }

// plainWords replaces words of the VM by those that people know from Lua.
func plainWords(s string) string {
	s = indexRE.ReplaceAllString(s, "attempt to index a $1 value (key '$2')")
	s = callRE.ReplaceAllString(s, "attempt to call a value that is no function")
	s = arithRE.ReplaceAllStringFunc(s, func(m string) string {
		p := arithRE.FindStringSubmatch(m)
		return "attempt to calculate (" + p[1] + ") with a " + p[2] + " and a " + p[3] + " value"
	})
	if overflowRE.MatchString(s) {
		if i := overflowRE.FindStringIndex(s); i != nil {
			s = s[:i[0]] + errTooDeep.Error()
		}
	}
	return s
}

// traceback keeps the lines of the script from the VM's.
func traceback(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" || line == "stack traceback:" || strings.HasPrefix(line, "[G]") {
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// cutQuoted takes a quoted string from the start of s.
func cutQuoted(s string) (text, rest string, ok bool) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", false
	}
	text, err = strconv.Unquote(quoted)
	return text, s[len(quoted):], err == nil
}

// nearest returns the word most like word, or "".
func nearest(word string, words []string) string {
	best, least := "", len(word)/2+1
	for _, w := range words {
		if d := distance(strings.ToLower(word), w); d < least || d == least && best == "" && d <= 2 {
			best, least = w, d
		}
	}
	return best
}

// distance is how many letters must be added, removed or changed (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
