package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine/state"
)

// shown is a dataset on its way to the screen.
type shown struct {
	t   *terminal
	dir string
	*overview.Dataset
	now time.Time
}

// clock is how show writes times.
const clock = "2006-01-02 15:04:05"

func (s shown) write(w io.Writer) error {
	var b strings.Builder
	last := []string{"no load yet"}
	if l := s.LastLoad(); l != nil {
		last = []string{"load " + group(l.Number), fmt.Sprintf("%s (%s)", l.CommittedAt.Local().Format(clock), ago(l.CommittedAt, s.now))}
	}
	if s.ChangedSince() {
		last = append(last, "compacted or set "+ago(s.CommittedAt, s.now))
	}
	s.head(&b, printable(s.Source), " in "+relative(s.dir)+": ", last)
	for i := range s.Tables {
		b.WriteString("\n")
		s.table(&b, &s.Tables[i])
	}
	s.lastLoad(&b)
	s.history(&b)
	s.cursors(&b)
	s.refused(&b)
	s.unfinished(&b)
	s.loads(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeTables writes the tables and nothing else.
func (s shown) writeTables(w io.Writer) error {
	var b strings.Builder
	for i := range s.Tables {
		if i > 0 {
			b.WriteString("\n")
		}
		s.table(&b, &s.Tables[i])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line writes one line, cut to the screen.
func (s shown) line(b *strings.Builder, text string) {
	text = strings.TrimRight(printable(text), " ")
	if width := s.t.width(); width > 0 {
		text = cut(text, width)
	}
	b.WriteString(text + "\n")
}

// head writes a name and what there is to say of it: on one line, or, where that
// is too narrow, the name on one and the rest below it.
func (s shown) head(b *strings.Builder, name, between string, facts []string) {
	one := name + between + strings.Join(facts, ", ")
	width := s.t.width()
	if width == 0 || utf8.RuneCountInString(one) <= width {
		b.WriteString(s.t.style(bold, name) + one[len(name):] + "\n")
		return
	}
	b.WriteString(s.t.style(bold, name) + strings.TrimRight(between, " ") + "\n")
	line := " "
	for i, f := range facts {
		if i < len(facts)-1 {
			f += ","
		}
		if line != " " && utf8.RuneCountInString(line+" "+f) > width {
			s.line(b, line)
			line = " "
		}
		line += " " + f
	}
	s.line(b, line)
}

func (s shown) table(b *strings.Builder, t *overview.Table) {
	facts := []string{count(t.Rows, "row"), count(int64(len(t.Files)), "file"), size(t.Bytes)}
	if t.WriteDisposition != "" {
		how := t.WriteDisposition
		if len(t.PrimaryKey) > 0 {
			how += " by " + strings.Join(t.PrimaryKey, ", ")
		}
		facts = append(facts, how)
	}
	s.head(b, t.Name, "  ", facts)
	if t.Problem != nil {
		s.line(b, "  its rows cannot be read, see below")
	}
	if t.Mixed {
		s.line(b, `  older files have fewer columns or narrower types (evolve = "union")`)
	}
	s.columns(b, t)
}

// columns writes a line for each column: its name, its type, and its values in
// the first rows. So a table of many columns fits the screen, too.
func (s shown) columns(b *strings.Builder, t *overview.Table) {
	var names, types []string
	var values [][]string
	for i, c := range t.Columns {
		kind := c.TypeName()
		if !c.Nullable {
			kind += " not null"
		}
		names, types = append(names, c.Name), append(types, kind)
		values = append(values, columnValues(t, i))
	}
	widths := maxWidths(values)
	name, kind := longest(names), longest(types)
	if width := s.t.width(); width > 0 {
		name = min(name, max(20, width/2)) // one long name must not push all types aside
	}
	for i := range names {
		line := "  " + pad(cut(names[i], name), name, false) + "  " + pad(types[i], kind, false)
		for k, v := range values[i] {
			line += "  " + pad(v, widths[k], false)
		}
		s.line(b, line)
	}
}

// longest is the number of characters of the longest text.
func longest(texts []string) int {
	n := 0
	for _, t := range texts {
		n = max(n, utf8.RuneCountInString(t))
	}
	return n
}

// lastLoad says what the last load changed.
func (s shown) lastLoad(b *strings.Builder) {
	l := s.LastLoad()
	if l == nil {
		return
	}
	fmt.Fprintf(b, "\n%s\n", s.t.style(bold, fmt.Sprintf("load %s changed", group(l.Number))))
	s.line(b, "  "+loadCost(l))
	if len(l.Changes) == 0 {
		s.line(b, "  nothing")
		return
	}
	g := grid{{"table", "added", "updated", "deleted"}}
	for _, name := range s.changed(l) {
		x := l.Changes[name]
		g = append(g, []string{name, group(x.Added), group(x.Updated), group(x.Deleted)})
	}
	if width := s.t.width(); width > 0 && g.width()+2 > width {
		s.narrowChanges(b, l)
	} else {
		for i, line := range g.lines() {
			if i == 0 {
				line = s.t.style(faint, line)
			}
			b.WriteString("  " + line + "\n")
		}
	}
	s.schemaChanges(b, l)
}

// narrowChanges writes a table as two lines, for terminals that the columns do
// not fit on.
func (s shown) narrowChanges(b *strings.Builder, l *state.Load) {
	for _, name := range s.changed(l) {
		x := l.Changes[name]
		s.line(b, "  "+name)
		s.line(b, fmt.Sprintf("    +%s ~%s -%s", group(x.Added), group(x.Updated), group(x.Deleted)))
	}
}

// changed are the tables that a load changed: those that are there in their
// order, then those that are gone.
func (s shown) changed(l *state.Load) []string {
	var names []string
	for _, t := range s.Tables {
		if _, is := l.Changes[t.Name]; is {
			names = append(names, t.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Changes)) {
		if s.State.Tables[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

func (s shown) schemaChanges(b *strings.Builder, l *state.Load) {
	n := 0
	for _, name := range s.changed(l) {
		x := l.Changes[name]
		if x.Created {
			s.line(b, "  + "+name+", a new table")
		}
		for _, c := range x.Columns {
			if n++; n > maxChanges {
				continue
			}
			if c.From == "" {
				s.line(b, fmt.Sprintf("  + %s.%s %s", name, c.Name, c.To))
			} else {
				s.line(b, fmt.Sprintf("  ~ %s.%s %s -> %s", name, c.Name, c.From, c.To))
			}
		}
	}
	if n > maxChanges {
		s.line(b, fmt.Sprintf("  and %s more, see --json", count(int64(n-maxChanges), "schema change")))
	}
}

// loadCost is how long a load took and what it asked.
func loadCost(l *state.Load) string {
	text := "took " + human(l.CommittedAt.Sub(l.StartedAt))
	var requests int64
	for _, n := range l.Requests {
		requests += n
	}
	if requests > 0 {
		text += ", " + count(requests, "request")
	}
	return text
}

func (s shown) cursors(b *strings.Builder) {
	if len(s.Cursors) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", s.t.style(bold, "next run starts at"))
	for _, c := range s.Cursors {
		switch {
		case c.Deferred > 0:
			s.line(b, fmt.Sprintf("  %s  %s that failed first", c.Resource, count(int64(c.Deferred), "parent")))
		case c.Hooks != "":
			s.line(b, fmt.Sprintf("  %s  state of its hooks: %s", c.Resource, c.Hooks))
		case c.Count > 0:
			s.line(b, fmt.Sprintf("  %s  %s of %s, such as %s = %s", c.Resource, c.Path, count(int64(c.Count), "parent"), c.Parents[0].Key, c.Parents[0].Value))
		default:
			s.line(b, fmt.Sprintf("  %s  %s = %s", c.Resource, c.Path, c.Value))
		}
	}
}

// refused says which rows the schema contracts kept out.
func (s shown) refused(b *strings.Builder) {
	if len(s.Rejected) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", s.t.style(bold, "refused rows"))
	for _, r := range s.Rejected {
		rows := count(r.Rows, "row")
		if r.More {
			rows = "more than " + rows
		}
		rel, err := filepath.Rel(s.dir, r.Path)
		if err != nil {
			rel = r.Path
		}
		s.line(b, fmt.Sprintf("  load %s  %s in %s", group(r.Load), rows, rel))
		for _, line := range r.First {
			s.line(b, "    "+cut(string(line), maxRefused))
		}
	}
}

func (s shown) unfinished(b *strings.Builder) {
	if s.Unfinished == nil {
		return
	}
	u := s.Unfinished
	fmt.Fprintf(b, "\n%s\n", s.t.style(bold, fmt.Sprintf("load %s is not finished", group(u.Number))))
	for _, name := range slices.Sorted(maps.Keys(u.Rows)) {
		s.line(b, fmt.Sprintf("  %s  %s", name, count(u.Rows[name], "row")))
	}
	s.line(b, fmt.Sprintf("  kept %s; unless a run is under way, the next one goes on from there", ago(u.CreatedAt, s.now)))
}
