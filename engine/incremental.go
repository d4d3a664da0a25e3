package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/engine/state"
)

// cursor is the incremental loading of one resource during one load. The start
// value is fixed when the load begins and holds for all pages and all parents
// (INC-52); the last value moves with the rows. Not safe for concurrent use.
type cursor struct {
	cfg      *config.Incremental
	resource string
	path     *jsonpath.Path
	world    hook.World // for last_value_func and convert; may be nil

	start, end *scalar // of this load; nil: unbounded
	last       *scalar // greatest (or least) seen, never behind the stored one
	stored     *scalar // last value of the state, before lag

	keys     []*jsonpath.Path // of the primary key; nil: the whole row is hashed
	keyNames []string
	dedup    bool
	known    map[string]bool // hashes of rows at the start value, from earlier loads
	boundary []string        // hashes of rows at the last value, in order of arrival
	seen     map[string]bool // the same as a set: a bulk edit gives thousands of rows one value
	rows     int64           // rows that were kept
}

// newCursor prepares the incremental of r. old is the stored cursor, nil on the
// first load.
func newCursor(r *config.Resource, old *state.Cursor, world hook.World) (*cursor, error) {
	inc := r.Endpoint.Incremental
	c := &cursor{cfg: inc, resource: r.Name, world: world, seen: map[string]bool{}}
	var err error
	if c.path, err = jsonpath.Parse(inc.CursorPath); err != nil {
		return nil, fmt.Errorf("%s: cursor_path: %w", inc.Path, err)
	}
	initial, err := optional(inc.InitialValue)
	if err != nil {
		return nil, fmt.Errorf("%s: initial_value: %w", inc.Path, err)
	}
	if c.end, err = optional(inc.EndValue); err != nil {
		return nil, fmt.Errorf("%s: end_value: %w", inc.Path, err)
	}
	c.start, c.last = initial, initial
	if c.end == nil && old != nil {
		// STATE-06: a stored last value wins over a changed initial value.
		if c.stored, err = optional(old.LastValue); err != nil {
			return nil, fmt.Errorf("state of %s: last_value: %w", r.Name, err)
		}
		if c.stored != nil {
			c.last = c.stored
			lagged, err := applyLag(inc, c.stored, initial)
			if err != nil {
				return nil, fmt.Errorf("%s: lag: %w", inc.Path, err)
			}
			c.start = lagged
			c.boundary = slices.Clone(old.Boundary)
		}
	}
	key := r.PrimaryKey
	if inc.PrimaryKeySet {
		key = inc.PrimaryKey
	}
	for _, name := range key {
		p, err := jsonpath.Parse(name)
		if err != nil {
			// A key with signs that are no path is taken as one plain name.
			if p, err = jsonpath.Parse("$[" + string(rawjson.AppendQuoted(nil, name)) + "]"); err != nil {
				return nil, fmt.Errorf("%s: primary_key %q: %w", inc.Path, name, err)
			}
		}
		c.keys = append(c.keys, p)
		c.keyNames = append(c.keyNames, name)
	}
	// INC-56: where boundary rows are to come again, or cannot, nothing is dropped.
	c.dedup = c.end == nil && inc.RangeStart != "open" && !lags(inc) &&
		!(inc.PrimaryKeySet && len(inc.PrimaryKey) == 0)
	for _, h := range c.boundary {
		c.seen[h] = true
	}
	if c.dedup && c.stored != nil {
		c.known = maps.Clone(c.seen)
	}
	return c, nil
}

func optional(raw []byte) (*scalar, error) {
	if raw == nil || rawjson.IsNull(raw) {
		return nil, nil
	}
	s, err := parseScalar(raw)
	return &s, err
}

// values are what placeholders and start_param, end_param send (section 17.2),
// after convert.
func (c *cursor) values(ctx context.Context) (*rest.IncrementalValues, error) {
	conv := func(s *scalar) ([]byte, error) {
		if s == nil {
			return nil, nil // INC-31: convert never sees an unset value
		}
		return c.convert(ctx, s.raw)
	}
	initial, err := optional(c.cfg.InitialValue)
	if err != nil {
		return nil, err
	}
	v := &rest.IncrementalValues{Lag: c.cfg.Lag, CursorPath: rawjson.AppendQuoted(nil, c.cfg.CursorPath)}
	for _, x := range []struct {
		to   *[]byte
		from *scalar
	}{{&v.Start, c.start}, {&v.Initial, initial}, {&v.Last, c.start}, {&v.End, c.end}} {
		if *x.to, err = conv(x.from); err != nil {
			return nil, err
		}
	}
	v.StartRequest, v.EndRequest = v.Start, v.End
	return v, nil
}

// accept decides over one record: keep says that it belongs to the load, stop
// that no later record of the series can (INC-34, INC-35).
func (c *cursor) accept(ctx context.Context, record []byte) (keep, stop bool, err error) {
	raw, found := c.path.First(record)
	if !found || rawjson.IsNull(raw) {
		switch c.cfg.OnMissing {
		case "include":
			c.rows++
			return true, false, nil
		case "exclude":
			return false, false, nil
		}
		if !found {
			return false, false, fmt.Errorf("the cursor field %q is not in the record %s\nhint: set incremental.on_cursor_value_missing to \"include\" or \"exclude\"", c.cfg.CursorPath, excerpt(record, 200))
		}
		return false, false, fmt.Errorf("the cursor field %q is null in the record %s\nhint: set incremental.on_cursor_value_missing to \"include\" or \"exclude\"", c.cfg.CursorPath, excerpt(record, 200))
	}
	v, err := parseScalar(raw)
	if err != nil {
		return false, false, fmt.Errorf("cursor field %q: %w", c.cfg.CursorPath, err)
	}
	if c.cfg.LastValueFunc == "function" {
		return c.acceptCustom(ctx, v, record)
	}
	// Mirror "min", so that below "greater" always means "later".
	sign := 1
	if c.cfg.LastValueFunc == "min" {
		sign = -1
	}
	var hash string
	if c.start != nil {
		d, err := c.order(v, *c.start, "start value")
		if err != nil {
			return false, false, err
		}
		d *= sign
		if d < 0 || d == 0 && c.cfg.RangeStart == "open" {
			return false, c.cfg.RowOrder == "desc", nil
		}
		if d == 0 && c.known != nil {
			if hash, err = c.hash(record); err != nil {
				return false, false, err
			}
			if c.known[hash] {
				return false, c.cfg.RowOrder == "desc", nil
			}
		}
	}
	if c.end != nil {
		d, err := c.order(v, *c.end, "end value")
		if err != nil {
			return false, false, err
		}
		d *= sign
		if d > 0 || d == 0 && c.cfg.RangeEnd != "closed" {
			return false, c.cfg.RowOrder == "asc", nil
		}
	}
	c.rows++
	if c.end != nil {
		return true, false, nil // STATE-03: a back-fill keeps no state
	}
	d := 1
	if c.last != nil {
		if d, err = c.order(v, *c.last, "last value"); err != nil {
			return false, false, err
		}
		d *= sign
	}
	if d < 0 {
		return true, false, nil
	}
	if d > 0 {
		last := v.clone()
		c.last = &last
		c.boundary = c.boundary[:0]
		clear(c.seen)
	}
	return true, false, c.remember(record, hash)
}

// acceptCustom is accept for a last_value_func that is a function (INC-28): a
// value that the function does not prefer to the start is dropped.
func (c *cursor) acceptCustom(ctx context.Context, v scalar, record []byte) (bool, bool, error) {
	reduce := func(other *scalar) (scalar, error) {
		values := [][]byte{v.raw}
		if other != nil {
			values = append(values, other.raw)
		}
		raw, err := c.world.Reduce(ctx, c.cfg.LastValueRef, values)
		if err != nil {
			return scalar{}, err
		}
		return parseScalar(raw)
	}
	var hash string
	if c.start != nil {
		got, err := reduce(c.start)
		if err != nil {
			return false, false, err
		}
		if d, ok := got.compare(v); !ok || d != 0 {
			return false, false, nil
		}
		if d, ok := v.compare(*c.start); ok && d == 0 && c.known != nil {
			if hash, err = c.hash(record); err != nil {
				return false, false, err
			}
			if c.known[hash] {
				return false, false, nil
			}
		}
	}
	c.rows++
	if c.end != nil {
		return true, false, nil
	}
	got, err := reduce(c.last)
	if err != nil {
		return false, false, err
	}
	changed := true
	if c.last != nil {
		d, ok := got.compare(*c.last)
		changed = !ok || d != 0
	}
	if changed {
		last := got.clone()
		c.last = &last
		c.boundary = c.boundary[:0]
		clear(c.seen)
	}
	if d, ok := v.compare(*c.last); ok && d == 0 {
		return true, false, c.remember(record, hash)
	}
	return true, false, nil
}

// order compares v with a bound; values of different kinds are the error of
// INC-25.
func (c *cursor) order(v, bound scalar, name string) (int, error) {
	d, ok := v.compare(bound)
	if !ok {
		return 0, fmt.Errorf("cursor field %q: the record has the %s %s, the %s is the %s %s: they cannot be compared\nhint: write initial_value as the API writes the field, or bring the field into one form with a map step",
			c.cfg.CursorPath, v.kind(), excerpt(v.raw, 60), name, bound.kind(), excerpt(bound.raw, 60))
	}
	if v.isInt && bound.isInt && v.i != bound.i {
		if unit, other := epochUnits(v.i, bound.i); unit != "" {
			return 0, fmt.Errorf("cursor field %q: the record has %d, which looks like %s, the %s is %d, which looks like %s\nhint: write initial_value as the API writes the field; convert may bring it into another unit for requests",
				c.cfg.CursorPath, v.i, unit, name, bound.i, other)
		}
	}
	return d, nil
}

// epochUnits names the units of two numbers of which one looks like a time in
// seconds, the other like one in milliseconds (API-23): both between 2001 and
// 2100, and about a thousand times apart. Empty: they do not.
func epochUnits(a, b int64) (unitA, unitB string) {
	const first, last = 1_000_000_000, 4_102_444_800
	seconds := func(n int64) bool { return first <= n && n <= last }
	switch {
	case seconds(a) && seconds(b/1000) && b/a < 4000:
		return "seconds", "milliseconds"
	case seconds(b) && seconds(a/1000) && a/b < 4000:
		return "milliseconds", "seconds"
	}
	return "", ""
}

// remember adds the record's hash to those at the last value (INC-38, INC-58).
func (c *cursor) remember(record []byte, hash string) error {
	if !c.dedup {
		return nil
	}
	if hash == "" {
		var err error
		if hash, err = c.hash(record); err != nil {
			return err
		}
	}
	if !c.seen[hash] {
		c.seen[hash] = true
		c.boundary = append(c.boundary, hash)
	}
	return nil
}

// hash identifies a record at the boundary: by its primary key, or by all of it
// where it has none; the order of keys does not count.
func (c *cursor) hash(record []byte) (string, error) {
	h := sha256.New()
	if len(c.keys) == 0 {
		h.Write(rawjson.AppendCanonical(nil, record))
	}
	for i, p := range c.keys {
		raw, ok := p.First(record)
		if !ok {
			return "", fmt.Errorf("the primary key %q is not in the record %s", c.keyNames[i], excerpt(record, 200))
		}
		h.Write(rawjson.AppendCanonical(nil, raw))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// result is the cursor to store, or nil where none is kept (STATE-03).
func (c *cursor) result(old *state.Cursor) *state.Cursor {
	if c.end != nil {
		return old
	}
	s := &state.Cursor{InitialValue: text(c.cfg.InitialValue), LastValue: json.RawMessage("null"), StartValue: json.RawMessage("null"), Boundary: []string{}}
	if c.last != nil {
		s.LastValue = bytes.Clone(c.last.raw)
	}
	if c.stored != nil {
		s.StartValue = bytes.Clone(c.stored.raw) // before lag
	} else {
		s.StartValue = text(c.cfg.InitialValue)
	}
	if old != nil && c.rows == 0 {
		s.StartValue = text(old.StartValue) // STATE-01
	}
	if len(c.boundary) > 0 {
		s.Boundary = c.boundary
	}
	return s
}

func text(raw []byte) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return bytes.Clone(raw)
}
