package schema

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever is read by words is read by the general way, too, and as the same.
func TestParseUsualTimestamp(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	same := func(s []byte) bool {
		micros, ok := parseUsual(s)
		want, zoned, layout, valid := parseTimestamp(s, false)
		if ok && (!valid || micros != want || !zoned || layout != layoutUsual) {
			t.Fatalf("%q is %d by words, %d, %t, %x, %t else", s, micros, want, zoned, layout, valid)
		}
		// The other way round: of this length, only other layouts are left out.
		if valid && layout == layoutUsual && !ok {
			t.Fatalf("%q is not read by words", s)
		}
		return ok
	}
	read := 0
	for range 200_000 {
		s := fmt.Appendf(nil, "%04d-%02d-%02dT%02d:%02d:%02dZ", r.IntN(10_000), r.IntN(14), r.IntN(33), r.IntN(25), r.IntN(61), r.IntN(61))
		if same(s) {
			read++
		}
		s[r.IntN(len(s))] = byte(r.Uint32())
		same(s)
	}
	if read < 100_000 {
		t.Errorf("only %d were read by words", read)
	}
	for _, s := range []string{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2000-02-29T00:00:00Z"} {
		if !same([]byte(s)) {
			t.Errorf("%s is not read by words", s)
		}
	}
	for _, s := range []string{"1900-02-29T00:00:00Z", "2024-01-15 10:00:00Z", "2024-01-15T10:00:00z", "2024-01-15T10:00:60Z", "0000-01-01T00:00:00Z"} {
		if same([]byte(s)) {
			t.Errorf("%s is read by words", s)
		}
	}
}

func BenchmarkParseTimestamp(b *testing.B) {
	for _, s := range []string{"2024-01-15T10:00:00Z", "2024-01-15T10:00:00.123Z"} {
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				if _, _, _, ok := ParseTimestamp([]byte(s)); !ok {
					b.Fatal("not read")
				}
			}
		})
	}
}

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
