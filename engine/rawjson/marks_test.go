package rawjson

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// wantMarks says it byte by byte.
func wantMarks(b []byte) (places []int, ascii bool) {
	ascii = true
	for i, c := range b {
		if c == '"' || c == '\\' || c < 0x20 {
			places = append(places, i)
		}
		ascii = ascii && c < 0x80
	}
	return append(places, len(b)), ascii
}

func gotMarks(m *Marks, n int) (places []int) {
	for i := 0; i <= n; i++ {
		i = m.Next(i)
		places = append(places, i)
	}
	return places
}

func TestMarks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var m Marks
	check := func(b []byte) {
		t.Helper()
		want, ascii := wantMarks(b)
		if got := m.Set(b); got != ascii {
			t.Fatalf("%q is all ASCII: %v", b, got)
		}
		if got := gotMarks(&m, len(b)); !slices.Equal(got, want) {
			t.Fatalf("marks of %q are %v, want %v", b, got, want)
		}
		if blocks := len(b) / markBlock; blocks > 0 {
			bits := make([]byte, blocks*markBlock/8)
			high := markBlocksPortable(bits, b, blocks)
			if string(bits) != string(m.bits[:len(bits)]) || high && ascii {
				t.Fatalf("the portable marks of %q differ", b)
			}
		}
	}
	for c := range 256 { // every byte at every place of a word, beside every kind
		for n := range 9 {
			b := []byte(strings.Repeat("x", n) + string([]byte{byte(c)}) + "\"x\x1f\x20\\\x80\xff")
			check(b)
			check(append(b, strings.Repeat("y", 100)...))
		}
	}
	for n := range 300 { // every length; memory that is used again is dirty
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
			if r.IntN(3) > 0 {
				b[i] = 'a' + b[i]&15
			}
		}
		check(b)
		check(slices.Repeat([]byte{'a'}, n))
	}
}

// A value ends at the same place with marks and without.
func FuzzMarks(f *testing.F) {
	for _, text := range []string{`{"a":["b\"",1,{"c":null}],"d":-1.5e+3}`, `["` + strings.Repeat("x", 200) + `\u00e4",{}]`, `{"a":tru`, "\"\x01\"", `[1,]`, `{"a" 1}`, `01`, `-`, `"\`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Marks
		m.Set(b)
		end, err := Skip(b, 0)
		marked, markedErr := m.Skip(b, 0)
		if end != marked || (err == nil) != (markedErr == nil) || err != nil && err.Error() != markedErr.Error() {
			t.Fatalf("%q ends at %d (%v), with marks at %d (%v)", b, end, err, marked, markedErr)
		}
	})
}

// Place knows the bytes themselves, not equal ones.
func TestMarksPlace(t *testing.T) {
	t.Parallel()
	all := []byte(`xx{"a":1},{"a":1}yy`)
	text := all[2 : len(all)-2]
	var m Marks
	if _, ok := m.Place(text); ok {
		t.Error("nothing is marked, but has a place")
	}
	m.Set(text)
	for _, c := range []struct {
		part []byte
		at   int
		ok   bool
	}{
		{text, 0, true},
		{text[:7:7], 0, true},
		{text[8:15:15], 8, true},
		{text[14:15], 14, true},
		{text[15:], 0, false}, // empty
		{nil, 0, false},
		{[]byte(`{"a":1}`), 0, false},
		{all, 0, false},
		{all[1:3], 0, false},
		{all[16:18], 0, false},
		{all[17:19], 0, false},
	} {
		if at, ok := m.Place(c.part); at != c.at || ok != c.ok {
			t.Errorf("the place of %q is %d, %v, want %d, %v", c.part, at, ok, c.at, c.ok)
		}
	}
	m.Clear()
	if _, ok := m.Place(text[:7]); ok {
		t.Error("the text was let go of, but has a place")
	}
}
