package state

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/schema"
)

// manyLoads is a dataset of some tables after some loads, each of which changed
// every table by numbers of its own.
func manyLoads(tables, loads int) *State {
	s := New("api")
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	seed := uint32(1)
	number := func(below uint32) int64 {
		seed = seed*1664525 + 1013904223
		return int64(seed >> 8 % below)
	}
	var names []string
	for n := range tables {
		name := fmt.Sprintf("orders__lines_%03d", n)
		names = append(names, name)
		s.Tables[name] = &Table{Table: schema.Table{Name: name, Resource: "orders", Columns: []schema.Column{{Name: "id", Type: schema.Bigint}}}, WriteDisposition: "merge"}
	}
	for n := range loads {
		l := Load{Number: int64(n + 1), LoadID: fmt.Sprintf("%06d", n+1), StartedAt: at, CommittedAt: at.Add(time.Minute), Rows: map[string]int64{}, Requests: map[string]int64{}, Changes: map[string]Change{}}
		for _, name := range names {
			x := Change{Created: n == 0, Added: number(1000), Updated: number(100)}
			l.Rows[name], l.Changes[name] = x.Added+x.Updated, x
			l.Requests[name] = number(100)
		}
		s.Loads = append(s.Loads, l)
		s.Generation, s.LoadID = l.Number, l.LoadID
	}
	return s
}

// What the loads did takes little room: at most 20 bytes for a table and load
// that changed, and next to none where nothing did.
func TestHistorySize(t *testing.T) {
	t.Parallel()
	size := func(s *State) int {
		t.Helper()
		text, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	const tables = 300
	s := manyLoads(tables, MaxLoads)
	none := *s
	none.Loads = nil
	if got := size(s) - size(&none); got > 20*tables*MaxLoads {
		t.Errorf("%d loads of %d tables take %d bytes", MaxLoads, tables, got)
	}
	for i := range s.Loads[1:] {
		l := &s.Loads[i+1]
		l.Rows, l.Changes, l.Requests = map[string]int64{}, nil, nil
	}
	if got := size(s) - size(&none); got > 200*tables+200*MaxLoads {
		t.Errorf("one load that changed %d tables, and %d that did nothing, take %d bytes", tables, MaxLoads-1, got)
	}
}

// What was written comes back, whatever the loads did and left out.
func TestHistoryRoundTrip(t *testing.T) {
	t.Parallel()
	s := manyLoads(3, 4)
	l := s.Loads
	l[0].Changes["gone"] = Change{Deleted: 7}
	l[1].Rows, l[1].Changes, l[1].Requests = map[string]int64{}, nil, nil
	l[2].Rows = map[string]int64{"orders__lines_000": 0, "new": 9223372036854775807}
	l[2].Changes = map[string]Change{"new": {Created: true, Added: 9223372036854775807}}
	l[3].Changes["new"] = Change{Columns: []ColumnChange{{Name: "a", To: "text"}, {Name: "b", From: "bigint", To: "double"}}}
	text, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("state.json", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(again.Loads, s.Loads) {
		t.Errorf("got\n%+v\nwant\n%+v", again.Loads, s.Loads)
	}
}

// A file of format 1 says the same, and is written in the new format from then on.
func TestFormat1(t *testing.T) {
	t.Parallel()
	const old = `{
  "format": 1, "source": "github", "generation": 2, "load_id": "000002", "committed_at": "2026-03-01T10:00:00Z",
  "resources": {}, "tables": {},
  "loads": [
    {"number": 1, "load_id": "000001", "started_at": "2026-03-01T09:00:00Z", "committed_at": "2026-03-01T09:01:00Z",
     "rows": {"issues": 3}, "requests": {"issues": 2}, "changes": {"issues": {"created": true, "added": 3}}},
    {"number": 2, "load_id": "000002", "started_at": "2026-03-01T09:59:00Z", "committed_at": "2026-03-01T10:00:00Z",
     "rows": {"issues": 2}, "changes": {"issues": {"added": 1, "updated": 1, "columns": [{"name": "due", "to": "timestamp"}]}}}
  ]
}`
	s, err := Parse("state.json", []byte(old))
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{{Created: true, Added: 3}, {Added: 1, Updated: 1, Columns: []ColumnChange{{Name: "due", To: "timestamp"}}}}
	for i, l := range s.Loads {
		if !reflect.DeepEqual(l.Changes["issues"], want[i]) || l.Rows["issues"] != 3-int64(i) {
			t.Errorf("load %d: %+v", l.Number, l)
		}
	}
	text, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("state.json", text)
	if err != nil {
		t.Fatal(err)
	}
	if again.Format != Format || !reflect.DeepEqual(again.Loads, s.Loads) {
		t.Errorf("format %d:\n%+v\nwant\n%+v", again.Format, again.Loads, s.Loads)
	}
	for _, want := range []string{`"rows": "3 2"`, `"updated": "- 1"`, `"issues": "2 -"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func BenchmarkManyLoads(b *testing.B) {
	s := manyLoads(300, MaxLoads)
	text, err := s.Encode()
	if err != nil {
		b.Fatal(err)
	}
	without := *s
	without.Loads = nil
	rest, err := without.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Encode(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(text)), "bytes")
		b.ReportMetric(float64(len(text)-len(rest)), "bytes-of-loads")
	})
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := Parse("state.json", text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("clone", func(b *testing.B) {
		for b.Loop() {
			s.Clone()
		}
	})
}
