package lua

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// meter bounds the calls of one world in time and memory (SCR-03). It is the
// context of the world's VM, which asks for Done before every instruction:
// every few thousand of them the meter looks at the clock, at the caller's
// context and at the heap. So nothing runs beside the script, a call that is
// short costs no look at all, and a loop without end is stopped. Library
// functions charge the steps that they take.
//
// A meter belongs to one world; it is used under the world's lock only.
type meter struct {
	options Options
	caller  context.Context
	timeout time.Duration
	what    string // "one call of a hook", for messages

	left     int // steps until the next look
	deadline time.Time
	looked   bool
	heap     uint64 // at the first look
	sample   [1]metrics.Sample
	stopped  error

	// Of the world, from call to call (kept.go).
	suspectFrom uint64 // heap from which on the world may keep too much
	suspicious  bool
}

// lookEvery is how many steps pass between looks. It is chosen so that a look
// (about 1 us) costs little beside the steps (tens of microseconds), and that
// steps cannot allocate much between looks.
const lookEvery = 1000

// stoppedDone is the Done of a meter that has stopped its call.
var stoppedDone = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// begin starts a new call.
func (m *meter) begin(caller context.Context, timeout time.Duration, what string) {
	m.caller, m.timeout, m.what = caller, timeout, what
	m.left, m.looked, m.stopped = lookEvery, false, nil
}

// Done is asked before every instruction of the VM.
func (m *meter) Done() <-chan struct{} {
	if m.left--; m.left > 0 {
		return nil
	}
	if m.look() != nil {
		return stoppedDone
	}
	return nil
}

// Err is the limit that was passed.
func (m *meter) Err() error { return m.stopped }

// Deadline is that of the caller.
func (m *meter) Deadline() (time.Time, bool) { return m.caller.Deadline() }

// Value is that of the caller.
func (m *meter) Value(key any) any { return m.caller.Value(key) }

// Charge counts work of library functions; see view.Meter.
func (m *meter) Charge(L *lua.LState, steps int) {
	if m.left -= steps; m.left > 0 {
		return
	}
	if err := m.look(); err != nil {
		L.RaiseError("%s", err.Error())
	}
}

// MaxText is the longest text that a library function may make.
func (m *meter) MaxText() int { return m.options.MaxText }

// look checks the limits. An error lasts until the end of the call: pcall in a
// script cannot outlive it.
func (m *meter) look() error {
	if m.stopped != nil {
		return m.stopped
	}
	m.left = lookEvery
	if err := m.caller.Err(); err != nil {
		m.stop(context.Cause(m.caller))
		return m.stopped
	}
	now := time.Now()
	if !m.looked {
		m.looked = true
		m.deadline = now.Add(m.timeout)
		m.heap = m.heapSize()
		m.suspect(m.heap)
		return nil
	}
	if now.After(m.deadline) {
		m.stop(fmt.Errorf("%s took longer than %v", m.what, m.timeout))
		return m.stopped
	}
	if m.overBudget() {
		runtime.GC() // what was only left over does not count
		if m.overBudget() {
			m.stop(fmt.Errorf("%s needed more than %d MiB of memory", m.what, m.options.MemoryGrowth>>20))
		}
	}
	return m.stopped
}

// suspect notes that the heap is so great that the world may keep too much.
func (m *meter) suspect(heap uint64) {
	if heap > m.suspectFrom {
		m.suspicious = true
	}
}

func (m *meter) stop(err error) {
	m.stopped = &limitError{err}
	m.left = 0
}

func (m *meter) overBudget() bool {
	size := m.heapSize()
	return size > m.heap && size-m.heap > uint64(m.options.MemoryGrowth)
}

// heapSize is what objects on the heap take, dead ones that were not yet freed
// included.
func (m *meter) heapSize() uint64 {
	m.sample[0].Name = "/memory/classes/heap/objects:bytes"
	metrics.Read(m.sample[:])
	if m.sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return m.sample[0].Value.Uint64()
}

// outside stops the clock of the call and the watch on the heap while the
// script waits for something else; the function that it returns starts them
// again.
func (m *meter) outside() (resume func()) {
	start, heap := time.Now(), m.heapSize()
	return func() {
		if !m.looked {
			return
		}
		m.deadline = m.deadline.Add(time.Since(start))
		if now := m.heapSize(); now > heap {
			m.heap += now - heap
		}
	}
}

// limitError is a limit that stopped a call.
type limitError struct{ err error }

func (e *limitError) Error() string { return e.err.Error() }
func (e *limitError) Unwrap() error { return e.err }

// errTooDeep replaces the VM's own words.
var errTooDeep = errors.New("calls are nested too deeply (a function that calls itself without end?)")

// restart lets the limits hold from now on, for a function that gives rows one
// after the other.
func (m *meter) restart() {
	if m.stopped == nil && m.looked {
		m.deadline = time.Now().Add(m.timeout)
	}
}
