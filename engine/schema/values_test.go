package schema

import (
	"testing"
	"time"
)

func TestParseTimestamp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string // want empty: not timestamp-like
		zoned    bool
	}{
		{"2024-01-15T10:00:00Z", "2024-01-15T10:00:00Z", true},
		{"2024-01-15 10:00", "2024-01-15T10:00:00Z", false},
		{"2024-01-15T10:00:00.123456Z", "2024-01-15T10:00:00.123456Z", true},
		{"2024-01-15T10:00:00,5+02", "2024-01-15T08:00:00.5Z", true},
		{"2024-01-15T10:00:00+0200", "2024-01-15T08:00:00Z", true},
		{"2024-01-15T10:00:00-05:30", "2024-01-15T15:30:00Z", true},
		{"20240115T100000Z", "2024-01-15T10:00:00Z", true},
		{"0001-01-01T00:00:00", "0001-01-01T00:00:00Z", false},
		{"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", true},
		{"2024-01-15T10:00:00.123456000Z", "2024-01-15T10:00:00.123456Z", true},
		{"2024-01-15T10:00:00.123456789Z", "", false},
		{"2024-01-15T10", "", false}, {"2024/01/15 10:00", "", false}, {"2024-01-15", "", false},
		{"2024-01-15T10:00:00z", "", false}, {"2024-01-15t10:00:00Z", "", false}, {" 2024-01-15T10:00:00Z", "", false},
		{"2024-01-15T10:00:00 UTC", "", false}, {"2024-01-15T10:00:00 +02:00", "", false}, {"2024-01-15T24:00:00Z", "", false},
		{"2024-01-15T10:00:60Z", "", false}, {"2023-02-29T10:00:00Z", "", false}, {"0000-01-01T00:00:00Z", "", false},
		{"2024-01-15T10:00:00+24:00", "", false}, {"2024-W03-1T10:00:00", "", false}, {"2024-015T10:00:00", "", false},
		{"2024-01-15T10:00:00[Europe/Berlin]", "", false},
	} {
		micros, zoned, layout, ok := ParseTimestamp([]byte(c.in))
		got := ""
		if ok {
			got = time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.999999999Z")
			if back := string(AppendTimestamp(nil, micros, layout, !zoned)); back != c.in {
				t.Errorf("NRM-53 %q came back as %q", c.in, back)
			}
		}
		if got != c.want || zoned != c.zoned {
			t.Errorf("NRM-54 %q = %q zoned %v, want %q zoned %v", c.in, got, zoned, c.want, c.zoned)
		}
	}
}

func TestDec(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		scale int
		want  string
		ok    bool
	}{
		{"1.5", 1, "1.5", true}, {"-1.50", 1, "-1.5", true}, {"9007199254740993", 1, "9007199254740993", true},
		{"0.12345678901234567891", 20, "0.12345678901234567891", true}, {"12345678901234567890123456789012345678", 0, "12345678901234567890123456789012345678", true},
		{"123456789012345678901234567890123456789", 0, "", false}, {"1.25", 1, "", false}, {"1e3", 2, "1000", true}, {"-0.0", 2, "0", true}, {"15e-1", 1, "1.5", true},
	} {
		d, ok := ParseDec([]byte(c.in), c.scale)
		got := ""
		if ok {
			got = string(AppendDecText(nil, DecAt(AppendDec(nil, d), 0), c.scale))
		}
		if ok != c.ok || got != c.want {
			t.Errorf("NRM-51 %s at scale %d = %q %v, want %q %v", c.in, c.scale, got, ok, c.want, c.ok)
		}
	}
}

func TestAppendDouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   float64
		want string
	}{{1.5, "1.5"}, {100, "100.0"}, {1e300, "1e+300"}, {1e-7, "1e-07"}, {0, "0.0"}, {1e20, "100000000000000000000.0"}} {
		if got := string(AppendDouble(nil, c.in)); got != c.want {
			t.Errorf("NRM-53 %v = %s, want %s", c.in, got, c.want)
		}
	}
}
