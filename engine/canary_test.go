package engine_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/restlua/restlua/engine"
)

// OPR-64: secrets planted wherever a script may have them, which the API echoes
// in headers, bodies and errors, are in nothing that a run shows or writes:
// events with all details, errors, the report, the recording, state, rejected
// rows and checkpoints. The tables have what the API returned as records.
func TestCanary(t *testing.T) {
	t.Parallel()
	canaries := map[string]string{}
	for _, name := range []string{"bearer", "user", "password", "query", "header", "cookie", "client", "custom", "login", "body"} {
		canaries[name] = "cnry+" + name + "/7%=é"
	}
	canaries["cookie"] = "cnry+cookie/7%=" // a cookie is ASCII
	const access = "cnry-access-token-of-oauth"
	a := serve(t, func(a *api, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			a.json(w, `{"access_token":"`+access+`","expires_in":3600}`)
			return
		}
		// What came is echoed beside the records.
		echo, _ := json.Marshal(map[string]any{"headers": r.Header, "url": r.URL.String(), "query": r.URL.Query(), "all": canaries})
		w.Header().Set("X-Echo", url.QueryEscape(canaries["bearer"])+" "+canaries["password"])
		switch {
		case r.URL.Path == "/rejects" && len(a.asked()) == 1:
			a.json(w, `{"data":[{"id":1,"n":1}]}`)
		case strings.HasPrefix(r.URL.Path, "/broken"):
			w.WriteHeader(http.StatusBadRequest)
			w.Write(echo)
		case r.URL.Path == "/refused":
			fmt.Fprintf(w, `{"ok":false,"data":[],"echo":%s}`, echo)
		default:
			fmt.Fprintf(w, `{"data":[{"id":1,"n":1},{"id":2,"n":"x"}],"echo":%s}`, echo)
		}
	})
	var mu sync.Mutex
	var shown strings.Builder
	show := func(kind string, event any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&shown, "%s %+v\n", kind, event)
	}
	options := func() engine.Options {
		o := a.options()
		o.CheckpointEvery = 0
		o.Detail, o.ErrorBody = true, true
		o.Secrets = engine.SecretsMap(canaries)
		o.Record = filepath.Join(filepath.Dir(a.dir), fmt.Sprintf("%s-%d.har", filepath.Base(a.dir), len(a.asked())))
		o.Logger = slog.New(slog.NewJSONHandler(writerFunc(func(p []byte) (int, error) {
			show("record", string(p))
			return len(p), nil
		}), &slog.HandlerOptions{Level: engine.LevelTrace}))
		o.Events = engine.Events{
			Failure: func(e engine.FailureEvent) { show("failure", e.Err) }, Commit: func(e engine.CommitEvent) { show("commit", e) },
			End:     func(e engine.EndEvent) { show("end", e.Err); show("end", e.Result) },
			Request: func(e engine.RequestEvent) { show("request", e) }, Retry: func(e engine.RetryEvent) { show("retry", e) },
			Page: func(e engine.PageEvent) { show("page", e) }, Warning: func(e engine.WarningEvent) { show("warning", e) },
			Log: func(e engine.LogEvent) { show("log", e) },
		}
		return o
	}
	script := func(resources string) string {
		return `local secrets, log = require("secrets"), require("log")
		local s = secrets.get
		for _, name in ipairs({ "bearer", "user", "password", "query", "header", "cookie", "client", "custom", "login", "body" }) do s(name) end
		return {
			client = { base_url = "$API", paginator = "single_page", headers = { ["X-Custom"] = s("custom") } },
			resource_defaults = { endpoint = { data_selector = "data", auth = { token = s("bearer") } } },
			on_start = function() log.warn("starts with " .. s("bearer"), { secret = s("login"), deep = { { at = { s("login") } } } }) end,
			resources = { ` + resources + ` },
		}`
	}
	everything := `
		{ name = "bearers" },
		{ name = "basics", endpoint = { auth = { type = "http_basic", username = s("user"), password = s("password") } } },
		{ name = "queries", endpoint = { auth = { type = "api_key", name = "apikey", api_key = s("query"), location = "query" }, params = { note = s("query") } } },
		{ name = "headers", endpoint = { auth = { type = "api_key", name = "X-Odd", api_key = s("header"), location = "header" } } },
		{ name = "cookies", endpoint = { auth = { type = "api_key", name = "sid", api_key = s("cookie"), location = "cookie" } } },
		{ name = "oauths", endpoint = { auth = { type = "oauth2_client_credentials", access_token_url = "$API/token", client_id = "me", client_secret = s("client") } } },
		{ name = "logins", endpoint = { auth = { login = function(http) return { token = http.post("token").json.access_token } end } } },
		{ name = "functions", endpoint = { auth = function(request) request.headers["X-Sign"] = s("login") end } },
		{ name = "posts", endpoint = { method = "POST", json = { password = s("body") } } },`
	const rejects = `{ name = "rejects", columns = { n = { data_type = "bigint" } }, schema_contract = { data_type = "discard_row" }, endpoint = { params = { note = s("query") } } }`
	var texts []string
	run := func(resources string, fails bool) {
		result, err := engine.Run(t.Context(), a.script(script(resources)), options())
		if (err != nil) != fails {
			t.Errorf("%s: %v", resources, err)
		}
		if err != nil {
			texts = append(texts, err.Error())
		}
		if result != nil {
			report, err := json.Marshal(result)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(report))
		}
	}
	run(rejects, false) // the contract holds for a table that is there
	run(rejects+","+everything, false)
	run(`{ name = "broken", endpoint = { params = { note = s("query") } } }`, true)
	run(`{ name = "broken2", endpoint = { path = "broken/" .. s("login") } }`, true)
	run(`{ name = "refused", endpoint = { response_actions = { { when = function(r) return not r.json.ok end, action = "fail", message = "it says {body} {url}" } } } }`, true)
	run(`{ name = "hooks", processing_steps = { { map = function(r) error("no " .. s("login") .. s("bearer")) end } } }`, true)

	forms := map[string]string{access: "the access token"}
	for name, c := range canaries {
		quoted, _ := json.Marshal(c)
		for _, form := range []string{c, url.QueryEscape(c), url.PathEscape(c), base64.StdEncoding.EncodeToString([]byte(c)), strings.Trim(string(quoted), `"`)} {
			forms[form] = name
		}
	}
	forms[base64.StdEncoding.EncodeToString([]byte(canaries["user"]+":"+canaries["password"]))] = "basic"
	look := func(where, text string) {
		for form, name := range forms {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s shows the secret %s: %s", where, name, text[max(0, i-80):min(len(text), i+len(form)+20)])
			}
		}
	}
	look("the events and the log", shown.String())
	for _, text := range texts {
		look("an error or a report", text)
	}
	files := 0
	err := filepath.WalkDir(filepath.Dir(a.dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		look(path, string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rejected, _ := filepath.Glob(filepath.Join(a.dir, "_restlua", "rejected", "*"))
	recordings, _ := filepath.Glob(filepath.Join(filepath.Dir(a.dir), "*.har"))
	if files < 12 || len(rejected) == 0 || len(recordings) != 6 || !strings.Contains(shown.String(), "***") {
		t.Errorf("too little was looked at: %d files, rejected %v, recordings %v", files, rejected, recordings)
	}
}

// writerFunc is an io.Writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
