package engine

import (
	"fmt"
	"testing"
)

// OPR-22: keys that come twice are noticed within the last ones, and the memory
// for that does not grow with the series.
func TestDuplicatesNear(t *testing.T) {
	t.Parallel()
	key := func(i int) []byte { return fmt.Appendf(nil, `{"id":%d}`, i) }
	d := newDuplicates([]string{"id"})
	d.begin()
	for i := range 3*watched + 10 {
		d.look(key(i))
	}
	for _, i := range []int{3*watched + 9, 3 * watched, 2*watched + 11} { // near
		d.look(key(i))
	}
	if d.twice != 3 {
		t.Errorf("%d keys were noticed, want 3", d.twice)
	}
	d.look(key(5)) // long ago
	if d.twice != 3 {
		t.Errorf("a key of long ago was noticed")
	}
	if n := len(d.seen) + len(d.before); n > 2*watched {
		t.Errorf("%d keys are remembered, want at most %d", n, 2*watched)
	}
	d.begin()
	d.look(key(3*watched + 9))
	if d.twice != 3 {
		t.Errorf("a key of another series was noticed")
	}
}
