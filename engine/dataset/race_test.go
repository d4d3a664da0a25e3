//go:build race

package dataset

// everyNth is at how many of the operations the crash tests crash: they start
// no goroutines of their own, and under the race detector each costs ten times
// as much.
const everyNth = 11
