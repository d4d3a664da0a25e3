package lua

import (
	"fmt"
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua/view"
)

// What a call needs is bounded by the meter; what calls leave in variables is
// bounded here (SCR-03). The heap of the process only says when to look: it
// holds much that is not the script's. Then the values that can be reached in
// the world are counted, so that a script is never blamed for others.

// lookAtHeapEvery is how many calls pass between looks at the heap (1 us).
const lookAtHeapEvery = 64

// checkKept returns the error of a world that keeps too much. It is called
// before a hook is.
func (w *World) checkKept(f hook.Ref) error {
	if w.calls++; w.calls%lookAtHeapEvery == 0 && !w.meter.suspicious {
		w.meter.suspect(w.meter.heapSize())
	}
	if !w.meter.suspicious {
		return nil
	}
	w.meter.suspicious = false
	limit := w.meter.options.MemoryKept
	if w.keptSize(limit) > limit {
		return &Error{Path: w.place(f), Message: fmt.Sprintf("%s: the script keeps more than %d MiB in its variables", w.script.main.name, limit>>20)}
	}
	// Others need the memory. The next look is due when much more is used.
	heap := w.meter.heapSize()
	w.meter.suspectFrom = heap + uint64(limit)/2
	return nil
}

// What values take, in bytes: about what the VM's structures were seen to take.
const (
	slotSize     = 16 // of a value in a list or a stack
	numberSize   = 8  // of a number behind its slot
	tableSize    = 112
	hashSize     = 480 // of a table's hash part, however few its entries
	entrySize    = 130 // of an entry in it
	functionSize = 80
	upvalueSize  = 56
	userdataSize = 64
	threadSize   = 160 << 10 // of a coroutine: its stacks
	sharedText   = 128       // texts from this length on are counted once
)

// keptSize counts what can be reached from the world's variables, in bytes,
// and stops counting beyond limit.
func (w *World) keptSize(limit int64) int64 {
	c := counter{seen: map[lua.LValue]bool{}, texts: map[*byte]bool{}}
	c.add(w.L.G.Global)
	c.add(w.L.G.Registry)
	c.add(w.config)
	c.add(w.ctx)
	for _, v := range w.loaded {
		c.add(v)
	}
	for len(c.open) > 0 && c.size <= limit {
		v := c.open[len(c.open)-1]
		c.open = c.open[:len(c.open)-1]
		c.inside(v)
	}
	return c.size
}

// counter walks values. Tables and what else can hold values are in seen.
type counter struct {
	size  int64
	open  []lua.LValue
	seen  map[lua.LValue]bool
	texts map[*byte]bool
}

func (c *counter) add(v lua.LValue) {
	switch v := v.(type) {
	case lua.LNumber:
		c.size += numberSize
	case lua.LString:
		c.text(string(v))
	case *lua.LTable, *lua.LFunction, *lua.LUserData, *lua.LState:
		if !c.seen[v] {
			c.seen[v] = true
			c.open = append(c.open, v)
		}
	}
}

func (c *counter) text(s string) {
	c.size += slotSize
	if len(s) >= sharedText {
		at := unsafe.StringData(s)
		if c.texts[at] {
			return
		}
		c.texts[at] = true
	}
	c.size += int64(len(s))
}

// inside counts v itself and adds what it holds.
func (c *counter) inside(v lua.LValue) {
	switch v := v.(type) {
	case *lua.LTable:
		c.table(v)
	case *lua.LFunction:
		c.size += functionSize
		if v.Env != nil {
			c.add(v.Env)
		}
		for _, u := range v.Upvalues {
			if u != nil {
				c.size += upvalueSize
				c.add(u.Value())
			}
		}
	case *lua.LUserData:
		c.size += userdataSize + int64(view.Inside(v, c.add))
	case *lua.LState:
		c.size += threadSize
	}
}

func (c *counter) table(t *lua.LTable) {
	list := t.Len()
	c.size += tableSize + slotSize*int64(list)
	entries := 0
	t.ForEach(func(k, e lua.LValue) {
		if n, ok := k.(lua.LNumber); !ok || n > lua.LNumber(list) {
			entries++
			c.add(k)
		}
		c.add(e)
	})
	if t.Metatable != nil {
		c.add(t.Metatable)
	}
	if entries > 0 {
		c.size += hashSize
	}
	c.size += entrySize * int64(entries)
	// The VM keeps every key that a table ever had, which its exported methods
	// do not show.
	keys := reflect.ValueOf(t).Elem().FieldByName("keys")
	if !keys.IsValid() || keys.Kind() != reflect.Slice || keys.Len() <= entries {
		return
	}
	c.size += entrySize * int64(keys.Len()-entries)
	for i := range keys.Len() {
		if k := keys.Index(i).Elem(); k.Kind() == reflect.String {
			c.size += slotSize + int64(k.Len())
		}
	}
}
