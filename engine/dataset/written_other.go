//go:build !linux

package dataset

import "os"

// beginWriting leaves everything to Sync.
func beginWriting(*os.File, int64, int64) {}
