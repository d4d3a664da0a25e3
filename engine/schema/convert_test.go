package schema

import (
	"fmt"
	"math"
	"testing"
)

// vec makes a vector of values behind a null row.
func vec(col Column, values ...any) *Vector {
	v := &Vector{Column: col}
	for i, x := range values {
		v.Grow(i + 1)
		switch x := x.(type) {
		case bool:
			v.Bools = append(v.Bools, x)
		case int:
			v.Ints = append(v.Ints, int64(x))
		case float64:
			v.Doubles = append(v.Doubles, x)
		case Dec:
			v.Data = AppendDec(v.Data, x)
		case string:
			v.AppendBytes([]byte(x))
		}
	}
	return v
}

// shown gives the values of v as text.
func shown(v *Vector) []string {
	var out []string
	for i := range v.Count {
		out = append(out, string(v.AppendText(nil, i, MixedLayout)))
	}
	return out
}

func TestConvert(t *testing.T) {
	t.Parallel()
	stamp := func(s string) (int, *Facts) {
		micros, zoned, layout, ok := ParseTimestamp([]byte(s))
		if !ok {
			t.Fatal(s)
		}
		return int(micros), &Facts{Kinds: SawTime, Zoned: zoned, Naive: !zoned, Layout: layout}
	}
	at, layout := stamp("2024-01-15 10:00:00,50+0200")
	bigint, double, text, js := Column{Type: Bigint}, Column{Type: Double}, Column{Type: Text}, Column{Type: JSON}
	dec := func(scale int) Column { return Column{Type: Decimal, Precision: 38, Scale: scale} }
	for _, c := range []struct {
		name string
		src  *Vector
		to   Column
		want []string // nil: refused
	}{
		{"NRM-52 bigint to double", vec(bigint, 1, -(1 << 53)), double, []string{"1.0", "-9007199254740992.0"}},
		{"NRM-52 bigint to decimal", vec(bigint, math.MaxInt64, -5, math.MinInt64), dec(2), []string{"9223372036854775807", "-5", "-9223372036854775808"}},
		{"NRM-52 double to decimal", vec(double, 1.5, 0.1, -1e20), dec(17), []string{"1.5", "0.1", "-100000000000000000000"}},
		{"NRM-52 double that a decimal cannot hold", vec(double, 1e300), dec(2), nil},
		{"NRM-52 decimal to greater scale", vec(dec(1), DecInt(15), DecInt(-15)), dec(20), []string{"1.5", "-1.5"}},
		{"NRM-52 decimal never to less", vec(dec(2), DecInt(150)), dec(1), nil},
		{"NRM-53 bool to text", vec(Column{Type: Bool}, true, false), text, []string{"true", "false"}},
		{"NRM-53 bigint to text", vec(bigint, 7), text, []string{"7"}},
		{"NRM-53 double to text", vec(double, 1.5, 100.0, 1e300, 1e-6, 9e-7, 1e20, 1e21), text, []string{"1.5", "100.0", "1e+300", "0.000001", "9e-07", "100000000000000000000.0", "1e+21"}},
		{"NRM-53 decimal to text", vec(dec(3), DecInt(-1500)), text, []string{"-1.5"}},
		{"NRM-53 timestamp of one layout to text", vec(Column{Type: Timestamp, Facts: layout}, at), Column{Type: Text, Facts: layout}, []string{"2024-01-15 10:00:00,50+0200"}},
		{"NRM-53 timestamps of many layouts to text", vec(Column{Type: Timestamp}, at), Column{Type: Text, Facts: &Facts{Layout: MixedLayout}}, []string{"2024-01-15T08:00:00.5Z"}},
		{"NRM-57 naive to UTC, digits stay", vec(Column{Type: Timestamp, Naive: true}, at), Column{Type: Timestamp}, []string{"2024-01-15T08:00:00.5Z"}},
		{"NRM-36 text to json", vec(text, "x\"\n", "5"), js, []string{`"x\"\n"`, `"5"`}},
		{"NRM-36 numbers and bools to json", vec(bigint, 5), js, []string{"5"}},
		{"NRM-36 bool to json", vec(Column{Type: Bool}, true), js, []string{"true"}},
		{"NRM-61 date to timestamp", vec(Column{Type: Date}, 1), Column{Type: Timestamp}, []string{"1970-01-02T00:00:00Z"}},
		{"NRM-62 date to text", vec(Column{Type: Date}, -1), text, []string{"1969-12-31"}},
		{"NRM-62 time to text", vec(Column{Type: Time}, 36_000_500_000), text, []string{"10:00:00.5"}},
		{"NRM-62 binary to text", vec(Column{Type: Binary}, "\xff\x00"), text, []string{"/wA="}},
		{"NRM-52 never back: text to bigint", vec(text, "1"), bigint, nil},
		{"NRM-52 never back: double to bigint", vec(double, 1.0), bigint, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dst := vec(text, "leftover")
			err := Convert(dst, c.src, c.to)
			if c.want == nil {
				if err == nil {
					t.Fatalf("converted to %v", shown(dst))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(dst); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if dst.IsValid(0) || !dst.IsValid(1) || dst.Len != c.src.Len || dst.Count != c.src.Count {
				t.Errorf("nulls moved: %+v", dst)
			}
		})
	}
}

func TestVector(t *testing.T) {
	t.Parallel()
	v := &Vector{Column: Column{Type: Bigint}}
	if v.Grow(20) || !v.Grow(20) {
		t.Error("NRM-34 Grow does not tell a row that has a value")
	}
	if v.IsValid(19) || !v.IsValid(20) || v.IsValid(21) || v.Len != 21 || v.Count != 1 {
		t.Errorf("RDR-06 %+v", v)
	}
	v.Reset()
	if v.Grow(3); v.IsValid(20) || !v.IsValid(3) || v.Count != 1 {
		t.Errorf("a vector that was emptied remembers rows: %+v", v)
	}
}
