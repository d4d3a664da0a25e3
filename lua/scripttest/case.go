package scripttest

import (
	"path/filepath"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/lua/view"
)

// testCase is the t of one case.
type testCase struct {
	*file
	folder string       // of its datasets
	t      *glua.LTable // what the script sees
	replay string       // recording to answer from; empty: t.api
	state  string       // JSON text of t.state as the last load left it
}

// open makes the table t.
func (c *testCase) open() *glua.LTable {
	L := c.tool.LState()
	c.t = L.NewTable()
	c.t.RawSetString("api", L.NewTable())
	for name, f := range map[string]glua.LGFunction{"run": c.run, "equal": c.equal, "fails": c.fails, "replay": c.setReplay} {
		c.t.RawSetString(name, L.NewFunction(func(L *glua.LState) int {
			if L.Get(1) == c.t { // t:run(...) is as good as t.run(...)
				L.Remove(1)
			}
			return f(L)
		}))
	}
	return c.t
}

// path is the place of a file that a test names, which is relative to it.
func (c *testCase) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.dir, filepath.FromSlash(name))
}

// equal is t.equal(got, want).
func (c *testCase) equal(L *glua.LState) int {
	if L.GetTop() < 2 {
		L.RaiseError("t.equal: expected two values: t.equal(got, want)")
	}
	var texts [2][]byte
	for i := range texts {
		var err error
		if texts[i], err = c.tool.JSON(L.Get(i + 1)); err != nil {
			L.RaiseError("t.equal: argument %d: %s", i+1, err.Error())
		}
	}
	differences, err := compare(texts[0], texts[1])
	if err != nil {
		L.RaiseError("t.equal: %s", err.Error())
	}
	if len(differences) > 0 {
		L.RaiseError("not equal:\n%s", strings.Join(differences, "\n"))
	}
	return 0
}

// fails is t.fails("text", function() ... end).
func (c *testCase) fails(L *glua.LState) int {
	want, ok := L.Get(1).(glua.LString)
	f, isFunction := L.Get(2).(*glua.LFunction)
	if !ok || !isFunction {
		L.RaiseError("t.fails: expected a text and a function: t.fails(\"no token\", function() ... end)")
	}
	switch err := c.tool.Protected(f); {
	case err == nil:
		L.RaiseError("nothing failed, expected an error with %q", string(want))
	case !strings.Contains(err.Error(), string(want)):
		L.RaiseError("expected an error with %q, got:\n%s", string(want), err.Error())
	}
	return 0
}

// setReplay is t.replay("x.har"): loads behind it are answered from a recording.
func (c *testCase) setReplay(L *glua.LState) int {
	name, ok := L.Get(1).(glua.LString)
	if !ok {
		L.RaiseError("t.replay: expected the name of a recording, not %s", view.Describe(L.Get(1)))
	}
	c.replay = c.path(string(name))
	return 0
}
