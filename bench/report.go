package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report prints the medians of all programs; ratios are to restlua.
func report(o options, programs []*program, size int) string {
	var b strings.Builder
	title := o.title
	if title == "" {
		title = fmt.Sprintf("%d records of %q", o.rows, o.data)
	}
	fmt.Fprintf(&b, "## %s\n\n", title)
	fmt.Fprintf(&b, "%d records, %d a page", o.rows, o.perPage)
	if size > 0 {
		fmt.Fprintf(&b, ", %.1f MB of JSON", float64(size)/1e6)
	}
	if o.gzip {
		b.WriteString(", packed answers")
	}
	if o.latency > 0 {
		fmt.Fprintf(&b, ", %s an answer", o.latency)
	}
	if o.procs > 0 {
		fmt.Fprintf(&b, ", %d core", o.procs)
	}
	fmt.Fprintf(&b, ". Medians of %d runs in turn; %s.\n\n", o.repeat, machine())
	b.WriteString("| program | wall s | CPU s | rows/s | peak MiB | Parquet MB | wall / restlua | CPU / restlua |\n|---|---|---|---|---|---|---|---|\n")
	first := programs[0]
	for _, p := range programs {
		wall := median(p.runs, seconds)
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %.0f | %.0f | %.1f | %.2f | %.2f |\n", p.name, wall, median(p.runs, cpu), float64(o.rows)/wall,
			median(p.runs, func(r run) float64 { return float64(r.peak) / (1 << 20) }),
			median(p.runs, func(r run) float64 { return float64(r.size) / 1e6 }), wall/median(first.runs, seconds), median(p.runs, cpu)/median(first.runs, cpu))
	}
	if o.data == "fanout" && o.latency > 0 {
		rounds := float64(o.rows) / float64(o.connections)
		ideal := o.latency.Seconds() * (1 + rounds)
		fmt.Fprintf(&b, "\nIdeal: %.2f s = %s for the parents and %d children over %d connections; restlua took %.2f of it.\n",
			ideal, o.latency.Round(time.Millisecond), o.rows, o.connections, median(first.runs, seconds)/ideal)
	}
	return b.String()
}

func seconds(r run) float64 { return r.wall.Seconds() }
func cpu(r run) float64     { return r.cpu.Seconds() }

func median(runs []run, of func(run) float64) float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// machine names the processor, where the system says it.
func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	name := ""
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = ", " + strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %s/%s, %d cores%s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), name)
}
