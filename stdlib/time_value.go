package stdlib

import (
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// timeField is a field of times.
type timeField struct {
	Field
	get func(t time.Time) lua.LValue
}

func timeFields() []timeField {
	integer := func(name, doc string, get func(t time.Time) int64) timeField {
		return timeField{Field{Name: name, Type: "integer", Doc: doc}, func(t time.Time) lua.LValue { return lua.LNumber(get(t)) }}
	}
	text := func(name, doc string, get func(t time.Time) string) timeField {
		return timeField{Field{Name: name, Type: "string", Doc: doc}, func(t time.Time) lua.LValue { return lua.LString(get(t)) }}
	}
	return []timeField{
		integer("unix", "Whole seconds since 1970 began.", time.Time.Unix),
		integer("unix_ms", "Whole milliseconds since 1970 began.", time.Time.UnixMilli),
		integer("unix_us", "Whole microseconds since 1970 began.", time.Time.UnixMicro),
		text("iso", "ISO 8601 (RFC 3339): \"2024-02-01T12:00:00Z\".", isoText),
		text("date", "The day: \"2024-02-01\".", func(t time.Time) string { return t.Format(time.DateOnly) }),
		integer("year", "The year.", func(t time.Time) int64 { return int64(t.Year()) }),
		integer("month", "The month from 1 to 12.", func(t time.Time) int64 { return int64(t.Month()) }),
		integer("day", "The day of the month.", func(t time.Time) int64 { return int64(t.Day()) }),
		integer("hour", "The hour from 0 to 23.", func(t time.Time) int64 { return int64(t.Hour()) }),
		integer("minute", "The minute of the hour.", func(t time.Time) int64 { return int64(t.Minute()) }),
		integer("second", "The second of the minute.", func(t time.Time) int64 { return int64(t.Second()) }),
		integer("nanosecond", "The nanosecond of the second.", func(t time.Time) int64 { return int64(t.Nanosecond()) }),
		integer("weekday", "The day of the week: 1 is Monday, 7 Sunday.", func(t time.Time) int64 { return int64((t.Weekday()+6)%7 + 1) }),
		integer("yearday", "The day of the year from 1.", func(t time.Time) int64 { return int64(t.YearDay()) }),
		integer("week", "The week of the year (ISO 8601).", func(t time.Time) int64 { _, week := t.ISOWeek(); return int64(week) }),
		text("zone", "The short name of the zone: \"UTC\", \"CEST\".", func(t time.Time) string { name, _ := t.Zone(); return name }),
		integer("offset", "Seconds east of UTC.", func(t time.Time) int64 { _, offset := t.Zone(); return int64(offset) }),
	}
}

// timeMethod is a method of times.
type timeMethod struct {
	Field
	run func(c *call) int
}

func timeMethods() []timeMethod {
	return []timeMethod{
		{Field{"add", "fun(self: time.Time, duration: number|string|table): time.Time",
			"The time so much later: seconds, a duration (\"1h30m\", \"-7d\") or a table { years, months, days, hours, minutes, seconds }. A month after January 31 February ends."}, timeAdd},
		{Field{"sub", "fun(self: time.Time, other: time.Time|number|string): number|time.Time",
			"The seconds since another time; with seconds or a duration the time so much earlier."}, timeSub},
		{Field{"format", "fun(self: time.Time, layout: string): string",
			"The time in a layout of strftime (\"%Y-%m-%d\") or of Go (\"2006-01-02\")."}, timeFormat},
		{Field{"in_zone", "fun(self: time.Time, zone: string): time.Time",
			"The same moment in an IANA zone (\"Europe/Berlin\"), an offset (\"+02:00\") or \"UTC\"."}, timeInZone},
	}
}

func timeClass() Class {
	class := Class{
		Name: "time.Time",
		Doc:  "A point in time in a zone. Times compare with ==, < and <=; tostring, JSON and query parameters give the ISO form.",
	}
	for _, f := range timeFields() {
		class.Fields = append(class.Fields, f.Field)
	}
	for _, m := range timeMethods() {
		class.Fields = append(class.Fields, m.Field)
	}
	return class
}

// timeType is the name of the metatable of times in a state's registry.
const timeType = "restlua.time"

func pushTime(c *call, t time.Time) int {
	if t.Year() < 0 || t.Year() > 9999 {
		c.fail("the time lies outside the years 0 to 9999 (is it in milliseconds? divide by 1000)")
	}
	c.L.Push(&lua.LUserData{Value: t, Metatable: timeMetatable(c.L, c.world)})
	return 1
}

// timeMetatable is made when a world first asks for a time.
func timeMetatable(L *lua.LState, w *world) *lua.LTable {
	mt := L.NewTypeMetatable(timeType)
	if mt.RawGetString("__index") != lua.LNil {
		return mt
	}
	function := func(name string, run func(c *call) int) *lua.LFunction {
		return L.NewFunction(func(L *lua.LState) int {
			return run(&call{L: L, world: w, name: name})
		})
	}
	var names []string
	fields, methods := map[string]timeField{}, map[string]*lua.LFunction{}
	for _, f := range timeFields() {
		fields[f.Name] = f
		names = append(names, f.Name)
	}
	for _, m := range timeMethods() {
		methods[m.Name] = function("time."+m.Name, m.run)
		names = append(names, m.Name)
	}
	mt.RawSetString("__index", function("time", func(c *call) int {
		name := c.text(2)
		if f, ok := fields[name]; ok {
			c.L.Push(f.get(c.time(1)))
		} else if m, ok := methods[name]; ok {
			c.L.Push(m)
		} else {
			c.fail("a time has no field %q (it has: %s)", name, strings.Join(names, ", "))
		}
		return 1
	}))
	mt.RawSetString("__newindex", function("time", func(c *call) int {
		c.fail("a time does not change; add gives another one")
		return 0
	}))
	mt.RawSetString("__eq", function("time", func(c *call) int { return c.pushBool(c.time(1).Equal(c.time(2))) }))
	mt.RawSetString("__lt", function("time", func(c *call) int { return c.pushBool(c.time(1).Before(c.time(2))) }))
	mt.RawSetString("__le", function("time", func(c *call) int { return c.pushBool(!c.time(2).Before(c.time(1))) }))
	iso := function("time", func(c *call) int { return c.pushText(isoText(c.time(1))) })
	mt.RawSetString("__tostring", iso)
	mt.RawSetString("__tojson", iso) // package view asks for it
	mt.RawSetString("__metatable", lua.LString("time"))
	return mt
}

// time is argument n, which must be a time.
func (c *call) time(n int) time.Time {
	if u, ok := c.L.Get(n).(*lua.LUserData); ok {
		if t, ok := u.Value.(time.Time); ok {
			return t
		}
	}
	c.failArgument(n, "a time")
	return time.Time{}
}
