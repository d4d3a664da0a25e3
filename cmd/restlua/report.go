package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine"
)

// maxChanges is how many schema changes a report shows; the rest is counted.
const maxChanges = 30

// report shows a result as text (OPR-61).
type report struct {
	*engine.Result
	t *terminal
}

func (r report) write(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.tables(&b)
	r.requests(&b)
	r.changes(&b)
	r.missing(&b)
	r.query(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r report) head(b *strings.Builder) {
	if r.Committed {
		fmt.Fprintf(b, "%s: load %s committed to %s in %s\n", r.t.style(bold, r.Source), group(r.Load), relative(r.Dataset), human(r.Elapsed))
		return
	}
	fmt.Fprintf(b, "%s: dry run in %s, nothing was committed to %s\n", r.t.style(bold, r.Source), human(r.Elapsed), relative(r.Dataset))
}

// names are the tables of the result, root tables and their children together.
func (r report) names() []string { return slices.Sorted(maps.Keys(r.Tables)) }

func (r report) tables(b *strings.Builder) {
	if len(r.Tables) == 0 {
		b.WriteString("no table was written\n")
		return
	}
	b.WriteString("\n")
	g := r.grid()
	if width := r.t.width(); width > 0 && g.width() > width {
		r.narrow(b)
		return
	}
	for i, line := range g.lines() {
		if i == 0 {
			line = r.t.style(faint, line)
		}
		b.WriteString(line + "\n")
	}
	b.WriteString("\n")
}

func (r report) grid() grid {
	if !r.Committed {
		g := grid{{"table", "rows"}}
		for _, name := range r.names() {
			g = append(g, []string{name, group(r.Tables[name].Rows)})
		}
		return g
	}
	g := grid{{"table", "added", "updated", "deleted", "total", "files", "size"}}
	for _, name := range r.names() {
		t := r.Tables[name]
		g = append(g, []string{name, group(t.Added), group(t.Updated), group(t.Deleted), group(t.Total), group(int64(t.Files)), size(t.Bytes)})
	}
	return g
}

// narrow writes a table as lines, for terminals that the columns do not fit on.
func (r report) narrow(b *strings.Builder) {
	for _, name := range r.names() {
		t := r.Tables[name]
		b.WriteString(name + "\n")
		if !r.Committed {
			fmt.Fprintf(b, "  %s\n", count(t.Rows, "row"))
			continue
		}
		for _, x := range []struct {
			n    int64
			verb string
		}{{t.Added, "added"}, {t.Updated, "updated"}, {t.Deleted, "deleted"}} {
			if x.n > 0 || x.verb == "added" {
				fmt.Fprintf(b, "  %s %s\n", group(x.n), x.verb)
			}
		}
		fmt.Fprintf(b, "  %s in %s, %s\n", count(t.Total, "row"), count(int64(t.Files), "file"), size(t.Bytes))
	}
	b.WriteString("\n")
}

func (r report) requests(b *strings.Builder) {
	fmt.Fprintf(b, "%s, %s received", count(r.Requests, "request"), size(r.Bytes))
	if r.Retries > 0 {
		fmt.Fprintf(b, ", %s after waits of %s", count(r.Retries, "retry"), human(r.Waited))
	}
	b.WriteString("\n")
	for _, name := range r.names() {
		if t := r.Tables[name]; t.Rewritten > 0 {
			fmt.Fprintf(b, "%s: %s written anew\n", name, count(int64(t.Rewritten), "older file"))
		}
	}
	if n := len(r.Warnings); n > 0 {
		fmt.Fprintf(b, "%s, see above\n", count(int64(n), "warning"))
	}
}

func (r report) changes(b *strings.Builder) {
	for i, c := range r.Changes {
		if i == maxChanges {
			fmt.Fprintf(b, "and %s more, see --json\n", count(int64(len(r.Changes)-i), "schema change"))
			return
		}
		if c.From == "" {
			fmt.Fprintf(b, "+ %s.%s %s\n", c.Table, c.Column, c.To)
		} else {
			fmt.Fprintf(b, "~ %s.%s %s -> %s\n", c.Table, c.Column, c.From, c.To)
		}
	}
}

// missing says what schema contracts kept out, and what failed and was left out.
func (r report) missing(b *strings.Builder) {
	for _, d := range r.Dropped {
		what := count(d.Rows, "row")
		if d.Rows == 0 {
			what = count(d.Values, "value")
		}
		where := d.Table
		if d.Column != "" {
			where += "." + d.Column
		}
		fmt.Fprintf(b, "- %s: %s left out by schema_contract (%s = %s)\n", where, what, d.Kind, d.Mode)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Resources)) {
		x := r.Resources[name]
		if x.Error != "" {
			fmt.Fprintf(b, "! %s failed and stays as it was: %s\n", name, printable(x.Error))
		}
		if x.Failed > 0 {
			fmt.Fprintf(b, "! %s: %s failed", name, count(x.Failed, "parent"))
			if x.Deferred > 0 {
				fmt.Fprintf(b, ", %s for the next run", group(int64(x.Deferred)))
			}
			b.WriteString("\n")
		}
	}
}

// query ends the report with one line to paste into a shell.
func (r report) query(b *strings.Builder) {
	if !r.Committed {
		return
	}
	for _, name := range r.names() {
		if r.Tables[name].Total > 0 {
			fmt.Fprintf(b, "\n%s\n", duckDB(filepath.Join(relative(r.Dataset), name), r.Tables[name].Mixed))
			return
		}
	}
}
