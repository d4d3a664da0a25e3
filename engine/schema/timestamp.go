package schema

import (
	"encoding/binary"
	"time"
)

// MixedLayout says that the timestamps of a column were written in more than
// one way.
const MixedLayout = 1<<32 - 1

// The bits of a layout: how a timestamp was written, so that its text can be
// given back exactly.
const (
	layoutSeen    = 1 << 0
	layoutBlank   = 1 << 1 // blank in place of T
	layoutSeconds = 1 << 2
	layoutComma   = 1 << 3
	layoutBasic   = 1 << 4 // YYYYMMDDTHHMMSS
	layoutFrac    = 5      // 4 bits: digits of the fraction, 15: not to be given back
	layoutTail    = 9      // 3 bits: none, Z, +HH, +HHMM, +HH:MM
	layoutOffset  = 12     // 12 bits: minutes + 2048
)

const (
	tailNone = iota
	tailZ
	tailHH
	tailHHMM
	tailColon
)

// ParseTimestamp reads a string that is timestamp-like as a whole (NRM-54): the
// instant in microseconds since 1970 (a naive one as if UTC), whether it names
// a zone, and its layout.
func ParseTimestamp(s []byte) (micros int64, zoned bool, layout uint32, ok bool) {
	// The shortest is 2024-01-15T10:00; the test below costs text columns next
	// to nothing.
	if len(s) < 15 || len(s) > 48 || s[0] < '0' || s[0] > '9' {
		return 0, false, 0, false
	}
	if len(s) == len("2024-01-15T10:00:00Z") {
		if micros, ok := parseUsual(s); ok {
			return micros, true, layoutUsual, true
		}
	}
	return parseTimestamp(s, false)
}

// layoutUsual is that of 2024-01-15T10:00:00Z.
const layoutUsual = layoutSeen | layoutSeconds | tailZ<<layoutTail | 2048<<layoutOffset

// parseUsual reads a timestamp as most APIs write it, 2024-01-15T10:00:00Z, by
// words. What it does not take can be a timestamp all the same.
func parseUsual(s []byte) (micros int64, ok bool) {
	// Digits become their values, and what stands between them 0.
	const (
		dateForm, dateMarks = 0x2d30302d30303030, 0xff0000ff00000000 // 0000-00-
		timeForm, timeMarks = 0x30303a3030543030, 0x0000ff0000ff0000 // 00T00:00
		tailForm, tailMarks = 0x5a30303a, 0xff0000ff                 // :00Z
		tens, highs         = 0x7676767676767676, 0x8080808080808080 // 10 and tens has the high bit
	)
	d := binary.LittleEndian.Uint64(s) ^ dateForm
	t := binary.LittleEndian.Uint64(s[8:]) ^ timeForm
	z := uint64(binary.LittleEndian.Uint32(s[16:])) ^ tailForm
	if (d|(d+tens)|t|(t+tens)|z|(z+tens))&highs != 0 || d&dateMarks|t&timeMarks|z&tailMarks != 0 {
		return 0, false
	}
	two := func(w uint64) int { return int(w&15)*10 + int(w>>8&15) }
	year, month, day := two(d)*100+two(d>>16), two(d>>40), two(t)
	hour, minute, second := two(t>>24), two(t>>48), two(z>>8)
	seconds, ok := secondsSinceEpoch(year, month, day, hour, minute, second)
	return seconds * 1e6, ok
}

// ParseTimestampLoose also takes more than six digits of a fraction, and cuts
// them: for declared columns (NRM-61).
func ParseTimestampLoose(s []byte) (micros int64, zoned bool, ok bool) {
	if len(s) < 15 || len(s) > 64 {
		return 0, false, false
	}
	micros, zoned, _, ok = parseTimestamp(s, true)
	return micros, zoned, ok
}

func parseTimestamp(s []byte, loose bool) (micros int64, zoned bool, layout uint32, ok bool) {
	var year, month, day, hour, minute, second int
	layout = layoutSeen
	i := 0
	if s[4] == '-' {
		if s[7] != '-' || len(s) < 16 || s[13] != ':' || s[10] != 'T' && s[10] != ' ' {
			return
		}
		if s[10] == ' ' {
			layout |= layoutBlank
		}
		if !num(s[0:4], &year) || !num(s[5:7], &month) || !num(s[8:10], &day) || !num(s[11:13], &hour) || !num(s[14:16], &minute) {
			return
		}
		i = 16
		if len(s) >= 19 && s[16] == ':' {
			if !num(s[17:19], &second) {
				return
			}
			layout |= layoutSeconds
			i = 19
		}
	} else {
		if s[8] != 'T' || !num(s[0:4], &year) || !num(s[4:6], &month) || !num(s[6:8], &day) ||
			!num(s[9:11], &hour) || !num(s[11:13], &minute) || !num(s[13:15], &second) {
			return
		}
		layout |= layoutBasic | layoutSeconds
		i = 15
	}
	var fraction int64
	if layout&layoutSeconds != 0 && i < len(s) && (s[i] == '.' || s[i] == ',') {
		if s[i] == ',' {
			layout |= layoutComma
		}
		digits := 0
		for i++; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			if digits++; digits <= 6 {
				fraction = fraction*10 + int64(s[i]-'0')
			} else if s[i] != '0' && !loose {
				return
			}
		}
		if digits == 0 {
			return
		}
		for k := digits; k < 6; k++ {
			fraction *= 10
		}
		layout |= uint32(min(digits, 15)) << layoutFrac
	}
	offset := 0
	tail := uint32(tailNone)
	switch {
	case i == len(s):
	case s[i] == 'Z' && i+1 == len(s):
		tail, zoned = tailZ, true
	case s[i] == '+' || s[i] == '-':
		var h, m int
		rest := s[i+1:]
		switch {
		case len(rest) == 2 && num(rest, &h):
			tail = tailHH
		case len(rest) == 4 && num(rest[:2], &h) && num(rest[2:], &m):
			tail = tailHHMM
		case len(rest) == 5 && rest[2] == ':' && num(rest[:2], &h) && num(rest[3:], &m):
			tail = tailColon
		default:
			return 0, false, 0, false
		}
		if h > 23 || m > 59 {
			return 0, false, 0, false
		}
		offset = h*60 + m
		if s[i] == '-' {
			offset = -offset
			if offset == 0 {
				layout |= 15 << layoutFrac // -00:00 cannot be told from +00:00
			}
		}
		zoned = true
	default:
		return 0, false, 0, false
	}
	seconds, ok := secondsSinceEpoch(year, month, day, hour, minute, second)
	if !ok {
		return 0, false, 0, false
	}
	layout |= tail<<layoutTail | uint32(offset+2048)<<layoutOffset
	return (seconds-int64(offset)*60)*1e6 + fraction, zoned, layout, true
}

// secondsSinceEpoch is false where the calendar has no such moment.
func secondsSinceEpoch(year, month, day, hour, minute, second int) (seconds int64, ok bool) {
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	return daysSinceEpoch(year, month, day)*86400 + int64(hour*3600+minute*60+second), true
}

func num(s []byte, to *int) bool {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	*to = n
	return true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts days of the proleptic Gregorian calendar, years from
// March so that the leap day comes last.
func daysSinceEpoch(year, month, day int) int64 {
	y := int64(year)
	if month <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := int64((month + 9) % 12)
	doy := (153*mp+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// ParseDate reads YYYY-MM-DD as days since 1970.
func ParseDate(s []byte) (days int64, ok bool) {
	var y, m, d int
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || !num(s[:4], &y) || !num(s[5:7], &m) || !num(s[8:], &d) ||
		y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	return daysSinceEpoch(y, m, d), true
}

// ParseTime reads HH:MM[:SS[.f]] as microseconds since midnight.
func ParseTime(s []byte) (micros int64, ok bool) {
	var h, m, sec int
	if len(s) < 5 || s[2] != ':' || !num(s[:2], &h) || !num(s[3:5], &m) || h > 23 || m > 59 {
		return 0, false
	}
	var fraction int64
	if rest := s[5:]; len(rest) > 0 {
		if len(rest) < 3 || rest[0] != ':' || !num(rest[1:3], &sec) || sec > 59 {
			return 0, false
		}
		if rest = rest[3:]; len(rest) > 0 {
			if rest[0] != '.' || len(rest) == 1 {
				return 0, false
			}
			unit := int64(100000)
			for _, c := range rest[1:] {
				if c < '0' || c > '9' {
					return 0, false
				}
				fraction += unit * int64(c-'0')
				unit /= 10
			}
		}
	}
	return int64(h*3600+m*60+sec)*1e6 + fraction, true
}

// AppendTimestamp gives a timestamp back as text: exactly as it was written
// where layout tells how, else as 2024-01-15T08:00:00Z (NRM-53).
func AppendTimestamp(dst []byte, micros int64, layout uint32, naive bool) []byte {
	digits := int(layout >> layoutFrac & 15)
	if layout == 0 || layout == MixedLayout || digits == 15 {
		t := time.UnixMicro(micros).UTC()
		if dst = t.AppendFormat(dst, "2006-01-02T15:04:05.999999"); !naive {
			dst = append(dst, 'Z')
		}
		return dst
	}
	offset := int(layout>>layoutOffset) - 2048
	t := time.UnixMicro(micros).UTC().Add(time.Duration(offset) * time.Minute)
	form := "2006-01-02T15:04"
	switch {
	case layout&layoutBasic != 0:
		form = "20060102T150405"
	case layout&layoutBlank != 0:
		form = "2006-01-02 15:04"
	}
	if layout&layoutSeconds != 0 && layout&layoutBasic == 0 {
		form += ":05"
	}
	dst = t.AppendFormat(dst, form)
	if digits > 0 {
		point := byte('.')
		if layout&layoutComma != 0 {
			point = ','
		}
		dst = append(dst, point)
		frac := ((micros % 1e6) + 1e6) % 1e6
		for k, unit := 0, int64(100000); k < digits; k, unit = k+1, unit/10 {
			if unit == 0 {
				dst = append(dst, '0')
				continue
			}
			dst = append(dst, byte('0'+frac/unit%10))
		}
	}
	tail := layout >> layoutTail & 7
	if tail == tailNone {
		return dst
	}
	if tail == tailZ {
		return append(dst, 'Z')
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign, byte('0'+offset/600), byte('0'+offset/60%10))
	if tail == tailColon {
		dst = append(dst, ':')
	}
	if tail != tailHH {
		dst = append(dst, byte('0'+offset%60/10), byte('0'+offset%10))
	}
	return dst
}
