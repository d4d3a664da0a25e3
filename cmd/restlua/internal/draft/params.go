package draft

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

// The names of parameters for paging, folded.
var (
	pageNames   = []string{"page", "pagenumber", "pageno", "pagenum", "pageindex", "currentpage", "p", "pageid"}
	offsetNames = []string{"offset", "skip", "start", "startat", "startindex", "pageoffset", "firstresult", "startrow", "startposition", "from", "skipcount"}
	sizeNames   = []string{"perpage", "pagesize", "limit", "size", "maxresults", "maxresult", "count", "top", "first", "resultsperpage", "itemsperpage", "rows", "maxitems", "max", "pagelimit", "pagelen", "take", "maxpagesize", "recordsperpage", "numresults", "hitsperpage", "maxrecords", "maxresultcount", "pagefirst", "limitcount"}
	cursorNames = []string{"cursor", "after", "startingafter", "pagetoken", "nexttoken", "continuationtoken", "continuation", "marker", "pagecursor", "pageafter", "nextcursor", "startcursor", "bookmark", "scrollid", "continue", "paginationtoken", "skiptoken", "nextpagetoken", "aftercursor", "offsettoken", "pagekey", "nextpagekey", "startkey", "startafter", "cursornext", "next", "nextpage", "pagingtoken", "pagestate", "resumptiontoken", "paginationcursor", "aftertoken", "aftertokenid", "nextpagecursor", "afterid"}
)

// role is what a parameter does for paging; empty: something else.
func (p *Param) role() Role {
	if p.Role != "" || p.Header {
		return p.Role
	}
	name := folded(p.Name)
	number := p.Shape.Kind == Integer || p.Shape.Kind == Number
	open := p.Shape.Kind == Unknown || p.Shape.Kind == Text && (p.Shape.Format == "" || strings.HasPrefix(p.Shape.Format, "int"))
	token := !number && tokenWord().MatchString(p.About)
	switch {
	case p.Shape.Kind == List || p.Shape.Kind == Object || p.Shape.Kind == Bool, strings.HasPrefix(p.Shape.Format, "date"):
		return ""
	case slices.Contains(cursorNames, name):
		return RoleCursor
	case slices.Contains(pageNames, name):
		switch {
		case token:
			return RoleCursor
		case number || open:
			return RolePage
		}
	case slices.Contains(offsetNames, name):
		switch {
		case token:
			return RoleCursor
		case number, open && name != "from" && name != "start":
			return RoleOffset
		}
	case slices.Contains(sizeNames, name) && (number || open):
		return RoleSize
	}
	return ""
}

// Guessed is the role that the parameter's name speaks for; empty: none.
func (p *Param) Guessed() Role { return p.role() }

// tokenWord tells a text that stands for a place in a list from a number.
var tokenWord = lazy.Regexp(`(?i)\b(token|cursor|opaque|returned (in|by|from)|from the (previous|last) (response|request|page|call))\b`)

// find is the first parameter with a role; nil if there is none. Names that
// come earlier in the tables are better known.
func (e *Endpoint) find(role Role) *Param {
	var best *Param
	rank := -1
	names := map[Role][]string{RolePage: pageNames, RoleOffset: offsetNames, RoleSize: sizeNames, RoleCursor: cursorNames}[role]
	for i := range e.Params {
		p := &e.Params[i]
		if p.role() != role {
			continue
		}
		r := slices.Index(names, folded(p.Name))
		if p.Role != "" {
			r = -1 // a recording knows better than names
		} else if r < 0 {
			r = len(names)
		}
		if best == nil || r < rank {
			best, rank = p, r
		}
	}
	return best
}

// mostRecords is what a stated maximum is cut to: larger ones are no sizes that
// an API answers well.
const mostRecords = 1000

// The ways in which descriptions state the largest size of a page.
var maxWords = []func() *regexp.Regexp{
	lazy.Regexp(`(?i)\bmax(?:imum)?\b[^0-9.]{0,60}?\b([0-9][0-9,]*)`),
	lazy.Regexp(`(?i)\b([0-9][0-9,]*)\W{0,4}(?:is the )?max(?:imum)?\b`),
	lazy.Regexp(`(?i)\b(?:between|from|range)\b[^0-9.]{0,20}[0-9]+\W*(?:and|to|-|through)?\W*([0-9][0-9,]*)`),
	lazy.Regexp(`(?i)\b(?:up to|at most|no more than|cannot exceed|less than or equal to|<=)\W*([0-9][0-9,]*)`),
	lazy.Regexp(`(?i)\b1\s*(?:-|–|to|\.\.)\s*([0-9][0-9,]*)\b`),
}

// largest is the largest page that a parameter allows, and where that stands;
// 0: nothing says so.
func (p *Param) largest() (n int, why string) {
	if p.Max != nil && *p.Max >= 1 {
		return min(mostRecords, int(min(*p.Max, mostRecords))), "its maximum"
	}
	for _, e := range p.Enum {
		if v, err := strconv.Atoi(e); err == nil {
			n = max(n, v)
		}
	}
	if n > 0 {
		return min(n, mostRecords), "its largest value"
	}
	for _, words := range maxWords {
		if m := words().FindStringSubmatch(p.About); m != nil {
			if v, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", "")); err == nil && v > 0 {
				return min(v, mostRecords), "its description"
			}
		}
	}
	return 0, ""
}

// standard is the value that a parameter has if it is not sent, where it is a
// number.
func (p *Param) standard() (int, bool) {
	v, err := strconv.ParseFloat(p.Default, 64)
	if err != nil || v < 0 || v > 1e6 || v != float64(int(v)) {
		return 0, false
	}
	return int(v), true
}

var zeroWord = lazy.Regexp(`(?i)\b(zero|0)[- ](based|indexed)|(start(s|ing)?|begin(s|ning)?|count(s|ing|ed)?)( \w+)? (at|with|from) (0|zero)\b|first page (is|has)( \w+){0,3} (0|zero)\b`)

// firstPage is the number of an API's first page.
func (p *Param) firstPage() int {
	if v, ok := p.standard(); ok && v <= 1 {
		return v
	}
	switch {
	case p.First == "0", p.Min != nil && *p.Min == 0 && p.Default == "", zeroWord().MatchString(p.About):
		return 0
	}
	return 1
}
