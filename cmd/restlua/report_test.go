package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
)

// OPR-61: wide, narrow, and in colour.
func TestReport(t *testing.T) {
	t.Parallel()
	result := &engine.Result{
		Source: "desk", Dataset: "data/desk", Load: 12, Committed: true, Elapsed: 192 * time.Second,
		Tables: map[string]*engine.TableResult{
			"tickets":       {Added: 1204331, Updated: 3, Deleted: 1, Total: 1204400, Files: 2, Bytes: 64_000_000, Rewritten: 1},
			"tickets__tags": {Files: 1, Bytes: 900},
		},
		Requests: 13, Retries: 2, Waited: 3 * time.Second, Bytes: 310_000,
		Changes:  []engine.SchemaChange{{Table: "tickets", Column: "due", To: "timestamp"}, {Table: "tickets", Column: "score", From: "bigint", To: "double"}},
		Warnings: []string{"x"},
	}
	const tail = `13 requests, 310 KB received, 2 retries after waits of 3.0 s
tickets: 1 older file written anew
1 warning, see above
+ tickets.due timestamp
~ tickets.score bigint -> double

duckdb -c "FROM 'data/desk/tickets/*.parquet' LIMIT 10"
`
	for _, c := range []struct {
		name  string
		width int
		want  string
	}{
		{"wide", 0, `desk: load 12 committed to data/desk in 3m 12s

table              added  updated  deleted      total  files       size
tickets        1,204,331        3        1  1,204,400      2      64 MB
tickets__tags          0        0        0          0      1  900 bytes

` + tail},
		{"narrow", 40, `desk: load 12 committed to data/desk in 3m 12s

tickets
  1,204,331 added
  3 updated
  1 deleted
  1,204,400 rows in 2 files, 64 MB
tickets__tags
  0 added
  0 rows in 1 file, 900 bytes

` + tail},
	} {
		var b bytes.Buffer
		term := &terminal{width: func() int { return c.width }}
		if err := (report{result, term}).write(&b); err != nil {
			t.Fatal(err)
		}
		if b.String() != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, b.String(), c.want)
		}
	}
	var b bytes.Buffer
	if err := (report{result, &terminal{width: func() int { return 0 }, color: true}}).write(&b); err != nil || !strings.HasPrefix(b.String(), "\x1b[1mdesk\x1b[0m: ") {
		t.Errorf("in colour: %q, %v", b.String(), err)
	}
}

// OPR-32 OPR-40 NRM-77: what is missing is said, resource by resource.
func TestReportOfPart(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := report{&engine.Result{
		Source: "desk", Dataset: "data/desk", Load: 2, Committed: true,
		Resources: map[string]*engine.ResourceResult{"a": {Error: "a: 500 for GET /a"}, "b": {Failed: 3, Deferred: 2}, "c": {}},
		Dropped:   []engine.Dropped{{Table: "t", Column: "x", Kind: "columns", Mode: "discard_value", Values: 4}, {Table: "u", Kind: "tables", Mode: "discard_row", Rows: 1}},
	}, &terminal{width: func() int { return 0 }}}
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `- t.x: 4 values left out by schema_contract (columns = discard_value)
- u: 1 row left out by schema_contract (tables = discard_row)
! a failed and stays as it was: a: 500 for GET /a
! b: 3 parents failed, 2 for the next run
`
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("got:\n%s\nwant the end:\n%s", b.String(), want)
	}
}

func TestReportOfDryRun(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := report{&engine.Result{Source: "desk", Dataset: "data/desk", Tables: map[string]*engine.TableResult{"t": {Rows: 7}}}, &terminal{width: func() int { return 0 }}}
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.HasPrefix(got, "desk: dry run in 0.0 s, nothing was committed to data/desk\n") || !strings.Contains(got, "t         7\n") || strings.Contains(got, "duckdb") {
		t.Errorf("got:\n%s", got)
	}
}

// Paths are shown from where the user stands, unless that is longer.
func TestRelative(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"data/x": "data/x", here + "/data": "data", here: ".", "/": "/"} {
		if got := relative(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
