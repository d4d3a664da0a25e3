package draft

import (
	"slices"
	"strings"
)

// since is a guess that a list can be asked for what is new.
type since struct {
	param, field string
	from         string // the setting with the value for the first run; empty: none is needed
	missing      bool   // the field may be missing or null
	why          string // what it was guessed from
	required     bool   // requests without the parameter fail
	sure         bool   // parameter and field are of one kind, and changes move the field
}

// The fields that say when a record changed, or was made, folded.
var (
	changedFields = []string{"updatedat", "modifiedat", "lastmodified", "lastupdated", "updated", "modified", "lastmodifieddate", "lastupdateddate", "updateddate", "modifieddate", "dateupdated", "datemodified", "updatedon", "modifiedon", "updatedtime", "modifiedtime", "lastmodifiedat", "lastupdatedat", "updatetime", "lastupdatetime", "changedat", "lastmodifiedtime"}
	createdFields = []string{"createdat", "created", "creationdate", "datecreated", "createdon", "createdtime", "createtime", "createddate", "timestamp", "occurredat", "eventtime", "published", "publishedat", "time", "date"}
)

// guessSince looks for a parameter that takes a moment, and for the field of
// the records that it is about.
func guessSince(e *Endpoint, r records) *since {
	var best *since
	for i := range e.Params {
		p := &e.Params[i]
		changed, made := aboutTime(p)
		if !changed && !made || !takesTime(p) {
			continue
		}
		s := &since{param: p.Name}
		fields := createdFields
		if changed {
			fields = changedFields
		}
		f := timeField(r.item, fields)
		if f == nil && changed && folded(p.Name) == "since" {
			continue
		}
		if f == nil {
			continue
		}
		s.field = f.Name
		s.missing = f.Shape.Null || !f.Required
		s.why = "the parameter " + clean(p.Name, 40)
		s.sure = changed && sameClock(p.Shape, f.Shape) && isName(f.Name)
		s.required = p.Required
		if best == nil || s.sure && !best.sure || s.sure == best.sure && strings.HasSuffix(folded(p.Name), "gte") {
			best = s
		}
	}
	return best
}

// aboutTime reports whether a parameter is a lower bound on when records
// changed, or on when they were made.
func aboutTime(p *Param) (changed, made bool) {
	name := folded(p.Name)
	lower := strings.HasSuffix(name, "since") || strings.HasSuffix(name, "after") || strings.HasSuffix(name, "gte") || strings.HasSuffix(name, "gt") ||
		strings.HasSuffix(name, "min") || strings.HasSuffix(name, "from") || strings.HasSuffix(name, "start") || strings.HasPrefix(name, "min") || strings.HasPrefix(name, "from") || strings.HasPrefix(name, "since")
	if !lower {
		return false, false
	}
	for _, word := range []string{"updat", "modif", "chang"} {
		if strings.Contains(name, word) {
			return true, false
		}
	}
	if strings.Contains(name, "creat") || strings.Contains(name, "date") || strings.Contains(name, "time") {
		return false, true
	}
	if name != "since" {
		return false, false
	}
	about := strings.ToLower(p.About)
	changed = strings.Contains(about, "updated") || strings.Contains(about, "modified") || strings.Contains(about, "changed")
	return changed, !changed
}

// takesTime reports whether the value of a parameter is a moment.
func takesTime(p *Param) bool {
	switch p.Shape.Kind {
	case Text, Unknown:
		return strings.HasPrefix(p.Shape.Format, "date") || containsWord(p.About, "iso", "rfc", "timestamp", "datetime", "date", "time", "yyyy")
	case Integer, Number:
		name := folded(p.Name)
		return containsWord(p.About, "timestamp", "unix", "epoch", "time") || strings.HasPrefix(name, "creat") || strings.HasPrefix(name, "updat") || strings.HasPrefix(name, "modif")
	case Object:
		return false
	}
	return false
}

func timeField(item *Shape, names []string) *Field {
	for _, name := range names {
		for i := range fieldsOf(item) {
			f := &item.Fields[i]
			if folded(f.Name) == name && (f.Shape.Kind == Text || f.Shape.Kind == Integer || f.Shape.Kind == Unknown) && len(f.Shape.Fields) == 0 {
				return f
			}
		}
	}
	return nil
}

// sameClock reports whether the text of a field can be sent as it is.
func sameClock(param, field *Shape) bool {
	text := func(s *Shape) bool { return s.Kind == Text && slices.Contains([]string{"date-time", ""}, s.Format) }
	number := func(s *Shape) bool { return s.Kind == Integer || s.Kind == Number }
	return text(param) && text(field) && (param.Format == "date-time" || field.Format == "date-time") || number(param) && number(field)
}
