package schema

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		facts Facts
		want  string
	}{
		{"NRM-50 none", Facts{}, "none"},
		{"NRM-50 bool", Facts{Kinds: SawBool}, "bool"},
		{"NRM-50 strings", Facts{Kinds: SawText}, "text"},
		{"NRM-50 timestamps", Facts{Kinds: SawTime, Zoned: true}, "timestamp"},
		{"NRM-57 naive", Facts{Kinds: SawTime, Naive: true}, "timestamp without time zone"},
		{"NRM-57 naive and zoned", Facts{Kinds: SawTime, Naive: true, Zoned: true}, "timestamp"},
		{"NRM-50 number and string", Facts{Kinds: SawNumber | SawText}, "text"},
		{"NRM-50 bool and number", Facts{Kinds: SawBool | SawNumber}, "text"},
		{"NRM-50 timestamp and other text", Facts{Kinds: SawTime | SawText}, "text"},
		{"NRM-36 kept whole with anything", Facts{Kinds: SawJSON | SawTime | SawBool | SawNumber | SawText}, "json"},
		{"NRM-51 integers", Facts{Kinds: SawNumber, IntDigits: 19}, "bigint"},
		{"NRM-51 integers that no double holds", Facts{Kinds: SawNumber, NotDouble: true, IntDigits: 19}, "bigint"},
		{"NRM-51 exact doubles", Facts{Kinds: SawNumber, NotInt: true, IntDigits: 301, FracDigits: 300}, "double"},
		{"NRM-51 decimal", Facts{Kinds: SawNumber, NotInt: true, NotDouble: true, IntDigits: 18, FracDigits: 20}, "decimal(38,20)"},
		{"NRM-51 39 digits", Facts{Kinds: SawNumber, NotInt: true, NotDouble: true, IntDigits: 19, FracDigits: 20}, "text"},
	} {
		var col Column
		col.Type, col.Precision, col.Scale, col.Naive = c.facts.Decide()
		if got := col.TypeName(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The type never narrows when facts come together, whatever the order.
func TestFactsMerge(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	some := func() Facts {
		return Facts{Kinds: Kinds(r.IntN(32)), NotInt: r.IntN(2) == 0, NotDouble: r.IntN(2) == 0, IntDigits: r.IntN(40),
			FracDigits: r.IntN(20), Zoned: r.IntN(2) == 0, Naive: r.IntN(2) == 0, Layout: []uint32{0, 1, 3, MixedLayout}[r.IntN(4)]}
	}
	rank := map[Type]int{None: 0, Bigint: 1, Double: 2, Bool: 1, Timestamp: 1, Decimal: 3, Text: 4, JSON: 5}
	for range 2000 {
		a, b := some(), some()
		ab, ba := a, b
		ab.Merge(&b)
		ba.Merge(&a)
		if ab != ba {
			t.Fatalf("NRM-50 the order of %+v and %+v matters: %+v, %+v", a, b, ab, ba)
		}
		before, _, _, _ := a.Decide()
		after, _, _, _ := ab.Decide()
		if rank[after] < rank[before] {
			t.Fatalf("NRM-52 %s became %s", before, after)
		}
		text, err := json.Marshal(ab)
		if err != nil {
			t.Fatal(err)
		}
		var back Facts
		if err := json.Unmarshal(text, &back); err != nil || back != ab {
			t.Fatalf("NRM-51 facts in state.json: %s gives %+v, %v", text, back, err)
		}
	}
}

func TestTypeText(t *testing.T) {
	t.Parallel()
	for typ := Bool; typ <= Binary; typ++ {
		text, err := json.Marshal(Column{Name: "a", Type: typ})
		if err != nil {
			t.Fatal(err)
		}
		var back Column
		if err := json.Unmarshal(text, &back); err != nil || back.Type != typ {
			t.Errorf("type %s does not come back from %s: %v", typ, text, err)
		}
	}
	if typ, err := ParseType("wei"); err != nil || typ != Decimal {
		t.Errorf("NRM-50 wei is %s, %v", typ, err)
	}
	if _, err := ParseType("varchar"); err == nil {
		t.Error("NRM-64 varchar is accepted")
	}
}

func TestIsLiteral(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "-0", "12", "1.5", "-1.50e+10", "1E5", "true", "false"} {
		if !IsLiteral([]byte(text)) {
			t.Errorf("%q is no literal", text)
		}
	}
	for _, text := range []string{"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1 ", "truex", "null", "NaN", "12a", "2024-01-01"} {
		if IsLiteral([]byte(text)) {
			t.Errorf("%q is a literal", text)
		}
	}
}
