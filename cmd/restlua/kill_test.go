package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/dataset"
)

// killScript loads one table in each disposition, with child rows, and one
// child resource.
const killScript = `
local url = require("config").get("url")
return {
  name = "shop",
  client = { base_url = url, paginator = "header_link" },
  resources = {
    { name = "events", endpoint = { path = "events", incremental = { cursor_path = "seq", start_param = "since", initial_value = 0 } } },
    { name = "prices", write_disposition = "replace" },
    { name = "orders", write_disposition = "merge", primary_key = "id",
      endpoint = { path = "orders", incremental = { cursor_path = "changed", start_param = "since", initial_value = 0 } } },
    { name = "items", write_disposition = "merge", primary_key = { "order", "n" },
      endpoint = { path = "orders/{resources.orders.id}/items" } },
  },
}`

// shop is the API behind killScript, and what the tables must hold. Between
// loads it changes: events are added, prices are others, orders change.
type shop struct {
	mu     sync.Mutex
	epoch  int
	orders map[int]int // id -> epoch of the last change
}

func (s *shop) advance(r *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	for range 12 {
		s.orders[r.IntN(60)] = s.epoch
	}
}

// rows of a table as they are now; since filters as the API does.
func (s *shop) rows(path string, since int) []map[string]any {
	rows := []map[string]any{}
	switch {
	case path == "/events":
		for e := max(1, since); e <= s.epoch; e++ {
			for i := range 25 {
				rows = append(rows, map[string]any{"seq": e, "i": i, "tags": []int{i, e}})
			}
		}
	case path == "/prices":
		for i := range 20 {
			rows = append(rows, map[string]any{"sku": i, "epoch": s.epoch})
		}
	case path == "/orders":
		for id := range 60 {
			if e := s.orders[id]; e > 0 && e >= since {
				rows = append(rows, map[string]any{"id": id, "changed": e, "lines": []map[string]any{{"e": e}, {"e": -e}}})
			}
		}
	default:
		id, _ := strconv.Atoi(strings.Split(path, "/")[2])
		for n := range 1 + id%3 {
			rows = append(rows, map[string]any{"order": id, "n": n, "e": s.orders[id]})
		}
	}
	return rows
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(time.Millisecond) // an API on loopback answers faster than a kill can be aimed
	s.mu.Lock()
	defer s.mu.Unlock()
	since, _ := strconv.Atoi(r.URL.Query().Get("since"))
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	page = max(1, page)
	rows := s.rows(r.URL.Path, since)
	const per = 10
	if page*per < len(rows) {
		w.Header().Set("Link", fmt.Sprintf(`<%s?since=%d&page=%d>; rel="next"`, r.URL.Path, since, page+1))
	}
	json.NewEncoder(w).Encode(rows[min((page-1)*per, len(rows)):min(page*per, len(rows))])
}

// dataset.md, "Tests that prove it": kill -9 at random moments over append,
// replace and merge loads; afterwards the rows are the truth, no key stands
// twice, and nothing but trash is left over. RESTLUA_KILLS says how often.
func TestKill(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no kill -9")
	}
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("RESTLUA_KILLS")); err == nil {
		kills = n
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "restlua")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "shop.lua")
	if err := os.WriteFile(script, []byte(killScript), 0o600); err != nil {
		t.Fatal(err)
	}
	api := &shop{orders: map[int]int{}}
	server := httptest.NewServer(api)
	defer server.Close()
	r := rand.New(rand.NewPCG(7, 11))
	run := func(kill bool) bool {
		cmd := exec.Command(program, "run", script, "--out", dir, "--set", "url="+server.URL, "--progress", "none", "--checkpoint-every", "20ms")
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if kill {
			timer := time.AfterFunc(time.Duration(r.IntN(250))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		err := cmd.Wait()
		if err != nil && !kill {
			t.Fatalf("%v\n%s", err, out.String())
		}
		return err != nil
	}
	killed := 0
	for killed < kills {
		api.advance(r)
		for range 1 + r.IntN(3) {
			if run(true) {
				killed++
			}
		}
		run(false)
		api.check(t, filepath.Join(dir, "shop"))
		if t.Failed() {
			t.Fatalf("after %d kills", killed)
		}
	}
	t.Logf("%d kills over %d changes of the API", killed, api.epoch)
}

// check compares a dataset with the truth.
func (s *shop) check(t *testing.T, dir string) {
	t.Helper()
	committed, err := dataset.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]int{
		"events": 25 * s.epoch, "events__tags": 50 * s.epoch, "prices": 20,
		"orders": len(s.orders), "orders__lines": 2 * len(s.orders), "items": s.items(),
	} {
		if got := committed.Tables[table]; got == nil || got.Rows != int64(want) {
			t.Errorf("%s: %v rows, want %d", table, got, want)
		}
	}
	keys := map[string]bool{}
	for _, row := range readRows(t, dir, "orders") {
		id, _ := strconv.Atoi(fmt.Sprint(row["id"]))
		if key := fmt.Sprint(row["id"]); keys[key] {
			t.Errorf("order %s stands twice", key)
		} else {
			keys[key] = true
		}
		if fmt.Sprint(row["changed"]) != fmt.Sprint(s.orders[id]) {
			t.Errorf("order %d was changed in %v, want %d", id, row["changed"], s.orders[id])
		}
	}
	for _, row := range readRows(t, dir, "prices") {
		if fmt.Sprint(row["epoch"]) != fmt.Sprint(s.epoch) {
			t.Errorf("a price of epoch %v, want %d", row["epoch"], s.epoch)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "_restlua", "stage", "*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func (s *shop) items() (n int) {
	for id := range s.orders {
		n += 1 + id%3
	}
	return n
}

// readRows decodes the rows of a table.
func readRows(t *testing.T, dir, table string) (rows []map[string]any) {
	t.Helper()
	s, err := dataset.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := readTable(dir, table, s, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}
