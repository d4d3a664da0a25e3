package engine

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// One set of batches may be on its way while the next one fills; a third waits.
func TestLending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		held := new(atomic.Int32)
		l := newLending(100, held)
		l.take(150) // the first one always may
		taken := 0
		go func() {
			for _, n := range []int{60, 40, 10} {
				l.take(n)
				taken++
			}
		}()
		expect := func(want int, when string) {
			t.Helper()
			synctest.Wait()
			if taken != want {
				t.Fatalf("%s: %d batches were let through, want %d", when, taken, want)
			}
			if waits := want < 3; waits != (held.Load() == 1) {
				t.Fatalf("%s: %d wait", when, held.Load())
			}
		}
		expect(0, "while a large one is on its way")
		l.giveBack(150)
		expect(2, "when it was given back")
		l.giveBack(60)
		expect(3, "when there is room again")
	})
}
