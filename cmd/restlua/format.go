package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// group shows a number with its digits in groups of three: 1,204,331 (OPR-65).
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// count shows a number with its noun: "1 row", "2 rows".
func count(n int64, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ry"):
		return group(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return group(n) + " " + noun + "s"
}

// human shows a time as people say it: 0.4 s, 12 s, 3m 12s, 2h 5m.
func human(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 9950*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Minute-500*time.Millisecond:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
}

// size shows bytes in decimal units, as file managers and networks do: 64 KB.
func size(n int64) string {
	if n < 1000 {
		return count(n, "byte")
	}
	f := float64(n)
	for _, unit := range []string{"KB", "MB", "GB"} {
		f /= 1000
		if f < 9.95 {
			return strconv.FormatFloat(f, 'f', 1, 64) + " " + unit
		}
		if f < 999.5 {
			return strconv.FormatFloat(f, 'f', 0, 64) + " " + unit
		}
	}
	return group(int64(f/1000+0.5)) + " TB"
}

// ago shows how long before now a time was.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int64(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return count(int64(d/time.Hour), "hour") + " ago"
	}
	return count(int64(d/(24*time.Hour)), "day") + " ago"
}

// cut shortens s to at most n columns; the last one then is an ellipsis.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	runes := []rune(s)
	return string(runes[:n-1]) + "…"
}

// pad fills s with blanks to n columns: behind it, or before it for right.
func pad(s string, n int, right bool) string {
	blanks := strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
	if right {
		return blanks + s
	}
	return s + blanks
}

// grid lays cells out in columns, the first one to the left, the others to the
// right. The first row is the head.
type grid [][]string

func (g grid) widths() []int {
	var w []int
	for _, row := range g {
		for i, cell := range row {
			if i == len(w) {
				w = append(w, 0)
			}
			w[i] = max(w[i], utf8.RuneCountInString(cell))
		}
	}
	return w
}

// lines are the rows as text, without blanks at their ends.
func (g grid) lines() []string {
	w := g.widths()
	var out []string
	for _, row := range g {
		var b strings.Builder
		for i, cell := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(pad(cell, w[i], i > 0))
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

// width is the length of the longest line.
func (g grid) width() int {
	n := 0
	for _, w := range g.widths() {
		n += w + 2
	}
	return max(0, n-2)
}
