package engine_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/lua"
)

// The tests in apis_*_test.go are the list of bad habits of real APIs: one
// server that behaves so for each, a script as a user would write it, and what
// comes out of the tables.

// api is a server with a bad habit, and the dataset that loads from it go to.
// Waits move its clock instead of passing.
type api struct {
	t   *testing.T
	url string
	dir string

	mu       sync.Mutex
	now      time.Time
	waits    []time.Duration
	requests []string // method and target, as they came
}

// serve starts a server. In scripts $API stands for its address.
func serve(t *testing.T, handler func(a *api, w http.ResponseWriter, r *http.Request)) *api {
	t.Helper()
	a := &api{t: t, dir: filepath.Join(t.TempDir(), "data"), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.requests = append(a.requests, r.Method+" "+r.RequestURI)
		a.mu.Unlock()
		handler(a, w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	a.url = s.URL
	return a
}

// answers serves the bodies of a map by target; $API in them is the address.
// What it does not know is a 404.
func answers(t *testing.T, bodies map[string]string) *api {
	t.Helper()
	return serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.RequestURI]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		a.json(w, body)
	})
}

func (a *api) json(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, strings.ReplaceAll(body, "$API", a.url))
}

func (a *api) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *api) sleep(ctx context.Context, d time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
	a.waits = append(a.waits, d)
	return ctx.Err()
}

// waited is the sum of all waits.
func (a *api) waited() (sum time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, d := range a.waits {
		sum += d
	}
	return sum
}

// asked are the requests that came.
func (a *api) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// options of a load into the server's dataset.
func (a *api) options() engine.Options {
	return engine.Options{
		Dataset: a.dir, Sleep: a.sleep, Now: a.clock, CheckpointEvery: -1,
		Secrets: engine.SecretsMap(map[string]string{"api.token": "s3cret-token", "api.refresh": "first-refresh"}), Config: engine.ConfigFile("", nil),
	}
}

func (a *api) script(text string) *lua.Script {
	a.t.Helper()
	script, err := lua.Parse("api.lua", strings.ReplaceAll(text, "$API", a.url), lua.Options{})
	if err != nil {
		a.t.Fatal(err)
	}
	return script
}

// load runs a script, which must work.
func (a *api) load(text string) *engine.Result {
	a.t.Helper()
	result, err := engine.Run(a.t.Context(), a.script(text), a.options())
	if err != nil {
		a.t.Fatal(err)
	}
	return result
}

// fails runs a script, whose error must hold all the texts, and returns it.
func (a *api) fails(text string, want ...string) error {
	a.t.Helper()
	_, err := engine.Run(a.t.Context(), a.script(text), a.options())
	if err == nil {
		a.t.Fatal("the load worked")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			a.t.Errorf("the error does not say %q:\n%v", w, err)
		}
	}
	if _, err := os.Stat(filepath.Join(a.dir, "state.json")); err == nil {
		a.t.Error("a failed load has left a state")
	}
	return err
}

// rows are those of a table as JSON lines, without the engine's columns and
// without nulls.
func (a *api) rows(table string) []string {
	a.t.Helper()
	s, err := dataset.Read(a.dir)
	if err != nil {
		a.t.Fatal(err)
	}
	if s.Tables[table] == nil {
		return nil
	}
	var rows []string
	for _, f := range s.Tables[table].Files {
		more, err := readRows(filepath.Join(a.dir, table, f.Name))
		if err != nil {
			a.t.Fatal(err)
		}
		rows = append(rows, more...)
	}
	return rows
}

// wantRows compares a table's rows, in order.
func (a *api) wantRows(table string, want ...string) {
	a.t.Helper()
	got := a.rows(table)
	if !slices.Equal(got, want) {
		a.t.Errorf("%s has the rows\n\t%s\nwant\n\t%s", table, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// ids are the values of the column id of a table.
func (a *api) ids(table string) string {
	a.t.Helper()
	var ids []string
	for _, row := range a.rows(table) {
		var x struct {
			ID json.RawMessage `json:"id"`
		}
		if err := json.Unmarshal([]byte(row), &x); err != nil {
			a.t.Fatal(err)
		}
		ids = append(ids, strings.Trim(string(x.ID), `"`))
	}
	return strings.Join(ids, " ")
}

func (a *api) wantIDs(table, want string) {
	a.t.Helper()
	if got := a.ids(table); got != want {
		a.t.Errorf("%s has the ids %s, want %s", table, got, want)
	}
}

// wantWarning looks for one warning that holds all the texts.
func wantWarning(t *testing.T, r *engine.Result, texts ...string) {
	t.Helper()
	found := 0
	for _, w := range r.Warnings {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(w, text)
		}
		if all {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d warnings with %q among %q", found, texts, r.Warnings)
	}
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// numbered makes records {"id":from} to {"id":to}, as the elements of a list.
func numbered(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		if i > from {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d}`, i)
	}
	return b.String()
}

// count is "from ... to".
func count(from, to int) string {
	var parts []string
	for i := from; i <= to; i++ {
		parts = append(parts, fmt.Sprint(i))
	}
	return strings.Join(parts, " ")
}
