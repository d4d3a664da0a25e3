package normalize

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
)

// rows runs records through a normaliser and shows every table as text:
// `docs(id bigint, a text) [1,"x"] [2,-]`, without the engine's own columns.
func rows(t testing.TB, o Options, records ...string) (string, *Normalizer) {
	t.Helper()
	got, n, err := try(o, records...)
	if err != nil {
		t.Fatal(err)
	}
	return got, n
}

// try takes the records one by one, and once more as slices of a page with its
// marks, which must make no difference.
func try(o Options, records ...string) (string, *Normalizer, error) {
	got, n, err := take(o, nil, parts(records, nil))
	if o.Reject != nil { // is called twice, and what it gets may be compared
		return got, n, err
	}
	text := []byte("[ " + strings.Join(records, " ,\n") + "]")
	var marks rawjson.Marks
	marks.Set(text)
	within, _, inside := take(o, &marks, parts(records, text))
	if within != got || fmt.Sprint(inside) != fmt.Sprint(err) {
		panic(fmt.Sprintf("alone: %s (%v)\nof a page: %s (%v)", got, err, within, inside))
	}
	return got, n, err
}

// parts are the records, each by itself, or where they stand in text.
func parts(records []string, text []byte) (list [][]byte) {
	at := 2
	for _, r := range records {
		if text == nil {
			list = append(list, []byte(r))
			continue
		}
		list = append(list, text[at:at+len(r):at+len(r)])
		at += len(r) + 3
	}
	return list
}

func take(o Options, page *rawjson.Marks, records [][]byte) (string, *Normalizer, error) {
	var batches []*schema.Batch
	if o.Table == "" {
		o.Table = "docs"
	}
	o.Resource, o.Load = "docs", 1
	o.Write = func(b *schema.Batch) error { batches = append(batches, b); return nil }
	n, err := New(o)
	if err != nil {
		return "", nil, err
	}
	n.Within(page)
	for _, r := range records {
		if err := n.Record(r); err != nil {
			return "", n, err
		}
	}
	if err := n.Flush(); err != nil {
		return "", n, err
	}
	var out []string
	for _, table := range n.Tables() {
		out = append(out, show(table, batches))
	}
	return strings.Join(out, "; "), n, nil
}

func show(table *schema.Table, batches []*schema.Batch) string {
	var b strings.Builder
	b.WriteString(table.Name + "(")
	first := true
	for _, c := range table.Columns {
		if strings.HasPrefix(c.Name, "_rl_") && !strings.HasPrefix(c.Source, "/") {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.WriteString(c.Name + " " + c.TypeName())
	}
	b.WriteString(")")
	for _, batch := range batches {
		if batch.Table.Source != table.Source {
			continue
		}
		for r := range batch.Rows {
			b.WriteString(" [")
			first = true
			for _, c := range table.Columns {
				if strings.HasPrefix(c.Name, "_rl_") && !strings.HasPrefix(c.Source, "/") {
					continue
				}
				if !first {
					b.WriteByte(',')
				}
				first = false
				b.WriteString(cell(c, batch, r))
			}
			b.WriteByte(']')
		}
	}
	return b.String()
}

func cell(c schema.Column, batch *schema.Batch, row int) string {
	for _, v := range batch.Vectors {
		if v.Column.Source != c.Source || !v.IsValid(row) {
			continue
		}
		wide := &schema.Vector{}
		if err := schema.Convert(wide, v, c); err != nil {
			return "ERROR " + err.Error()
		}
		at := 0
		for r := range row {
			if v.IsValid(r) {
				at++
			}
		}
		text := string(wide.AppendText(nil, at, 0))
		if c.Type == schema.Text {
			return fmt.Sprintf("%q", text)
		}
		return text
	}
	return "-"
}

const unlimited = -1

func TestShapes(t *testing.T) {
	t.Parallel()
	nested := `{"id":1,"a":{"b":{"c":1}},"l":[{"x":1,"o":{"p":1},"m":[{"y":{"z":[1,2]}}]}],"s":[1,2],"ll":[[1,2],[3]]}`
	for _, c := range []struct {
		id      string
		nesting int
		records []string
		want    string
	}{
		{"NRM-11", unlimited, []string{`{"userInfo":{"firstName":1}}`}, `docs(user_info__first_name bigint) [1]`},
		{"NRM-12", unlimited, []string{`{"userId":3,"user_id":2}`}, `docs(user_id_4edc87 bigint, user_id bigint) [3,2]`},
		{"NRM-13", unlimited, []string{`{"tagList":[1],"tag_list":[2]}`}, `docs(); docs__tag_list_9bf775(value bigint) [1]; docs__tag_list(value bigint) [2]`},
		{"NRM-14", unlimited, []string{`{"_rl_id":7}`}, `docs(_rl_id_9864c8 bigint) [7]`},
		{"NRM-20", unlimited, []string{`{"id":1,"a":{"b":{"c":1}}}`}, `docs(id bigint, a__b__c bigint) [1,1]`},
		{"NRM-21", unlimited, []string{`{"l":[{"x":1},{"x":2}]}`}, `docs() []; docs__l(x bigint) [1] [2]`},
		{"NRM-22", unlimited, []string{`{"s":[1,2]}`}, `docs() []; docs__s(value bigint) [1] [2]`},
		{"NRM-23", unlimited, []string{`{"g":[[1,2],[3]]}`}, `docs() []; docs__g() [] []; docs__g__list(value bigint) [1] [2] [3]`},
		{"NRM-24", unlimited, []string{`{"l":[null,null]}`}, `docs() []; docs__l() [] []`},
		{"NRM-25", unlimited, []string{`{"l":[{"a":1},2,[3]]}`}, `docs() []; docs__l(a bigint, value bigint) [1,-] [-,2] [-,-]; docs__l__list(value bigint) [3]`},
		{"NRM-26", unlimited, []string{`{"id":1,"e":{},"l":[],"n":null}`}, `docs(id bigint) [1]`},
		{"NRM-27", unlimited, []string{`1`, `"a"`, `{"b":1}`}, `docs(value text, b bigint) ["1",-] ["a",-] [-,1]`},
		{"NRM-27", unlimited, []string{`[1,2]`}, `docs() []; docs__value(value bigint) [1] [2]`},
		{"NRM-28", 0, []string{nested}, `docs(id bigint, a json, l json, s json, ll json) [1,{"b":{"c":1}},[{"x":1,"o":{"p":1},"m":[{"y":{"z":[1,2]}}]}],[1,2],[[1,2],[3]]]`},
		{"NRM-28", 1, []string{nested}, `docs(id bigint, a__b json) [1,{"c":1}]; docs__l(x bigint, o json, m json) [1,{"p":1},[{"y":{"z":[1,2]}}]]; docs__s(value bigint) [1] [2]; docs__ll(list json) [[1,2]] [[3]]`},
		{"NRM-28", 2, []string{nested}, `docs(id bigint, a__b__c bigint) [1,1]; docs__l(x bigint, o__p bigint) [1,1]; docs__l__m(y json) [{"z":[1,2]}]; docs__s(value bigint) [1] [2]; docs__ll(list json) [[1,2]] [[3]]`},
		{"NRM-28", 3, []string{nested}, `docs(id bigint, a__b__c bigint) [1,1]; docs__l(x bigint, o__p bigint) [1,1]; docs__l__m(y__z json) [[1,2]]; docs__s(value bigint) [1] [2]; docs__ll() [] []; docs__ll__list(value bigint) [1] [2] [3]`},
		{"NRM-28", unlimited, []string{nested}, `docs(id bigint, a__b__c bigint) [1,1]; docs__l(x bigint, o__p bigint) [1,1]; docs__l__m() []; docs__l__m__y__z(value bigint) [1] [2]; docs__s(value bigint) [1] [2]; docs__ll() [] []; docs__ll__list(value bigint) [1] [2] [3]`},
		{"NRM-29", 0, []string{`{"e":{},"l":[],"n":null}`}, `docs(e json, l json) [{},[]]`},
		{"NRM-31", 0, []string{`{"a": {"b": 1.50, "a" : [ 1 ] }}`}, `docs(a json) [{"b":1.50,"a":[1]}]`},
		{"NRM-34 API-18", unlimited, []string{`{"a":1,"a":2,"l":[1],"l":[2,3]}`}, `docs(a bigint) [2]; docs__l(value bigint) [2] [3]`},
		{"NRM-34", unlimited, []string{`{"a":1,"b":1,"a":null}`, `{"a":3}`}, `docs(a bigint, b bigint) [-,1] [3,-]`},
		{"NRM-35 API-21", unlimited, []string{`{"a":1}`, `{"a":{"b":2}}`, `{"a":[3]}`, `{"a":"x"}`}, `docs(a text, a__b bigint) ["1",-] [-,2] [-,-] ["x",-]; docs__a(value bigint) [3]`},
		{"NRM-36", 0, []string{`{"a":{"b":1}}`, `{"a":5}`, `{"a":"x"}`, `{"a":true}`}, `docs(a json) [{"b":1}] [5] ["x"] [true]`},
		{"NRM-36", 0, []string{`{"a":5}`, `{"a":"x"}`, `{"a":{"b":1}}`}, `docs(a json) [5] ["x"] [{"b":1}]`},
		{"NRM-36", 0, []string{`{"a":5}`, `{"a":"5"}`, `{"a":{"b":1}}`}, `docs(a json) ["5"] ["5"] [{"b":1}]`}, // which of them was a string is lost
		{"NRM-59", unlimited, []string{`{"a":1}`, `{"b":2}`}, `docs(a bigint, b bigint) [1,-] [-,2]`},
	} {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			got, _ := rows(t, Options{MaxNesting: c.nesting}, c.records...)
			want := c.want
			if c.id == "NRM-13" {
				want = strings.Replace(want, "docs();", "docs() [];", 1)
			}
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, values, want string }{
		{"NRM-50", `null`, `docs() []`},
		{"NRM-50", `true false`, `docs(v bool) [true] [false]`},
		{"NRM-50", `1 "x"`, `docs(v text) ["1"] ["x"]`},
		{"NRM-50", `true 1`, `docs(v text) ["true"] ["1"]`},
		{"NRM-50", `"2024-01-15T10:00:00Z" ""`, `docs(v text) ["2024-01-15T10:00:00Z"] [""]`},
		{"NRM-51", `1 9223372036854775807`, `docs(v bigint) [1] [9223372036854775807]`},
		{"NRM-51", `1.0`, `docs(v double) [1.0]`},
		{"NRM-51", `1 1.5`, `docs(v double) [1.0] [1.5]`},
		{"NRM-51", `1.5 1`, `docs(v double) [1.5] [1.0]`},
		{"NRM-51", `1E2`, `docs(v double) [100.0]`},
		{"NRM-51", `9007199254740993 1.5`, `docs(v decimal(38,1)) [9007199254740993] [1.5]`},
		{"NRM-51", `1.5 9007199254740993`, `docs(v decimal(38,1)) [1.5] [9007199254740993]`},
		{"NRM-51 API-16", `9223372036854775808`, `docs(v decimal(38,0)) [9223372036854775808]`},
		{"NRM-51", `1 -9223372036854775808 18446744073709551616`, `docs(v decimal(38,0)) [1] [-9223372036854775808] [18446744073709551616]`},
		{"NRM-51", `123456789012345678901234567890123456789`, `docs(v text) ["123456789012345678901234567890123456789"]`},
		{"NRM-51", `1e400`, `docs(v text) ["1e400"]`},
		{"NRM-51", `0.12345678901234567891`, `docs(v decimal(38,20)) [0.12345678901234567891]`},
		{"NRM-51", `1e300 9007199254740993`, `docs(v text) ["1e+300"] ["9007199254740993"]`},
		{"NRM-51", `0.1 1.7976931348623157e308 5e-324`, `docs(v double) [0.1] [1.7976931348623157e+308] [5e-324]`},
		{"NRM-51", `-0.0 0 -1`, `docs(v double) [-0.0] [0.0] [-1.0]`},
		{"NRM-53", `"2024-01-15 10:00" "2024-01-16 11:30" "soon"`, `docs(v text) ["2024-01-15 10:00"] ["2024-01-16 11:30"] ["soon"]`},
		{"NRM-53", `"soon" "2024-01-15T10:00:00+02:00"`, `docs(v text) ["soon"] ["2024-01-15T10:00:00+02:00"]`},
		{"NRM-53", `"x" 1.50 100.0 1E2 1e300 true`, `docs(v text) ["x"] ["1.5"] ["100.0"] ["100.0"] ["1e+300"] ["true"]`},
		{"NRM-53 where some numbers are integers, none has .0", `"x" 1.50 100 1.0`, `docs(v text) ["x"] ["1.5"] ["100"] ["1"]`},
		{"NRM-53 the same when the text comes last", `1.50 100 1.0 "x"`, `docs(v text) ["1.5"] ["100"] ["1"] ["x"]`},
		{"NRM-53 doubles alone keep their .0", `1.50 1.0 "x"`, `docs(v text) ["1.5"] ["1.0"] ["x"]`},
		{"NRM-54", `"2024-01-15T10:00:00+02:00"`, `docs(v timestamp) [2024-01-15T08:00:00Z]`},
		{"NRM-55", `"2024-01-15"`, `docs(v text) ["2024-01-15"]`},
		{"NRM-57", `"2024-01-15T10:00:00"`, `docs(v timestamp without time zone) [2024-01-15T10:00:00]`},
		{"NRM-57", `"2024-01-15T10:00:00" "2024-01-15T10:00:00Z"`, `docs(v timestamp) [2024-01-15T10:00:00Z] [2024-01-15T10:00:00Z]`},
		{"NRM-58", `"a\u0000b" "\ud83d" "\ud83d\ude00"`, `docs(v text) ["a\x00b"] ["�"] ["😀"]`},
	} {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			var records []string
			dec := json.NewDecoder(strings.NewReader(c.values))
			for {
				var raw json.RawMessage
				if dec.Decode(&raw) != nil {
					break
				}
				records = append(records, `{"v":`+string(raw)+`}`)
			}
			got, _ := rows(t, Options{MaxNesting: unlimited}, records...)
			if got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.values, got, c.want)
			}
		})
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id      string
		hint    schema.Hint
		records []string
		want    string
	}{
		{"NRM-60", schema.Hint{Name: "v", Type: schema.Bigint}, []string{`{"a":1}`}, `docs(v bigint, a bigint) [-,1]`},
		{"NRM-16", schema.Hint{Name: "userId", Type: schema.Text}, []string{`{"userId":1}`}, `docs(user_id text) ["1"]`},
		{"NRM-32", schema.Hint{Name: "v", Type: schema.JSON}, []string{`{"v":{"a":[1]}}`, `{"v":"x"}`, `{"v":"[1, 2]"}`}, `docs(v json) [{"a":[1]}] ["x"] [[1,2]]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Bigint}, []string{`{"v":5.0}`, `{"v":" 5 "}`, `{"v":"0x1f"}`}, `docs(v bigint) [5] [5] [31]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Double}, []string{`{"v":1}`, `{"v":"1.5"}`}, `docs(v double) [1.0] [1.5]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Decimal, Precision: 10, Scale: 2, HasScale: true}, []string{`{"v":12.3}`, `{"v":"7"}`}, `docs(v decimal(10,2)) [12.3] [7]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Bool}, []string{`{"v":"yes"}`, `{"v":0}`}, `docs(v bool) [true] [false]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Timestamp}, []string{`{"v":"2024-01-15"}`, `{"v":1700000000}`, `{"v":"2024-01-15T10:00:00.123456789Z"}`}, `docs(v timestamp) [2024-01-15T00:00:00Z] [2023-11-14T22:13:20Z] [2024-01-15T10:00:00.123456Z]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Date}, []string{`{"v":"2024-01-15T23:30:00-05:00"}`, `{"v":"1969-12-31T23:00:00Z"}`}, `docs(v date) [2024-01-16] [1969-12-31]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Time}, []string{`{"v":"10:30"}`}, `docs(v time) [10:30:00]`},
		{"NRM-61", schema.Hint{Name: "v", Type: schema.Binary}, []string{`{"v":"aGk="}`, `{"v":"0x6869"}`}, `docs(v binary) [aGk=] [aGk=]`},
		{"NRM-62", schema.Hint{Name: "v", Type: schema.Bigint}, []string{`{"v":1}`, `{"v":"x"}`}, `docs(v text) ["1"] ["x"]`},
		{"NRM-62", schema.Hint{Name: "v", Type: schema.Decimal, Precision: 5, Scale: 2, HasScale: true}, []string{`{"v":1.5}`, `{"v":12.345}`}, `docs(v decimal(38,3)) [1.5] [12.345]`},
	} {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			got, _ := rows(t, Options{MaxNesting: unlimited, Hints: []schema.Hint{c.hint}}, c.records...)
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
	_, _, err := try(Options{MaxNesting: unlimited, NotNull: []string{"id"}}, `{"id":1}`, `{"id":null,"x":1}`)
	if err == nil || !strings.Contains(err.Error(), `column "id" must have a value`) {
		t.Errorf("NRM-63, NRM-91 error %v", err)
	}
}

// System columns: ids in document order, links of children (NRM-40 to NRM-43).
func TestSystemColumns(t *testing.T) {
	t.Parallel()
	var batches []*schema.Batch
	n, err := New(Options{Table: "docs", MaxNesting: unlimited, Load: 3, Write: func(b *schema.Batch) error { batches = append(batches, b); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []string{`{"l":[{"m":[1,2]},{"m":[3]}],"k":[9]}`, `{"l":[{}]}`} {
		if err := n.Record([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Flush(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, b := range batches {
		for _, v := range b.Vectors {
			if strings.HasPrefix(v.Column.Name, "_rl_") {
				var ints []int64
				for _, i := range v.Ints {
					ints = append(ints, i&(1<<schema.IDShift-1))
				}
				got[b.Table.Name+v.Column.Name] = fmt.Sprint(ints)
			}
		}
	}
	for key, want := range map[string]string{
		"docs_rl_id": "[0 7]", "docs_rl_load_id": "[3 3]",
		"docs__l_rl_id": "[1 4 8]", "docs__l_rl_parent_id": "[0 0 7]", "docs__l_rl_list_idx": "[0 1 0]", "docs__l_rl_root_id": "[0 0 7]",
		"docs__l__m_rl_id": "[2 3 5]", "docs__l__m_rl_parent_id": "[1 1 4]", "docs__l__m_rl_list_idx": "[0 1 0]", "docs__l__m_rl_root_id": "[0 0 0]",
		"docs__k_rl_id": "[6]", "docs__k_rl_parent_id": "[0]",
	} {
		if got[key] != want {
			t.Errorf("NRM-41 %s = %s, want %s", key, got[key], want)
		}
	}
}

// The public suite: y_ is taken, n_ refused, i_ never crashes.
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
		_, _, err = try(Options{MaxNesting: unlimited}, string(text))
		switch name := filepath.Base(f); {
		case strings.HasPrefix(name, "y_") && err != nil:
			t.Errorf("%s is refused: %v", name, err)
		case strings.HasPrefix(name, "n_") && err == nil:
			t.Errorf("%s is accepted", name)
		}
	}
}
