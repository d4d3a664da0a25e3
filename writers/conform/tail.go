package conform

import (
	"bytes"
	"context"
	"testing"

	"github.com/restlua/restlua/writers"
)

// tail checks a Writer that is a Tailer: behind any batch the file and its tail
// are a file of the rows so far, and the file is the one that it would be without.
func tail(t *testing.T, f writers.Format) {
	for name, o := range map[string]struct {
		rows    int // of a batch
		options writers.Options
	}{
		"one row group": {1000, writers.Options{}},
		"small batches": {3, writers.Options{}},
		"row groups":    {1000, writers.Options{GroupBytes: 1}},
		"half of one":   {1000, writers.Options{GroupBytes: 50 << 10, Compression: "none"}},
		"not packed":    {1000, writers.Options{Compression: "none"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, batches := All(o.rows)
			batches = append(batches, batches...)
			meta := map[string]string{"restlua.table": table.Name}
			want := Write(t, f, o.options, table, batches...)
			var file bytes.Buffer
			w, err := f.Create(&file, o.options)
			if err != nil {
				t.Fatal(err)
			}
			tailer, ok := w.(writers.Tailer)
			if !ok {
				t.Skip("no writers.Tailer")
			}
			for n := 0; ; n++ {
				whole := bytes.NewBuffer(bytes.Clone(file.Bytes()))
				info, err := tailer.Tail(whole, table, meta)
				if err != nil {
					t.Fatal(err)
				}
				if info.Bytes != int64(whole.Len()) || info.Rows != int64(n*o.rows) {
					t.Errorf("behind %d batches the tail's Info is %+v, the file has %d bytes", n, info, whole.Len())
				}
				check(t, f, whole.Bytes(), table, batches[:n])
				if n == len(batches) {
					break
				}
				if err := w.Write(context.Background(), batches[n]); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.Close(table, meta); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(file.Bytes(), want) {
				t.Error("the file is another one than without tails")
			}
		})
	}
}
