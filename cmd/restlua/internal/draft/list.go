package draft

import (
	"slices"
	"strings"
)

// listNames are the keys under which APIs put their records.
var listNames = []string{"data", "items", "results", "entries", "records", "rows", "entities", "payload", "content", "objects", "values", "value", "elements", "list", "collection", "resources", "hits"}

// notLists are keys of lists that stand beside the records.
var notLists = []string{"errors", "error", "warnings", "links", "included", "messages", "facets", "aggregations", "sort", "order", "schemas", "headers", "fields", "columns", "filters", "expand", "metadata", "errormessages", "notifications"}

// wrappers are keys of objects that only hold the list.
var wrappers = []string{"data", "result", "results", "response", "payload", "body", "embedded", "list", "page", "content", "resultset"}

// records is where the records of a response are.
type records struct {
	way    []string // through keys; none: the response is the list
	item   *Shape   // never nil
	others []string // further lists of objects in the response
}

// selector is the JSONPath of the records.
func (r records) selector() string {
	if len(r.way) == 0 {
		return "$"
	}
	return pathText(r.way)
}

// findRecords finds the list that an endpoint answers with. Objects with lists
// in them are no lists, unless something says that the list is what was asked
// for: its name, or parameters for paging.
func findRecords(e *Endpoint) (records, bool) {
	s := e.Response
	if s == nil {
		return records{}, false
	}
	if s.Kind == List {
		return records{item: itemOf(s)}, true
	}
	if s.Kind != Object {
		return records{}, false
	}
	paged := e.paged()
	record := isRecord(s)
	words := e.Path.words()
	last := ""
	if len(words) > 0 {
		last = folded(words[len(words)-1])
	}
	var best records
	var all [][]string
	found, bestScore, lists := false, 0, 0
	for _, p := range s.places() {
		name := folded(p.last())
		if p.shape.Kind != List || slices.Contains(notLists, name) && name != last && len(s.Fields) > 1 {
			continue
		}
		item := itemOf(p.shape)
		lists++
		score := 0
		if sameThing(name, last) {
			score += 6
		}
		if slices.Contains(listNames, name) {
			score += 5
		}
		if item.Kind == Object {
			score += 2
		}
		if paged {
			score += 2
		}
		for _, w := range p.way[:len(p.way)-1] {
			if !slices.Contains(wrappers, folded(w)) && !sameThing(folded(w), last) {
				score -= 4
			}
		}
		if e.Path.endsInParam() && !paged {
			score -= 6
		}
		if record && !paged {
			score -= 3
		}
		if !found || score > bestScore {
			best, bestScore, found = records{way: p.way, item: item}, score, true
		}
		if item.Kind == Object {
			all = append(all, p.way)
		}
	}
	for _, way := range all {
		if !slices.Equal(way, best.way) && len(way) <= len(best.way) {
			best.others = append(best.others, dotted(way))
		}
	}
	switch {
	case !found:
		return records{}, false
	case e.Path.endsInParam() && record && lists > 1 && bestScore < 6:
		return records{}, false // a record with lists in it, of which one has pages
	case bestScore >= 4:
		return best, true
	case lists == 1 && len(s.Fields) == 1 && len(best.way) == 1 && best.item.Kind == Object:
		return best, true
	case lists == 1 && len(best.way) == 1 && !record && !e.Path.endsInParam() && best.item.Kind == Object && len(s.Fields) <= 6:
		return best, true // nothing else is there to be asked for
	}
	return records{}, false
}

func itemOf(list *Shape) *Shape {
	if list.Items == nil {
		return &Shape{}
	}
	return list.Items
}

// isRecord reports whether an object has an identity of its own.
func isRecord(s *Shape) bool {
	for _, name := range []string{"id", "uuid", "guid", "gid", "sid"} {
		if f := s.fold(name); f != nil && f.Shape.scalar() {
			return true
		}
	}
	return false
}

// paged reports whether an endpoint takes parameters that only lists have.
func (e *Endpoint) paged() bool {
	for i := range e.Params {
		switch e.Params[i].role() {
		case RolePage, RoleOffset, RoleCursor:
			return true
		}
	}
	return e.Link && !e.Path.endsInParam()
}

// sameThing reports whether two folded names are one but for number.
func sameThing(a, b string) bool {
	return a != "" && (a == b || folded(singular(a)) == folded(singular(b)) || len(b) > 4 && strings.HasSuffix(a, b) || len(a) > 4 && strings.HasSuffix(b, a))
}

// singular is an English noun without its plural ending; a guess.
func singular(s string) string {
	lower := strings.ToLower(s)
	switch {
	case len(s) < 4, strings.HasSuffix(lower, "ss"), strings.HasSuffix(lower, "us"), strings.HasSuffix(lower, "news"), strings.HasSuffix(lower, "series"):
		return s
	case strings.HasSuffix(lower, "ies") && len(s) > 4:
		return s[:len(s)-3] + "y"
	case strings.HasSuffix(lower, "sses"), strings.HasSuffix(lower, "xes"), strings.HasSuffix(lower, "ches"), strings.HasSuffix(lower, "shes"), strings.HasSuffix(lower, "uses"):
		return s[:len(s)-2]
	case strings.HasSuffix(lower, "s"):
		return s[:len(s)-1]
	}
	return s
}
