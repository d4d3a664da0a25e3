package engine

import (
	"sync"
	"time"
)

// gate lets many tasks process pages, or one checkpoint look at all of them.
// Unlike a RWMutex, whoever wants to look can give up: a hook that waits for an
// answer holds its page for long, and the other tasks must not stand still for
// it. The zero value is open.
type gate struct {
	mu     sync.Mutex
	inside int           // pages at hand
	shut   chan struct{} // not nil: shut; closed when it opens again
	empty  chan struct{} // closed when nobody is inside any more
}

// enter waits until the gate is open, and goes in.
func (g *gate) enter() {
	for {
		g.mu.Lock()
		shut := g.shut
		if shut == nil {
			g.inside++
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		<-shut
	}
}

// leave goes out.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// close shuts the gate and waits until nobody is inside. After d it gives up,
// opens it again and returns false.
func (g *gate) close(d time.Duration) bool {
	g.mu.Lock()
	g.shut = make(chan struct{})
	if g.inside == 0 {
		g.mu.Unlock()
		return true
	}
	empty := make(chan struct{})
	g.empty = empty
	g.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-empty:
		return true
	case <-timer.C:
		g.open()
		return false
	}
}

// open lets the tasks go on.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut, g.empty = nil, nil
}
