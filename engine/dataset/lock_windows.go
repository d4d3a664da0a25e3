package dataset

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes one byte far behind the text of the file, because a locked byte
// cannot be read by others and the text tells them who has the lock.
func lock(f *os.File) error {
	where := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, where)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	if err != nil {
		return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return nil
}

// unlock frees the file at once; the system frees a closed one when it has time.
func unlock(f *os.File) error {
	where := &windows.Overlapped{OffsetHigh: 1 << 30}
	if err := windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, where); err != nil {
		return &os.PathError{Op: "unlock", Path: f.Name(), Err: err}
	}
	return nil
}
