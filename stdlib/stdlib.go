// Package stdlib holds the modules that a script may require, one file each.
//
// A module is data: its functions are documented in the same literal that names
// their implementation, and that text serves the reference page, the editor
// annotations and, through the examples, the tests. Modules stand alone; what
// they need of the world comes through Host, values that cross the border to
// JSON through package view.
package stdlib

import (
	"context"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
)

// Host is what modules may use of the world that they run in.
type Host struct {
	hook.Env
	Evaluating bool // the script is evaluated for its config; hooks run later
	// Gave is told each value that secrets.get and config.get give, defaults
	// among them; nil: nobody is.
	Gave func(v lua.LValue)
	// Context is that of the call at hand; nil means context.Background.
	Context func() context.Context
}

func (h *Host) context() context.Context {
	if h.Context == nil {
		return context.Background()
	}
	return h.Context()
}

// now is the load's start while the script is evaluated, so that every
// evaluation gives the same config, and the clock in hooks (SCR-06).
func (h *Host) now() time.Time {
	switch {
	case h.Evaluating:
		return h.Started
	case h.Now != nil:
		return h.Now()
	default:
		return time.Now()
	}
}

// Module is one module of the library.
type Module struct {
	Name string // as required: "json"
	Doc  string // one sentence
	// Functions are its functions and values, for the reference page and the
	// editor annotations, in the order in which a reader wants them.
	Functions []Function
	// Classes are the values with fields that its functions give.
	Classes []Class
	// Open makes the module's table for one world.
	Open func(L *lua.LState, h *Host) *lua.LTable
}

// Function documents one function or value of a module.
type Function struct {
	Name    string // "decode"
	Params  string // LuaLS form: "text: string, options?: table"
	Returns string // LuaLS type: "any"; of a value its type
	Value   bool   // it is a value, no function
	Doc     string // what it does, errors, bounds
	Example string // Lua code with assert, run as a test; require is done for it

	run   func(c *call) int              // the function: pushes its results, returns their number
	value func(L *lua.LState) lua.LValue // the value
}

// Class documents a value with fields and methods that a module's functions
// give, for the reference page and the editor annotations.
type Class struct {
	Name   string // as it stands in Returns: "time.Time"
	Doc    string
	Fields []Field
}

// Field is one field or method of a Class.
type Field struct {
	Name string // "unix"; of a group of a match "[integer]"
	Type string // LuaLS type; of a method "fun(self: time.Time, zone: string): time.Time"
	Doc  string
}

// Modules are all modules, sorted by name.
func Modules() []Module {
	modules := []Module{
		base64Module(),
		configModule(),
		cryptoModule(),
		csvModule(),
		gzipModule(),
		hexModule(),
		httpModule(),
		jsonModule(),
		logModule(),
		reModule(),
		secretsModule(),
		textModule(),
		timeModule(),
		urlModule(),
		uuidModule(),
		xmlModule(),
	}
	slices.SortFunc(modules, func(a, b Module) int { return strings.Compare(a.Name, b.Name) })
	return modules
}

// newModule makes a module whose table has exactly the functions and values
// that are documented.
func newModule(name, doc string, functions ...Function) Module {
	open := func(L *lua.LState, h *Host) *lua.LTable {
		w := &world{Host: h}
		t := L.CreateTable(0, len(functions))
		for _, f := range functions {
			if f.Value {
				t.RawSetString(f.Name, f.value(L))
				continue
			}
			full := name + "." + f.Name
			t.RawSetString(f.Name, L.NewFunction(func(L *lua.LState) int {
				return f.run(&call{L: L, world: w, name: full})
			}))
		}
		return t
	}
	return Module{Name: name, Doc: doc, Functions: functions, Open: open}
}
