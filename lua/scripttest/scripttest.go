// Package scripttest runs the tests of scripts: files *_test.lua whose cases
// run a script against answers that stand in the test, without network, and
// look at the rows, the requests and the state (SCR-41).
package scripttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	glua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/stdlib"
)

// Options of Run. The zero value works.
type Options struct {
	Match *regexp.Regexp    // run the cases whose name it matches; nil: all
	Log   func(text string) // what a test or its script prints; nil: dropped
	Case  func(Case)        // called when a case has ended; nil: not
}

// Case is one test that ran.
type Case struct {
	Name    string
	Err     error // nil: it passed
	Elapsed time.Duration
}

// caseTimeout bounds the code of one case; what its loads take does not count.
const caseTimeout = 10 * time.Second

// Run runs the test file at path, one case after the other. An error is one of
// the file itself: it cannot be read, does not compile or fails before its
// cases are known.
func Run(ctx context.Context, path string, o Options) ([]Case, error) {
	f := &file{ctx: ctx, dir: filepath.Dir(path), options: o, names: map[string]bool{}}
	script, err := lua.Load(path, lua.Options{Modules: []stdlib.Module{f.module()}})
	if err != nil {
		return nil, err
	}
	f.tool = script.Tool(hook.Env{Started: time.Now(), Log: func(_, text string, _ map[string]any) { f.log(text) }})
	defer f.tool.Close()
	if _, err := f.tool.Run(ctx); err != nil {
		return nil, err
	}
	var done []Case
	for _, c := range f.cases {
		if o.Match != nil && !o.Match.MatchString(c.name) {
			continue
		}
		start := time.Now()
		x := Case{Name: c.name, Err: f.run(c)}
		x.Elapsed = time.Since(start)
		done = append(done, x)
		if o.Case != nil {
			o.Case(x)
		}
		if ctx.Err() != nil {
			return done, context.Cause(ctx)
		}
	}
	return done, nil
}

// file is one test file that runs.
type file struct {
	ctx     context.Context
	dir     string
	options Options
	tool    *lua.Tool
	cases   []declared
	names   map[string]bool
}

// declared is a case as test.case declares it.
type declared struct {
	name string
	f    *glua.LFunction
}

func (f *file) log(text string) {
	if f.options.Log != nil {
		f.options.Log(text)
	}
}

// module is what require("test") gives.
func (f *file) module() stdlib.Module {
	m := Documentation()
	m.Open = func(L *glua.LState, _ *stdlib.Host) *glua.LTable {
		t := L.NewTable()
		t.RawSetString("case", L.NewFunction(f.declare))
		return t
	}
	return m
}

// declare is test.case(name, function(t) ... end).
func (f *file) declare(L *glua.LState) int {
	name, ok := L.Get(1).(glua.LString)
	body, isFunction := L.Get(2).(*glua.LFunction)
	switch {
	case !ok || name == "" || !isFunction:
		L.RaiseError("test.case: expected a name and a function: test.case(\"it works\", function(t) ... end)")
	case f.names[string(name)]:
		L.RaiseError("test.case: there is a case %q already", string(name))
	}
	f.names[string(name)] = true
	f.cases = append(f.cases, declared{string(name), body})
	return 0
}

// run runs one case, with datasets of its own that are gone behind it.
func (f *file) run(d declared) (err error) {
	folder, err := os.MkdirTemp("", "restlua-test-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	c := &testCase{file: f, folder: folder}
	_, err = f.tool.Call(f.ctx, caseTimeout, fmt.Sprintf("the case %q", d.name), d.f, c.open())
	return err
}
