package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine/state"
)

const (
	// maxLoads is how many of the last loads show lists.
	maxLoads = 10
	// maxSpark is how many of the last loads the small charts draw, where the
	// screen has room for them.
	maxSpark = 40
)

// history draws the rows that the last loads wrote, a small chart for each table.
func (s shown) history(b *strings.Builder) {
	if len(s.Loads) < 2 {
		return // one bar says nothing
	}
	var names []string
	for _, t := range s.Tables {
		names = append(names, t.Name)
	}
	name, bars := longest(names), maxSpark
	if width := s.t.width(); width > 0 {
		// Behind name and chart there is room for a number.
		name = min(name, max(8, width/2-4))
		bars = min(bars, max(4, width-name-6-len("1,000,000")))
	}
	loads := s.Loads[max(0, len(s.Loads)-bars):]
	bars = len(loads)
	fmt.Fprintf(b, "\n%s\n", s.t.style(bold, fmt.Sprintf("rows that loads %s to %s wrote", group(loads[0].Number), group(loads[bars-1].Number))))
	for _, n := range names {
		values := written(loads, n)
		s.line(b, "  "+pad(cut(n, name), name, false)+"  "+spark(values)+"  "+group(values[bars-1]))
	}
}

// written is how many rows of a table each load added or updated.
func written(loads []state.Load, table string) []int64 {
	var out []int64
	for i := range loads {
		out = append(out, overview.Written(&loads[i], table))
	}
	return out
}

// spark draws values as bars of one character each; a dot stands for nothing.
// Heights go with the logarithm: the first load of an API often brings a
// thousand times what later ones do, and these are to be seen as well.
func spark(values []int64) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	top := math.Log1p(float64(slices.Max(values)))
	var b strings.Builder
	for _, v := range values {
		if v <= 0 {
			b.WriteRune('·')
			continue
		}
		level := int(math.Log1p(float64(v)) / top * float64(len(levels)))
		b.WriteRune(levels[min(level, len(levels)-1)])
	}
	return b.String()
}

// loads lists the last loads, the newest first.
func (s shown) loads(b *strings.Builder) {
	if len(s.Loads) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", s.t.style(bold, "last loads"))
	g := grid{{"load", "committed", "added", "updated", "deleted", "took"}}
	for i := len(s.Loads) - 1; i >= max(0, len(s.Loads)-maxLoads); i-- {
		l := &s.Loads[i]
		var sum state.Change
		for _, x := range l.Changes {
			sum.Added, sum.Updated, sum.Deleted = sum.Added+x.Added, sum.Updated+x.Updated, sum.Deleted+x.Deleted
		}
		g = append(g, []string{group(l.Number), l.CommittedAt.Local().Format(clock),
			group(sum.Added), group(sum.Updated), group(sum.Deleted), human(l.CommittedAt.Sub(l.StartedAt))})
	}
	if width := s.t.width(); width > 0 && g.width()+2 > width {
		for _, row := range g[1:] {
			s.line(b, fmt.Sprintf("  %s  %s", row[0], row[1]))
			s.line(b, fmt.Sprintf("    +%s ~%s -%s in %s", row[2], row[3], row[4], row[5]))
		}
		return
	}
	for i, line := range g.lines() {
		if i == 0 {
			line = s.t.style(faint, line)
		}
		b.WriteString("  " + line + "\n")
	}
}
