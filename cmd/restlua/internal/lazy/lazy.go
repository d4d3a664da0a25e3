// Package lazy keeps what one command needs from being made at the start of
// every one.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp compiles expr when the expression is first asked for. It panics then if
// expr is wrong, which a test of whoever uses it finds.
func Regexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
