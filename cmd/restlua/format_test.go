package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// OPR-65
func TestNumbers(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		group(0):                                 "0",
		group(999):                               "999",
		group(1000):                              "1,000",
		group(1204331):                           "1,204,331",
		group(-1234):                             "-1,234",
		count(1, "retry"):                        "1 retry",
		count(2, "retry"):                        "2 retries",
		count(1200, "row"):                       "1,200 rows",
		size(999):                                "999 bytes",
		size(1):                                  "1 byte",
		size(1000):                               "1.0 KB",
		size(9960):                               "10 KB",
		size(64_300_000):                         "64 MB",
		size(999_600_000):                        "1.0 GB",
		size(5_000_000_000_000):                  "5 TB",
		human(-time.Second):                      "0 s",
		human(380 * time.Millisecond):            "0.4 s",
		human(9960 * time.Millisecond):           "10 s",
		human(59600 * time.Millisecond):          "1m 0s",
		human(3*time.Minute + 12*time.Second):    "3m 12s",
		human(59*time.Minute + 59600*1e6):        "1h 0m",
		human(2*time.Hour + 5*time.Minute):       "2h 5m",
		ago(time.Unix(0, 0), time.Unix(30, 0)):   "just now",
		ago(time.Unix(0, 0), time.Unix(60, 0)):   "1 minute ago",
		ago(time.Unix(0, 0), time.Unix(7200, 0)): "2 hours ago",
		ago(time.Unix(0, 0), time.Unix(1e6, 0)):  "11 days ago",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// OPR-61: a line never gets wider than the terminal, and loses its least
// important columns first.
func TestLine(t *testing.T) {
	t.Parallel()
	c := counts{pages: 12, rows: 1204331, bytes: 64_000_000, first: time.Unix(100, 0), until: time.Unix(117, 0)}
	cells := c.cells(time.Unix(110, 0))
	for width, want := range map[int][]string{
		100: {"12 pages", "1,204,331 rows", "120,433 rows/s", "64 MB", "waiting 7.0 s"},
		64:  {"12 pages", "1,204,331 rows", "64 MB", "waiting 7.0 s"},
		52:  {"12 pages", "1,204,331 rows", "waiting 7.0 s"},
		40:  {"1,204,331 rows", "waiting 7.0 s"},
		12:  {"issues", "…"},
	} {
		got := line("issues", cells, width)
		if n := utf8.RuneCountInString(got); n > width {
			t.Errorf("width %d: %q has %d columns", width, got, n)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("width %d: %q lacks %q", width, got, w)
			}
		}
	}
	if got := line("x", cells, 0); got != "" {
		t.Errorf("width 0 gives %q", got)
	}
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]string{
		"data/desk/t":  `duckdb -c "FROM 'data/desk/t/*.parquet' LIMIT 10"`,
		"it's $5/`t`":  "duckdb -c \"FROM 'it''s \\$5/\\`t\\`/*.parquet' LIMIT 10\"",
		`a"b\c/t`:      `duckdb -c "FROM 'a\"b\\c/t/*.parquet' LIMIT 10"`,
		"with blank/t": `duckdb -c "FROM 'with blank/t/*.parquet' LIMIT 10"`,
	} {
		if got := duckDB(folder, false); got != want {
			t.Errorf("%s: got %s, want %s", folder, got, want)
		}
	}
}

// What an API sends must not play with the terminal.
func TestPrintable(t *testing.T) {
	t.Parallel()
	if got := printable("a\x1b[2Jb\rc\u009bd\té"); got != "a?[2Jb?c?d\té" {
		t.Errorf("got %q", got)
	}
}

// The sizes of --row-group-size and --file-size.
func TestByteSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"16MiB": 16 << 20, "16 mib": 16 << 20, "1.5GiB": 3 << 29, "500MB": 500e6, "7kb": 7000, "12b": 12, "1048576": 1 << 20,
		"": -1, "MiB": -1, "-1": -1, "1e99": -1, "NaN": -1, "sixteen": -1,
	} {
		var s byteSize = -1
		if err := s.Set(text); int64(s) != want || (err != nil) != (want < 0) {
			t.Errorf("%q is %d (%v), want %d", text, s, err, want)
		}
	}
}
