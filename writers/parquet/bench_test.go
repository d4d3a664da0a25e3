package parquet

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// issues is a batch with the columns of an issue: a body of text, addresses,
// values that repeat, numbers.
func issues(rows int) *schema.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the request failed when a page of records arrives after timeout and retry of connection with large values")
	b := &schema.Batch{Table: &schema.Table{Name: "issues"}, Rows: rows}
	text := func(name string, value func(row int) string) {
		v := &schema.Vector{Column: col(name, schema.Text)}
		for row := range rows {
			v.Grow(row)
			v.AppendBytes([]byte(value(row)))
		}
		b.Vectors = append(b.Vectors, v)
	}
	ints := func(name string, value func(row int) int64) {
		v := &schema.Vector{Column: col(name, schema.Bigint)}
		for row := range rows {
			v.Grow(row)
			v.Ints = append(v.Ints, value(row))
		}
		b.Vectors = append(b.Vectors, v)
	}
	ints("id", func(row int) int64 { return 1_000_000 + 13*int64(row) })
	for i := range 8 {
		text(fmt.Sprintf("url_%d", i), func(row int) string {
			return fmt.Sprintf("https://api.example.com/repos/acme/rocket/issues/%d/%d", row, i)
		})
		text(fmt.Sprintf("user_%d", i), func(int) string { return fmt.Sprintf("https://api.example.com/users/user%d/%d", r.IntN(300), i) })
		ints(fmt.Sprintf("count_%d", i), func(int) int64 { return r.Int64N(30) })
	}
	text("body", func(int) string {
		var s strings.Builder
		for range 120 {
			s.WriteString(words[r.IntN(len(words))] + " ")
			if r.IntN(6) == 0 {
				fmt.Fprintf(&s, "%x ", r.Uint32())
			}
		}
		return s.String()
	})
	return b
}

func BenchmarkWriteIssues(b *testing.B) {
	for _, codec := range []string{"zstd", "snappy", "none"} {
		b.Run(codec, func(b *testing.B) {
			batch := issues(4000)
			b.SetBytes(int64(batch.Size()))
			b.ReportAllocs()
			w, err := New().Create(io.Discard, writers.Options{Compression: codec})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := w.Write(context.Background(), batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What encoding needs is used again: beyond the encoded pages themselves, which
// wait for their turn, a row group allocates next to nothing.
func TestWriteAllocates(t *testing.T) {
	batch := issues(2000)
	// One worker: how many take part is chance, and each has memory of its own.
	w, err := New().Create(io.Discard, writers.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	write := func() {
		if err := w.Write(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		write()
	}
	const times = 10
	var before, after runtime.MemStats
	size := w.Size()
	runtime.ReadMemStats(&before)
	for range times {
		write()
	}
	runtime.ReadMemStats(&after)
	written := w.Size() - size
	if ratio := float64(after.TotalAlloc-before.TotalAlloc) / float64(written); ratio > 2 {
		t.Errorf("%.1f bytes were allocated for each that was written, want at most 2", ratio)
	}
}
