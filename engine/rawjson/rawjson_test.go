package rawjson

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestUnquote(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want string }{
		{`""`, ""}, {`"a"`, "a"}, {`"a\nb"`, "a\nb"}, {`"\u00e9"`, "é"}, {`"\ud83d\ude00"`, "😀"},
		{`"\ud83d"`, "\uFFFD"}, {`"\ude00x"`, "\uFFFDx"}, {`"\u0000"`, "\x00"}, {`"\/\\\""`, `/\"`},
	} {
		got, err := Unquote([]byte(c.raw))
		if err != nil || got != c.want {
			t.Errorf("NRM-58 Unquote(%s) = %q, %v; want %q", c.raw, got, err, c.want)
		}
	}
}

func TestSetAndGet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ doc, key, value, want string }{
		{`{}`, "a", `1`, `{"a":1}`},
		{`{"a":1, "b" : 2}`, "b", `"x"`, `{"a":1,"b":"x"}`},
		{`{"a":1,"a":2}`, "a", `3`, `{"a":3}`},
		{`{"n":1.50}`, "z", `null`, `{"n":1.50,"z":null}`},
	} {
		got := string(Set([]byte(c.doc), c.key, []byte(c.value)))
		if got != c.want {
			t.Errorf("Set(%s, %s) = %s, want %s", c.doc, c.key, got, c.want)
		}
	}
	if v, ok := Get([]byte(`{"a":1,"\u0061":2}`), "a"); !ok || string(v) != "2" {
		t.Errorf("API-18 Get gives %s, want the last value", v)
	}
}

// The public suite: y_ must be accepted, n_ refused.
func TestPublicSuite(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../../shared/data/json/test_parsing/*.json")
	if len(files) == 0 {
		t.Skip("the public suite is not beside the project")
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		err = Valid(text)
		switch name := filepath.Base(f); {
		case strings.HasPrefix(name, "y_") && err != nil:
			t.Errorf("%s is refused: %v", name, err)
		case strings.HasPrefix(name, "n_") && err == nil:
			t.Errorf("%s is accepted", name)
		}
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}]}`, `[1.5e+3,-0,"\u00e9"]`, `{"a":}`, `"\x"`, `[1,]`, "", `{"a":1}x`, "\"\xff\"", `"` + strings.Repeat("x", 20) + `"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want := json.Valid(b) && utf8.Valid(b)
		if got := Valid(b) == nil; got != want {
			t.Fatalf("Valid = %v, encoding/json and utf8 say %v: %q", got, want, b)
		}
	})
}

func BenchmarkSkip(b *testing.B) {
	text := []byte(`[` + strings.Repeat(`{"id":123456,"title":"a title of some length that is quite usual","user":{"login":"x","admin":false},"labels":[{"name":"bug"}],"n":null},`, 1000) + `{}]`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Skip(text, 0); err != nil {
			b.Fatal(err)
		}
	}
}
