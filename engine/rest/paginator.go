package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
)

// paginator knows how the pages of one series are asked for. Its methods are
// called from one goroutine at a time.
type paginator interface {
	// start prepares the first request of the series.
	start(ctx context.Context, r *hook.Request) error
	// next looks at a page and changes r, the request that it answers, into the
	// one for the next page. more is false where there is none.
	next(ctx context.Context, r *hook.Request, p *received) (more bool, err error)
	// save returns, as JSON, what a fresh paginator of the kind needs to go on.
	// restore takes it and changes r, the prepared first request of the series,
	// into the one that was next. Nothing of the first request is saved: it may
	// hold secrets of the script.
	save() (state []byte, ok bool)
	restore(state []byte, r *hook.Request) error
	// param names what is changed from page to page, for messages.
	param() string
}

// received is one page as a paginator sees it.
type received struct {
	response *hook.Response
	url      string // final, not masked: what relative links refer to
	doc      []byte // valid JSON; nil: the body is empty, or its format has no envelope
	records  [][]byte
	list     bool // the records are the elements of a list
	earlier  bool // there were records before these, of the same response
	hash     bodyHash
	marks    *rawjson.Marks // of the text that the records are slices of; nil: none
}

// none reports a response without records.
func (p *received) none() bool { return len(p.records) == 0 && !p.earlier }

// kinds makes the paginators.
var kinds = map[string]func(*config.Paginator, hook.World) (paginator, error){
	"single_page":   newSinglePage,
	"json_link":     newJSONLink,
	"header_link":   newHeaderLink,
	"header_cursor": newHeaderCursor,
	"cursor":        newCursor,
	"offset":        newOffset,
	"page_number":   newPageNumber,
	"function":      newFunctionPaginator,
}

func newPaginator(p *config.Paginator, world hook.World) (paginator, error) {
	make := kinds[p.Kind]
	if make == nil {
		return nil, fmt.Errorf("unknown paginator %q", p.Kind)
	}
	return make(p, world)
}

// linked is what paginators have in common that follow links: the state is the
// next URL.
type linked struct{ url string }

func (*linked) start(context.Context, *hook.Request) error { return nil }
func (*linked) param() string                              { return "" }

// follow makes r the request for a link that was found on page (PAG-JLINK-03 to
// 05): parameters of the first request are not sent again.
func (l *linked) follow(r *hook.Request, page, link string) error {
	next, err := resolveURL(page, link)
	if err != nil {
		return err
	}
	l.url, r.URL, r.Params = next, next, nil
	return nil
}

func (l *linked) save() ([]byte, bool) { return rawjson.AppendQuoted(nil, l.url), true }

func (l *linked) restore(state []byte, r *hook.Request) error {
	if err := json.Unmarshal(state, &l.url); err != nil {
		return errState
	}
	if l.url != "" {
		r.URL, r.Params = l.url, nil
	}
	return nil
}

// handed is what paginators have in common that hand a value of the response
// back to the API; value is JSON text, nil before the first page.
type handed struct {
	to    place
	value []byte
}

func (*handed) start(context.Context, *hook.Request) error { return nil }
func (h *handed) param() string                            { return h.to.String() }

func (h *handed) hand(r *hook.Request, value []byte) error {
	h.value = bytes.Clone(value) // the page's memory is used again
	return h.to.set(r, h.value)
}

func (h *handed) save() ([]byte, bool) {
	if h.value == nil {
		return []byte("null"), true
	}
	return h.value, true
}

func (h *handed) restore(state []byte, r *hook.Request) error {
	if rawjson.IsNull(state) {
		return nil
	}
	return h.hand(r, state)
}

var errState = errors.New("the saved state of the paginator cannot be read")

// optionalPath parses a path; empty text is none.
func optionalPath(key, text string) (*jsonpath.Path, error) {
	if text == "" {
		return nil, nil
	}
	p, err := jsonpath.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return p, nil
}

// place is where a paginator writes a value: a query parameter, or a dotted
// place in the JSON body.
type place struct{ param, body string }

func (p place) set(r *hook.Request, value []byte) (err error) {
	if p.body != "" {
		r.JSON, err = jsonpath.SetAt(r.JSON, p.body, value)
		return err
	}
	setParam(r, p.param, paramTexts(value)...)
	return nil
}

func (p place) String() string {
	if p.body != "" {
		return p.body
	}
	return p.param
}

// hasMore reads the value at path (PAG-RANGE-08).
func hasMore(path *jsonpath.Path, doc []byte) (bool, error) {
	value, ok := path.First(doc)
	if !ok || rawjson.IsNull(value) {
		return false, fmt.Errorf("has_more_path: %q is not in the response %s", path, excerpt(doc, 200))
	}
	switch value[0] {
	case 't', 'f':
		return value[0] == 't', nil
	case '"':
		switch strings.ToLower(scalarText(value)) {
		case "yes", "true", "t", "y", "1":
			return true, nil
		case "no", "false", "f", "n", "0":
			return false, nil
		}
	}
	return false, fmt.Errorf("has_more_path: %q is %s in the response; expected true or false", path, excerpt(value, 60))
}

// readTotal reads the stated total at path (PAG-RANGE-03, PAG-RANGE-05).
func readTotal(path *jsonpath.Path, doc []byte, of string) (int64, error) {
	value, ok := path.First(doc)
	if !ok || rawjson.IsNull(value) {
		return 0, fmt.Errorf("total_path: the total of %s is not in the response: nothing at %q in %s (if the API gives no total, write total_path = json.null)", of, path, excerpt(doc, 200))
	}
	if n, ok := integer(value); ok {
		return n, nil
	}
	return 0, fmt.Errorf("total_path: %q is %s in the response; expected an integer", path, excerpt(value, 60))
}

// integer reads a JSON number, its fraction cut off, or text of an integer.
func integer(value []byte) (int64, bool) {
	if value[0] == '"' {
		n, err := strconv.ParseInt(strings.TrimSpace(scalarText(value)), 10, 64)
		return n, err == nil
	}
	if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f >= 1<<63 || f < -1<<63 {
		return 0, false
	}
	return int64(f), true
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
