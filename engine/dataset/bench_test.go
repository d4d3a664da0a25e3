package dataset

import (
	"fmt"
	"testing"
)

// largeTable is a table of 20 files by key range with 2,000 rows each.
func largeTable(tb testing.TB) *memFS {
	tb.Helper()
	fsys := emptyDisk()
	for f := range 20 {
		if _, err := load(memDirName, testOptions(fsys), mergeBy("id", records(f*2000, 1, 2000)...)); err != nil {
			tb.Fatal(err)
		}
	}
	return fsys
}

func records(first, step, n int) []string {
	out := make([]string, n)
	for i := range out {
		id := first + i*step
		out[i] = fmt.Sprintf(`{"id":%d,"name":"customer %d","amount":%d.25,"note":"%x"}`, id, id%977, id%1000, uint64(id)*0x9E3779B97F4A7C15)
	}
	return out
}

// What a load into a table of 40,000 rows costs without the disk: 400 changed
// rows in the newest tenth of the keys or everywhere, and one row with a new
// column. `go run ./bench -storage` does the same at size.
func BenchmarkLargeTable(b *testing.B) {
	table := largeTable(b)
	wide := appendTo(`{"id":40000,"new":1}`)
	for _, c := range []struct {
		name string
		loading
		rewritten int
	}{
		{"merge newest tenth", mergeBy("id", records(36_000, 10, 400)...), 2},
		{"merge everywhere", mergeBy("id", records(0, 100, 400)...), 20},
		{"new column", wide, 20},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				fsys := table.clone(false)
				b.StartTimer()
				report, err := load(memDirName, testOptions(fsys), c.loading)
				if err != nil {
					b.Fatal(err)
				}
				if n := report.Tables["docs"].Rewritten; n != c.rewritten {
					b.Fatalf("%d files were rewritten, want %d", n, c.rewritten)
				}
			}
		})
	}
}
