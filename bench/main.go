// Command bench measures restlua as its users run it: it serves records on
// loopback, runs the restlua binary against them in turn with the programs it
// is compared with, checks that all made the same rows, and prints medians.
//
//	go run ./bench                                  restlua alone
//	go run ./bench -python /path/to/python          and dlt, where it is installed there
//
// Ratios within one run count; absolute times depend on the machine.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	rows := flag.Int("rows", 100_000, "records to serve")
	perPage := flag.Int("per-page", 100, "records of a page")
	data := flag.String("data", "issues", "data set: issues or small")
	python := flag.String("python", "", "Python with dlt; empty: dlt is not run")
	repeat := flag.Int("repeat", 3, "runs of each program")
	out := flag.String("out", "", "file for the results, besides standard output")
	flag.Parse()
	if err := bench(*rows, *perPage, *data, *python, *repeat, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// program is one contestant. Its command writes below dir.
type program struct {
	name    string
	command func(dir string) *exec.Cmd
	runs    []run
}

// run is what one execution took.
type run struct {
	wall, cpu time.Duration
	peak      int64 // bytes
	size      int64 // bytes of Parquet
}

func bench(rows, perPage int, data, python string, repeat int, out string) error {
	work, err := os.MkdirTemp("", "restlua-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	here, err := sourceFolder()
	if err != nil {
		return err
	}
	binary := filepath.Join(work, "restlua")
	build := exec.Command("go", "build", "-o", binary, "./cmd/restlua")
	build.Dir, build.Env = filepath.Dir(here), append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, text)
	}
	record := issue
	if data == "small" {
		record = small
	}
	served := makePages(data, record, rows, perPage)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/"+data, served)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	url := "http://" + listener.Addr().String()

	programs := []*program{{name: "restlua", command: func(dir string) *exec.Cmd {
		return exec.Command(binary, "run", filepath.Join(here, "issues.lua"), "--out", dir, "--progress", "none",
			"--set", "bench.url="+url, "--set", "bench.path="+data)
	}}}
	if python != "" {
		programs = append(programs, &program{name: "dlt", command: func(dir string) *exec.Cmd {
			return exec.Command(python, filepath.Join(here, "issues_dlt.py"), url, data, dir)
		}})
	}
	for i := range repeat {
		for _, p := range programs {
			dir := filepath.Join(work, fmt.Sprintf("%s-%d", p.name, i))
			r, err := measure(p.command(dir), dir)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.runs = append(p.runs, r)
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	var bytes int
	for _, b := range served.bodies {
		bytes += len(b)
	}
	report := table(programs, rows, bytes, data)
	fmt.Print(report)
	if out != "" {
		return os.WriteFile(out, []byte(report), 0o666)
	}
	return nil
}

// measure runs a command and reads what the system says of it.
func measure(c *exec.Cmd, dir string) (run, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return run{}, err
	}
	c.Dir = dir
	started := time.Now()
	if text, err := c.CombinedOutput(); err != nil {
		return run{}, fmt.Errorf("%w\n%s", err, text)
	}
	r := run{wall: time.Since(started), cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = usage.Maxrss << 10
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			r.size += info.Size()
		}
		return err
	})
	if err == nil && r.size == 0 {
		err = fmt.Errorf("no Parquet file was written")
	}
	return r, err
}

// table prints the medians; the ratio is to restlua.
func table(programs []*program, rows, bytes int, data string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %d records of %q, %.1f MB of JSON, over HTTP on loopback\n\n", rows, data, float64(bytes)/1e6)
	fmt.Fprintf(&b, "%s, %s/%s, %d cores; medians of %d runs, in turn.\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), len(programs[0].runs))
	b.WriteString("| program | wall s | CPU s | rows/s | peak MiB | Parquet MB | x restlua |\n|---|---|---|---|---|---|---|\n")
	base := median(programs[0].runs, func(r run) float64 { return r.wall.Seconds() })
	for _, p := range programs {
		wall := median(p.runs, func(r run) float64 { return r.wall.Seconds() })
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %.0f | %.0f | %.1f | %.1f |\n", p.name, wall,
			median(p.runs, func(r run) float64 { return r.cpu.Seconds() }), float64(rows)/wall,
			median(p.runs, func(r run) float64 { return float64(r.peak) / (1 << 20) }),
			median(p.runs, func(r run) float64 { return float64(r.size) / 1e6 }), wall/base)
	}
	return b.String()
}

func median(runs []run, of func(run) float64) float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// sourceFolder is the folder of this program's source, which holds the scripts.
func sourceFolder() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "bench", "issues.lua")); err == nil {
			return filepath.Join(dir, "bench"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("run it inside the project's folder")
		}
	}
}
