//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package dataset

import (
	"fmt"
	"os"
	"runtime"
)

// lock refuses: without a lock two writers would destroy each other's loads.
func lock(f *os.File) error {
	return fmt.Errorf("%s: files cannot be locked on %s", f.Name(), runtime.GOOS)
}

// unlock has nothing to do: lock always fails here.
func unlock(*os.File) error { return nil }
