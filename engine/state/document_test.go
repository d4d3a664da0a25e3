package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/schema"
)

func sample() *State {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	s := New("github")
	s.Generation, s.LoadID, s.CommittedAt = 12, "000012", at
	s.Resources["issues"] = &Resource{
		Incremental: map[string]*Cursor{"updated_at": {
			InitialValue: json.RawMessage(`"2020-01-01"`), LastValue: json.RawMessage(`9007199254740993`),
			StartValue: json.RawMessage(`1.50`), Boundary: []string{"9f"},
		}},
		State: json.RawMessage(`{"seen":[1,2]}`),
	}
	s.Tables["issues"] = &Table{
		Table: schema.Table{Name: "issues", Resource: "issues", Columns: []schema.Column{
			{Name: "id", Type: schema.Bigint, Source: "/id", Facts: &schema.Facts{Kinds: schema.SawNumber}},
			{Name: "a&b", Type: schema.Text, Nullable: true, Source: "/a<b"},
		}},
		WriteDisposition: "merge", PrimaryKey: []string{"id"}, Rows: 3,
		Files: []File{{Name: "issues-000012-001.parquet", Rows: 3, Bytes: 9, MinKey: []json.RawMessage{[]byte("1")}, MaxKey: []json.RawMessage{[]byte("99")}}},
	}
	s.Loads = []Load{{Number: 12, LoadID: "000012", StartedAt: at.Add(-time.Minute), CommittedAt: at, Rows: map[string]int64{"issues": 3},
		Changes: map[string]Change{"issues": {Added: 3, Columns: []ColumnChange{{Name: "a&b", From: "bigint", To: "text"}}}}}}
	return s
}

// The document comes back as it was written, byte for byte, with the digits
// and JSON types of cursor values (dataset: state.json).
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	text, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("state.json", text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, again) {
		t.Errorf("written again:\n%s\nwant\n%s", again, text)
	}
	if s.Tables["issues"].Name != "issues" {
		t.Errorf("table name %q", s.Tables["issues"].Name)
	}
	for _, want := range []string{`"last_value": 9007199254740993`, `"start_value": 1.50`, `"initial_value": "2020-01-01"`, `"committed_at": "2026-03-01T10:00:00Z"`, `"a&b"`, "\n  \"format\": 2,"} {
		if !strings.Contains(string(text), strings.TrimPrefix(want, "\n")) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestEncodeUTC(t *testing.T) {
	t.Parallel()
	s := sample()
	zone := time.FixedZone("", 3600)
	s.CommittedAt = s.CommittedAt.In(zone)
	s.Loads[0].CommittedAt = s.Loads[0].CommittedAt.In(zone)
	got, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A damaged document is refused with its place and what to do, a newer one
// with both format numbers (dataset: layout, state.json).
func TestParseDamaged(t *testing.T) {
	t.Parallel()
	whole, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) string {
		if !strings.Contains(string(whole), old) {
			t.Fatalf("no %s in the sample", old)
		}
		return strings.Replace(string(whole), old, new, 1)
	}
	cases := []struct{ name, text, want string }{
		{"empty", "", "state.json:1:1: the file is damaged: it is empty"},
		{"cut", string(whole[:len(whole)/2]), "damaged"},
		{"syntax", "{\n  \"format\": 1,\n  x\n}", "state.json:3:3: the file is damaged: invalid character 'x'"},
		{"no object", "[]", "damaged"},
		{"no format", "{}", "there is no format number"},
		{"newer", `{"format": 3, "new": true}`, "format 3, this restlua knows formats up to 2"},
		{"no number", edit(`"added": "3"`, `"added": "x"`), `history.tables.issues.added: "x" is no number`},
		{"too many numbers", edit(`"added": "3"`, `"added": "3 0"`), `history.tables.issues.added: "3 0" has more numbers than there are loads`},
		{"far too many numbers", edit(`"added": "3"`, `"added": "-*999999999"`), "more numbers than there are loads"},
		{"too few numbers", edit(`"added": "3"`, `"added": " "`), "fewer numbers than there are loads"},
		{"no number of times", edit(`"added": "3"`, `"added": "3*0"`), `history.tables.issues.added: "0" is no number of times`},
		{"a load that is not there", edit(`"load": 12,`, `"load": 11,`), "history.tables.issues.columns: load 11 is not among the loads"},
		{"a load twice", `{"format": 2, "loads": [{"number": 4}, {"number": 4}]}`, "load 4 is listed twice"},
		{"unknown key", edit(`"loads"`, `"louds"`), `unknown field "louds"`},
		{"wrong type", edit(`"generation": 12`, `"generation": "x"`), "state.json:4:"},
		{"trailing", string(whole) + "{}", "damaged"},
		{"unknown data type", edit(`"bigint"`, `"bigInt"`), `unknown data_type "bigInt"`},
		{"sum of rows", edit(`"rows": 3,`, `"rows": 4,`), "rows is 4, but the files have 3"},
		{"path in a name", edit(`"name": "issues-000012-001.parquet"`, `"name": "../x.parquet"`), "cannot be the name of a file"},
		{"null table", `{"format": 1, "tables": {"a": null}}`, "tables.a is null"},
		{"null resource", `{"format": 1, "resources": {"a": null}}`, "resources.a is null"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("state.json", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %s", err, c.want)
			}
			if !strings.Contains(err.Error(), "hint:") {
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	if _, err := ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error %v, want one that says that nothing is there", err)
	}
	text, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := ReadFile(path); err != nil || s.Generation != 12 {
		t.Fatalf("%v, %v", s, err)
	}
}

// A clone is equal and shares nothing.
func TestClone(t *testing.T) {
	t.Parallel()
	s := sample()
	c := s.Clone()
	if !reflect.DeepEqual(s, c) {
		t.Fatalf("clone differs: %+v", c)
	}
	c.Resources["issues"].Incremental["updated_at"].LastValue[0] = 'x'
	c.Resources["issues"].Incremental["updated_at"].Boundary[0] = "x"
	c.Resources["issues"].State[0] = 'x'
	c.Tables["issues"].Columns[0].Facts.NotInt = true
	c.Tables["issues"].Files[0].MinKey[0][0] = 'x'
	c.Tables["issues"].PrimaryKey[0] = "x"
	c.Loads[0].Rows["issues"] = 7
	c.Loads[0].Changes["issues"].Columns[0].To = "x"
	delete(c.Loads[0].Changes, "issues")
	delete(c.Tables, "issues")
	if !reflect.DeepEqual(s, sample()) {
		t.Errorf("the original changed with its clone: %+v", s)
	}
}

// No text makes Parse panic, and what it takes comes back equal.
func FuzzParse(f *testing.F) {
	text, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("state.json", data)
		if err != nil {
			return
		}
		first, err := s.Encode()
		if err != nil {
			return // a number or time that JSON cannot hold
		}
		again, err := Parse("state.json", first)
		if err != nil {
			t.Fatalf("written and refused: %v\n%s", err, first)
		}
		second, err := again.Encode()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%v\n%s\n%s", err, first, second)
		}
	})
}
