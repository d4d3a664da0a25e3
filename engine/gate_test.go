package engine

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A checkpoint looks when nobody is inside, keeps others out meanwhile, and
// gives up on a page that takes too long.
func TestGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g gate
		if !g.close(0) {
			t.Fatal("an empty gate does not close")
		}
		entered := false
		go func() { g.enter(); entered = true; time.Sleep(2 * time.Second); g.leave() }()
		synctest.Wait()
		if entered {
			t.Fatal("a task went through the closed gate")
		}
		g.open()
		synctest.Wait()
		if !entered {
			t.Fatal("a task does not come in after the gate opened")
		}
		began := time.Now()
		if g.close(time.Second) || time.Since(began) != time.Second {
			t.Fatalf("it did not give up after a second, but after %v", time.Since(began))
		}
		g.enter() // open again
		g.leave()
		if !g.close(5*time.Second) || time.Since(began) != 2*time.Second {
			t.Fatalf("it did not close as soon as the page was done, but after %v", time.Since(began))
		}
		g.open()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				for range 50 {
					g.enter()
					time.Sleep(time.Millisecond)
					g.leave()
				}
			})
		}
		for range 10 {
			if !g.close(time.Second) {
				t.Error("it does not close among short pages")
			} else if g.inside != 0 {
				t.Error("somebody is inside a closed gate")
			}
			g.open()
			time.Sleep(3 * time.Millisecond)
		}
		group.Wait()
	})
}
