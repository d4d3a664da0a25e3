package engine

import (
	"sync"
	"sync/atomic"
)

// lending counts the bytes of one resource's batches that are on their way to
// their files. While one set of batches is written the next one fills; who
// would begin a third waits. Safe for concurrent use.
type lending struct {
	mu    sync.Mutex
	less  sync.Cond // something was given back
	limit int
	bytes int
	held  *atomic.Int32 // how many wait, of all resources
}

func newLending(limit int, held *atomic.Int32) *lending {
	l := &lending{limit: limit, held: held}
	l.less.L = &l.mu
	return l
}

// take waits until n more bytes may be on their way. One batch always may,
// however large.
func (l *lending) take(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.bytes > 0 && l.bytes+n > l.limit {
		l.held.Add(1)
		l.less.Wait()
		l.held.Add(-1)
	}
	l.bytes += n
}

func (l *lending) giveBack(n int) {
	l.mu.Lock()
	l.bytes -= n
	l.mu.Unlock()
	l.less.Broadcast()
}
