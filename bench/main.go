// Command bench measures restlua as its users run it: it serves records on
// loopback, runs the restlua binary against them in turn with the programs that
// it is compared with, checks that all made the same rows, and prints medians.
//
//	go run ./bench                               restlua alone
//	go run ./bench -python /path/to/python       and DuckDB and dlt, which that Python has
//	go run ./bench -data small -rows 1000000     flat records of 158 B
//	go run ./bench -data fanout -rows 1000 -latency 50ms
//	go run ./bench -with go-by-hand,restlua-filter,restlua-map
//	go run ./bench -limit 50                     2,000 children of an API that allows 50 requests a second
//	go run ./bench -storage -repeat 3            a merge into 5,000,000 rows, a column added to 1 GiB
//	go run ./bench -python P -out bench/RESULTS.md -append
//
// Ratios within one run count; absolute times depend on the machine.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// options are the flags.
type options struct {
	load
	python      string
	with        string // programs, by name
	repeat      int
	procs       int
	connections int
	script      string
	title       string
	out         string
	add         bool
	perSecond   int
	guard       bool

	storage                   bool
	storageRows, storageBytes int
}

func main() {
	o := options{}
	hand := flag.String("by-hand", "", "be the program that is written by hand: read the issues behind this URL into the current folder")
	serving := flag.Bool("serve", false, "serve the data until standard input ends; nothing is measured")
	flag.StringVar(&o.data, "data", "issues", "data set: issues, small or fanout")
	flag.IntVar(&o.rows, "rows", 100_000, "records to serve; of fanout: parents")
	flag.IntVar(&o.perPage, "per-page", 100, "records of a page; of fanout: children of a parent")
	flag.DurationVar(&o.latency, "latency", 0, "time that every answer takes")
	flag.BoolVar(&o.gzip, "gzip", false, "pack the answers")
	flag.StringVar(&o.files, "files", "", "with -serve: folder for the same records as files")
	flag.StringVar(&o.python, "python", "", "Python that has duckdb, and dlt; empty: restlua is measured alone")
	flag.StringVar(&o.with, "with", "duckdb-pages,duckdb-ndjson,dlt", "programs to compare with, by name; others are restlua-filter, restlua-map and go-by-hand")
	flag.IntVar(&o.repeat, "repeat", 5, "runs of each program")
	flag.IntVar(&o.procs, "procs", 0, "cores: GOMAXPROCS of restlua, threads of DuckDB; 0: all")
	flag.IntVar(&o.connections, "connections", 16, "of fanout: requests at a time")
	flag.StringVar(&o.script, "script", "", "script for restlua; empty: the one of the data set")
	flag.StringVar(&o.title, "title", "", "heading of the results")
	flag.StringVar(&o.out, "out", "", "file for the results, besides standard output")
	flag.BoolVar(&o.add, "append", false, "add to the file of -out")
	flag.IntVar(&o.perSecond, "limit", 0, "measure a fan-out against an API that allows so many requests a second, and nothing else")
	flag.BoolVar(&o.guard, "guard", false, "fail where restlua takes more than 96 MiB, or more than two thirds of the processor time of go-by-hand")
	flag.BoolVar(&o.storage, "storage", false, "measure loads that change a large table, and nothing else")
	flag.IntVar(&o.storageRows, "storage-rows", 5_000_000, "with -storage: rows of the table that is merged into, at least 100,000")
	flag.IntVar(&o.storageBytes, "storage-bytes", 1<<30, "with -storage: about how many bytes the table has that gets a column")
	flag.Parse()
	var err error
	switch {
	case *serving:
		err = serve(o.load)
	case *hand != "":
		err = byHand(*hand, ".")
	default:
		err = bench(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(o options) error {
	work, err := os.MkdirTemp("", "restlua-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if o.storage {
		text, err := storage(work, o)
		if err != nil {
			return err
		}
		return publish(o, text)
	}
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
	if o.perSecond > 0 {
		return limit(binary, here, work, o.perSecond, 2000)
	}
	if o.python != "" && o.data != "fanout" {
		o.files = filepath.Join(work, "pages")
		if err := os.Mkdir(o.files, 0o777); err != nil {
			return err
		}
	}
	url, size, stop, err := startServer(o.load)
	if err != nil {
		return err
	}
	defer stop()
	programs := contestants(o, here, binary, url)
	for i := range o.repeat {
		for _, p := range programs {
			dir := filepath.Join(work, fmt.Sprintf("%s-%d", p.name, i))
			r, err := measure(p.command(dir), dir)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.runs = append(p.runs, r)
			if err := check(o, here, p, dir, programs[0]); err != nil {
				return err
			}
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	if err := publish(o, report(o, programs, size)); err != nil || !o.guard {
		return err
	}
	return guard(programs)
}

const (
	mostMemory = 96 << 20 // of a run, whatever its rows
	leastRatio = 1.5      // of processor time, by hand to restlua; 2.6 was seen
)

// guard holds what a whole run may take: memory, and processor time as a ratio,
// which a busy machine changes little.
func guard(programs []*program) error {
	for _, p := range programs {
		if most := median(p.runs, func(r run) float64 { return float64(r.peak) }); p.name == "restlua" && most > mostMemory {
			return fmt.Errorf("restlua took %.0f MiB, %d are allowed", most/(1<<20), mostMemory>>20)
		}
		if ratio := median(p.runs, cpu) / median(programs[0].runs, cpu); p.name == "go-by-hand" && ratio < leastRatio {
			return fmt.Errorf("go-by-hand took %.2f of restlua's processor time, at least %.1f was expected", ratio, leastRatio)
		}
	}
	return nil
}

// publish prints the results, and puts them where -out says.
func publish(o options, text string) error {
	fmt.Print(text)
	if o.out == "" {
		return nil
	}
	if o.add {
		before, err := os.ReadFile(o.out)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		if len(before) > 0 {
			text = strings.TrimRight(string(before), "\n") + "\n\n" + text
		}
	}
	return os.WriteFile(o.out, []byte(text), 0o666)
}

// check compares the facts of a program's tables with those of the first one.
func check(o options, here string, p *program, dir string, first *program) error {
	if o.python == "" || o.data == "fanout" || len(p.runs) > 1 {
		return nil
	}
	kind, _, _ := strings.Cut(p.name, "-")
	if kind == "go" {
		return nil // its columns are nested
	}
	text, err := exec.Command(o.python, filepath.Join(here, "facts.py"), kind, o.data, dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: the tables cannot be read: %w\n%s", p.name, err, text)
	}
	if p.facts = string(text); p.facts != first.facts {
		return fmt.Errorf("the tables differ:\n%s: %s%s: %s", first.name, first.facts, p.name, p.facts)
	}
	return nil
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
