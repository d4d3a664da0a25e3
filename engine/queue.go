package engine

import (
	"context"
	"sync"
)

// parentWindow is how many records may wait for a child before the parent
// waits too, at the end of its page.
const parentWindow = 64

// parentQueue carries the records of a parent to one child, in order. It knows
// which of them the child has taken and not finished, so that a checkpoint of
// both loses none and gives none twice. The parent never waits in the middle of
// a page. Safe for concurrent use by one parent and one child.
type parentQueue struct {
	mu      sync.Mutex
	waiting [][]byte      // not taken yet
	taken   [][]byte      // taken, not finished
	closed  bool          // no more will come
	left    bool          // nobody takes any more
	more    chan struct{} // something came, or the end
	room    chan struct{} // something was taken
}

func newParentQueue() *parentQueue {
	return &parentQueue{more: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// push hands a record over; it is kept.
func (q *parentQueue) push(record []byte) {
	q.mu.Lock()
	if !q.left {
		q.waiting = append(q.waiting, record)
	}
	q.mu.Unlock()
	signal(q.more)
}

// wait returns when the child has caught up, or with the cause of ctx's end.
func (q *parentQueue) wait(ctx context.Context) error {
	for {
		q.mu.Lock()
		long := len(q.waiting) > parentWindow
		q.mu.Unlock()
		if !long {
			return nil
		}
		select {
		case <-q.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// close says that no more records come.
func (q *parentQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	signal(q.more)
}

// leave says that the child takes no more: the parent need not wait for it.
func (q *parentQueue) leave() {
	q.mu.Lock()
	q.left, q.waiting = true, nil
	q.mu.Unlock()
	signal(q.room)
}

// next takes the next record; ok is false at the end, or when ctx ended.
func (q *parentQueue) next(ctx context.Context) (record []byte, ok bool) {
	for {
		q.mu.Lock()
		if len(q.waiting) > 0 {
			record = q.waiting[0]
			q.waiting = q.waiting[1:]
			q.taken = append(q.taken, record)
			q.mu.Unlock()
			signal(q.room)
			return record, true
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return nil, false
		}
		select {
		case <-q.more:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// drop finishes the record taken last: nothing is asked for it.
func (q *parentQueue) drop() {
	q.mu.Lock()
	q.taken = q.taken[:len(q.taken)-1]
	q.mu.Unlock()
}

// done finishes the n records taken first.
func (q *parentQueue) done(n int) {
	q.mu.Lock()
	q.taken = q.taken[n:]
	q.mu.Unlock()
}

// pending are the records that are not finished, in order.
func (q *parentQueue) pending() [][]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append(append([][]byte(nil), q.taken...), q.waiting...)
}
