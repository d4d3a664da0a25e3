package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/dataset"
)

// The most memory that the process may have had at any time while it took in a
// large body, in bytes, and how much more than for one of 64 MiB: where other
// programs take the processor, garbage is collected late.
const (
	largeLimit  = 128 << 20
	largeGrowth = 40 << 20
)

// OPR-11: rows of one body stream: memory does not grow with it. The body is made
// while it is sent. RESTLUA_LARGE is its size in MiB, 2048 for instance; the
// whole body is spooled, so the disk needs as much. Without it the test is left
// out.
func TestLargeBody(t *testing.T) { // not parallel: it measures memory
	megabytes, _ := strconv.Atoi(os.Getenv("RESTLUA_LARGE"))
	if megabytes == 0 {
		t.Skip("RESTLUA_LARGE is not set")
	}
	for _, c := range []struct {
		format, media, head string
		row                 func(b []byte, i int) []byte
	}{
		{"jsonl", "application/x-ndjson", "", func(b []byte, i int) []byte {
			return fmt.Appendf(b, `{"id":%d,"at":"2026-01-02T03:%02d:%02dZ","name":"customer %d","score":%d.5,"tags":["a","b%d"],"note":"lorem ipsum dolor sit amet %x"}`+"\n",
				i, i/60%60, i%60, i%100_000, i%977, i%31, i*2654435761)
		}},
		{"csv", "text/csv", "id,at,name,score,note\n", func(b []byte, i int) []byte {
			return fmt.Appendf(b, "%d,2026-01-02T03:%02d:%02dZ,customer %d,%d.5,\"lorem, \"\"ipsum\"\" dolor sit amet %x\"\n",
				i, i/60%60, i%60, i%100_000, i%977, i*2654435761)
		}},
	} {
		t.Run(c.format, func(t *testing.T) {
			var rows int
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				size, _ := strconv.Atoi(r.URL.Query().Get("size"))
				w.Header().Set("Content-Type", c.media)
				b := append(make([]byte, 0, 1<<20), c.head...)
				rows = 0
				for sent := 0; sent < size; rows++ {
					b = c.row(b, rows)
					if len(b) > 1<<19 {
						if _, err := w.Write(b); err != nil {
							return // the run says why
						}
						sent += len(b)
						b = b[:0]
					}
				}
				w.Write(b)
			}))
			defer s.Close()
			small := largeRun(t, s.URL, c.format, 64<<20, &rows)
			large := largeRun(t, s.URL, c.format, megabytes<<20, &rows)
			if large > largeLimit || large > small+largeGrowth {
				t.Errorf("peak of %d MiB for %d MiB, %d MiB for 64", large>>20, megabytes, small>>20)
			}
		})
	}
}

// largeRun runs a process on one body and returns the most memory that it had.
// rows are those that the server sent.
func largeRun(t *testing.T, url, format string, size int, rows *int) (peak int64) {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf(`return {
		client = { base_url = %q, paginator = "single_page" },
		resources = { { name = "rows", endpoint = { format = %q, params = { size = %d } } } },
	}`, url, format, size)
	if err := os.WriteFile(filepath.Join(dir, "large.lua"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "run", "large.lua", "--progress", "none")
	cmd.Dir = dir
	cmd.Env = []string{runAsProgram + "=1", "HOME=" + dir}
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(began)
	peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	s, err := dataset.Read(filepath.Join(dir, "data", "large"))
	if err != nil {
		t.Fatal(err)
	}
	var got int64
	for _, f := range s.Tables["rows"].Files {
		got += f.Rows
	}
	if got != int64(*rows) {
		t.Errorf("%d rows of %d", got, *rows)
	}
	var left []string
	filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.Contains(path, "body-") {
			left = append(left, path)
		}
		return err
	})
	if left != nil {
		t.Errorf("left behind: %v", left)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.Logf("%s, %d MiB: %d rows in %.1f s, %.1f s of processor time, peak of %d MiB", format, size>>20, got, took.Seconds(), cpu.Seconds(), peak>>20)
	return peak
}
