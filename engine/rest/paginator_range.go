package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
)

// counter is what offset and page_number have in common: a number that grows by
// a step from page to page until the total, a maximum, an empty page or the
// API's word (section 11.7).
type counter struct {
	unit      string // what the total counts, for messages
	first     int64
	step      int64
	base      int64 // the total counts from here
	to        place
	totalPath *jsonpath.Path // nil: no total
	hasMore   *jsonpath.Path // nil: not looked at
	maximum   *int64         // nil: none
	stopEmpty bool

	value int64 // in the request under way
	total int64 // as last stated
	known bool  // total was stated
}

func newCounter(p *config.Paginator) (c counter, err error) {
	c.stopEmpty = p.StopAfterEmptyPage
	if c.totalPath, err = optionalPath("total_path", p.TotalPath); err != nil {
		return c, err
	}
	c.hasMore, err = optionalPath("has_more_path", p.HasMorePath)
	return c, err
}

// endless reports that nothing would ever end the series (PAG-RANGE-09).
func (c *counter) endless() bool {
	return c.totalPath == nil && c.hasMore == nil && c.maximum == nil && !c.stopEmpty
}

func (c *counter) start(_ context.Context, r *hook.Request) error {
	c.value, c.known = c.first, false
	return c.set(r, c.value)
}

func (c *counter) set(r *hook.Request, value int64) error {
	return c.to.set(r, []byte(itoa(value)))
}

func (c *counter) next(_ context.Context, r *hook.Request, p *received) (bool, error) {
	if c.stopEmpty && p.none() {
		return false, nil
	}
	// An empty body, or one of a format without envelope, states nothing: what
	// was stated last goes on to count.
	more := true
	if p.doc != nil {
		var err error
		if c.totalPath != nil {
			if c.total, err = readTotal(c.totalPath, p.doc, c.unit); err != nil {
				return false, err
			}
			c.known = true
		}
		if c.hasMore != nil {
			if more, err = hasMore(c.hasMore, p.doc); err != nil {
				return false, err
			}
		}
	} else if !c.known && c.maximum == nil && !c.stopEmpty {
		return false, nil
	}
	if !more || !c.within(c.value, 1) {
		return false, nil
	}
	c.value += c.step
	return true, c.set(r, c.value)
}

// unseenTotal is the remark on a series that ended with an empty page before it
// ever saw its total, where the response has none at total_path (SCR-31): the
// next page with records would be an error.
func (c *counter) unseenTotal(p *received) string {
	if c.totalPath == nil || c.known || p.doc == nil || !p.none() {
		return ""
	}
	if _, ok := c.totalPath.First(p.doc); ok {
		return ""
	}
	return fmt.Sprintf("the paginator never saw its total: the response has nothing at %q; is total_path right? (if the API gives no total, write total_path = json.null)", c.totalPath)
}

// within reports whether the page n steps behind value is one to ask for, as
// far as total and maximum say.
func (c *counter) within(value, n int64) bool {
	if value > math.MaxInt64-n*c.step {
		return false
	}
	value += n * c.step
	return (!c.known || value-c.base < c.total) && (c.maximum == nil || value < *c.maximum)
}

// capped reports whether the maximum, not the total, ends the series here.
func (c *counter) capped() bool { return c.maximum != nil && c.value+c.step >= *c.maximum }

// ahead returns the requests of up to n pages that follow r, the request for
// the page that comes next, for series that ask pages side by side. It needs a
// known end.
func (c *counter) ahead(r *hook.Request, n int) (out []*hook.Request, err error) {
	if !c.known && c.maximum == nil {
		return nil, nil
	}
	for i := int64(1); i <= int64(n) && c.within(c.value, i); i++ {
		next := cloneRequest(r)
		if err := c.set(next, c.value+i*c.step); err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	return out, nil
}

func (c *counter) param() string { return c.to.String() }

// counterState is a counter in a snapshot.
type counterState struct {
	Value int64 `json:"value"`
	Total int64 `json:"total,omitempty"`
	Known bool  `json:"known,omitempty"`
	Base  int64 `json:"base,omitempty"`
}

func (c *counter) save() ([]byte, bool) {
	state, err := json.Marshal(counterState{c.value, c.total, c.known, c.base})
	return state, err == nil
}

func (c *counter) restore(state []byte, r *hook.Request) error {
	var s counterState
	if err := json.Unmarshal(state, &s); err != nil {
		return errState
	}
	c.value, c.total, c.known, c.base = s.Value, s.Total, s.Known, s.Base
	return c.set(r, c.value)
}
