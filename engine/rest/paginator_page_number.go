package rest

import (
	"errors"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// pageNumber counts pages from base_page on: ?page=0, ?page=1, ... The total
// counts pages.
type pageNumber struct{ counter }

func newPageNumber(p *config.Paginator, _ hook.World) (paginator, error) {
	c, err := newCounter(p)
	if err != nil {
		return nil, err
	}
	c.unit, c.first, c.step, c.base, c.maximum = "pages", p.Page, 1, p.BasePage, p.MaximumPage
	c.to = place{p.PageParam, p.PageBodyPath}
	if c.endless() {
		return nil, errors.New("one of total_path, maximum_page, has_more_path and stop_after_empty_page is needed, else the series never ends")
	}
	return &pageNumber{c}, nil
}
