package rawjson

import (
	"strings"
	"testing"
)

var trustedSeeds = []string{
	`{"a":[1,2,{"b":null}]}`, `[1.5e+3,-0,"\u00e9"]`, `"\\"`, `"\\\""`, `"a\\\\\"b" `, `{"k\"]}":"}]"}`, `""`, `[]`, `{}`, ` [ true , false ] `, `-12.5e-3`, `nullx`,
	`"` + strings.Repeat("x", 31) + `\"` + strings.Repeat("y", 40) + `\\"`, `"` + strings.Repeat(`\"`, 60) + `"`, `["` + strings.Repeat("z", 7) + `",""]`,
	`{"a":"}","b":"{","c":["]}"]}}`, `{"a":[{"b":"]"},{"c":"[{"}],"d":{"e":"x\"}"}}]`, `["[","]","a long text with [brackets] in it",[{"k":"]["}]],`,
	`[` + strings.Repeat(`[1.5,2.5],`, 40) + `[]]]`, `{"geo":{` + strings.Repeat(`"":{},`, 40) + `"z":"}"}}}`, `[` + strings.Repeat(`"a text that is long enough",[],`, 40) + `"]"]]`,
	`{"a":"},\"x\":","b":1},"c":2`, `{"a":"},","b":"}"},"":0`, `["],","x"],"],"`, `{"a":"} , "},"b"`, `{"a":"}"}`, `{"a\\":"}","b":{"c":"x},"}},"d":1`,
	`{"a":`, `"abc`, `"\`, `[[[`, ``,
}

// What Skip accepts, SkipTrusted ends at the same place; on all else it stays
// inside the text.
func FuzzSkipTrusted(f *testing.F) {
	for _, s := range trustedSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		start := SkipSpace(b, 0)
		got := SkipTrusted(b, start)
		if got < start || got > len(b) {
			t.Fatalf("SkipTrusted ends at %d of %d: %q", got, len(b), b)
		}
		want, err := Skip(b, start)
		if err != nil {
			return
		}
		// A number ends where something follows that cannot belong to it.
		if c := b[start]; want < len(b) && !ends[b[want]] && c != '"' && c != '{' && c != '[' {
			return
		}
		if got != want {
			t.Fatalf("SkipTrusted ends at %d, Skip at %d: %q", got, want, b)
		}
	})
}

func BenchmarkSkipTrusted(b *testing.B) {
	text := []byte(`[` + strings.Repeat(`{"id":123456,"title":"a title of some length that is quite usual","user":{"login":"x","admin":false},"labels":[{"name":"bug"}],"n":null},`, 1000) + `{}]`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if SkipTrusted(text, 0) != len(text) {
			b.Fatal("wrong end")
		}
	}
}

// An object as a record holds it: what a script's view skips.
func BenchmarkSkipNested(b *testing.B) {
	text := []byte(`{"login":"octocat","id":1234567,"node_id":"MDQ6VXNlcjEyMzQ1Njc=","avatar_url":"https://avatars.example.com/u/1234567?v=4","url":"https://api.example.com/users/octocat","type":"User","site_admin":false,"plan":{"name":"pro","seats":[1,2]}},"next":1}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if SkipTrusted(text, 0) != len(text)-len(`,"next":1}`) {
			b.Fatal("wrong end")
		}
	}
}
