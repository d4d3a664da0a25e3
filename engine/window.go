package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/rest"
)

// maxWindows bounds the pieces of one range, so that a wrong unit shows as an
// error and not as a million requests.
const maxWindows = 100_000

// millisFrom is the number from which a cursor counts milliseconds: as seconds
// it would lie behind the year 5000.
const millisFrom = 100_000_000_000

// windows cuts the range of an incremental from its start to its end value, or
// to now, into pieces of incremental.window (OPR-34); nil where there is none,
// empty where the range is.
func (c *cursor) windows(ctx context.Context, now time.Time) ([]rest.Window, error) {
	if c == nil || c.cfg.Window <= 0 {
		return nil, nil
	}
	if c.start == nil {
		return nil, fmt.Errorf("incremental.window needs a start: set initial_value")
	}
	from, form, err := parseMoment(*c.start)
	if err != nil {
		return nil, err
	}
	until := now
	if c.end != nil {
		if until, _, err = parseMoment(*c.end); err != nil {
			return nil, err
		}
	}
	out := []rest.Window{}
	for from.Before(until) {
		next := from.Add(c.cfg.Window)
		if next.After(until) {
			next = until
		}
		var w rest.Window
		if w.Start, err = c.convert(ctx, form(from)); err != nil {
			return nil, err
		}
		if w.End, err = c.convert(ctx, form(next)); err != nil {
			return nil, err
		}
		out = append(out, w)
		if len(out) > maxWindows {
			return nil, fmt.Errorf("incremental.window cuts %s to %s into more than %d pieces", from.Format(time.RFC3339), until.Format(time.RFC3339), maxWindows)
		}
		from = next
	}
	return out, nil
}

// convert applies incremental.convert to a value for requests.
func (c *cursor) convert(ctx context.Context, raw []byte) ([]byte, error) {
	if c.cfg.Convert == "" {
		return raw, nil
	}
	return c.world.Value(ctx, c.cfg.Convert, raw)
}

// parseMoment reads a cursor value as a moment, and returns how others are
// written in the same form.
func parseMoment(s scalar) (time.Time, func(time.Time) []byte, error) {
	if !s.isText {
		if !s.isInt {
			return time.Time{}, nil, fmt.Errorf("incremental.window cannot cut at %s: a whole number of seconds or milliseconds was expected", s.raw)
		}
		if s.i >= millisFrom || s.i <= -millisFrom {
			return time.UnixMilli(s.i).UTC(), func(t time.Time) []byte { return strconv.AppendInt(nil, t.UnixMilli(), 10) }, nil
		}
		return time.Unix(s.i, 0).UTC(), func(t time.Time) []byte { return strconv.AppendInt(nil, t.Unix(), 10) }, nil
	}
	text := string(s.text)
	quoted := func(layout string) func(time.Time) []byte {
		return func(t time.Time) []byte { return rawjson.AppendQuoted(nil, t.Format(layout)) }
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, quoted(time.DateOnly), nil
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			zone := t.Location()
			write := quoted(timeLayout(form, text))
			return t, func(t time.Time) []byte { return write(t.In(zone)) }, nil
		}
	}
	return time.Time{}, nil, fmt.Errorf("incremental.window cannot cut at %q: it is no date, time or number of seconds", text)
}

// timeLayout is the layout that writes times as text was written: with a
// fraction of six digits when it has one, with +00:00 in place of Z.
func timeLayout(form, text string) string {
	if strings.ContainsAny(text, ".,") {
		form = strings.Replace(form, "05", "05.000000", 1)
	}
	if strings.HasSuffix(text, "+00:00") {
		form = strings.Replace(form, "Z07:00", "-07:00", 1)
	}
	return form
}
