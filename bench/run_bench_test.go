package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

//go:embed issues.lua
var issuesScript string

//go:embed issues_filter.lua
var filterScript string

//go:embed issues_map.lua
var mapScript string

// BenchmarkRun is a whole load over HTTP, from the script to the commit. The
// server is in the same process: its processor time counts, its allocations too.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		name    string
		path    string
		record  func(*strings.Builder, int)
		rows    int
		perPage int
		script  string
		gzip    bool
	}{
		{"issues", "issues", issue, 20_000, 100, issuesScript, false},
		{"filter", "issues", issue, 20_000, 100, filterScript, false},
		{"map", "issues", issue, 20_000, 100, mapScript, false},
		{"packed", "issues", issue, 20_000, 100, issuesScript, true},
		{"small", "small", small, 100_000, 1000, issuesScript, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := makePages(c.record, c.rows, c.perPage)
			mux := http.NewServeMux()
			mux.Handle("/"+c.path, p)
			server := httptest.NewServer(mux)
			defer server.Close()
			script, err := lua.Parse(c.name+".lua", c.script, lua.Options{})
			if err != nil {
				b.Fatal(err)
			}
			bytes := 0
			for _, body := range p.bodies {
				bytes += len(body)
			}
			if c.gzip {
				if err := p.pack(); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			dir := b.TempDir()
			for n := 0; b.Loop(); n++ {
				_, err := engine.Run(context.Background(), script, engine.Options{
					Dataset: filepath.Join(dir, fmt.Sprint(n)),
					Config:  engine.ConfigFile("", map[string]string{"bench.url": server.URL, "bench.path": c.path}),
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
