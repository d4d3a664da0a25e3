//go:build !linux && !darwin

package dataset

import "errors"

// exchange is not known to this system.
func exchange(a, b string) error { return errors.ErrUnsupported }
