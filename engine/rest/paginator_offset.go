package rest

import (
	"context"
	"errors"
	"fmt"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// offset asks for `limit` records from `offset` on:
//
//	?offset=0&limit=100, ?offset=100&limit=100, ...
//
// The total counts records.
type offset struct {
	counter
	limit   int64
	limitTo place
}

func newOffset(p *config.Paginator, _ hook.World) (paginator, error) {
	c, err := newCounter(p)
	if err != nil {
		return nil, err
	}
	c.unit, c.first, c.step, c.maximum = "records", p.Offset, p.Limit, p.MaximumOffset
	c.to = place{p.OffsetParam, p.OffsetBodyPath}
	switch {
	case p.Limit <= 0:
		return nil, fmt.Errorf("limit is %d; expected the number of records of a page", p.Limit)
	case c.endless():
		return nil, errors.New("one of total_path, maximum_offset, has_more_path and stop_after_empty_page is needed, else the series never ends")
	}
	return &offset{c, p.Limit, place{p.LimitParam, p.LimitBodyPath}}, nil
}

func (o *offset) start(ctx context.Context, r *hook.Request) error {
	if err := o.counter.start(ctx, r); err != nil {
		return err
	}
	return o.limitTo.set(r, []byte(itoa(o.limit)))
}

func (o *offset) restore(state []byte, r *hook.Request) error {
	if err := o.limitTo.set(r, []byte(itoa(o.limit))); err != nil {
		return err
	}
	return o.counter.restore(state, r)
}
