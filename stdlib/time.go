package stdlib

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func timeModule() Module {
	m := newModule("time", "Points in time and durations.",
		Function{
			Name: "now", Params: "", Returns: "time.Time",
			Doc:     "The time now, in UTC. While the script is evaluated it is the start of the load, so that each evaluation gives the same config; in hooks it is the clock.",
			Example: `assert(time.now() <= time.now())`,
			run:     func(c *call) int { return pushTime(c, c.now().UTC()) },
		},
		Function{
			Name: "parse", Params: "text: string|number, layout?: string", Returns: "time.Time",
			Doc: "The time that a text names: ISO 8601 with or without time and zone, RFC 1123 (\"Mon, 02 Jan 2006 15:04:05 GMT\"), Unix time as digits, \"/Date(1700000000000)/\". " +
				"Without a zone it is UTC. Digits are seconds up to 11 of them, then milliseconds (12 to 14), microseconds (15 to 17) and nanoseconds; 4 digits are a year, 8 a date. " +
				"With a layout, of strftime or of Go, only that form is read. A text that is no time is an error.",
			Example: `assert(time.parse("2024-02-01T12:00:00+02:00").iso == "2024-02-01T12:00:00+02:00")
assert(time.parse("2024-02-01").unix == 1706745600)
assert(time.parse("/Date(1706745600000)/") == time.parse("2024-02-01"))
assert(time.parse("01.02.2024", "%d.%m.%Y").month == 2)`,
			run: timeParse,
		},
		Function{
			Name: "from_unix", Params: "seconds: number", Returns: "time.Time",
			Doc:     "The time so many seconds after 1970 began, in UTC; fractions are kept to the microsecond. Milliseconds are divided by 1000 first.",
			Example: `assert(time.from_unix(1706745600).iso == "2024-02-01T00:00:00Z")`,
			run:     timeFromUnix,
		},
		Function{
			Name: "duration", Params: "text: string", Returns: "number",
			Doc:     "The seconds of a duration in the units w, d, h, m, s, ms, us: \"1h30m\", \"-7d\", \"1.5s\". A day has 24 hours.",
			Example: `assert(time.duration("1h30m") == 5400)`,
			run: func(c *call) int {
				d, err := parseDuration(c.text(1))
				c.check(err)
				return c.pushNumber(d.Seconds())
			},
		},
	)
	m.Classes = []Class{timeClass()}
	return m
}

// isoText is t as RFC 3339 with the fraction that it has.
func isoText(t time.Time) string { return t.Format(time.RFC3339Nano) }

func timeParse(c *call) int {
	text := strings.TrimSpace(c.scalar(1))
	if c.missing(2) {
		t, ok := parseTime(text)
		if !ok {
			c.fail("%q is no time that is known without a layout", shorten(text))
		}
		return pushTime(c, t)
	}
	layout := c.text(2)
	if strings.Contains(layout, "%") {
		t, err := strptime(text, layout)
		c.check(err)
		return pushTime(c, t)
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		c.fail("%q does not fit the layout %q", shorten(text), layout)
	}
	return pushTime(c, t)
}

// shorten keeps messages readable.
func shorten(text string) string {
	if len(text) > 80 {
		return text[:80] + "..."
	}
	return text
}

func timeFromUnix(c *call) int {
	v, ok := c.L.Get(1).(lua.LNumber)
	if !ok {
		c.failArgument(1, "a number")
	}
	t, ok := unixTime(float64(v))
	if !ok {
		c.fail("%s seconds lie outside the years 0 to 9999 (are they milliseconds? divide by 1000)", numberText(float64(v)))
	}
	return pushTime(c, t)
}

// unixTime is the time of seconds since 1970; the fraction is rounded to
// microseconds, which is what a number holds for today's times.
func unixTime(seconds float64) (t time.Time, ok bool) {
	if !(seconds > -63e9 && seconds < 254e9) {
		return t, false
	}
	whole := math.Floor(seconds)
	micros := math.Round((seconds - whole) * 1e6)
	return time.Unix(int64(whole), int64(micros)*1000).UTC(), true
}

// maxSeconds bounds durations: 290 years, what time.Duration holds.
const maxSeconds = 9e9

// duration is argument n: seconds or the text of a duration.
func (c *call) duration(n int) time.Duration {
	switch v := c.L.Get(n).(type) {
	case lua.LNumber:
		if !(math.Abs(float64(v)) <= maxSeconds) {
			c.fail("argument %d: %s seconds are more than 280 years", n, numberText(float64(v)))
		}
		whole := math.Trunc(float64(v))
		return time.Duration(whole)*time.Second + time.Duration(math.Round((float64(v)-whole)*1e9))
	case lua.LString:
		d, err := parseDuration(string(v))
		c.check(err)
		return d
	}
	c.failArgument(n, "seconds or a duration like \"1h30m\"")
	return 0
}

func timeAdd(c *call) int {
	t := c.time(1)
	if _, ok := c.L.Get(2).(*lua.LTable); !ok {
		return pushTime(c, t.Add(c.duration(2)))
	}
	parts := c.table(2, "years", "months", "days", "hours", "minutes", "seconds")
	whole := func(name string) int {
		v := parts.get(name)
		n, ok := v.(lua.LNumber)
		if v != lua.LNil && (!ok || float64(n) != math.Trunc(float64(n)) || math.Abs(float64(n)) > 1e9) {
			parts.failField(name, "a whole number")
		}
		return int(n)
	}
	years, months, days := whole("years"), whole("months"), whole("days")
	if max(abs(years), abs(months)/12, abs(days)/365) > 20000 {
		c.fail("the time lies outside the years 0 to 9999")
	}
	t = addDate(t, years, months, days)
	seconds := whole("hours")*3600 + whole("minutes")*60 + whole("seconds")
	if abs(seconds) > maxSeconds {
		c.fail("argument 2: hours, minutes and seconds are more than 280 years")
	}
	return pushTime(c, t.Add(time.Duration(seconds)*time.Second))
}

func abs(n int) int { return max(n, -n) }

// addDate adds months to the same day of another month, or to that month's
// last day where it has no such day: one month after January 31 February ends.
func addDate(t time.Time, years, months, days int) time.Time {
	moved := t.AddDate(years, months, 0)
	if moved.Day() != t.Day() {
		moved = moved.AddDate(0, 0, -moved.Day())
	}
	return moved.AddDate(0, 0, days)
}

func timeSub(c *call) int {
	t := c.time(1)
	if u, ok := c.L.Get(2).(*lua.LUserData); ok {
		if other, ok := u.Value.(time.Time); ok {
			seconds := float64(t.Unix()-other.Unix()) + float64(t.Nanosecond()-other.Nanosecond())/1e9
			return c.pushNumber(seconds)
		}
	}
	return pushTime(c, t.Add(-c.duration(2)))
}

func timeFormat(c *call) int {
	t, layout := c.time(1), c.text(2)
	c.bound(8 * len(layout))
	if !strings.Contains(layout, "%") {
		return c.pushText(t.Format(layout))
	}
	text, err := strftime(t, layout)
	c.check(err)
	return c.pushText(text)
}

func timeInZone(c *call) int {
	t, name := c.time(1), c.text(2)
	zone, err := loadZone(name)
	c.check(err)
	return pushTime(c, t.In(zone))
}

func loadZone(name string) (*time.Location, error) {
	if offset, err := time.Parse("-07:00", name); err == nil {
		_, seconds := offset.Zone()
		return time.FixedZone(name, seconds), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("unknown zone %q (expected a name like \"Europe/Berlin\", an offset like \"+02:00\", or \"UTC\")", name)
	}
	return zone, nil
}

// parseDuration reads "1h30m", also with days and weeks.
func parseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no duration (expected one like \"1h30m\", \"7d\" or \"1.5s\")", shorten(text))
	units := map[string]float64{"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6}
	rest, negative := strings.CutPrefix(strings.TrimSpace(text), "-")
	if rest == "" {
		return 0, bad
	}
	total := 0.0
	for rest != "" {
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789."))]
		rest = rest[len(digits):]
		unit := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"))]
		rest = strings.TrimLeft(rest[len(unit):], " ")
		n, err := strconv.ParseFloat(digits, 64)
		seconds, known := units[unit]
		if err != nil || !known {
			return 0, bad
		}
		total += n * seconds
	}
	if total > maxSeconds {
		return 0, fmt.Errorf("%q is more than 280 years", shorten(text))
	}
	if negative {
		total = -total
	}
	whole := math.Trunc(total)
	return time.Duration(whole)*time.Second + time.Duration(math.Round((total-whole)*1e9)), nil
}
