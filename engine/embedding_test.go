package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/lua/scripttest"
)

// Every block of Go in docs/embedding.md and the README stands in this file,
// where it is compiled, and run but for the README's, whose script asks GitHub.
func TestEmbeddingIsCompiled(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("embedding_test.go")
	if err != nil {
		t.Fatal(err)
	}
	plain := flat(string(source))
	for page, least := range map[string]int{"../docs/embedding.md": 8, "../README.md": 1} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
		if len(blocks) < least {
			t.Errorf("%s: %d blocks of Go", page, len(blocks))
		}
		for _, b := range blocks {
			if !strings.Contains(plain, flat(b[1])) {
				t.Errorf("%s: engine/embedding_test.go does not have\n%s", page, b[1])
			}
		}
	}
}

// flat is code without its indentation.
func flat(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

const deskScript = `
local secrets, config = require("secrets"), require("config")
return {
	client = {
		base_url = config.get("desk.url"),
		auth = { token = secrets.get("desk.token") },
		paginator = { type = "json_link", next_url_path = "next" },
	},
	resources = { {
		name = "tickets",
		primary_key = "id",
		write_disposition = "merge",
		endpoint = {
			data_selector = "data",
			incremental = { cursor_path = "at", start_param = "since", initial_value = 1 },
		},
	} },
}`

// desk is an API with tickets on three pages, a folder that is gone with done,
// and the script.
func desk() (url, dir string, script *lua.Script, done func()) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("page") {
		case "":
			fmt.Fprintf(w, `{"data": [{"id": 1, "at": 5}, {"id": 2, "at": 5}], "next": "http://%s/tickets?page=2"}`, r.Host)
		case "2":
			fmt.Fprintf(w, `{"data": [{"id": 3, "at": 6,"spam":true}], "next": "http://%s/tickets?page=3"}`, r.Host)
		default:
			fmt.Fprint(w, `{"data": [{"id": 4, "at": 7}]}`)
		}
	}))
	dir, err := os.MkdirTemp("", "restlua-embedding-")
	if err != nil {
		log.Fatal(err)
	}
	if script, err = lua.Parse("desk.lua", deskScript, lua.Options{}); err != nil {
		log.Fatal(err)
	}
	return s.URL + "/", filepath.Join(dir, "desk"), script, func() {
		s.Close()
		os.RemoveAll(dir)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The README's program.
func readme(ctx context.Context) error {
	script, err := lua.Load("github.lua", lua.Options{})
	if err != nil {
		return err
	}
	result, err := engine.Run(ctx, script, engine.Options{
		Dataset: "data/github",
		Secrets: engine.SecretsFile("secrets.toml"),
		Events:  engine.Events{Page: func(p engine.PageEvent) { log.Println(p.Resource, p.Page, p.Rows) }},
	})
	if err != nil {
		return err
	}
	fmt.Println(result.Tables["issues"].Rows)
	return nil
}

var _ = readme // it asks GitHub, so nothing runs it

func Example_run() {
	url, dir, _, done := desk()
	defer done()
	must(os.MkdirAll(filepath.Dir(dir), 0o755))
	before, err := os.Getwd()
	must(err)
	must(os.Chdir(filepath.Dir(dir)))
	defer os.Chdir(before)
	must(os.WriteFile("desk.lua", []byte(deskScript), 0o644))
	must(os.Setenv("DESK__TOKEN", "t0ken-of-ann"))
	defer os.Unsetenv("DESK__TOKEN")
	must(os.Setenv("DESK__URL", url))
	defer os.Unsetenv("DESK__URL")

	must(runDesk(context.Background()))
	// Output: rows now: 4
}

func runDesk(ctx context.Context) error {
	script, err := lua.Load("desk.lua", lua.Options{})
	if err != nil {
		return err
	}
	result, err := engine.Run(ctx, script, engine.Options{Dataset: "data/desk"})
	if err != nil {
		return err
	}
	fmt.Println("rows now:", result.Tables["tickets"].Total)
	return nil
}

func deskOptions(url, dir string) engine.Options {
	options := engine.Options{
		Dataset: dir,
		Secrets: engine.SecretsMap(map[string]string{"desk.token": "t0ken-of-ann"}),
		Config:  engine.ConfigFile("", map[string]string{"desk.url": url}),
	}
	return options
}

var errNoSecret = errors.New("no such secret")

// Secrets of a vault, and steps in Go.
func Example_steps() {
	url, dir, script, done := desk()
	defer done()
	options := deskOptions(url, dir)
	readVault := func(path string) (string, error) {
		if path != "desk.token" {
			return "", errNoSecret
		}
		return "t0ken-of-ann", nil
	}
	vault := func(path string) (value any, ok bool, places []string, err error) {
		secret, err := readVault(path)
		if errors.Is(err, errNoSecret) {
			return nil, false, []string{"the vault"}, nil // places are named in the error of the script
		}
		return secret, err == nil, nil, err
	}
	options.Secrets = vault
	options.Steps = map[string][]engine.Step{
		"tickets": {
			{Filter: func(record []byte) (bool, error) { return !bytes.Contains(record, []byte(`"spam":true`)), nil }},
			{Map: func(record []byte) ([]byte, error) {
				var ticket map[string]json.RawMessage
				if err := json.Unmarshal(record, &ticket); err != nil {
					return nil, err
				}
				ticket["loaded_by"] = json.RawMessage(`"billing"`)
				return json.Marshal(ticket)
			}},
		},
	}
	result, err := engine.Run(context.Background(), script, options)
	must(err)
	fmt.Println("rows:", result.Tables["tickets"].Rows)
	state, err := dataset.Read(dir)
	must(err)
	for _, c := range state.Tables["tickets"].Columns {
		fmt.Println(c.Name, c.Type)
	}
	// Output:
	// rows: 3
	// at bigint
	// id bigint
	// loaded_by text
	// _rl_id bigint
	// _rl_load_id bigint
}

func Example_events() {
	url, dir, script, done := desk()
	defer done()
	log.SetFlags(0)
	log.SetOutput(os.Stdout)
	defer log.SetOutput(os.Stderr)
	options := deskOptions(url, dir)
	options.Events = engine.Events{
		Page:    func(e engine.PageEvent) { log.Printf("%s: page %d, %d records", e.Resource, e.Page, e.Records) },
		Retry:   func(e engine.RetryEvent) { log.Printf("%s: %s, again in %s", e.Resource, e.Reason, e.Wait) },
		Warning: func(e engine.WarningEvent) { log.Printf("%s: %s", e.Resource, e.Text) },
		Log:     func(e engine.LogEvent) { log.Printf("%s: %s", e.Level, e.Text) },
	}
	_, err := engine.Run(context.Background(), script, options)
	must(err)
	// Output:
	// tickets: page 1, 2 records
	// tickets: page 2, 1 records
	// tickets: page 3, 1 records
}

func explain(err error) string {
	var (
		mistakes config.Errors
		script   *lua.Error
		usage    *engine.UsageError
		locked   *dataset.LockedError
		wait     *rest.WaitError
		status   *rest.StatusError
		request  *rest.RequestError
	)
	switch {
	case errors.As(err, &mistakes):
		return fmt.Sprintf("%d mistakes in the script's table, the first in line %d", len(mistakes), mistakes[0].Pos.Line)
	case errors.As(err, &script):
		return "the script failed: " + script.Message
	case errors.As(err, &usage):
		return "wrong options: " + usage.Text
	case errors.As(err, &locked):
		return fmt.Sprintf("process %d writes the dataset", locked.PID)
	case errors.As(err, &wait):
		return fmt.Sprintf("the API wants a pause of %s", wait.Wait)
	case errors.As(err, &status):
		return fmt.Sprintf("the API answered %d", status.Status)
	case errors.As(err, &request):
		return fmt.Sprintf("no answer after %d attempts", request.Attempts)
	}
	return err.Error()
}

func Example_errors() {
	answer := http.NewServeMux()
	answer.HandleFunc("/gone", http.NotFound)
	answer.HandleFunc("/late", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	answer.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	answer.HandleFunc("/list", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `[{"id": 1}]`) })
	s := httptest.NewServer(answer)
	defer s.Close()
	dir, err := os.MkdirTemp("", "restlua-embedding-")
	must(err)
	defer os.RemoveAll(dir)
	run := func(resource string, o engine.Options) {
		script, err := lua.Parse("e.lua", `return {
			client = { base_url = require("config").get("url"), paginator = "single_page" },
			resources = { `+resource+` },
		}`, lua.Options{})
		must(err)
		o.Dataset = filepath.Join(dir, "e")
		o.Config = engine.ConfigFile("", map[string]string{"url": s.URL})
		o.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
		if _, err = engine.Run(context.Background(), script, o); err == nil {
			log.Fatal(resource, " did not fail")
		}
		fmt.Println(explain(err))
	}
	run(`{ nam = "list" }`, engine.Options{})
	run(`{ name = "list", processing_steps = { { map = function(r) return r.a.b end } } }`, engine.Options{})
	run(`"list"`, engine.Options{Resources: []string{"lists"}})
	run(`"gone"`, engine.Options{})
	run(`"late"`, engine.Options{})
	run(`"cut"`, engine.Options{})
	// Output:
	// 2 mistakes in the script's table, the first in line 3
	// the script failed: e.lua:3: attempt to index a nil value (key 'b')
	// wrong options: the script has no resource "lists"; it has list
	// the API answered 404
	// the API wants a pause of 1h0m0s
	// no answer after 5 attempts
}

func Example_resume() {
	url, dir, script, done := desk()
	defer done()
	options := deskOptions(url, dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options.Events.Page = func(e engine.PageEvent) { cancel() }
	must(resume(ctx, script, options))
	// Output:
	// stopped: true kept: true
	// goes on with true
	// rows: 4
}

func resume(ctx context.Context, script *lua.Script, options engine.Options) error {
	_, err := engine.Run(ctx, script, options) // ctx is cancelled behind the first page
	var kept *engine.ResumableError
	fmt.Println("stopped:", errors.Is(err, context.Canceled), "kept:", errors.As(err, &kept))

	options.Events.Resume = func(e engine.ResumeEvent) { fmt.Println("goes on with", e.Rows["tickets"] > 0) }
	result, err := engine.Run(context.Background(), script, options)
	if err != nil {
		return err
	}
	fmt.Println("rows:", result.Tables["tickets"].Rows)
	return nil
}

func Example_plan() {
	url, dir, script, done := desk()
	defer done()
	options := deskOptions(url, dir)
	must(showPlan(context.Background(), url, script, options))
	_, err := engine.Run(context.Background(), script, options)
	must(err)
	must(showPlan(context.Background(), url, script, options))
	// Output:
	// tickets merge tickets?since=1 from 1
	// tickets merge tickets?since=7 from 7
}

func showPlan(ctx context.Context, url string, script *lua.Script, options engine.Options) error {
	plan, err := engine.Plan(ctx, script, options)
	if err != nil {
		return err
	}
	for _, r := range plan.Resources {
		fmt.Println(r.Name, r.Disposition, strings.TrimPrefix(r.URL, url), "from", string(r.Start))
	}
	return nil
}

// sameAnswer is a transport that gives each request the same body.
type sameAnswer string

func (a sameAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(string(a))),
	}, nil
}

func Example_tests() {
	_, dir, _, done := desk()
	defer done()
	ctx := context.Background()
	script, err := lua.Parse("desk.lua", strings.ReplaceAll(deskScript, "incremental", "-- incremental"), lua.Options{})
	must(err)
	options := engine.Options{
		Dataset:   dir,
		Transport: sameAnswer(`{"data": [{"id": 1}, {"id": 2}]}`),
		Secrets:   engine.SecretsMap(map[string]string{"desk.token": "x"}),
		Config:    engine.ConfigFile("", map[string]string{"desk.url": "https://desk.example/"}),
		Sleep:     func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	result, err := engine.Run(ctx, script, options)
	must(err)
	fmt.Println("rows:", result.Tables["tickets"].Rows)
	// Output: rows: 2
}

func Example_scripttest() {
	dir, err := os.MkdirTemp("", "restlua-embedding-")
	must(err)
	defer os.RemoveAll(dir)
	before, err := os.Getwd()
	must(err)
	must(os.Chdir(dir))
	defer os.Chdir(before)
	must(os.WriteFile("desk.lua", []byte(deskScript), 0o644))
	must(os.WriteFile("desk_test.lua", []byte(`
		local test = require("test")
		test.case("tickets come", function(t)
			t.api["GET /tickets"] = { json = { data = { { id = 1, at = 2 } } } }
			local load = t.run("desk.lua", { config = { desk = { url = "https://desk.example/" } }, secrets = { desk = { token = "x" } } })
			t.equal(#load.rows("tickets"), 1)
		end)`), 0o644))
	must(runTests(context.Background()))
	// Output: tickets come <nil>
}

func runTests(ctx context.Context) error {
	cases, err := scripttest.Run(ctx, "desk_test.lua", scripttest.Options{})
	if err != nil {
		return err
	}
	for _, c := range cases {
		fmt.Println(c.Name, c.Err)
	}
	return nil
}
