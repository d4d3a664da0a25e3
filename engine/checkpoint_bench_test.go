//go:build unix

package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// benchPages are pages of 100 records of about 2 KB each with a child list, whose
// text packs as prose does.
func benchPages(n int) [][]byte {
	r := rand.New(rand.NewPCG(5, 5))
	words := func(n int) string {
		var b strings.Builder
		for range n {
			fmt.Fprintf(&b, "%s %x ", []string{"request", "failed", "page", "after", "timeout", "column"}[r.IntN(6)], r.Uint32()>>16)
		}
		return b.String()
	}
	pages := make([][]byte, n)
	for p := range pages {
		var b bytes.Buffer
		b.WriteByte('[')
		for i := range 100 {
			if i > 0 {
				b.WriteByte(',')
			}
			id := p*100 + i
			fmt.Fprintf(&b, `{"id":%d,"url":"https://api.example.com/repos/acme/rocket/issues/%d","title":"%s","user":{"login":"user%d","admin":%t},"score":%.3f,"updated_at":"2026-01-%02dT10:%02d:00Z","body":"%s","labels":[`,
				id, id, words(4), r.IntN(5000), r.IntN(50) == 0, r.Float64(), 1+id%28, id%60, words(150))
			for l := range r.IntN(4) {
				if l > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `{"id":%d,"name":"%s"}`, r.IntN(40), words(2))
			}
			b.WriteString("]}")
		}
		b.WriteByte(']')
		pages[p] = b.Bytes()
	}
	return pages
}

// memoryAPI answers from memory, without network: nothing is faster.
type memoryAPI struct {
	pages [][]byte
	at    func(page int) // called before each answer
}

func (m memoryAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		return nil, err
	}
	m.at(n)
	body := m.pages[n%len(m.pages)]
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// BenchmarkCheckpoints compares fast runs with and without checkpoints, in turn,
// so that what else the machine does meets both: as they come by default, which
// is every five seconds at such a speed, and every second. It reports the medians
// of the ratios of wall and processor time; the goal for the default is less than
// 1.03. Where the machine is busy, a profile says more (-cpuprofile: the shares of
// Cut and Snapshot).
//
//	go test ./engine -run - -bench Checkpoints/default -benchtime 9x
func BenchmarkCheckpoints(b *testing.B) {
	b.Run("default", func(b *testing.B) { benchCheckpoints(b, 0, 6000) })
	b.Run("every second", func(b *testing.B) { benchCheckpoints(b, time.Second, 2500) })
}

// benchCheckpoints makes runs of so many pages of 150 KB.
func benchCheckpoints(b *testing.B, every time.Duration, pages int) {
	script, err := lua.Parse("fast.lua", fmt.Sprintf(`local json = require("json") return {
		client = { base_url = "http://fast.example/", paginator = { type = "page_number", total_path = json.null, maximum_page = %d } },
		resources = { { name = "issues" } },
	}`, pages), lua.Options{})
	if err != nil {
		b.Fatal(err)
	}
	api := memoryAPI{pages: benchPages(64)}
	packed := int64(0) // bytes of the table
	run := func(every time.Duration) (wall, cpu time.Duration) {
		dir, err := os.MkdirTemp(b.TempDir(), "")
		if err != nil {
			b.Fatal(err)
		}
		defer os.RemoveAll(dir) // as many as there are runs would fill the disk
		data, taken := filepath.Join(dir, "fast"), false
		api.at = func(page int) {
			if page == pages-1 {
				_, err := os.Stat(filepath.Join(data, "_restlua", "stage", "000001", "checkpoint.json"))
				taken = err == nil
			}
		}
		o := engine.Options{
			Dataset: data, Transport: api, CheckpointEvery: every,
			Secrets: engine.SecretsMap(nil), Config: engine.ConfigFile("", nil),
		}
		began, used := time.Now(), processorTime(b)
		result, err := engine.Run(context.Background(), script, o)
		if err != nil {
			b.Fatal(err)
		}
		wall, cpu = time.Since(began), processorTime(b)-used
		if rows := result.Tables["issues"].Rows; rows < int64(100*(pages-1)) {
			b.Fatalf("%d rows", rows)
		}
		if taken != (every >= 0) {
			b.Fatalf("a checkpoint was taken: %v; the run took %s", taken, wall)
		}
		b.SetBytes(result.Bytes)
		packed = result.Tables["issues"].Bytes
		return wall, cpu
	}
	var walls, cpus []float64
	for b.Loop() {
		order := []time.Duration{-1, every}
		if len(walls)%2 == 1 {
			slices.Reverse(order)
		}
		wall, cpu := map[time.Duration]time.Duration{}, map[time.Duration]time.Duration{}
		for _, every := range order {
			wall[every], cpu[every] = run(every)
		}
		walls = append(walls, wall[every].Seconds()/wall[-1].Seconds())
		cpus = append(cpus, cpu[every].Seconds()/cpu[-1].Seconds())
		b.Logf("with checkpoints %.3f of the wall, %.3f of the processor time", walls[len(walls)-1], cpus[len(cpus)-1])
	}
	b.ReportMetric(median(walls), "wall-ratio")
	b.ReportMetric(median(cpus), "cpu-ratio")
	b.ReportMetric(float64(packed>>20), "packed-MiB")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
