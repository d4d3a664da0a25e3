package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// program is one contestant. Its command writes below dir.
type program struct {
	name    string
	command func(dir string) *exec.Cmd
	runs    []run
	facts   string // of its tables
}

// run is what one execution took.
type run struct {
	wall, cpu time.Duration
	peak      int64 // bytes
	size      int64 // bytes of Parquet
}

// contestants are restlua and whom the flags ask for.
func contestants(o options, here, binary, url string) []*program {
	script := o.script
	if script == "" {
		script = filepath.Join(here, "issues.lua")
		if o.data == "fanout" {
			script = filepath.Join(here, "fanout.lua")
		}
	}
	restlua := func(script string) func(dir string) *exec.Cmd {
		return func(dir string) *exec.Cmd {
			c := exec.Command(binary, "run", script, "--out", dir, "--progress", "none",
				"--set", "bench.url="+url, "--set", "bench.path="+o.data, "--set", "bench.connections="+strconv.Itoa(o.connections))
			if o.procs > 0 {
				c.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(o.procs))
			}
			return c
		}
	}
	programs := []*program{{name: "restlua", command: restlua(script)}}
	if o.data == "fanout" {
		return programs
	}
	others := []*program{
		{name: "restlua-filter", command: restlua(filepath.Join(here, "issues_filter.lua"))},
		{name: "restlua-map", command: restlua(filepath.Join(here, "issues_map.lua"))},
		{name: "go-by-hand", command: func(dir string) *exec.Cmd {
			self, err := os.Executable()
			if err != nil {
				self = os.Args[0]
			}
			c := exec.Command(self, "-by-hand", url+"/"+o.data)
			if o.procs > 0 {
				c.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(o.procs))
			}
			return c
		}},
	}
	if o.data != "issues" {
		others = nil // they are made for issues
	}
	python := func(args ...string) func(dir string) *exec.Cmd {
		return func(dir string) *exec.Cmd {
			full := slices.Clone(args)
			for i := range full {
				full[i] = strings.ReplaceAll(full[i], "{dir}", dir)
			}
			return exec.Command(o.python, full...)
		}
	}
	if o.python != "" {
		others = append(others, []*program{
			{name: "duckdb-pages", command: python(filepath.Join(here, "duckdb_copy.py"), filepath.Join(o.files, "page-*.json"), "{dir}", strconv.Itoa(o.procs))},
			{name: "duckdb-ndjson", command: python(filepath.Join(here, "duckdb_copy.py"), filepath.Join(o.files, "all.ndjson"), "{dir}", strconv.Itoa(o.procs))},
			{name: "dlt", command: python(filepath.Join(here, "issues_dlt.py"), url, o.data, "{dir}")},
		}...)
	}
	asked := strings.Split(o.with, ",")
	for _, p := range others {
		if slices.Contains(asked, p.name) {
			programs = append(programs, p)
		}
	}
	return programs
}

// measure runs a command and reads what the system says of it. Peak memory is
// right only while this process is smaller than the command.
func measure(c *exec.Cmd, dir string) (run, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return run{}, err
	}
	c.Dir = dir
	started := time.Now()
	if text, err := c.CombinedOutput(); err != nil {
		return run{}, fmt.Errorf("%w\n%s", err, text)
	}
	r := run{wall: time.Since(started), cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime(), peak: peak(c.ProcessState)}
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
