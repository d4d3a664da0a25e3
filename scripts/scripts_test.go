package scripts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/lua/scripttest"
	"github.com/restlua/restlua/scripts"
)

// The tests of the scripts pass, where init puts them, too.
func TestCases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, scripts.FS); err != nil {
		t.Fatal(err)
	}
	for _, name := range scripts.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases, err := scripttest.Run(t.Context(), filepath.Join(dir, name+"_test.lua"), scripttest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(cases) == 0 {
				t.Error("there is no test")
			}
			for _, c := range cases {
				if c.Err != nil {
					t.Errorf("%s: %v", c.Name, c.Err)
				}
			}
		})
	}
}

// Every script is fine for restlua plan and check, without a warning: of a value kept in a
// variable, for one, with which a killed run could not go on.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, name := range scripts.Names() {
		script, err := lua.Load(name+".lua", lua.Options{})
		if err != nil {
			t.Fatal(err)
		}
		secret := func(string) (any, bool, []string, error) { return "s3cret-of-acme", true, nil, nil }
		// A time is as good as any other text; addresses have defaults.
		setting := func(path string) (any, bool, []string, error) {
			return "2024-01-01", !strings.HasSuffix(path, "url"), nil, nil
		}
		o := engine.Options{Secrets: secret, Config: setting, Dataset: filepath.Join(t.TempDir(), name)}
		if _, err := engine.Plan(t.Context(), script, o); err != nil {
			t.Errorf("%s: plan: %v", name, err)
		}
		c, err := engine.Check(t.Context(), script, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range c.Warnings {
			t.Errorf("%s:%d: %s: %s", w.Pos.File, w.Pos.Line, w.Path, w.Text)
		}
	}
}

// object is a JSON object.
type object = map[string]any

// api is a model of a real API: a server that refuses what the real one
// refuses. Its handlers may be called side by side.
type api struct {
	t   *testing.T
	mux *http.ServeMux
	url string

	mu    sync.Mutex
	asked []string // method, path and query of each request
	broke map[string]bool
	hold  func(r *http.Request) bool // requests that are never answered; nil: none
}

// serve starts a model. check looks at every request first and says what the
// real API would have against it, with a status; empty: nothing.
func serve(t *testing.T, check func(r *http.Request) (status int, why string)) *api {
	a := &api{t: t, mux: http.NewServeMux(), broke: map[string]bool{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		a.asked = append(a.asked, strings.TrimSuffix(r.Method+" "+r.URL.Path+"?"+query, "?"))
		held := a.hold != nil && a.hold(r)
		a.mu.Unlock()
		if held {
			<-r.Context().Done()
			return
		}
		if status, why := check(r); why != "" {
			a.refuse(w, r, status, why)
			return
		}
		a.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	a.url = s.URL
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, http.StatusNotFound, "there is no such path")
	})
	return a
}

// handle answers a pattern of http.ServeMux with what f returns, as JSON; a
// why that is not empty refuses the request.
func (a *api) handle(pattern string, f func(r *http.Request) (answer any, why string)) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		answer, why := f(r)
		if why != "" {
			a.refuse(w, r, http.StatusBadRequest, why)
			return
		}
		reply(w, http.StatusOK, answer)
	})
}

// refuse answers as the API does to a mistake of the script, which fails the
// test.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	a.t.Errorf("%s %s is refused: %s", r.Method, r.URL, why)
	reply(w, status, object{"error": why})
}

// once is true the first time that it is called with a name.
func (a *api) once(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.broke[name]
	a.broke[name] = true
	return !was
}

// requests are those since it was called last.
func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.asked
	a.asked = nil
	return asked
}

func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // a model is wrong
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who went away needs no answer
}

// unknown names a parameter that is not among those that the API knows.
func unknown(q url.Values, known ...string) string {
	for name := range q {
		if !slices.Contains(known, name) {
			return "unknown parameter " + name
		}
	}
	return ""
}

// limit reads the size of a page.
func limit(text string, most int) (n int, why string) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Sprintf("a page of %q, allowed are 1 to %d", text, most)
	}
	return n, ""
}

// behind is what of a list stands behind the record with a value; empty value:
// the whole. ok is false where there is no such record.
func behind(list []object, field string, value string) (rest []object, ok bool) {
	if value == "" {
		return list, true
	}
	i := slices.IndexFunc(list, func(o object) bool { return fmt.Sprint(o[field]) == value })
	return list[i+1:], i >= 0
}

// settings are what a run gets beside the script.
type settings struct {
	secrets   map[string]string
	config    map[string]string
	resources []string
	now       time.Time       // zero: the clock
	ctx       context.Context // nil: that of the test
	resume    bool            // go on where a run was interrupted
}

// load runs a script once. Waits take no time; they are summed.
func load(t *testing.T, name, dir string, s settings) (*engine.Result, time.Duration) {
	t.Helper()
	result, waited, err := try(t, name, dir, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Warnings) > 0 {
		t.Errorf("%s warns: %q", name, result.Warnings)
	}
	keep(t, name, dir)
	return result, waited
}

// keep copies a dataset into the folder that RESTLUA_KEEP names, for other
// readers (readers/dataset_test.go).
func keep(t *testing.T, name, dir string) {
	t.Helper()
	folder := os.Getenv("RESTLUA_KEEP")
	if folder == "" {
		return
	}
	to := filepath.Join(folder, name+"-"+strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}

func try(t *testing.T, name, dir string, s settings) (*engine.Result, time.Duration, error) {
	t.Helper()
	script, err := lua.Load(name+".lua", lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var waited time.Duration
	o := engine.Options{
		Dataset: dir, Secrets: engine.SecretsMap(s.secrets), Config: engine.ConfigFile("", s.config), Resources: s.resources, CheckpointEvery: -1,
		Sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			waited += d
			return ctx.Err()
		},
	}
	if s.resume {
		o.CheckpointEvery = 0
	}
	ctx := s.ctx
	if ctx == nil {
		ctx = t.Context()
	}
	if !s.now.IsZero() {
		o.Now = func() time.Time { return s.now }
	}
	result, err := engine.Run(ctx, script, o)
	return result, waited, err
}

// interrupt runs a script until a request comes for which stop holds, and stops the
// run there; what it has read by then is kept.
func (a *api) interrupt(name, dir string, s settings, stop func(r *http.Request) bool) {
	a.t.Helper()
	ctx, cancel := context.WithCancel(a.t.Context())
	defer cancel()
	a.mu.Lock()
	a.hold = func(r *http.Request) bool {
		if stop(r) {
			cancel()
		}
		return ctx.Err() != nil
	}
	a.mu.Unlock()
	s.ctx, s.resume = ctx, true
	if _, _, err := try(a.t, name, dir, s); err == nil {
		a.t.Fatal("the run was not interrupted")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = nil
	a.asked = nil
}

func wantRows(t *testing.T, r *engine.Result, table string, added, updated, deleted, total int) {
	t.Helper()
	x := r.Tables[table]
	if x == nil {
		t.Errorf("there is no table %s", table)
		return
	}
	if x.Added != int64(added) || x.Updated != int64(updated) || x.Deleted != int64(deleted) || x.Total != int64(total) {
		t.Errorf("%s: %d added, %d updated, %d deleted, %d in all; want %d, %d, %d, %d", table, x.Added, x.Updated, x.Deleted, x.Total, added, updated, deleted, total)
	}
}
