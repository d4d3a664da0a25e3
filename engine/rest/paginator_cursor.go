package rest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
)

// cursor sends the cursor of a response with the next request, as a query
// parameter or in the JSON body:
//
//	{"items": [...], "cursors": {"next": "dXNlcjpXMDdR"}}
type cursor struct {
	handed
	path      *jsonpath.Path
	hasMore   *jsonpath.Path // nil: not looked at
	stopEmpty bool
}

func newCursor(p *config.Paginator, _ hook.World) (paginator, error) {
	c := &cursor{handed: handed{to: place{p.CursorParam, p.CursorBodyPath}}, stopEmpty: p.StopAfterEmptyPage}
	var err error
	if c.path, err = jsonpath.Parse(p.CursorPath); err != nil {
		return nil, fmt.Errorf("cursor_path: %w", err)
	}
	c.hasMore, err = optionalPath("has_more_path", p.HasMorePath)
	if c.to == (place{}) {
		err = errors.Join(err, errors.New("one of cursor_param and cursor_body_path is needed"))
	}
	return c, err
}

func (c *cursor) next(_ context.Context, r *hook.Request, p *received) (bool, error) {
	if p.doc == nil || c.stopEmpty && p.none() {
		return false, nil
	}
	more := false
	if c.hasMore != nil {
		var err error
		if more, err = hasMore(c.hasMore, p.doc); err != nil || !more {
			return false, err
		}
	}
	value, ok := c.path.First(p.doc)
	if !ok || isFalse(value) {
		if more {
			return false, fmt.Errorf("the API says there is more (%s) but gives no cursor at %q", c.hasMore, c.path)
		}
		return false, nil
	}
	return true, c.hand(r, value)
}

// isFalse reports whether a cursor means the end: null, false, "", 0, or an
// empty list or object (PAG-CURSOR-03).
func isFalse(value []byte) bool {
	switch value[0] {
	case 'n', 'f':
		return true
	case 't':
		return false
	case '"':
		return len(value) == 2
	case '[', '{':
		return len(scalarText(value)) == 2
	}
	f, err := strconv.ParseFloat(string(value), 64)
	return err == nil && f == 0
}
