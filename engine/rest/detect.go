package rest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/rawjson"
)

// listNames are the keys whose list is taken before any other (AUTO-04).
var listNames = []string{"data", "items", "results", "entries", "records", "rows", "entities", "payload", "content", "objects", "values"}

// listDepth is how many keys deep a list may lie to be found (AUTO-02).
const listDepth = 3

// detectRecords finds where the records of a first page are: the way through
// keys to a list; none means the whole response (AUTO-01 to AUTO-08). doc is
// valid JSON.
func detectRecords(doc []byte) (names []string) {
	lists := findLists(nil, doc, nil)
	for _, way := range lists {
		if slices.Contains(listNames, way[len(way)-1]) {
			return way
		}
	}
	if len(lists) > 0 {
		return lists[0]
	}
	return nil
}

// findLists appends the ways to all lists that are reached through objects
// only, in document order.
func findLists(lists [][]string, object []byte, way []string) [][]string {
	_ = rawjson.Fields(object, func(key, value []byte) bool {
		name, err := rawjson.Unquote(key)
		if err != nil {
			return true
		}
		switch value[0] {
		case '[':
			lists = append(lists, append(slices.Clone(way), name))
		case '{':
			if len(way)+1 < listDepth {
				lists = findLists(lists, value, append(slices.Clone(way), name))
			}
		}
		return true
	})
	return lists
}

// errorFields are the fields of answers that say what went wrong; those with
// true say that something did.
var errorFields = map[string]bool{
	"error": true, "errors": true, "exception": true, "fault": true,
	"code": false, "data": false, "detail": false, "details": false, "documentation_url": false, "error_code": false,
	"error_description": false, "error_message": false, "errorcode": false, "errormessage": false, "extensions": false, "instance": false,
	"message": false, "meta": false,
	"ok": false, "path": false, "reason": false, "request_id": false, "requestid": false, "status": false, "status_code": false,
	"statuscode": false, "success": false, "timestamp": false, "title": false, "trace_id": false, "type": false,
}

// tellsOfError reports whether a document is an object that tells of an error and
// has nothing else in it. doc is valid JSON.
func tellsOfError(doc []byte) bool {
	i := rawjson.SkipSpace(doc, 0)
	if doc[i] != '{' {
		return false
	}
	told := false
	_ = rawjson.Fields(doc[i:], func(key, value []byte) bool {
		name, err := rawjson.Unquote(key)
		wrong, known := errorFields[strings.ToLower(name)]
		if err != nil || !known || name == "data" && !isNothing(value) {
			told = false
			return false
		}
		told = told || wrong && !isNothing(value)
		return true
	})
	return told
}

// isNothing reports whether a value says nothing.
func isNothing(value []byte) bool {
	switch string(value) {
	case "null", "false", "[]", "{}", `""`, "0":
		return true
	}
	return false
}

// pathText writes keys as a JSONPath that finds exactly them.
func pathText(names []string) string {
	plain := true
	for _, n := range names {
		plain = plain && isPlainName(n)
	}
	if plain && len(names) > 0 {
		return strings.Join(names, ".")
	}
	var b strings.Builder
	b.WriteByte('$')
	for _, n := range names {
		b.WriteString("['")
		for _, r := range n {
			if r == '\'' || r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		b.WriteString("']")
	}
	return b.String()
}

func isPlainName(n string) bool {
	for i, r := range n {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return n != ""
}

// detection is what the first page showed of what the script leaves open, as a
// script would write it; "" where it leaves nothing open.
func (s *Series) detection(a *received) string {
	var parts []string
	if s.r.selection.detected() && s.selected && a.doc != nil {
		path := "$" // the whole document
		if len(s.selection.names) > 0 {
			path = pathText(s.selection.names)
		}
		parts = append(parts, fmt.Sprintf("data_selector = %q", path))
	}
	if p := s.detected; p != nil {
		text := fmt.Sprintf("%q", p.Kind)
		switch p.Kind {
		case "json_link":
			text = fmt.Sprintf("{ type = %q, next_url_path = %q }", p.Kind, p.NextURLPath)
		case "page_number":
			text = fmt.Sprintf("{ type = %q, total_path = %q } (with base_page = 1 where the API counts from 1)", p.Kind, p.TotalPath)
		case "cursor":
			text = fmt.Sprintf("{ type = %q, cursor_path = %q }", p.Kind, p.CursorPath)
		}
		parts = append(parts, "paginator = "+text)
	}
	return strings.Join(parts, ", ")
}
