package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/state"
)

// loads runs records through the cursor, a list of pages for each load, and
// says what each load began with and kept, and where a series stopped.
func loads(t *testing.T, inc config.Incremental, key []string, runs ...[]string) (text string, stored *state.Cursor) {
	t.Helper()
	if inc.CursorPath == "" {
		inc.CursorPath = "u"
	}
	if inc.LastValueFunc == "" {
		inc.LastValueFunc = "max"
	}
	if inc.OnMissing == "" {
		inc.OnMissing = "raise"
	}
	r := &config.Resource{Name: "x", PrimaryKey: key, Endpoint: &config.Endpoint{Incremental: &inc}}
	id, err := jsonpath.Parse("id")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, pages := range runs {
		c, err := newCursor(r, stored, nil)
		if err != nil {
			return "error: " + err.Error(), stored
		}
		line := "-"
		if c.start != nil {
			line = string(c.start.raw)
		}
		line += ":"
	series:
		for i, page := range pages {
			ended := false
			var fail error
			err := rawjson.Elements([]byte(page), func(record []byte) bool {
				keep, stop, err := c.accept(t.Context(), record)
				ended, fail = ended || stop, err
				if keep {
					shown, ok := id.First(record)
					if !ok {
						shown = record
					}
					line += " " + string(shown)
				}
				return err == nil
			})
			switch {
			case err != nil:
				t.Fatal(err)
			case fail != nil:
				return "error: " + fail.Error(), stored
			case ended:
				line += fmt.Sprintf(" stop%d", i+1)
				break series
			}
		}
		stored = c.result(stored)
		out = append(out, line)
	}
	return strings.Join(out, "; "), stored
}

// us makes records with the cursor values given and ids from 1.
func us(values ...any) []string {
	var list []string
	for i, v := range values {
		list = append(list, fmt.Sprintf(`{"id":%d,"u":%v}`, i+1, v))
	}
	return []string{"[" + strings.Join(list, ",") + "]"}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	num := func(s string) []byte { return []byte(s) }
	zeroToSix := us(0, 1, 2, 3, 4, 5, 6)
	for _, c := range []struct {
		name  string
		inc   config.Incremental
		key   []string
		runs  [][]string
		want  string // per load: start: ids kept
		state string // start_value last_value, number of hashes; not compared where empty
	}{
		{name: "INC-20 equal rows are kept", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{zeroToSix}, want: "2: 3 4 5 6 7", state: "2 6 1"},
		{name: "INC-21 end", inc: config.Incremental{InitialValue: num("2"), EndValue: num("4")}, runs: [][]string{zeroToSix, zeroToSix}, want: "2: 3 4; 2: 3 4", state: "none"},
		{name: "INC-22 end closed", inc: config.Incremental{InitialValue: num("2"), EndValue: num("4"), RangeEnd: "closed"}, runs: [][]string{zeroToSix}, want: "2: 3 4 5"},
		{name: "INC-22 start open", inc: config.Incremental{InitialValue: num("2"), RangeStart: "open"}, runs: [][]string{zeroToSix}, want: "2: 4 5 6 7"},
		{name: "INC-22 both", inc: config.Incremental{InitialValue: num("2"), EndValue: num("4"), RangeStart: "open", RangeEnd: "closed"}, runs: [][]string{zeroToSix}, want: "2: 4 5"},
		{name: "INC-23 not the running maximum", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{append(us(5, 3), us(4, 1)...)}, want: "2: 1 2 1", state: "2 5 1"},
		{name: "INC-24 text by code point", inc: config.Incremental{InitialValue: num(`"2024-01-01T00:00:00.500Z"`)}, runs: [][]string{us(`"2024-01-01T00:00:00Z"`, `"2024-01-01T00:00:00.4Z"`)}, want: `"2024-01-01T00:00:00.500Z": 1`},
		{name: "INC-24 integers and floats", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{us("2.5", "1.5", "2.0")}, want: "2: 1 3", state: "2 2.5 1"},
		{name: "INC-24 integers beyond 2^53", inc: config.Incremental{InitialValue: num("9007199254740992")}, runs: [][]string{us("9007199254740991", "9007199254740993")}, want: "9007199254740992: 2", state: "9007199254740992 9007199254740993 1"},
		{name: "INC-25 text and number", inc: config.Incremental{InitialValue: num(`"2"`)}, runs: [][]string{us(3)}, want: `error: cursor field "u": the record has the number 3, the start value is the text "2": they cannot be compared`},
		{name: "INC-26 a path in the row", inc: config.Incremental{CursorPath: "m.ts[0]", InitialValue: num("2")}, runs: [][]string{{`[{"id":1,"m":{"ts":[3,1]}},{"id":2,"m":{"ts":[1,9]}}]`}}, want: "2: 1", state: "2 3 1"},
		{name: "INC-26 the first match", inc: config.Incremental{CursorPath: "m[*].u", InitialValue: num("2")}, runs: [][]string{{`[{"id":1,"m":[{"u":3},{"u":1}]},{"id":2,"m":[{"u":1},{"u":9}]}]`}}, want: "2: 1"},
		{name: "INC-27 min", inc: config.Incremental{InitialValue: num("50"), LastValueFunc: "min"}, runs: [][]string{us(60, 50, 40, 30)}, want: "50: 2 3 4", state: "50 30 1"},
		{name: "INC-27 min with an end", inc: config.Incremental{InitialValue: num("4"), EndValue: num("1"), LastValueFunc: "min"}, runs: [][]string{us(5, 4, 2, 1, 0)}, want: "4: 2 3"},

		{name: "INC-32 missing", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{{`[{"id":1}]`}}, want: `error: the cursor field "u" is not in the record`},
		{name: "INC-32 null", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{us("null")}, want: `error: the cursor field "u" is null in the record`},
		{name: "INC-33 include", inc: config.Incremental{OnMissing: "include"}, runs: [][]string{{`[{"id":1,"u":null},{"id":2},{"id":3,"u":9}]`}}, want: "-: 1 2 3", state: "null 9 1"},
		{name: "INC-33 exclude", inc: config.Incremental{OnMissing: "exclude"}, runs: [][]string{{`[{"id":1,"u":null},{"id":2},{"id":3,"u":9}]`}}, want: "-: 3", state: "null 9 1"},

		{name: "INC-34 asc stops behind the end", inc: config.Incremental{InitialValue: num("1"), EndValue: num("5"), RowOrder: "asc"}, runs: [][]string{{us(1, 2)[0], us(4, 5, 3)[0], us(7)[0]}}, want: "1: 1 2 1 3 stop2"},
		{name: "INC-35 desc stops before the start", inc: config.Incremental{InitialValue: num("3"), RowOrder: "desc"}, runs: [][]string{{us(9, 8)[0], us(3, 2, 4)[0], us(1)[0]}}, want: "3: 1 2 1 3 stop2"},
		{name: "INC-35 desc stops at what was seen", inc: config.Incremental{InitialValue: num("3"), RowOrder: "desc"}, runs: [][]string{us(9), {us(9)[0], us(8)[0]}}, want: "3: 1; 9: stop1"},
		{name: "INC-36 asc without an end", inc: config.Incremental{InitialValue: num("3"), RowOrder: "asc"}, runs: [][]string{{us(9)[0], us(1)[0], us(4)[0]}}, want: "3: 1 1"},
		{name: "INC-36 no order", inc: config.Incremental{InitialValue: num("3"), EndValue: num("5")}, runs: [][]string{{us(9)[0], us(1)[0], us(4)[0]}}, want: "3: 1"},

		{name: "INC-38 whole rows", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{
			{`[{"id":1,"u":2},{"id":2,"u":3},{"id":3,"u":3}]`}, {`[{"id":2,"u":3},{"id":3,"u":3,"v":1},{"id":4,"u":3},{"id":5,"u":4}]`}}, want: "2: 1 2 3; 3: 3 4 5", state: "3 4 1"},
		{name: "INC-38 the order of keys does not count", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{
			{`[{"id":1,"u":5,"x":{"a":"\u00e9","b":2}}]`}, {`[{"x":{"b":2, "a":"é"},"u":5,"id":1},{"id":2,"u":5,"x":{"a":"é","b":3}}]`}}, want: "2: 1; 5: 2", state: "5 5 2"},
		{name: "INC-39 primary key", inc: config.Incremental{InitialValue: num("2")}, key: []string{"id"}, runs: [][]string{
			us(5), {`[{"id":1,"u":5,"v":2},{"id":2,"u":5}]`}}, want: "2: 1; 5: 2"},
		{name: "INC-39 compound key", inc: config.Incremental{InitialValue: num("2")}, key: []string{"id", "k"}, runs: [][]string{
			{`[{"id":1,"k":1,"u":5}]`}, {`[{"id":1,"k":2,"u":5},{"id":1,"k":1,"u":5}]`}}, want: "2: 1; 5: 1", state: "5 5 2"},
		{name: "INC-54 the incremental's key wins", inc: config.Incremental{InitialValue: num("2"), PrimaryKey: []string{"k"}, PrimaryKeySet: true}, key: []string{"id"}, runs: [][]string{
			{`[{"id":1,"k":1,"u":5}]`}, {`[{"id":1,"k":2,"u":5},{"id":2,"k":1,"u":5}]`}}, want: "2: 1; 5: 1"},
		{name: "INC-55 not within a run", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{{`[{"id":1,"u":5},{"id":1,"u":5}]`}}, want: "2: 1 1", state: "2 5 1"},
		{name: "INC-56 start open", inc: config.Incremental{InitialValue: num("2"), RangeStart: "open"}, runs: [][]string{us(5), us(5, 6)}, want: "2: 1; 5: 2", state: "5 6 0"},
		{name: "INC-56 lag", inc: config.Incremental{InitialValue: num("2"), Lag: num("1")}, runs: [][]string{us(5), us(5)}, want: "2: 1; 4: 1", state: "5 5 0"},
		{name: "INC-54 INC-56 no key", inc: config.Incremental{InitialValue: num("2"), PrimaryKeySet: true}, runs: [][]string{us(5), us(5)}, want: "2: 1; 5: 1", state: "5 5 0"},
		{name: "INC-57 key missing", inc: config.Incremental{InitialValue: num("2")}, key: []string{"id"}, runs: [][]string{{`[{"u":5}]`}}, want: `error: the primary key "id" is not in the record`},
		{name: "INC-58 hashes join", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{us(5), us(5, 5)}, want: "2: 1; 5: 2", state: "5 5 2"},
		{name: "INC-58 hashes are replaced", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{us(5), us(5, 6)}, want: "2: 1; 5: 2", state: "5 6 1"},

		{name: "INC-40 numbers", inc: config.Incremental{InitialValue: num("1"), Lag: num("2")}, runs: [][]string{us(50), nil}, want: "1: 1; 48:"},
		{name: "INC-40 an integer stays one", inc: config.Incremental{InitialValue: num("1"), Lag: num("1.5")}, runs: [][]string{us(6), nil}, want: "1: 1; 4:"},
		{name: "INC-40 a float", inc: config.Incremental{InitialValue: num("1"), Lag: num("1.5")}, runs: [][]string{us("6.25"), nil}, want: "1: 1; 4.75:"},
		{name: "INC-40 times", inc: config.Incremental{InitialValue: num(`"2024-01-01T00:00:00Z"`), Lag: num("3600")}, runs: [][]string{us(`"2024-01-05T10:00:00Z"`), nil}, want: `"2024-01-01T00:00:00Z": 1; "2024-01-05T09:00:00Z":`},
		{name: "INC-40 an offset and a fraction", inc: config.Incremental{Lag: num("3600")}, runs: [][]string{us(`"2024-01-05T10:00:00.5+02:00"`), nil}, want: `-: 1; "2024-01-05T09:00:00.500000+02:00":`},
		{name: "INC-40 dates", inc: config.Incremental{InitialValue: num(`"2024-01-01"`), Lag: num("2")}, runs: [][]string{us(`"2024-01-05"`), nil}, want: `"2024-01-01": 1; "2024-01-03":`},
		{name: "INC-41 min", inc: config.Incremental{InitialValue: num("90"), Lag: num("5"), LastValueFunc: "min"}, runs: [][]string{us(30), us(35, 36)}, want: "90: 1; 35: 1"},
		{name: "INC-42 never before the initial value", inc: config.Incremental{InitialValue: num("10"), Lag: num("2")}, runs: [][]string{us(11), us(9, 10)}, want: "10: 1; 10: 2"},
		{name: "INC-43 the state is not lagged", inc: config.Incremental{InitialValue: num("1"), Lag: num("5")}, runs: [][]string{us(50), us(46, 47)}, want: "1: 1; 45: 1 2", state: "50 50 0"},
		{name: "INC-44 with an end", inc: config.Incremental{InitialValue: num("1"), EndValue: num("9"), Lag: num("5")}, runs: [][]string{us(8), us(8)}, want: "1: 1; 1: 1"},
		{name: "INC-44 lag 0", inc: config.Incremental{InitialValue: num("1"), Lag: num("0")}, runs: [][]string{us(5), us(5, 5)}, want: "1: 1; 5: 2", state: "5 5 2"},
		{name: "INC-45 rows come again", inc: config.Incremental{InitialValue: num("1"), Lag: num("5")}, runs: [][]string{us(50), us(50), us(50)}, want: "1: 1; 45: 1; 45: 1"},

		{name: "STATE-02 without rows", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{nil}, want: "2:", state: "2 2 0"},
		{name: "STATE-04 never back", inc: config.Incremental{InitialValue: num("2")}, runs: [][]string{us(5), us(3)}, want: "2: 1; 5:", state: "2 5 1"},
		{name: "STATE-07 the type stays", inc: config.Incremental{}, runs: [][]string{us("5.0")}, want: "-: 1", state: "null 5.0 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, stored := loads(t, c.inc, c.key, c.runs...)
			if strings.HasPrefix(c.want, "error") {
				if !strings.HasPrefix(got, c.want) {
					t.Errorf("%s, want %s", got, c.want)
				}
				return
			}
			if got != c.want {
				t.Errorf("kept %s, want %s", got, c.want)
			}
			position := "none"
			if stored != nil {
				position = fmt.Sprintf("%s %s %d", stored.StartValue, stored.LastValue, len(stored.Boundary))
			}
			if c.state != "" && position != c.state {
				t.Errorf("state %s, want %s", position, c.state)
			}
		})
	}
}

// STATE-06: a changed initial value does not matter once there is a last value.
func TestChangedInitialValue(t *testing.T) {
	t.Parallel()
	_, stored := loads(t, config.Incremental{InitialValue: []byte("2")}, nil, us(5))
	r := &config.Resource{Name: "x", Endpoint: &config.Endpoint{Incremental: &config.Incremental{CursorPath: "u", InitialValue: []byte("9"), LastValueFunc: "max"}}}
	c, err := newCursor(r, stored, nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(c.start.raw) != "5" {
		t.Errorf("STATE-06 start is %s, want 5", c.start.raw)
	}
}
