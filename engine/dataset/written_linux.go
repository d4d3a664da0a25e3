package dataset

import (
	"os"

	"golang.org/x/sys/unix"
)

// beginWriting begins to write a part of f to the disk and does not wait for
// it. File systems that cannot leave it to Sync.
func beginWriting(f *os.File, at, n int64) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) { _ = unix.SyncFileRange(int(fd), at, n, unix.SYNC_FILE_RANGE_WRITE) })
}
