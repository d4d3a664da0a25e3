package normalize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
)

// Contracts hold from the second load on, by kind and mode (section 6).
func TestContract(t *testing.T) {
	t.Parallel()
	const first = `{"id":1,"name":"a","at":"2024-01-01T00:00:00Z","price":1.5,"l":[{"x":1}]}`
	for _, c := range []struct {
		name     string
		contract Contract
		records  []string
		want     string // tables of the second load, or the error
		dropped  string
		rejected string
	}{
		{
			name:     "NRM-73 columns discard_value drops the value, nested ones too",
			contract: Contract{Columns: DiscardValue},
			records:  []string{`{"id":2,"new":5,"o":{"p":[1],"q":"x"},"name":"b"}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [2,"b",-,-]; docs__o__p(value bigint) [1]; docs__l(x bigint)`,
			dropped:  "[docs.new columns discard_value 0 1 docs.o__q columns discard_value 0 1]",
		},
		{
			name:     "NRM-73 columns discard_row drops the record with its child rows",
			contract: Contract{Columns: DiscardRow},
			records:  []string{`{"id":2,"l":[{"x":2}],"new":5}`, `{"id":3,"l":[{"x":3}]}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [3,-,-,-]; docs__l(x bigint) [3]`,
			dropped:  "[docs.new columns discard_row 1 0]",
			rejected: `docs.new columns {"id":2,"l":[{"x":2}],"new":5}`,
		},
		{
			name:     "NRM-73 columns discard_row in a child table drops that child row alone",
			contract: Contract{Columns: DiscardRow},
			records:  []string{`{"id":2,"l":[{"x":2},{"y":[{"z":1}],"w":1},{"x":3}],"name":"b"}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [2,"b",-,-]; docs__l(x bigint) [2] [3]`,
			dropped:  "[docs__l.w columns discard_row 1 0]",
			rejected: `docs__l.w columns {"y":[{"z":1}],"w":1}`,
		},
		{
			name:     "NRM-72 columns freeze ends the load and names table, column and value's place",
			contract: Contract{Columns: Freeze},
			records:  []string{`{"id":2,"new":5}`},
			want:     `error /new: the schema contract (columns = "freeze") of table "docs" refuses the new column "new"`,
		},
		{
			name:     "NRM-73 null in an unknown column is no violation",
			contract: Contract{Columns: Freeze},
			records:  []string{`{"id":2,"new":null,"o":{},"e":[]}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [2,-,-,-]; docs__l(x bigint)`,
		},
		{
			name:     "NRM-74 tables: rows of a new child table are dropped, the parent stays",
			contract: Contract{Tables: DiscardRow},
			records:  []string{`{"id":2,"m":[{"a":1,"b":[2]},{"a":2}],"name":"b"}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [2,"b",-,-]; docs__l(x bigint)`,
			dropped:  "[docs.m tables discard_row 0 1]",
		},
		{
			name:     "NRM-74 tables freeze",
			contract: Contract{Tables: Freeze},
			records:  []string{`{"id":2,"m":[1]}`},
			want:     `error /m: the schema contract (tables = "freeze") of table "docs" refuses the new child table "docs__m"`,
		},
		{
			name:     "NRM-71 columns is not applied to a table that this load creates",
			contract: Contract{Columns: Freeze},
			records:  []string{`{"id":2,"m":[{"a":1}]}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [2,-,-,-]; docs__m(a bigint) [1]; docs__l(x bigint)`,
		},
		{
			name:     "NRM-75 data_type converts where it is exact, under every mode but evolve",
			contract: Contract{DataType: Freeze},
			records:  []string{`{"id":"7","name":5,"price":"2.5","at":"2024-01-02"}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [7,"5",2024-01-02T00:00:00Z,2.5]; docs__l(x bigint)`,
		},
		{
			name:     "NRM-75 data_type discard_value",
			contract: Contract{DataType: DiscardValue},
			records:  []string{`{"id":"x","name":"b","l":[{"x":1.5},{"x":2}]}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [-,"b",-,-]; docs__l(x bigint) [-] [2]`,
			dropped:  "[docs.id data_type discard_value 0 1 docs__l.x data_type discard_value 0 1]",
		},
		{
			name:     "NRM-75 data_type discard_row",
			contract: Contract{DataType: DiscardRow},
			records:  []string{`{"id":2,"price":true}`, `{"id":3,"l":[{"x":"q"},{"x":4}]}`},
			want:     `docs(id bigint, name text, at timestamp, price double) [3,-,-,-]; docs__l(x bigint) [4]`,
			dropped:  "[docs.price data_type discard_row 1 0 docs__l.x data_type discard_row 1 0]",
			rejected: `docs.price data_type {"id":2,"price":true}` + "\n" + `docs__l.x data_type {"x":"q"}`,
		},
		{
			name:     "NRM-76 naive to zoned is a violation, the first value of a column is none",
			contract: Contract{DataType: DiscardValue},
			records:  []string{`{"id":2,"at":"2024-01-02T00:00:00","fresh":true}`},
			want:     `docs(id bigint, name text, at timestamp, price double, fresh bool) [2,-,-,-,true]; docs__l(x bigint)`,
			dropped:  "[docs.at data_type discard_value 0 1]",
		},
		{
			name:     "NRM-75 under evolve the type grows",
			contract: Contract{Columns: Freeze, Tables: Freeze},
			records:  []string{`{"id":"7"}`},
			want:     `docs(id text, name text, at timestamp, price double) ["7",-,-,-]; docs__l(x bigint)`,
		},
		{
			name:     "a refused record is still checked as JSON",
			contract: Contract{Columns: DiscardRow},
			records:  []string{`{"id":2,"new":5,"broken":}`},
			want:     "error the record is no valid JSON",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, before := rows(t, Options{MaxNesting: -1}, first)
			var rejected []string
			o := Options{MaxNesting: -1, Known: before.Tables(), Contract: c.contract, Reject: func(r Rejected) {
				rejected = append(rejected, fmt.Sprintf("%s.%s %s %s", r.Table, r.Column, r.Kind, r.Row))
			}}
			got, n, err := try(o, c.records...)
			if err != nil {
				got = "error " + err.Error()
			}
			if got != c.want && !(err != nil && strings.HasPrefix(got, c.want)) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var dropped []string
			for _, d := range n.Dropped() {
				dropped = append(dropped, fmt.Sprintf("%s.%s %s %s %d %d", d.Table, d.Column, d.Kind, d.Mode, d.Rows, d.Values))
			}
			if err == nil && fmt.Sprint(dropped) != c.dropped && (c.dropped != "" || dropped != nil) {
				t.Errorf("dropped %v, want %s", dropped, c.dropped)
			}
			if got := strings.Join(rejected, "\n"); got != c.rejected {
				t.Errorf("rejected %s, want %s", got, c.rejected)
			}
		})
	}
}

// NRM-70: the first load of a resource makes the schema.
func TestContractFirstLoad(t *testing.T) {
	t.Parallel()
	all := Contract{Freeze, Freeze, Freeze}
	got, _ := rows(t, Options{MaxNesting: -1, Contract: all}, `{"id":1,"l":[1]}`, `{"id":"x"}`)
	if want := `docs(id text) ["1"] ["x"]; docs__l(value bigint) [1]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// An object kept whole at a place that is declared as something else.
func TestWholeValueInDeclaredColumn(t *testing.T) {
	t.Parallel()
	got, n := rows(t, Options{MaxNesting: 0, Hints: []schema.Hint{{Name: "a", Type: schema.Bigint}}}, `{"a":1}`, `{"a":{"b":1}}`)
	if want := `docs(a json) [1] [{"b":1}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(n.Warnings()) != 1 {
		t.Errorf("warnings %v", n.Warnings())
	}
}
