package rest

import (
	"context"
	"fmt"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
)

// jsonLink follows the next URL in the body:
//
//	{"results": [...], "next": "https://api.example.com/items?page=2"}
//
// The series ends where the link is missing, null, false or empty.
type jsonLink struct {
	linked
	path *jsonpath.Path
}

func newJSONLink(p *config.Paginator, _ hook.World) (paginator, error) {
	path, err := jsonpath.Parse(p.NextURLPath)
	if err != nil {
		return nil, fmt.Errorf("next_url_path: %w", err)
	}
	return &jsonLink{path: path}, nil
}

func (j *jsonLink) next(_ context.Context, r *hook.Request, p *received) (bool, error) {
	value, ok := j.path.First(p.doc)
	if !ok {
		return false, nil
	}
	switch value[0] {
	case 'n', 'f':
		return false, nil
	case '"':
		link := strings.TrimSpace(scalarText(value))
		if link == "" {
			return false, nil
		}
		return true, j.follow(r, p.url, link)
	}
	return false, fmt.Errorf("next_url_path: %q is %s in the response, not a URL (for a token or number use the paginator \"cursor\")", j.path, excerpt(value, 60))
}
