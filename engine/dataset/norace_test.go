//go:build !race

package dataset

// everyNth is at how many of the operations the crash tests crash.
const everyNth = 1
