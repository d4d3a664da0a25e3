//go:build unix

package dataset

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// A lock is free when it is closed, also while a child process that is about to
// begin has a copy of its descriptor.
func TestLockIsFreeWhenClosed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := disk{}.Lock(path, []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	copied, err := syscall.Dup(int(first.(held).f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(copied)
	if _, err := (disk{}).Lock(path, []byte("2")); !errors.Is(err, errLocked) {
		t.Errorf("while it is locked: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := disk{}.Lock(path, []byte("2"))
	if err != nil {
		t.Fatalf("a copy of the descriptor holds the lock: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}
