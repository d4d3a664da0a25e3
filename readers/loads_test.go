package readers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// step is one load of the resource docs: how its rows join the table, what the
// API answers, and what DuckDB must then say.
type step struct {
	name    string
	options string // of the resource, in Lua
	records []string
	answers [][2]string // query with %s for the table's folder, answer
}

const (
	merge  = `write_disposition = "merge", primary_key = "id", columns = { gone = { hard_delete = true } }`
	whole  = `write_disposition = "replace"`
	adding = `write_disposition = "append"`
)

// steps are loads that add columns, widen types, merge, delete and replace.
var steps = []step{
	{"first", adding, []string{
		`{"id":1,"big":9007199254740993,"amount":0.12345678901234567891,"half":1,"when":"1969-07-20T20:17:40Z","local":"1582-10-15 00:00:01","text":"nul\u0000 and \ud83d\ude00","flag":true,"list":[{"n":1,"deep":[1,2]},{"n":2}]}`,
		`{"id":2,"big":-9223372036854775808,"amount":99999999999999999.5,"half":2,"when":"9999-12-31T23:59:59.999999Z","local":"0001-01-01T00:00:00","text":"","flag":false,"user":{"name":"é","address":{"city":"名前"}}}`,
	}, [][2]string{
		{"SELECT sum(big)::VARCHAR FROM %s", "-9214364837600034815"},
		{"SELECT sum(amount)::VARCHAR FROM %s", "99999999999999999.62345678901234567891"},
		{`SELECT string_agg(epoch_us("when")::VARCHAR, ' ') FROM %s`, "-14182940000000 253402300799999999"},
		{"SELECT string_agg(local::VARCHAR, ' ') FROM %s", "1582-10-15 00:00:01 0001-01-01 00:00:00"},
		{"SELECT string_agg(length(text)::VARCHAR, ' ') FROM %s", "10 0"},
		{"SELECT user__address__city FROM %s WHERE id = 2", "名前"},
	}},
	{"adds columns", adding, []string{
		`{"id":3,"early":{"x":1.5},"big":1,"user":{"name":"b","age":7},"list":[{"n":3,"new":"v"}],"other":[true,false]}`,
	}, [][2]string{
		{"SELECT count(*) || ' ' || count(early__x) || ' ' || sum(user__age) FROM %s", "3 1 7"},
		{"SELECT sum(big)::VARCHAR FROM %s", "-9214364837600034814"},
	}},
	{"widens types", adding, []string{
		`{"id":4,"half":2.5,"big":18446744073709551616,"when":"soon","flag":"no","text":{"a":[1]}}`,
	}, [][2]string{
		{"SELECT sum(half)::VARCHAR FROM %s", "5.5"},
		{"SELECT sum(big)::VARCHAR FROM %s", "9232379236109516802"},
		{`SELECT string_agg("when", ' ' ORDER BY id) FROM %s`, "1969-07-20T20:17:40Z 9999-12-31T23:59:59.999999Z soon"},
		{"SELECT string_agg(flag, ' ' ORDER BY id) FROM %s", "true false no"},
	}},
	{"merges", merge, []string{
		`{"id":1,"half":10,"list":[{"n":9}]}`, `{"id":5,"half":20,"list":[{"n":10},{"n":11}]}`, `{"id":2,"gone":true}`,
	}, [][2]string{
		{"SELECT string_agg(id::VARCHAR, ' ' ORDER BY id) FROM %s", "1 3 4 5"},
		{"SELECT sum(half)::VARCHAR FROM %s", "32.5"},
		{"SELECT count(big)::VARCHAR FROM %s", "2"},
	}},
	{"merges and widens the key", merge, []string{`{"id":"a-6","late":"2024-01-15T10:00:00+02:00"}`, `{"id":"4","half":0}`}, [][2]string{
		{"SELECT string_agg(id, ' ' ORDER BY id) FROM %s", "1 3 4 5 a-6"},
		{"SELECT sum(half)::VARCHAR FROM %s", "30.0"},
	}},
	{"replaces", whole, []string{`{"id":"x","list":[{"n":"text"}]}`}, [][2]string{
		{"SELECT id || count(*) || count(big) FROM %s GROUP BY id", "x10"},
	}},
	{"replaces by nothing", whole, nil, [][2]string{
		{"SELECT count(*)::VARCHAR FROM %s", "0"},
	}},
	{"many row groups", adding, generated(0, 20_000, `{"id":"k%[1]d","n":%[1]d,"list":[{"n":%[1]d}]}`), [][2]string{
		{"SELECT count(DISTINCT id) || ' ' || sum(n) FROM %s", "20000 199990000"},
	}},
	{"many row groups get a column and a wider one", adding, generated(20_000, 21_000, `{"id":"k%[1]d","n":%[1]d.5,"extra":{"a":%[1]d}}`), [][2]string{
		{"SELECT count(DISTINCT id) || ' ' || sum(n) FROM %s", "21000 220490000.0"},
		{"SELECT count(extra__a) || ' ' || sum(extra__a) FROM %s", "1000 20499500"},
	}},
	{"merges into many row groups", merge, generated(10_000, 10_050, `{"id":"k%[1]d","n":0}`), [][2]string{
		{"SELECT count(DISTINCT id) || ' ' || sum(n) FROM %s", "21000 219988775.0"},
	}},
}

func generated(from, to int, form string) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf(form, i))
	}
	return out
}

// RDR-02, RDR-03, RDR-09: after each of many loads, which run as users run
// them, all readers read the whole dataset and see what the records say.
// RESTLUA_KEEP=folder keeps the dataset as it was after each load.
func TestLoads(t *testing.T) {
	t.Parallel()
	var body string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}))
	defer api.Close()
	db := openDuckDB(t)
	dir := filepath.Join(t.TempDir(), "docs")
	from := parquetFiles(filepath.Join(dir, "docs"))
	for i, s := range steps {
		body = "[" + strings.Join(s.records, ",") + "]"
		script, err := lua.Parse("docs.lua", fmt.Sprintf(`return {
			client = { base_url = %q, paginator = "single_page" },
			resources = { { name = "docs", %s } },
		}`, api.URL, s.options), lua.Options{})
		if err != nil {
			t.Fatal(err)
		}
		// Batches of 32 KiB: large loads have many row groups.
		if _, err := engine.Run(context.Background(), script, engine.Options{Dataset: dir, BatchBytes: 32 << 10}); err != nil {
			t.Fatalf("load %d, %s: %v", i+1, s.name, err)
		}
		for _, a := range s.answers {
			query := fmt.Sprintf(a[0], from)
			var got string
			if err := db.QueryRow(query).Scan(&got); err != nil {
				t.Errorf("load %d, %s: %s: %v", i+1, s.name, a[0], err)
			} else if got != a[1] {
				t.Errorf("load %d, %s: %s gives %q, want %q", i+1, s.name, a[0], got, a[1])
			}
		}
		agree(t, db, dir)
		keep(t, dir, fmt.Sprintf("load-%02d", i+1))
		if t.Failed() {
			t.Fatalf("after load %d, %s", i+1, s.name)
		}
	}
}
