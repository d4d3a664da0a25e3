package dataset

import (
	"strings"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// joined is the least column that holds the values of both: a is what was
// there, b what comes (NRM-52).
func joined(a, b schema.Column) schema.Column {
	out := b
	if a.Facts != nil && b.Facts != nil {
		facts := *b.Facts
		facts.Merge(a.Facts)
		out.Facts = &facts
	} else if b.Facts == nil {
		out.Facts = a.Facts
	}
	out.Nullable = a.Nullable || b.Nullable
	if out.Source == "" {
		out.Source = a.Source
	}
	out.Name = a.Name
	if a.Facts != nil && b.Facts != nil && !a.Declared && !b.Declared {
		if t, precision, scale, naive := out.Facts.Decide(); t != schema.None {
			out.Type, out.Precision, out.Scale, out.Naive = t, precision, scale, naive
			return out
		}
	}
	switch {
	case a.SameType(b), becomes(a, b):
	case becomes(b, a):
		out.Type, out.Precision, out.Scale, out.Naive = a.Type, a.Precision, a.Scale, a.Naive
	case a.Type == schema.JSON || b.Type == schema.JSON:
		out.Type, out.Precision, out.Scale, out.Naive = schema.JSON, 0, 0, false
	default:
		out.Type, out.Precision, out.Scale, out.Naive = schema.Text, 0, 0, false
	}
	return out
}

// becomes reports whether every value of a fits b. What the facts of an
// undeclared column say of its digits was settled by the normaliser.
func becomes(a, b schema.Column) bool {
	switch b.Type {
	case schema.Timestamp:
		return a.Type == schema.Timestamp && (a.Naive || !b.Naive) || a.Type == schema.Date
	case schema.Double:
		return a.Type == schema.Bigint
	case schema.Decimal:
		return a.Type == schema.Bigint || a.Type == schema.Double || a.Type == schema.Decimal && a.Scale <= b.Scale &&
			(a.Precision-a.Scale <= b.Precision-b.Scale || b.Facts != nil && !b.Declared)
	case schema.Text:
		return a.Type != schema.JSON
	case schema.JSON:
		return true
	}
	return false
}

// union brings the columns that a table has together with those of a load: all
// of both, in the load's order, what the load does not know behind it, the
// engine's own last (RDR-07).
func union(have, come []schema.Column) []schema.Column {
	old := schema.Table{Columns: have}
	taken := map[string]bool{}
	var data, own []schema.Column
	add := func(c schema.Column) {
		taken[c.Name] = true
		if strings.HasPrefix(c.Source, ownPrefix) {
			own = append(own, c)
		} else {
			data = append(data, c)
		}
	}
	for i := range come {
		c := come[i]
		if m := old.Match(&c); m != nil {
			c = joined(*m, c)
		}
		add(c)
	}
	for _, c := range have {
		if !taken[c.Name] {
			if !strings.HasPrefix(c.Source, ownPrefix) {
				c.Nullable = true // the load has no values for it
			}
			add(c)
		}
	}
	return append(data, own...)
}

// sameColumns reports whether a file with columns a has the schema b.
func sameColumns(a, b []schema.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || !a[i].SameType(b[i]) || a[i].Nullable != b[i].Nullable {
			return false
		}
	}
	return true
}

// compare notes which columns are new and which grew.
func (r *TableReport) compare(old *state.Table, columns []schema.Column) {
	if old == nil {
		return
	}
	for _, c := range columns {
		o := old.Column(c.Name)
		switch {
		case o == nil:
			r.New = append(r.New, c)
		case !o.SameType(c):
			r.Widened = append(r.Widened, Widened{Column: c.Name, From: o.TypeName(), To: c.TypeName()})
		}
	}
}
