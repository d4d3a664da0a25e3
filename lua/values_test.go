package lua

import (
	"context"
	"testing"

	"github.com/restlua/restlua/engine/hook"
)

// Values across the border, seen from a script.
func TestValues(t *testing.T) {
	t.Parallel()
	const issue = `{"id": 7, "user": {"login":"octo","odd key":1}, "tags":["a","b"], "score": 1.50, "closed_at": null, "big": 12345678901234567890}`
	tests := []struct {
		name, fn, record, want string
	}{
		{"SCR-10 fields", `function(r) return { r.user.login, r.user["odd key"], r.tags[1], #r.tags, r.none or "none" } end`, issue, `["octo",1,"a",2,"none"]`},
		{"SCR-10 type", `function(r) return { type(r), type(r.tags), type(r.id), type(r.none) } end`, issue, `["table","table","number","nil"]`},
		{"SCR-10 pairs in document order", `function(r) local out = {} for k in pairs(r) do out[#out+1] = k end return out end`, issue, `["id","user","tags","score","big"]`},
		{"SCR-10 pairs of new and removed fields", `function(r) r.id = nil r.new = 1 local out = {} for k, v in pairs(r) do out[#out+1] = k end return out end`, `{"id":1,"b":2}`, `["b","new"]`},
		{"SCR-10 next", `function(r) local k, v = next(r) return { k, v, next(r, "id") } end`, `{"id":1,"b":2}`, `["id",1,"b",2]`},
		{"SCR-10 ipairs", `function(r) local out = {} for i, v in ipairs(r.tags) do out[i] = v .. i end return out end`, issue, `["a1","b2"]`},
		{"SCR-10 table functions", `function(r) table.insert(r.tags, "c") table.insert(r.tags, 1, "z") local x = table.remove(r.tags) table.sort(r.tags, function(a, b) return a > b end)
			return { x, table.concat(r.tags, "-"), (select("#", unpack(r.tags))) } end`, issue, `["c","z-b-a",3]`},
		{"SCR-10 same view", `function(r) return { r.user == r.user } end`, issue, `[true]`},
		{"SCR-10 a key twice: the last one", `function(r) return { r.a } end`, `{"a":1,"b":2,"a":3}`, `[3]`},
		{"SCR-10 many fields", `function(r) return { r.k40, r.k2 } end`, manyFields(50), `[40,2]`},
		{"SCR-10 escaped keys", `function(r) return { r["a\"b"], r.c } end`, `{"a\"b":1,"\u0063":2}`, `[1,2]`},
		{"SCR-11 untouched text", `function(r) r.id = 8 return r end`, issue, `{"id":8,"user": {"login":"octo","odd key":1}, "tags":["a","b"], "score": 1.50, "closed_at": null, "big": 12345678901234567890}`},
		{"SCR-11 nested change", `function(r) r.user.login = "x" return r end`, `{"user": {"id":1.0, "login":"octo"}, "z": 0.10}`, `{"user":{"id":1.0,"login":"x"},"z": 0.10}`},
		{"SCR-11 remove and add", `function(r) r.a = nil r.c = {1} r.d = r.b return r end`, `{"a":1,"b":{"x":1.0}}`, `{"b":{"x":1.0},"c":[1],"d":{"x":1.0}}`},
		{"SCR-11 remove all", `function(r) r.a = nil return r end`, `{"a":1}`, `{}`},
		{"SCR-11 append to a list", `function(r) r.tags[#r.tags + 1] = "y" return r end`, `{"tags":["x"]}`, `{"tags":["x","y"]}`},
		{"SCR-11 elements", `function(r) r[1] = nil r[3] = nil return r end`, `[1.0,2.0,3.0]`, `[null,2.0]`},
		{"SCR-11 key twice", `function(r) r.a = 5 return r end`, `{"a":1,"b":2,"a":3}`, `{"b":2,"a":5}`},
		{"SCR-11 many writes", `function(r) for i = 1, 100 do r["k" .. i] = i end local n = 0 for _ in pairs(r) do n = n + 1 end return { n, r.k1, r.k100 } end`, `{"k1":0}`, `[100,1,100]`},
		{"SCR-12 null", `function(r) if r.closed_at then return { 1 } end return { r.closed_at == nil } end`, issue, `[true]`},
		{"SCR-13 big integers", `function(r) return { r.big, tostring(r.big), "n" .. r.big .. "/", r.big == r.big, ("%d"):format(r.big) } end`, issue,
			`[12345678901234567890,"12345678901234567890","n12345678901234567890/",true,"12345678901234567890"]`},
		{"SCR-13 order of big integers", `function(r) return { r.a < r.b, r.a <= r.b, r.b < r.a, r.a == r.c } end`, `{"a":9007199254740993,"b":12345678901234567890,"c":9007199254740993}`, `[true,true,false,true]`},
		{"SCR-13 numbers print as JSON", `function(r) return { 100, 100.0, 1.5, 1e21, 0.1, "x" .. 100, tostring(2 ^ 53), 1e-7 } end`, `{}`, `[100,100,1.5,1e+21,0.1,"x100","9007199254740992",1e-7]`},
		{"SCR-13 to 2^53", `function(r) return { r.a + 1 } end`, `{"a":9007199254740991}`, `[9007199254740992]`},
		{"SCR-13 beyond float64", `function(r) return { r.a } end`, `{"a":1e400}`, `[1e400]`},
		{"SCR-14 lists and objects", `function(r) return { list = { 1, { a = 1 } }, empty = {}, numbers = { [10] = "x" } } end`, `{}`, `{"list":[1,{"a":1}],"empty":{},"numbers":{"10":"x"}}`},
		{"LUA-05 empty values of a response", `function(r) r.x = 1 return r end`, `{"a":[],"b":{}}`, `{"a":[],"b":{},"x":1}`},
		{"LUA-04 integers", `function(r) return { r.id, r.half } end`, `{"id":12345678901234567890,"half":1.5}`, `[12345678901234567890,1.5]`},
		{"nil drops", `function(r) return nil end`, `{}`, ``},
		{"unchanged", `function(r) return r end`, ` {"a" : 1} `, ` {"a" : 1} `},
		{"a scalar", `function(r) return { r } end`, `"text"`, `["text"]`},
		{"rawget, rawset, rawequal", `function(r) rawset(r, "b", rawget(r, "a")) return { r.b, rawequal(r, r) } end`, `{"a":1}`, `[1,true]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := mapWith(t, "", tt.fn, tt.record)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func manyFields(n int) string {
	s := "{"
	for i := 1; i <= n; i++ {
		if i > 1 {
			s += ","
		}
		s += `"k` + formatInt(int64(i)) + `":` + formatInt(int64(i))
	}
	return s + "}"
}

func TestValueErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, before, fn, record string
		want                     []string
	}{
		{"SCR-13 arithmetic", "", `function(r) return { r.id + 1 } end`, `{"id":12345678901234567890}`, []string{"12345678901234567890", "json.number(v)"}},
		{"SCR-13 comparison with a number", "", `function(r) return { r.id < 1 } end`, `{"id":12345678901234567890}`, []string{"attempt to compare"}},
		{"SCR-14 both kinds of keys", "", `function(r) r.a = { x = { 1, y = 2 } } return r end`, `{}`, []string{"a.x: ", "both list elements and named fields"}},
		{"SCR-14 cycle", "", `function(r) local t = {} t.t = { t } return { t } end`, `{}`, []string{"[1].t[1]: ", "contains itself"}},
		{"SCR-14 cycle through a view", "", `function(r) r.a = { r } return r end`, `{}`, []string{"a[1]: ", "contains itself"}},
		{"SCR-14 function", "", `function(r) return { a = { ["odd key"] = print } } end`, `{}`, []string{`a["odd key"]: a function cannot`}},
		{"SCR-14 NaN", "", `function(r) return { 1, 0/0 } end`, `{}`, []string{"[2]: ", "NaN"}},
		{"SCR-14 infinity", "", `function(r) return { x = 1/0 } end`, `{}`, []string{"x: ", "infinite"}},
		{"SCR-14 too deep", "", `function(r) local t = {} for i = 1, 600 do t = { t } end return t end`, `{}`, []string{"nested deeper than 500"}},
		{"SCR-16 UTF-8", "", `function(r) r.name = "a\255" return r end`, `{}`, []string{"name: ", "UTF-8"}},
		{"SCR-16 key", "", `function(r) r["\255"] = 1 return r end`, `{}`, []string{"UTF-8"}},
		{"SCR-11 keys of an object", "", `function(r) r[1] = 1 return r end`, `{}`, []string{"keys of a JSON object are strings"}},
		{"SCR-11 beyond a list", "", `function(r) r[4] = 1 return r end`, `[1]`, []string{"index 4 is outside a list of 1"}},
		{"SCR-11 names of a list", "", `function(r) r.x = 1 return r end`, `[1]`, []string{"keys of a JSON list are its indices"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := mapWith(t, tt.before, tt.fn, tt.record)
			wantError(t, err, append(tt.want, "t.lua:", "processing_steps[1].map")...)
		})
	}
}

// SCR-15: a view ends with its call; the error says what to keep instead.
func TestLease(t *testing.T) {
	t.Parallel()
	for _, use := range []string{"kept.a", "#kept", "pairs(kept)", "kept.list", "list[1]", "#list", "tostring(kept)", "next(kept)"} {
		w := world(t, mustParse(t, hookScript("local kept, list", `function(r)
			if r.n == 1 then kept, list = r, r.list return r end
			return { `+use+` }
		end`)), hook.Env{})
		if _, err := w.Map(context.Background(), ref, []byte(`{"n":1,"a":2,"list":[1]}`)); err != nil {
			t.Fatal(err)
		}
		_, err := w.Map(context.Background(), ref, []byte(`{"n":2,"a":3,"list":[1]}`))
		wantError(t, err, "this record belongs to an earlier call; keep json.copy(record)")
	}
}

// SCR-15: writing an ended view says so, with the path.
func TestLeaseInResult(t *testing.T) {
	t.Parallel()
	w := world(t, mustParse(t, hookScript("local kept", `function(r) local old = kept kept = r return { x = old or 1 } end`)), hook.Env{})
	if _, err := w.Map(context.Background(), ref, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	_, err := w.Map(context.Background(), ref, []byte(`{}`))
	wantError(t, err, "x: this record belongs to an earlier call")
}
