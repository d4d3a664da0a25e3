package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/writers/parquet"
)

// emptyDataset is a dataset without tables.
func emptyDataset(t *testing.T) string {
	t.Helper()
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "d")
	d, err := dataset.Open(ctx, dir, dataset.Options{Format: parquet.Format{}, Source: "nothing"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(ctx, dataset.Commit{}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The address of show --web is the only line of standard output; the page is
// there until Ctrl-C, which is its normal end: exit code 0.
func TestShowWeb(t *testing.T) {
	t.Parallel()
	dir := emptyDataset(t)
	out, w := io.Pipe()
	var stderr strings.Builder
	term := &terminal{stdout: w, stderr: &stderr, width: func() int { return 0 }, errWidth: func() int { return 0 }}
	ctx, interrupt := context.WithCancelCause(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, term, []string{"show", dir, "--web"})
		w.Close()
	}()
	lines := bufio.NewReader(out)
	url, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("address %q", url)
	}
	for path, want := range map[string]int{"": 200, "dataset": 200, "table?name=x": 404} {
		answer, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s%s: %s, want %d", url, path, answer.Status, want)
		}
	}
	interrupt(&interrupted{os.Interrupt})
	if rest, _ := io.ReadAll(lines); len(rest) > 0 {
		t.Errorf("more on standard output: %s", rest)
	}
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
	if !strings.Contains(stderr.String(), "Ctrl-C ends") {
		t.Errorf("stderr: %s", stderr.String())
	}
}

// A port that is taken is an error of the command line that says what to do.
func TestShowWebPort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	var stderr strings.Builder
	term := &terminal{stdout: io.Discard, stderr: &stderr, width: func() int { return 0 }, errWidth: func() int { return 0 }}
	if code := execute(context.Background(), term, []string{"show", emptyDataset(t), "--web", "--port", port}); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"--port " + port + " cannot be used: ", "hint: without --port a free one is taken"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is not in %s", want, stderr.String())
		}
	}
}
