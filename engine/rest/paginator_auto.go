package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/rawjson"
)

// detectPaginator finds out from a first page how the next one is asked for
// (section 10): a Link header, a next URL in the body, a number of pages, a
// cursor, and if there is none of these a single page. doc is valid JSON or nil.
func detectPaginator(headers http.Header, doc []byte) *config.Paginator {
	if findLink(headers.Values("Link"), "next") != "" {
		return &config.Paginator{Kind: "header_link", LinksNextKey: "next"}
	}
	next := findNext(doc, nil)
	if next != nil && next.isURL {
		return &config.Paginator{Kind: "json_link", NextURLPath: pathText(next.names)}
	}
	if names := findTotalPages(doc, nil); names != nil {
		return &config.Paginator{Kind: "page_number", PageParam: "page", TotalPath: pathText(names), StopAfterEmptyPage: true}
	}
	if next != nil {
		return &config.Paginator{Kind: "cursor", CursorPath: pathText(next.names), CursorParam: "cursor"}
	}
	return &config.Paginator{Kind: "single_page"}
}

// nextValue is a value in a body that seems to lead to the next page.
type nextValue struct {
	names []string
	isURL bool
}

// findNext searches objects, depth first and in document order, for the first
// key that begins with "next" and holds text or a number, or an object with a
// link in it (AUTO-14).
func findNext(object []byte, way []string) (found *nextValue) {
	eachField(object, func(name string, value []byte) bool {
		here := append(slices.Clone(way), name)
		if hasPrefixFold(name, "next") {
			if found = asNext(value, here); found != nil {
				return false
			}
			eachField(value, func(inner string, v []byte) bool {
				if hasPrefixFold(inner, "href") || hasPrefixFold(inner, "url") {
					found = asNext(v, append(slices.Clone(here), inner))
				}
				return found == nil
			})
		}
		if found == nil {
			found = findNext(value, here)
		}
		return found == nil
	})
	return found
}

// asNext takes text and numbers; booleans, null and lists are no match
// (AUTO-19).
func asNext(value []byte, names []string) *nextValue {
	switch c := value[0]; {
	case c == '"':
		text := scalarText(value)
		return &nextValue{names, strings.HasPrefix(text, "http") || strings.HasPrefix(text, "/")}
	case c == '-' || c >= '0' && c <= '9':
		return &nextValue{names, false}
	}
	return nil
}

// findTotalPages searches for a number of pages (AUTO-12).
func findTotalPages(object []byte, way []string) (names []string) {
	eachField(object, func(name string, value []byte) bool {
		here := append(slices.Clone(way), name)
		switch strings.ToLower(name) {
		case "total_pages", "pages", "totalpages":
			if c := value[0]; c == '"' || c == '-' || c >= '0' && c <= '9' {
				if _, ok := integer(value); ok {
					names = here
					return false
				}
			}
		}
		names = findTotalPages(value, here)
		return names == nil
	})
	return names
}

// eachField calls yield for the fields of an object; other values have none.
func eachField(object []byte, yield func(name string, value []byte) bool) {
	if len(object) == 0 || object[rawjson.SkipSpace(object, 0)] != '{' {
		return
	}
	_ = rawjson.Fields(object, func(key, value []byte) bool {
		name, err := rawjson.Unquote(key)
		return err != nil || yield(name, value)
	})
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
