package parquet

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
	"github.com/restlua/restlua/writers/parquet/internal/zstd"
)

// long is a batch with a text column of several pages.
func long(rows int) *schema.Batch {
	b := labels(0, rows, 0)
	v := b.Vectors[1]
	v.Data, v.Ends = v.Data[:0], v.Ends[:0]
	for row := range rows {
		v.AppendBytes(fmt.Appendf(nil, "%d %x", row, bytes.Repeat([]byte{byte(row), byte(row >> 8)}, 500)))
	}
	return b
}

// A column of which a batch has several pages is left to all workers: it must
// not be packed by one of them while the others stand still.
func TestLongColumnsAreShared(t *testing.T) {
	t.Parallel()
	s := &scratch{}
	c, err := newCodec("zstd")
	if err != nil {
		t.Fatal(err)
	}
	b := long(4000)
	for _, test := range []struct {
		vector *schema.Vector
		pages  int
	}{{b.Vectors[1], 8}, {b.Vectors[0], 0}, {labels(0, 200_000, 50).Vectors[1], 0}} {
		left, err := newChunk(c, test.vector.Column).add(s, test.vector, test.vector.Len)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) < test.pages || test.pages == 0 && len(left) > 0 {
			t.Errorf("%d pages of column %q are left to the workers, want %d or more, none where 0", len(left), test.vector.Column.Name, test.pages)
		}
	}
}

// Same rows, same file, however many workers pack it.
func TestWorkersDoNotChangeTheFile(t *testing.T) {
	t.Parallel()
	table := tableOf(long(1))
	one := write(t, table, writers.Options{Workers: 1}, long(4000), labels(0, 40_000, 50), long(3000))
	for range 5 {
		if many := write(t, table, writers.Options{Workers: 8}, long(4000), labels(0, 40_000, 50), long(3000)); !bytes.Equal(one, many) {
			t.Fatal("eight workers wrote another file than one")
		}
		var calls atomic.Int32
		come := writers.Options{Workers: 8, Busy: func() int { return int(calls.Add(1)) * 3 % 9 }}
		if many := write(t, table, come, long(4000), labels(0, 40_000, 50), long(3000)); !bytes.Equal(one, many) {
			t.Fatal("workers that come and go wrote another file than one")
		}
	}
}

// Workers leave cores to those who make batches, but one works on.
func TestWorkersMakeWay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ busy, most int }{{0, 4}, {1, 3}, {3, 1}, {4, 1}, {9, 1}} {
		synctest.Test(t, func(t *testing.T) {
			f := &file{workers: 4, busy: func() int { return test.busy }, memory: newMemory()}
			working, most, done := 0, 0, 0
			var mu sync.Mutex
			err := f.sideBySide(t.Context(), slices.Repeat([]*column{{}}, 12), func(*scratch, *column) ([]*page, error) {
				mu.Lock()
				working, done = working+1, done+1
				most = max(most, working)
				mu.Unlock()
				time.Sleep(time.Second) // until all have begun
				mu.Lock()
				working--
				mu.Unlock()
				return nil, nil
			})
			if err != nil || done != 12 || most != test.most {
				t.Errorf("%d others: %d columns at a time, want %d; %d of 12 done, %v", test.busy, most, test.most, done, err)
			}
		})
	}
}

// What a page is compressed as goes by its column and by how long its values are.
func TestContent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		column        schema.Type
		bytes, values int
		want          zstd.Content
	}{
		{schema.Bigint, 1 << 20, 1 << 17, zstd.Numbers},
		{schema.Decimal, 1 << 20, 1 << 16, zstd.Numbers},
		{schema.Text, 0, 0, zstd.Words},
		{schema.Text, 1 << 20, 1 << 15, zstd.Words},   // titles
		{schema.Text, 1 << 15, 10, zstd.Words},        // few of them
		{schema.Text, 1 << 20, 1000, zstd.Prose},      // bodies
		{schema.JSON, 1 << 17, 1 << 10, zstd.Prose},   // 128 bytes each
		{schema.JSON, 1 << 17, 1<<10 + 1, zstd.Words}, // and less
		{schema.Binary, 64 << 20, 1, zstd.Prose},
	} {
		if got := content(test.column, make([]byte, test.bytes), test.values); got != test.want {
			t.Errorf("%d values of type %v in %d bytes are %d, want %d", test.values, test.column, test.bytes, got, test.want)
		}
	}
}
