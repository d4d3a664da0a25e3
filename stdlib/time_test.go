package stdlib

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // so that the zones are the same everywhere
)

// Forms that time.parse knows without a layout (API-23), and what they mean.
func TestTimeParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-02-01T12:30:45Z":             "2024-02-01T12:30:45Z",
		"2024-02-01T12:30:45.123456789Z":   "2024-02-01T12:30:45.123456789Z",
		"2024-02-01T12:30:45,5Z":           "2024-02-01T12:30:45.5Z",
		"2024-02-01T12:30:45+02:00":        "2024-02-01T12:30:45+02:00",
		"2024-02-01T12:30:45.000+0200":     "2024-02-01T12:30:45+02:00",
		"2024-02-01T12:30:45-03":           "2024-02-01T12:30:45-03:00",
		"2024-02-01T12:30:45":              "2024-02-01T12:30:45Z",
		"2024-02-01 12:30:45":              "2024-02-01T12:30:45Z",
		"2024-02-01 12:30:45 +0100":        "2024-02-01T12:30:45+01:00",
		"2024-02-01 12:30:45 UTC":          "2024-02-01T12:30:45Z",
		"2024-02-01T12:30":                 "2024-02-01T12:30:00Z",
		"20240201T123045Z":                 "2024-02-01T12:30:45Z",
		"2024-02-01":                       "2024-02-01T00:00:00Z",
		"2024-02":                          "2024-02-01T00:00:00Z",
		"2024":                             "2024-01-01T00:00:00Z",
		"20240201":                         "2024-02-01T00:00:00Z",
		" 2024-02-01\n":                    "2024-02-01T00:00:00Z",
		"Thu, 01 Feb 2024 12:30:45 GMT":    "2024-02-01T12:30:45Z",
		"Thu, 1 Feb 2024 12:30:45 +0100":   "2024-02-01T12:30:45+01:00",
		"1 Feb 2024 12:30:45 GMT":          "2024-02-01T12:30:45Z",
		"Thursday, 01-Feb-24 12:30:45 GMT": "2024-02-01T12:30:45Z",
		"Thu Feb  1 12:30:45 2024":         "2024-02-01T12:30:45Z",
		"2024/02/01 12:30:45":              "2024-02-01T12:30:45Z",
		"1706790645":                       "2024-02-01T12:30:45Z",
		"1706790645.25":                    "2024-02-01T12:30:45.25Z",
		"1706790645123":                    "2024-02-01T12:30:45.123Z",
		"1706790645123456":                 "2024-02-01T12:30:45.123456Z",
		"1706790645123456789":              "2024-02-01T12:30:45.123456789Z",
		"0":                                "1970-01-01T00:00:00Z",
		"-1":                               "1969-12-31T23:59:59Z",
		"/Date(1700000000000)/":            "2023-11-14T22:13:20Z",
		"/Date(1700000000000+0100)/":       "2023-11-14T23:13:20+01:00",
		"/Date(-1000)/":                    "1969-12-31T23:59:59Z",
	} {
		succeeds(t, `local iso = time.parse(`+strconv.Quote(text)+`).iso assert(iso == "`+want+`", iso)`)
	}
	for _, text := range []string{"", "yesterday", "2024-13-01", "2024-02-30", "12:30", "/Date(x)/", "/Date(1)", "1.", "20241301", "99999999999999999999", "2024-02-01T25:00:00Z"} {
		fails(t, failure{`time.parse("` + text + `")`, `time.parse: "` + text + `" is no time that is known without a layout`})
	}
}

func TestTimeLayouts(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`local t = time.parse("2024-02-01T15:04:05.678901Z")
		local function is(layout, want) local got = t:format(layout) assert(got == want, got) end
		is("%Y-%m-%dT%H:%M:%S.%fZ", "2024-02-01T15:04:05.678901Z")
		is("%y %e %I%p %j %b %B %a %A %z %Z %s %u %L %F %T %R %D 100%%", "24  1 03PM 032 Feb February Thu Thursday +0000 UTC 1706799845 4 678 2024-02-01 15:04:05 15:04 02/01/24 100%")
		is("2006-01-02 15:04", "2024-02-01 15:04")
		is("%Y 1 Jan 2", "2024 1 Jan 2")`,
		`local function is(text, layout, want) local got = time.parse(text, layout).iso assert(got == want, got) end
		is("01/02/2024 03:04 PM", "%d/%m/%Y %I:%M %p", "2024-02-01T15:04:00Z")
		is("12:00 am", "%I:%M %p", "1970-01-01T00:00:00Z")
		is("Thu 1 February 2024", "%a %e %B %Y", "2024-02-01T00:00:00Z")
		is("2024-060", "%Y-%j", "2024-02-29T00:00:00Z")
		is("24.5", "%y.%f", "2024-01-01T00:00:00.5Z")
		is("69", "%y", "1969-01-01T00:00:00Z")
		is("2024-02-01 00:00:00 +05:30", "%F %T %z", "2024-02-01T00:00:00+05:30")
		is("2024-02-01T00:00:00Z", "%FT%T%z", "2024-02-01T00:00:00Z")
		is("@1706745600", "@%s", "2024-02-01T00:00:00Z")
		is("50% 4", "50%% %u", "1970-01-01T00:00:00Z")
		is("Feb 1, 2024", "Jan 2, 2006", "2024-02-01T00:00:00Z")`,
	)
	fails(t,
		failure{`time.parse("2024-02-30", "%Y-%m-%d")`, `time.parse: "2024-02-30" does not fit the layout "%Y-%m-%d"`},
		failure{`time.parse("2024-02-01x", "%Y-%m-%d")`, `time.parse: "2024-02-01x" does not fit the layout "%Y-%m-%d"`},
		failure{`time.parse("2023-366", "%Y-%j")`, `time.parse: "2023-366" does not fit the layout "%Y-%j"`},
		failure{`time.parse("x", "%b")`, `time.parse: "x" does not fit the layout "%b"`},
		failure{`time.parse("", "%z")`, `time.parse: "" does not fit the layout "%z"`},
		failure{`time.parse("x", "2006")`, `time.parse: "x" does not fit the layout "2006"`},
		failure{`time.now():format("%Q")`, `time.format: the layout has %Q, which is not known (known are Y y m d e H I M S f L p j b B a A z Z s u F T R D %)`},
		failure{`time.now():format("%")`, `time.format: the layout ends with a single %`},
	)
}

func TestTimeFieldsAndMethods(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`local t = time.parse("2024-02-04T05:06:07.089Z")
		assert(t.year == 2024 and t.month == 2 and t.day == 4 and t.hour == 5 and t.minute == 6 and t.second == 7 and t.nanosecond == 89000000)
		assert(t.unix == 1707023167 and t.unix_ms == 1707023167089 and t.unix_us == 1707023167089000 and t.date == "2024-02-04")
		assert(t.weekday == 7 and t.yearday == 35 and t.week == 5 and t.zone == "UTC" and t.offset == 0 and tostring(t) == t.iso)`,
		`local a, b = time.parse("2024-02-01T00:00:00Z"), time.parse("2024-02-01T01:00:00+01:00")
		assert(a == b and a <= b and not (a < b) and a:add(1) > b and a:add("1ms") ~= b)`,
		`local t = time.parse("2024-01-31")
		assert(t:add("1d12h").iso == "2024-02-01T12:00:00Z" and t:add(-0.5).iso == "2024-01-30T23:59:59.5Z")
		assert(t:add{ months = 1 }.date == "2024-02-29" and t:add{ years = 1, months = 1 }.date == "2025-02-28")
		assert(t:add{ months = -2 }.date == "2023-11-30" and t:add{ days = 1, hours = 1, minutes = 1, seconds = 1 }.iso == "2024-02-01T01:01:01Z")
		assert(t:sub(time.parse("2024-01-30T12:00:00Z")) == 43200 and t:sub("1d").date == "2024-01-30" and t:sub(1).second == 59)`,
		`local t = time.parse("2024-07-01T00:00:00Z")
		assert(t:in_zone("Europe/Berlin").iso == "2024-07-01T02:00:00+02:00" and t:in_zone("Europe/Berlin").zone == "CEST")
		assert(t:in_zone("-03:30").iso == "2024-06-30T20:30:00-03:30" and t:in_zone("UTC") == t and t:in_zone("Europe/Berlin"):add{ months = 6 }.offset == 3600)`,
		`assert(time.from_unix(1.25).iso == "1970-01-01T00:00:01.25Z" and time.from_unix(-0.5).unix == -1)`,
		`assert(time.duration("1w") == 604800 and time.duration("-1d 2h") == -93600 and time.duration("1500ms") == 1.5 and time.duration("2us") == 2e-6 and time.duration("0s") == 0)`,
		`assert(getmetatable(time.now()) == "time")`,
	)
	fails(t,
		failure{`local x = time.now().yaer`, `time: a time has no field "yaer" (it has: unix, unix_ms, unix_us, iso, date, year, month, day, hour, minute, second, nanosecond, weekday, yearday, week, zone, offset, add, sub, format, in_zone)`},
		failure{`time.now().year = 1`, `time: a time does not change; add gives another one`},
		failure{`time.from_unix(1706745600000)`, `time.from_unix: 1706745600000 seconds lie outside the years 0 to 9999 (are they milliseconds? divide by 1000)`},
		failure{`time.from_unix(0/0)`, `time.from_unix: NaN seconds lie outside the years 0 to 9999 (are they milliseconds? divide by 1000)`},
		failure{`time.from_unix("1")`, `time.from_unix: argument 1: expected a number, got text`},
		failure{`time.duration("1x")`, `time.duration: "1x" is no duration (expected one like "1h30m", "7d" or "1.5s")`},
		failure{`time.duration("")`, `time.duration: "" is no duration (expected one like "1h30m", "7d" or "1.5s")`},
		failure{`time.duration("1.2.3s")`, `time.duration: "1.2.3s" is no duration (expected one like "1h30m", "7d" or "1.5s")`},
		failure{`time.duration("99999w")`, `time.duration: "99999w" is more than 280 years`},
		failure{`time.parse("9999-12-31"):add("2d")`, `time.add: the time lies outside the years 0 to 9999 (is it in milliseconds? divide by 1000)`},
		failure{`time.now():add(1e10)`, `time.add: argument 2: 10000000000 seconds are more than 280 years`},
		failure{`time.now():add(true)`, `time.add: argument 2: expected seconds or a duration like "1h30m", got a boolean`},
		failure{`time.now():add{ month = 1 }`, `time.add: argument 2: unknown field "month" (it may have: years, months, days, hours, minutes, seconds)`},
		failure{`time.now():add{ months = 0.5 }`, `time.add: argument 2: months: expected a whole number, got a number`},
		failure{`time.now():in_zone("Mars")`, `time.in_zone: unknown zone "Mars" (expected a name like "Europe/Berlin", an offset like "+02:00", or "UTC")`},
		failure{`time.now():in_zone("../etc")`, `time.in_zone: unknown zone "../etc" (expected a name like "Europe/Berlin", an offset like "+02:00", or "UTC")`},
		failure{`time.now().add(1, 2)`, `time.add: argument 1: expected a time, got a number`},
	)
}

// SCR-06: the start of the load while the script is evaluated, the clock in
// hooks.
func TestTimeNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := testHost()
		h.Evaluating = true
		if err := runLua(t, h, `assert(time.now().iso == "2024-02-01T00:00:00Z")`); err != nil {
			t.Error(err)
		}
		h.Evaluating = false
		if err := runLua(t, h, `assert(time.now().iso == "2000-01-01T00:00:00Z")`); err != nil { // synctest's clock
			t.Error(err)
		}
		h.Now = func() time.Time { return time.Unix(1, 0) }
		if err := runLua(t, h, `assert(time.now().iso == "1970-01-01T00:00:01Z")`); err != nil {
			t.Error(err)
		}
	})
}
