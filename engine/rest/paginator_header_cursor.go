package rest

import (
	"context"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// headerCursor sends the value of a response header as a query parameter of the
// next request. The series ends where the header is missing or empty.
type headerCursor struct {
	handed
	key string
}

func newHeaderCursor(p *config.Paginator, _ hook.World) (paginator, error) {
	return &headerCursor{handed{to: place{param: p.CursorParam}}, p.CursorKey}, nil
}

func (h *headerCursor) next(_ context.Context, r *hook.Request, p *received) (bool, error) {
	value := strings.TrimSpace(p.response.Headers.Get(h.key))
	if value == "" {
		return false, nil
	}
	return true, h.hand(r, rawjson.AppendQuoted(nil, value))
}
