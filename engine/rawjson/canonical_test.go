package rawjson

import "testing"

func TestAppendCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want string }{
		{` {"b": [1, {"d":2,"c":null} ], "a" : "\u00e9\/"} `, `{"a":"é/","b":[1,{"c":null,"d":2}]}`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`{"":{},"a":[]}`, `{"":{},"a":[]}`},
		{`{"b":1,"\u0061":2}`, `{"a":2,"b":1}`},
		{`1.50`, `1.50`},
		{`12345678901234567890`, `12345678901234567890`},
		{` true`, `true`},
		{`{"a":[1,}`, `{"a":[1,}`},
		{`{"a":1`, `{"a":1`},
		{``, ``},
	} {
		if got := string(AppendCanonical([]byte("x"), []byte(c.raw))); got != "x"+c.want {
			t.Errorf("%s: %s, want x%s", c.raw, got, c.want)
		}
	}
}
