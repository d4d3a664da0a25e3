package normalize

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/schema"
)

// issues are records of about 2.3 KB with 49 columns and a list of labels.
func issues(n int) (records [][]byte, size int64) {
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, `{"url":"https://api.example.com/repos/acme/rocket/issues/%d","repository_url":"https://api.example.com/repos/acme/rocket","id":%d,"node_id":"I_kwDO%x","number":%d,"title":"title number %d of some length","user":{`, i, 1e9+i, i, i, i)
		for f := range 12 {
			fmt.Fprintf(&b, `"field_%d":"https://example.com/user%d/%d",`, f, i%500, f)
		}
		fmt.Fprintf(&b, `"admin":%t},"labels":[{"id":%d,"name":"bug","color":"ff0000","default":true},{"id":7,"name":"docs \u00e9","color":"00ff00","default":false}],`, i%50 == 0, i%40)
		fmt.Fprintf(&b, `"state":"open","locked":false,"assignee":null,"comments":%d,"created_at":"2024-01-%02dT10:00:00Z","updated_at":"2024-02-%02dT10:00:00Z","closed_at":null,"body":"%s","reactions":{"total":%d`, i%30, i%28+1, i%28+1, strings.Repeat("some words that make a body and more ", 20), i)
		for f := range 10 {
			fmt.Fprintf(&b, `,"r%d":%d`, f, i%(f+2))
		}
		fmt.Fprintf(&b, `},"score":%d.%03d}`, i%10, i%1000)
		records = append(records, []byte(b.String()))
		size += int64(b.Len())
	}
	return records, size
}

func smallRecords(n int) (records [][]byte, size int64) {
	for i := range n {
		r := fmt.Sprintf(`{"id":%d,"customer":"c%06d","amount":%d.%02d,"currency":"EUR","paid":%t,"quantity":%d,"created_at":"2024-01-%02dT10:00:00Z","note":"a few words"}`, i, i, i%1000, i%100, i%2 == 0, i%100, i%28+1)
		records = append(records, []byte(r))
		size += int64(len(r))
	}
	return records, size
}

func benchmarkRecord(b *testing.B, records [][]byte, size int64) {
	var n *Normalizer
	n, err := New(Options{Table: "issues", MaxNesting: -1, Load: 1, Write: func(batch *schema.Batch) error { n.Recycle(batch); return nil }})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range records {
			if err := n.Record(r); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkIssues(b *testing.B) { r, s := issues(1000); benchmarkRecord(b, r, s) }

func BenchmarkSmall(b *testing.B) { r, s := smallRecords(10000); benchmarkRecord(b, r, s) }

func BenchmarkValidIssues(b *testing.B) {
	records, size := issues(1000)
	b.SetBytes(size)
	for b.Loop() {
		for _, r := range records {
			if !json.Valid(r) {
				b.Fatal("invalid")
			}
		}
	}
}

// parse+columnise must not fall behind encoding/json.Valid on the same bytes:
// a ratio, so that it holds on any machine. The goal is 0.35; a test that can
// only fail on a real regression asks for less.
func TestRatioToValid(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("a ratio of times")
	}
	records, _ := issues(2000)
	best := func(f func()) time.Duration {
		d := time.Duration(1 << 62)
		for range 7 {
			start := time.Now()
			f()
			d = min(d, time.Since(start))
		}
		return d
	}
	var n *Normalizer
	n, err := New(Options{Table: "issues", MaxNesting: -1, Load: 1, Write: func(batch *schema.Batch) error { n.Recycle(batch); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	valid := best(func() {
		for _, r := range records {
			json.Valid(r)
		}
	})
	ours := best(func() {
		for _, r := range records {
			if err := n.Record(r); err != nil {
				t.Fatal(err)
			}
		}
	})
	ratio := float64(valid) / float64(ours)
	t.Logf("ratio of speed, parse and columnise to encoding/json.Valid: %.2f", ratio)
	if ratio < 0.35 {
		t.Errorf("ratio %.2f, want at least 0.35", ratio)
	}
}

// A record must cost no allocation once shapes and vectors are there.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	records, _ := issues(500)
	var n *Normalizer
	n, err := New(Options{Table: "issues", MaxNesting: -1, Load: 1, BatchBytes: 256 << 10, Write: func(batch *schema.Batch) error { n.Recycle(batch); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	all := func() {
		for _, r := range records {
			if err := n.Record(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	all()
	if per := testing.AllocsPerRun(5, all) / float64(len(records)); per > 0.2 {
		t.Errorf("%.2f allocations per record, want at most 0.2", per)
	}
}
