package stdlib

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parseTime reads the forms in which APIs write times (API-23).
func parseTime(text string) (t time.Time, ok bool) {
	if inner, found := strings.CutPrefix(text, "/Date("); found {
		return parseDotNetDate(inner)
	}
	if t, ok, digits := parseDigits(text); digits {
		return t, ok
	}
	for _, layout := range layoutsOf(text) {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return t, false
}

// layoutsOf are the layouts that text may have, chosen by its first character.
// A fraction of seconds needs no place in a layout.
func layoutsOf(text string) []string {
	if text == "" {
		return nil
	}
	if text[0] < '0' || text[0] > '9' {
		return []string{
			time.RFC1123, time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 -0700",
			time.RFC850, time.ANSIC, time.UnixDate, time.RubyDate,
		}
	}
	layouts := []string{"2006-01-02", "2006-01"}
	for _, day := range []string{"2006-01-02", "20060102"} {
		for _, separator := range []string{"T", "t", " "} {
			for _, clock := range []string{"15:04:05", "15:04", "150405", "1504", "15"} {
				for _, zone := range []string{"", "Z07:00", "Z0700", "Z07", " Z07:00", " -0700", " MST"} {
					layouts = append(layouts, day+separator+clock+zone)
				}
			}
		}
	}
	return append(layouts, "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700", "2006/01/02 15:04:05", "2006/01/02")
}

// parseDigits reads Unix times, and the years and days of ISO 8601 that are
// digits only. isDigits is false where text is anything else.
func parseDigits(text string) (t time.Time, ok, isDigits bool) {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	if whole == "" || strings.Trim(whole, "0123456789") != "" || strings.Trim(fraction, "0123456789") != "" || hasFraction && fraction == "" {
		return t, false, false
	}
	if text == whole && len(whole) == 4 {
		t, err := time.Parse("2006", text)
		return t, err == nil, true
	}
	if text == whole && len(whole) == 8 {
		t, err := time.Parse("20060102", text)
		return t, err == nil, true
	}
	if hasFraction || len(whole) <= 11 {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return t, false, true
		}
		t, ok := unixTime(seconds)
		return t, ok, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return t, false, true
	}
	switch {
	case len(whole) <= 14:
		return time.UnixMilli(n).UTC(), true, true
	case len(whole) <= 17:
		return time.UnixMicro(n).UTC(), true, true
	default:
		return time.Unix(0, n).UTC(), true, true
	}
}

var dotNetDate = regexp.MustCompile(`^(-?\d{1,15})([+-]\d{4})?\)/$`)

// parseDotNetDate reads what stands behind "/Date(" in the dates of OData v2
// and older .NET services: milliseconds, an offset, and ")/".
func parseDotNetDate(text string) (t time.Time, ok bool) {
	m := dotNetDate.FindStringSubmatch(text)
	if m == nil {
		return t, false
	}
	ms, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return t, false
	}
	t = time.UnixMilli(ms).UTC()
	if m[2] == "" {
		return t, true
	}
	offset, err := time.Parse("-0700", m[2])
	if err != nil {
		return t, false
	}
	return t.In(offset.Location()), true
}
