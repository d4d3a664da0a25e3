package engine_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/restlua/restlua/engine"
)

var soak = flag.Int("soak", 20, "loads of the soak test")

// soakAPI is an API whose data grows between loads, and that fails at random.
type soakAPI struct {
	mu     sync.Mutex
	random *rand.Rand
	calm   bool
	events []string       // append: they only grow
	items  map[int]string // merge: they come and change
	states []string       // replace: they are new each time
	edited []int          // items by time of their change
	html   bool           // a login page was given during the load
}

// grow changes the data as a day would.
func (s *soakAPI) grow(load int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.html = false
	value := func() string {
		switch s.random.IntN(4) { // schemas change: the same field in several types
		case 0:
			return strconv.Itoa(s.random.IntN(1000))
		case 1:
			return fmt.Sprintf(`"text %d"`, load)
		case 2:
			return fmt.Sprintf("%d.25", s.random.IntN(1000))
		}
		return fmt.Sprintf(`null,"extra_%d":true`, load%5)
	}
	for range s.random.IntN(60) {
		s.events = append(s.events, fmt.Sprintf(`{"id":%d,"v":%s}`, len(s.events)+1, value()))
	}
	for range s.random.IntN(60) {
		id := s.random.IntN(200)
		s.edited = append(s.edited, id)
		s.items[id] = fmt.Sprintf(`{"id":%d,"at":%d,"v":%s}`, id, len(s.edited), value())
	}
	s.states = nil
	for i := range 1 + s.random.IntN(80) {
		s.states = append(s.states, fmt.Sprintf(`{"id":%d,"load":%d,"v":%s}`, i, load, value()))
	}
}

// mood is whether the API has no faults, and whether it gave a login page. A
// request that nobody waits for any more may still be under way.
func (s *soakAPI) mood() (calm, html bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calm, s.html
}

func (s *soakAPI) serve(a *api, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	q := r.URL.Query()
	from, _ := strconv.Atoi(q.Get("offset"))
	since, _ := strconv.Atoi(q.Get("since"))
	var all []string
	switch r.URL.Path {
	case "/events":
		all = s.events[min(since, len(s.events)):]
	case "/items":
		last := map[int]bool{}
		for i := len(s.edited) - 1; i >= since; i-- {
			if id := s.edited[i]; !last[id] {
				last[id] = true
				all = append(all, s.items[id])
			}
		}
		slices.Reverse(all)
	case "/states":
		all = s.states
	}
	page := all[min(from, len(all)):min(from+10, len(all))]
	body := fmt.Sprintf(`{"total":%d,"data":[%s]}`, len(all), strings.Join(page, ","))
	fault := 99
	if !s.calm {
		fault = s.random.IntN(60)
	}
	s.html = s.html || fault == 4 || fault == 9
	s.mu.Unlock()
	switch fault {
	case 0, 1:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case 2:
		w.WriteHeader(http.StatusInternalServerError)
	case 3:
		w.WriteHeader(http.StatusServiceUnavailable)
	case 4, 9:
		fmt.Fprint(w, "<!DOCTYPE html><title>maintenance</title>")
	case 5, 6:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		fmt.Fprint(w, body[:len(body)/2])
	case 7:
		fmt.Fprint(w, body[:len(body)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case 8: // a slow body comes in small pieces
		for piece := range slices.Chunk([]byte(body), 64) {
			w.Write(piece)
			w.(http.Flusher).Flush()
		}
	default:
		a.json(w, body)
	}
}

// Loads in a row over append, replace and merge, with random faults of the API,
// equal a model of the truth after each of them: nothing is lost, nothing comes
// twice, values are the last ones, a failed load changes nothing, and every other
// one of these is resumed; memory and file descriptors stay flat.
func TestSoak(t *testing.T) { // not parallel: it counts file descriptors
	s := &soakAPI{random: rand.New(rand.NewPCG(7, 7)), items: map[int]string{}}
	a := serve(t, s.serve)
	const text = `return {
		client = { base_url = "$API", paginator = { type = "offset", limit = 10, limit_param = "limit", total_path = "total" } },
		resource_defaults = { endpoint = { data_selector = "data" } },
		resources = {
			{ name = "events", write_disposition = "append", endpoint = { incremental = { cursor_path = "id", start_param = "since", initial_value = 0 } } },
			{ name = "items", write_disposition = "merge", primary_key = "id", endpoint = { incremental = { cursor_path = "at", start_param = "since", initial_value = 0 } } },
			{ name = "states", write_disposition = "replace" },
		},
	}`
	script := a.script(text)
	var truth map[string][]string
	failed, resumed, broken := 0, 0, false
	files, goroutines, heap := 0, 0, uint64(0)
	for load := range *soak {
		o := a.options()
		o.CheckpointEvery = 0 // none but that of a failure: no load takes as long
		o.Events.Resume = func(engine.ResumeEvent) { resumed++ }
		// Offsets fit what a failed load left only while the data stays.
		if !broken || load%2 == 0 {
			s.grow(load)
			o.Restart = true
		}
		s.mu.Lock()
		s.calm = load == *soak-1
		s.mu.Unlock()
		_, err := engine.Run(t.Context(), script, o)
		if broken = err != nil; broken {
			failed++
			if calm, html := s.mood(); calm || !html && !strings.Contains(err.Error(), "5 attempts") && !strings.Contains(err.Error(), "50") && !strings.Contains(err.Error(), "429") {
				t.Fatalf("load %d: %v", load, err)
			}
		} else {
			truth = s.truth(t)
		}
		for table, want := range truth {
			if got := soakRows(t, a.rows(table), table != "events"); !slices.Equal(got, want) {
				t.Fatalf("load %d: %s has the rows %v, want %v", load, table, got, want)
			}
		}
		if load == *soak/2 {
			files, goroutines, heap = openFiles(), runtime.NumGoroutine(), heapInUse()
		}
	}
	filesNow, heapNow := openFiles(), heapInUse()
	t.Logf("%d loads, %d failed, %d resumed; in the middle %d files open and a heap of %d KiB, at the end %d and %d KiB",
		*soak, failed, resumed, files, heap>>10, filesNow, heapNow>>10)
	if filesNow > files+3 {
		t.Errorf("%d files are open, %d in the middle", filesNow, files)
	}
	// Connections that the server has not yet seen close have some.
	if now := runtime.NumGoroutine(); now > goroutines+20 {
		t.Errorf("%d goroutines run, %d in the middle", now, goroutines)
	}
	if heapNow > heap+4<<20 {
		t.Errorf("the heap has %d KiB, %d KiB in the middle", heapNow>>10, heap>>10)
	}
	if failed == 0 || failed > *soak*3/4 || resumed == 0 && *soak >= 100 {
		t.Errorf("%d of %d loads failed, %d were resumed", failed, *soak, resumed)
	}
}

// soakRow is what the soak test compares of a row, as text: schemas change, and
// a number may have become one.
func soakRow(t *testing.T, row string) string {
	t.Helper()
	var x struct{ ID, At, Load, V json.RawMessage }
	if err := json.Unmarshal([]byte(row), &x); err != nil {
		t.Fatal(err)
	}
	if string(x.V) == "null" {
		x.V = nil
	}
	return strings.ReplaceAll(fmt.Sprintf("%s/%s%s/%s", x.ID, x.At, x.Load, x.V), `"`, "")
}

// soakRows are rows as soakRow has them, sorted where their order means nothing.
func soakRows(t *testing.T, rows []string, sorted bool) []string {
	out := make([]string, 0, len(rows))
	for _, row := range rows {
		out = append(out, soakRow(t, row))
	}
	if sorted {
		slices.Sort(out)
	}
	return out
}

// truth are the rows that the tables must have.
func (s *soakAPI) truth(t *testing.T) map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string][]string{
		"events": soakRows(t, s.events, false),
		"items":  soakRows(t, slices.Collect(maps.Values(s.items)), true),
		"states": soakRows(t, s.states, true),
	}
}

// openFiles is the number of open descriptors; 0 where the system does not tell.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
