package parquet

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// OPR-41: a tail leaves no trace in its file: not in the dictionary, which has
// no room for rows that are only gathered so far, nor in the memory that files
// share.
func TestTailLeavesNoTrace(t *testing.T) {
	t.Parallel()
	table := &schema.Table{Name: "t", Columns: []schema.Column{{Name: "id", Source: "/id", Type: schema.Bigint}, col("label", schema.Text)}}
	// Six texts that do not repeat end the dictionary; four do not.
	batches := []*schema.Batch{labels(0, 40_000, 50), labels(40_000, 2, 0), labels(40_002, 4, 0), labels(40_006, 40_000, 50)}
	write := func(tails bool) []byte {
		var out bytes.Buffer
		f, err := Format{}.create(&out, writers.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			if err := f.Write(context.Background(), b); err != nil {
				t.Fatal(err)
			}
			if !tails {
				continue
			}
			held, open := f.memory.held.Load(), f.memory.open.Load()
			if _, err := f.Tail(io.Discard, table, nil); err != nil {
				t.Fatal(err)
			}
			if f.memory.held.Load() != held || f.memory.open.Load() != open || held == 0 {
				t.Errorf("%d bytes of %d row groups, before the tail %d of %d", f.memory.held.Load(), f.memory.open.Load(), held, open)
			}
		}
		if _, err := f.Close(table, nil); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	if !bytes.Equal(write(true), write(false)) {
		t.Error("the file is another one with tails")
	}
}
