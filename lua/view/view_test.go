package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func newState(t testing.TB) *lua.LState {
	t.Helper()
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	Open(L)
	t.Cleanup(L.Close)
	return L
}

func decoded(t testing.TB, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %q", err, raw)
	}
	return v
}

// read makes of v, through the view, what encoding/json makes of its text;
// null and exact numbers included.
func read(L *lua.LState, v lua.LValue) any {
	switch v := v.(type) {
	case *lua.LNilType:
		return nil
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return json.Number(NumberText(v))
	case *lua.LUserData:
		if digits, ok := Integer(v); ok {
			return json.Number(digits)
		}
		b := handleOf(v).live(L)
		if b.array {
			list := []any{}
			for i := 1; i <= b.len(); i++ {
				list = append(list, read(L, b.at(i)))
			}
			return list
		}
		fields := map[string]any{}
		b.index()
		for i := range b.fields {
			fields[b.keyText(i)] = read(L, b.get(b.keyText(i)))
		}
		return fields
	}
	return fmt.Sprintf("a %s", v.Type())
}

// numbers makes numbers of json.Number, as a script sees them, where they are
// no exact integers.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		L := number(&space{integer: &lua.LTable{}}, []byte(v))
		if n, ok := L.(lua.LNumber); ok {
			return json.Number(NumberText(n))
		}
		return v
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

var viewSeeds = []string{
	`{"a":1,"b":[1,2.50,{"c":null}],"d":{"e":"\u00e9"}}`, `[[],{},"",0,-0,1e5]`, `{"a":1,"a":{"b":2},"\u0061":[3]}`, ` { "k" : [ true , false ] } `,
	`{"":1,"\"":2,"\\":3,"\\\\":"\\"}`, `{"n":12345678901234567890,"m":1e400}`, `"text"`, `{"state":"open","State":"x","stats":"open"}`, `{"a":"x,\"a\":2}"}`,
	`0.0`, `{"u":{"a":"},","b":"]"},"a":[{"c":"[{"},{"c":"]},"}],"u":{"a":"}"}}`, `{"o":{"a":"x\"},"},"new":{},"a":[["]"],[]]}`,
}

// SCR-10, SCR-11, NRM-34: what is read through views is what encoding/json
// reads; after writes the text is what the same writes to a decoded copy make.
func FuzzView(f *testing.F) {
	for i, s := range viewSeeds {
		f.Add([]byte(s), uint8(i), "a")
		f.Add([]byte(s), uint8(i+100), "new")
	}
	f.Fuzz(func(t *testing.T, raw []byte, choice uint8, key string) {
		if !json.Valid(raw) || bytes.ContainsRune(raw, '\uFFFD') || strings.ToValidUTF8(string(raw), "") != string(raw) || strings.ToValidUTF8(key, "") != key || bytes.Contains(raw, []byte(`\ud`)) || bytes.Contains(raw, []byte(`\uD`)) {
			return
		}
		L := newState(t)
		var lease Lease
		v := lease.View(L, raw)
		want := numbers(decoded(t, raw))
		if got := read(L, v); !reflect.DeepEqual(got, want) {
			t.Fatalf("read %#v, want %#v of %q", got, want, raw)
		}
		if out, err := AppendJSON(L, nil, v); err != nil || !reflect.DeepEqual(numbers(decoded(t, out)), want) {
			t.Fatalf("unchanged: %q, %v of %q", out, err, raw)
		}
		copied := decoded(t, raw)
		rewriteBoth(L, v, copied, choice, key)
		out, err := AppendJSON(L, nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded(t, out); !reflect.DeepEqual(numbers(got), numbers(copied)) {
			t.Fatalf("written %q, want %#v of %q", out, copied, raw)
		}
		lease.End()
		if h := handleOf(v); h != nil && !h.ended() {
			t.Fatal("SCR-15 a view outlives its lease")
		}
	})
}

// rewriteBoth does the same to a view and to its decoded copy.
func rewriteBoth(L *lua.LState, v lua.LValue, copied any, choice uint8, key string) {
	h := handleOf(v)
	if h == nil {
		return
	}
	b := h.live(L)
	fields, ok := copied.(map[string]any)
	if !ok {
		list := copied.([]any)
		for i := range list {
			if in := b.at(i + 1); handleOf(in) != nil {
				rewriteBoth(L, in, list[i], choice+1, key)
			}
		}
		return
	}
	switch choice % 5 {
	case 0:
		b.set(key, lua.LNumber(choice))
		fields[key] = json.Number(NumberText(lua.LNumber(choice)))
	case 1:
		b.set(key, lua.LNil)
		delete(fields, key)
	case 2:
		b.set(key, b.space.null)
		fields[key] = nil
	case 3: // many writes
		for i := range 2*manyFields + int(choice) {
			k := key + fmt.Sprint(i)
			b.set(k, lua.LString(k))
			fields[k] = k
		}
	case 4: // write, take back and write again
		b.set(key, lua.LTrue)
		b.set(key, lua.LNil)
		b.set(key, lua.LString("x"))
		fields[key] = "x"
	}
	for k := range fields {
		if in := b.get(k); handleOf(in) != nil {
			rewriteBoth(L, in, fields[k], choice/5, key)
		}
	}
}

// SCR-10: many fields are found as few are, keys with escapes among them, and
// next visits each once, in order, then those that were written.
func TestManyFields(t *testing.T) {
	t.Parallel()
	L := newState(t)
	var text strings.Builder
	n := 4 * manyFields
	for i := range n {
		fmt.Fprintf(&text, `,"k%d":%d`, i, i)
	}
	v := FromJSON(L, []byte(`{"\u006b0":-1`+text.String()+`,"k1":"last"}`))
	b := handleOf(v).live(L)
	for round := range 2 * manyLookups {
		if got := b.get("k0"); got != lua.LNumber(0) {
			t.Fatalf("round %d: k0 is %v", round, got)
		}
		if got := b.get("k1"); got != lua.LString("last") {
			t.Fatalf("round %d: k1 is %v", round, got)
		}
	}
	b.set("new", lua.LTrue)
	b.set("k5", lua.LNil)
	var keys []string
	for key := lua.LValue(lua.LNil); ; {
		k, _, ok := b.next(key)
		if !ok {
			t.Fatalf("next does not know %v", key)
		}
		if key = k; k == lua.LNil {
			break
		}
		keys = append(keys, k.String())
	}
	if len(keys) != n || keys[0] != "k0" || keys[1] != "k2" || keys[n-2] != "k1" || keys[n-1] != "new" {
		t.Errorf("%d keys: %v", len(keys), keys)
	}
	out, err := AppendJSON(L, nil, v)
	if err != nil || bytes.Contains(out, []byte(`"k5"`)) || !bytes.HasSuffix(out, []byte(`"k1":"last","new":true}`)) {
		t.Errorf("%s, %v", out, err)
	}
}

// SCR-15: a body that serves another view does not bring an ended one back.
func TestLeaseReuse(t *testing.T) {
	t.Parallel()
	L := newState(t)
	var l Lease
	first := l.View(L, []byte(`{"a":[1]}`))
	inner := handleOf(handleOf(first).live(L).get("a"))
	l.End()
	second := handleOf(l.View(L, []byte(`{"b":2}`)))
	if second.b != handleOf(first).b && second.b != inner.b {
		t.Error("the body is not used again")
	}
	if !handleOf(first).ended() || !inner.ended() || second.ended() {
		t.Error("the views that ended are not those of the first call")
	}
	if _, err := AppendJSON(L, nil, first); err == nil || !strings.Contains(err.Error(), "earlier call") {
		t.Errorf("an ended view is written: %v", err)
	}
}

// Handles are made in groups; each view still gets one of its own.
func TestLeaseHandles(t *testing.T) {
	t.Parallel()
	L := newState(t)
	var l Lease
	seen := map[*handle]int{}
	for i := range 3 * handlesAtOnce {
		h := handleOf(l.View(L, fmt.Appendf(nil, `{"i":%d}`, i)))
		if before, ok := seen[h]; ok {
			t.Fatalf("SCR-15 view %d has the handle of view %d", i, before)
		}
		seen[h] = i
		if i%5 == 4 {
			l.End()
			if !h.ended() {
				t.Fatalf("SCR-15 view %d outlives its lease", i)
			}
			continue
		}
		if got := h.live(L).get("i"); got != lua.LNumber(i) {
			t.Errorf("view %d reads %v", i, got)
		}
	}
}
