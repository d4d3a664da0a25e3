package stdlib

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// composite are the directives that stand for several others.
var composite = map[byte]string{
	'F': "%Y-%m-%d",
	'T': "%H:%M:%S",
	'R': "%H:%M",
	'D': "%m/%d/%y",
}

// expand writes the directives of a layout out and checks that all are known.
func expand(layout string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			out.WriteByte(layout[i])
			continue
		}
		i++
		if i == len(layout) {
			return "", errors.New("the layout ends with a single %")
		}
		if long, ok := composite[layout[i]]; ok {
			out.WriteString(long)
			continue
		}
		if !strings.ContainsRune("YymdeHIMSfLpjbBaAzZsu%", rune(layout[i])) {
			return "", fmt.Errorf("the layout has %%%c, which is not known (known are Y y m d e H I M S f L p j b B a A z Z s u F T R D %%)", layout[i])
		}
		out.WriteByte('%')
		out.WriteByte(layout[i])
	}
	return out.String(), nil
}

// strftime writes t in a layout of strftime(3); %f are microseconds, %L
// milliseconds.
func strftime(t time.Time, layout string) (string, error) {
	layout, err := expand(layout)
	if err != nil {
		return "", err
	}
	var out []byte
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			out = append(out, layout[i])
			continue
		}
		i++
		out = appendDirective(out, t, layout[i])
	}
	return string(out), nil
}

func appendDirective(out []byte, t time.Time, directive byte) []byte {
	layouts := map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05",
		'p': "PM", 'j': "002", 'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'z': "-0700", 'Z': "MST",
	}
	if layout, ok := layouts[directive]; ok {
		return t.AppendFormat(out, layout)
	}
	switch directive {
	case 'f':
		return fmt.Appendf(out, "%06d", t.Nanosecond()/1000)
	case 'L':
		return fmt.Appendf(out, "%03d", t.Nanosecond()/1e6)
	case 's':
		return strconv.AppendInt(out, t.Unix(), 10)
	case 'u':
		return strconv.AppendInt(out, int64((t.Weekday()+6)%7+1), 10)
	default:
		return append(out, directive) // %%
	}
}

// moment is what strptime has read so far.
type moment struct {
	year, month, day, yearday  int
	hour, minute, second, nano int
	pm, half                   bool // half: the hour is one of twelve
	zone                       *time.Location
	unix                       *time.Time
}

// strptime reads text in a layout of strftime(3). What the layout does not name
// is the start of 1970, the zone UTC.
func strptime(text, layout string) (time.Time, error) {
	expanded, err := expand(layout)
	if err != nil {
		return time.Time{}, err
	}
	unfit := fmt.Errorf("%q does not fit the layout %q", shorten(text), layout)
	m := moment{year: 1970, month: 1, day: 1, zone: time.UTC}
	for i := 0; i < len(expanded); i++ {
		if expanded[i] != '%' {
			if text == "" || text[0] != expanded[i] {
				return time.Time{}, unfit
			}
			text = text[1:]
			continue
		}
		i++
		rest, ok := m.read(text, expanded[i])
		if !ok {
			return time.Time{}, unfit
		}
		text = rest
	}
	t, ok := m.time()
	if text != "" || !ok {
		return time.Time{}, unfit
	}
	return t, nil
}

// read takes what one directive stands for from the start of text.
func (m *moment) read(text string, directive byte) (rest string, ok bool) {
	number := func(to *int, width, lowest, highest int) (string, bool) {
		n := 0
		for n < len(text) && n < width && text[n] >= '0' && text[n] <= '9' {
			n++
		}
		v, err := strconv.Atoi(text[:n])
		*to = v
		return text[n:], err == nil && v >= lowest && v <= highest
	}
	switch directive {
	case 'Y':
		return number(&m.year, 4, 0, 9999)
	case 'y':
		rest, ok = number(&m.year, 2, 0, 99)
		m.year += 1900
		if m.year < 1969 { // as POSIX has it
			m.year += 100
		}
		return rest, ok
	case 'm':
		return number(&m.month, 2, 1, 12)
	case 'd':
		return number(&m.day, 2, 1, 31)
	case 'e':
		text = strings.TrimLeft(text, " ")
		return number(&m.day, 2, 1, 31)
	case 'j':
		return number(&m.yearday, 3, 1, 366)
	case 'H':
		return number(&m.hour, 2, 0, 23)
	case 'I':
		m.half = true
		return number(&m.hour, 2, 1, 12)
	case 'M':
		return number(&m.minute, 2, 0, 59)
	case 'S':
		return number(&m.second, 2, 0, 60)
	case 'f', 'L':
		rest, ok = number(&m.nano, 9, 0, 999999999)
		for n := len(text) - len(rest); n < 9; n++ {
			m.nano *= 10
		}
		return rest, ok
	case 'u':
		var weekday int
		return number(&weekday, 1, 1, 7)
	case '%':
		return strings.CutPrefix(text, "%")
	default:
		return m.readName(text, directive)
	}
}

// readName reads names, zones and Unix time.
func (m *moment) readName(text string, directive byte) (rest string, ok bool) {
	switch directive {
	case 'b', 'B':
		for month := time.January; month <= time.December; month++ {
			if rest, ok = cutName(text, month.String()); ok {
				m.month = int(month)
				return rest, true
			}
		}
		return text, false
	case 'a', 'A':
		for day := time.Sunday; day <= time.Saturday; day++ {
			if rest, ok = cutName(text, day.String()); ok {
				return rest, true
			}
		}
		return text, false
	case 'p':
		if len(text) < 2 || !strings.EqualFold(text[:2], "AM") && !strings.EqualFold(text[:2], "PM") {
			return text, false
		}
		m.pm = text[0] == 'P' || text[0] == 'p'
		return text[2:], true
	case 's':
		digits := strings.TrimLeft(text, "-0123456789")
		seconds, err := strconv.ParseFloat(text[:len(text)-len(digits)], 64)
		t, ok := unixTime(seconds)
		m.unix = &t
		return digits, err == nil && ok
	default:
		return m.readZone(text)
	}
}

// cutName takes a name or its first three letters from the start of text.
func cutName(text, name string) (rest string, ok bool) {
	for _, n := range []string{name, name[:3]} {
		if len(text) >= len(n) && strings.EqualFold(text[:len(n)], n) {
			return text[len(n):], true
		}
	}
	return text, false
}

// readZone reads Z, UTC, GMT and offsets. Other names of zones are ambiguous.
func (m *moment) readZone(text string) (rest string, ok bool) {
	for _, utc := range []string{"UTC", "GMT", "Z"} {
		if rest, ok := strings.CutPrefix(text, utc); ok {
			m.zone = time.UTC
			return rest, true
		}
	}
	for _, layout := range []string{"-07:00", "-0700", "-07"} {
		if len(text) < len(layout) {
			continue
		}
		if t, err := time.Parse(layout, text[:len(layout)]); err == nil {
			m.zone = t.Location()
			return text[len(layout):], true
		}
	}
	return text, false
}

func (m *moment) time() (t time.Time, ok bool) {
	if m.unix != nil {
		return *m.unix, true
	}
	if m.half {
		m.hour %= 12
		if m.pm {
			m.hour += 12
		}
	}
	if m.yearday > 0 {
		m.month, m.day = 1, m.yearday
		t = time.Date(m.year, 1, m.day, m.hour, m.minute, m.second, m.nano, m.zone)
		return t, t.Year() == m.year
	}
	t = time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, m.nano, m.zone)
	return t, m.second == 60 || t.Day() == m.day
}
