package draft

import (
	"fmt"
	"slices"
	"strings"
)

// paging is a guess of how pages follow each other.
type paging struct {
	value any    // of the key paginator: a word or a table
	why   string // what it was guessed from; empty: nothing had to be
	doubt bool   // it is to be looked at
	size  *Param // the parameter for the size of a page that goes into params; nil: none
	wants *Param // a parameter that has to be true for this way of paging; nil: none
	param string // the parameter that the paginator sets, empty: none
}

// guessSize is the size of a page where a paginator needs one and nothing
// states it. An API that gives fewer than it was asked for would lose records
// with a larger one.
const guessSize = 50

// guessPaging looks for the strongest sign first: a link says most, then a
// cursor that is known to come back, then numbers.
func guessPaging(e *Endpoint, r records) paging {
	size := e.find(RoleSize)
	places := outside(e.Response, r)
	if e.Link {
		return paging{value: "header_link", why: e.LinkWhy, size: size}
	}
	cursor, page, offset := e.find(RoleCursor), e.find(RolePage), e.find(RoleOffset)
	if cursor != nil && linkOf(cursor) {
		return paging{value: "header_link", why: "the description of the parameter " + cursor.Name, size: size}
	}
	if cursor == nil && page == nil && offset == nil {
		cursor = e.answered(places)
	}
	if next := nextLink(places, cursor != nil); next != nil && !(offset != nil && size != nil && partial(next)) {
		return paging{value: table{{key: "type", value: "json_link"}, {key: "next_url_path", value: pathText(next.way)}},
			why: "the field " + dotted(next.way) + " of the response", size: size}
	}
	hasMore := find(places, isHasMore)
	if cursor != nil {
		if p, ok := cursorPaging(cursor, places, r, hasMore, e.CursorHeader); ok {
			p.size, p.wants = size, e.switchOf(cursor)
			return p
		}
	}
	switch {
	case offset != nil:
		return offsetPaging(offset, size, places, hasMore)
	case page != nil:
		p := pagePaging(page, places, hasMore)
		p.size = size
		return p
	case cursor != nil:
		return paging{value: "auto", why: "there is a parameter " + cursor.Name + ", and nothing says where the next one stands", doubt: true, size: size}
	case find(places, nextish) != nil:
		return paging{value: "auto", why: "there is a field " + dotted(find(places, nextish).way) + " in the response, and nothing says how it is sent", doubt: true, size: size}
	case find(places, tellsOfPages) != nil:
		return paging{value: "auto", why: "there is a field " + dotted(find(places, tellsOfPages).way) + " in the response, but no parameter for the next page", doubt: true, size: size}
	case size != nil:
		return paging{value: "auto", why: "there is a parameter " + size.Name + ", but none for the next page", doubt: true, size: size}
	}
	return paging{value: "single_page"}
}

// linkOf reports whether a cursor is said to stand in a Link header.
func linkOf(p *Param) bool {
	return containsWord(p.About, "link", "links") && containsWord(p.About, "header", "headers", "relation", "rel")
}

// switchOf is a parameter such as usemarker, without which an API numbers its
// pages in another way than by cursors.
func (e *Endpoint) switchOf(cursor *Param) *Param {
	for i := range e.Params {
		p := &e.Params[i]
		if name := folded(p.Name); p.Shape.Kind == Bool && (name == "use"+folded(cursor.Name) || name == "usecursor" || name == "usemarker") {
			return p
		}
	}
	return nil
}

// answered is a parameter of which the response names the next value.
func (e *Endpoint) answered(places []place) *Param {
	for i := range e.Params {
		p := &e.Params[i]
		if find(places, func(x place) bool { return nextish(x) && folded(x.last()) == "next"+folded(p.Name) }) != nil {
			return p
		}
	}
	return nil
}

// outside are the values of a response that are not inside its records.
func outside(s *Shape, r records) []place {
	if s == nil || s.Kind != Object {
		return nil
	}
	var out []place
	for _, p := range s.places() {
		if len(p.way) >= len(r.way) && slices.Equal(p.way[:len(r.way)], r.way) {
			continue
		}
		out = append(out, p)
	}
	return out
}

func find(places []place, is func(place) bool) *place {
	for i := range places {
		if is(places[i]) {
			return &places[i]
		}
	}
	return nil
}

// nextLink is the field that holds the URL of the next page. Where there is a
// parameter for a cursor, a field that is merely called next is no link.
func nextLink(places []place, cursor bool) *place {
	return find(places, func(p place) bool {
		s := p.shape
		if s.Kind != Text && s.Kind != Unknown || len(s.Fields) > 0 {
			return false
		}
		name, way := folded(p.last()), folded(strings.Join(p.way, " "))
		next := strings.HasPrefix(name, "next") || name == "odatanextlink" || strings.HasSuffix(name, "nextpageuri")
		if (name == "href" || name == "url" || name == "uri") && len(p.way) > 1 {
			next = strings.HasPrefix(folded(p.way[len(p.way)-2]), "next")
			return next
		}
		switch {
		case !next || strings.Contains(name, "token") || strings.Contains(name, "cursor") || strings.Contains(name, "offset"):
			return false
		case strings.HasPrefix(s.Format, "ur"), strings.HasPrefix(s.Sample, "http"), strings.HasPrefix(s.Sample, "/"), strings.HasSuffix(name, "url"), strings.HasSuffix(name, "uri"), strings.HasSuffix(name, "link"), strings.HasSuffix(name, "href"):
			return true
		case s.Sample != "":
			return false
		case containsWord(s.About, "url", "uri", "link", "href"):
			return !cursor || !containsWord(s.About, "cursor", "token")
		}
		return !cursor && name == "next" && strings.Contains(way, "links")
	})
}

// partial reports whether a link may be one that is relative to something else
// than the address that it came from: nothing says that it is a whole URL.
func partial(p *place) bool {
	return strings.HasSuffix(folded(p.last()), "uri") && !strings.HasPrefix(p.shape.Format, "ur") && !strings.HasPrefix(p.shape.Sample, "http")
}

func containsWord(text string, words ...string) bool {
	for f := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if slices.Contains(words, f) {
			return true
		}
	}
	return false
}

// nextish reports whether a field leads to a next page in some way.
func nextish(p place) bool {
	return p.shape.scalar() && p.shape.Kind != Bool && strings.HasPrefix(folded(p.last()), "next")
}

func isHasMore(p place) bool {
	if p.shape.Kind != Bool && p.shape.Kind != Unknown {
		return false
	}
	switch folded(p.last()) {
	case "hasmore", "hasnext", "hasnextpage", "more", "moreresults", "hasmoreitems", "hasmoreresults", "hasmorepages", "istruncated", "moreitemsincollection", "hasadditionalresults":
		return true
	}
	return false
}

// cursorPaging pairs a parameter with the field of the response that it takes.
func cursorPaging(cursor *Param, places []place, r records, hasMore *place, header string) (paging, bool) {
	var best *place
	bestScore := 0
	for i := range places {
		if score := cursorScore(places[i], folded(cursor.Name)); score > bestScore {
			best, bestScore = &places[i], score
		}
	}
	t := table{{key: "type", value: "cursor"}}
	p := paging{param: cursor.Name}
	switch {
	case best != nil:
		t = append(t, field{key: "cursor_path", value: pathText(best.way)})
		p.why = "the parameter " + cursor.Name + " and the field " + dotted(best.way) + " of the response"
	case header != "":
		p.value = table{{key: "type", value: "header_cursor"}, {key: "cursor_key", value: header}, {key: "cursor_param", value: cursor.Name}}
		p.why = "the parameter " + cursor.Name + " and the header " + header
		return p, true
	case afterRecord(cursor):
		id := keyField(r.item)
		if id == "" || !isName(id) {
			return paging{}, false
		}
		way := strings.TrimPrefix(r.selector(), "$")
		if way == "" {
			way = "$"
		}
		t = append(t, field{key: "cursor_path", value: way + "[-1]." + id})
		p.why = "the parameter " + cursor.Name + ", which takes the " + id + " of the last record"
		if hasMore == nil {
			t = append(t, field{key: "cursor_param", value: cursor.Name}, field{key: "stop_after_empty_page", value: true})
			p.value = t
			return p, true
		}
	default:
		return paging{}, false
	}
	t = append(t, field{key: "cursor_param", value: cursor.Name})
	if hasMore != nil {
		t = append(t, field{key: "has_more_path", value: pathText(hasMore.way)})
	}
	p.value = t
	return p, true
}

// afterRecord reports whether a cursor is the key of the last record seen.
func afterRecord(p *Param) bool {
	switch folded(p.Name) {
	case "startingafter", "startafter", "afterid":
		return true
	case "after", "pageafter":
		return containsWord(p.About, "id", "ids")
	}
	return false
}

// cursorScore says how well a field fits a parameter that takes a cursor; 0: not
// at all.
func cursorScore(p place, param string) int {
	if p.shape.Kind != Text && p.shape.Kind != Unknown && p.shape.Kind != Integer || len(p.shape.Fields) > 0 {
		return 0
	}
	name := folded(p.last())
	above := folded(strings.Join(p.way[:len(p.way)-1], " "))
	for _, other := range []string{"prev", "before", "first", "last", "total", "self", "count", "limit", "size"} {
		if strings.Contains(name, other) || name != param && strings.Contains(above, other) {
			return 0
		}
	}
	next := strings.HasPrefix(name, "next")
	switch {
	case next && name == "next"+strings.TrimPrefix(param, "next"), next && name == param:
		return 8
	case strings.Contains(above, "next") && name == param:
		return 8
	case next && (strings.Contains(name, "cursor") || strings.Contains(name, "token") || strings.Contains(name, "marker") || strings.Contains(name, param)):
		return 7
	case name == "endcursor", name == "aftercursor", name == "cursorafter":
		return 6
	case name == "next", next && p.shape.Kind != Bool && !strings.Contains(name, "link") && !strings.Contains(name, "ur"):
		return 5
	case name == "after" && (strings.Contains(above, "cursor") || strings.Contains(above, "pag")):
		return 5
	case name == param:
		return 4
	case slices.Contains(cursorNames, name) && name != "continue" && name != "from":
		return 2
	}
	return 0
}

func offsetPaging(offset, size *Param, places []place, hasMore *place) paging {
	limit, why := guessSize, ""
	t := table{{key: "type", value: "offset"}}
	p := paging{param: offset.Name, why: "guessed from the parameter " + offset.Name}
	if size != nil {
		p.why = "guessed from the parameters " + offset.Name + " and " + size.Name
		if limit, why = size.largest(); limit == 0 {
			if v, ok := size.standard(); ok && v > 0 {
				limit, why = min(v, mostRecords), "its default: no maximum is stated"
			} else {
				limit, why, p.doubt = guessSize, "", true
			}
		}
		if size.Value != "" {
			limit, why = atoi(size.Value, limit), "the recording"
		}
		note := "guessed: a size that the API should allow"
		if why != "" {
			note = "from " + why
		}
		t = append(t, field{key: "limit", value: limit, note: note})
	} else {
		p.doubt = true
		note := "guessed: how many records the API gives at once"
		if offset.Step > 0 {
			limit, note, p.doubt = offset.Step, "as recorded", false
		}
		t = append(t, field{key: "limit", value: limit, note: note})
	}
	t = append(t, field{key: "offset_param", value: offset.Name})
	if size != nil {
		t = append(t, field{key: "limit_param", value: size.Name})
	}
	if offset.First != "" && offset.First != "0" {
		t = append(t, field{key: "offset", value: atoi(offset.First, 0)})
	} else if v, ok := offset.standard(); ok && v == 1 {
		t = append(t, field{key: "offset", value: v})
	}
	if !p.doubt {
		p.why = strings.TrimPrefix(p.why, "guessed from ")
	}
	p.value = totals(t, find(places, isTotal), hasMore)
	return p
}

func pagePaging(page *Param, places []place, hasMore *place) paging {
	t := table{{key: "type", value: "page_number"}, {key: "base_page", value: page.firstPage()}, {key: "page_param", value: page.Name}}
	return paging{value: totals(t, find(places, isPages), hasMore), why: "the parameter " + page.Name, param: page.Name}
}

// tellsOfPages reports whether a field speaks of further pages.
func tellsOfPages(p place) bool { return isPages(p) || isHasMore(p) && p.shape.Kind == Bool }

// totals says how a series of numbers ends: by a total, by the API's word, or
// with an empty page.
func totals(t table, total, hasMore *place) table {
	if total != nil {
		return append(t, field{key: "total_path", value: pathText(total.way)})
	}
	t = append(t, field{key: "total_path", value: raw("json.null")})
	if hasMore != nil {
		t = append(t, field{key: "has_more_path", value: pathText(hasMore.way)})
	}
	return t
}

// isTotal reports whether a field counts all records. One that may be null
// counts them only when asked to.
func isTotal(p place) bool {
	if p.shape.Kind != Integer && p.shape.Kind != Number || p.shape.Null {
		return false
	}
	switch folded(p.last()) {
	case "total", "totalcount", "totalresults", "totalrecords", "totalitems", "totalelements", "recordstotal", "totalsize", "totalentries", "totalhits", "totalrows", "totalnumberofresults":
		return true
	case "count":
		return containsWord(p.shape.About, "total")
	}
	return false
}

// isPages reports whether a field counts all pages.
func isPages(p place) bool {
	if p.shape.Kind != Integer && p.shape.Kind != Number || p.shape.Null {
		return false
	}
	switch folded(p.last()) {
	case "totalpages", "pages", "pagecount", "totalpagecount", "numberofpages", "numpages", "pagestotal", "lastpage", "totalpage":
		return true
	}
	return false
}

func dotted(way []string) string { return clean(strings.Join(way, "."), 60) }

func atoi(s string, otherwise int) int {
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil || n < 0 {
		return otherwise
	}
	return n
}
