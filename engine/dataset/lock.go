package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockPoll is how often a waiting writer looks whether the lock is free.
const lockPoll = 50 * time.Millisecond

// LockedError says that another process writes the dataset.
type LockedError struct {
	Dir   string
	PID   int       // 0: not known
	Since time.Time // zero: not known
}

func (e *LockedError) Error() string {
	who := "by another process"
	if e.PID > 0 {
		who = fmt.Sprintf("by process %d", e.PID)
	}
	if !e.Since.IsZero() {
		who += " since " + e.Since.Format(time.RFC3339)
	}
	return fmt.Sprintf("dataset is being written %s: %s (hint: --wait 30s waits for it)", who, e.Dir)
}

// takeLock takes the lock within d.o.Wait; *LockedError when it stays taken.
func (d *Dataset) takeLock(ctx context.Context) (io.Closer, error) {
	path := filepath.Join(d.engineDir(), "lock")
	holder := fmt.Appendf(nil, "%d %s\n", os.Getpid(), d.now().Format(time.RFC3339))
	var deadline <-chan time.Time
	for {
		l, err := d.fs.Lock(path, holder)
		if !errors.Is(err, errLocked) {
			return l, err
		}
		if deadline == nil {
			if d.o.Wait <= 0 {
				return nil, d.lockedBy(path)
			}
			timer := time.NewTimer(d.o.Wait)
			defer timer.Stop()
			deadline = timer.C
		}
		again := time.NewTimer(lockPoll)
		select {
		case <-again.C:
		case <-deadline:
			again.Stop()
			return nil, d.lockedBy(path)
		case <-ctx.Done():
			again.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// lockedBy reads who has the lock; what cannot be read stays unknown.
func (d *Dataset) lockedBy(path string) error {
	e := &LockedError{Dir: d.dir}
	text, err := d.fs.ReadFile(path)
	if err != nil {
		return e
	}
	pid, since, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if _, err := fmt.Sscan(pid, &e.PID); err != nil {
		e.PID = 0
	}
	if t, err := time.Parse(time.RFC3339, since); err == nil {
		e.Since = t
	}
	return e
}
