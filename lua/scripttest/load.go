package scripttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	glua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/lua/view"
	"github.com/restlua/restlua/writers/parquet"
)

// runOptions are the second argument of t.run.
type runOptions struct {
	Secrets     map[string]any `json:"secrets"`
	Config      map[string]any `json:"config"`
	Resources   []string       `json:"resources"`
	Limit       int64          `json:"limit"`
	Pages       int64          `json:"pages"`
	FullRefresh bool           `json:"full_refresh"`
	KeepGoing   bool           `json:"keep_going"`
	Now         time.Time      `json:"now"`
}

// run is t.run(script, options) -> load.
func (c *testCase) run(L *glua.LState) int {
	name, ok := L.Get(1).(glua.LString)
	if !ok {
		L.RaiseError("t.run: expected the name of a script, not %s", view.Describe(L.Get(1)))
	}
	var o runOptions
	if L.Get(2) != glua.LNil {
		if err := c.decode(L.Get(2), &o); err != nil {
			L.RaiseError("t.run: argument 2: %s", err.Error())
		}
	}
	routes, err := c.routes()
	if err != nil {
		L.RaiseError("t.api: %s", err.Error())
	}
	wanted, err := c.wantedState()
	if err != nil {
		L.RaiseError("t.state: %s", err.Error())
	}
	resume := c.tool.Outside()
	done, err := c.load(string(name), o, routes, wanted)
	resume()
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	t, err := c.result(done)
	if err != nil {
		L.RaiseError("t.run: %s", err.Error())
	}
	L.Push(t)
	return 1
}

// decode reads a table into a struct whose fields are all that it may have.
func (c *testCase) decode(v glua.LValue, into any) error {
	raw, err := c.tool.JSON(v)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	err = dec.Decode(into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s must not be a %s", wrong.Field, strings.NewReplacer("object", "table", "array", "list", "bool", "boolean").Replace(wrong.Value))
	}
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// loaded is what one run left.
type loaded struct {
	dir      string
	state    *state.State
	requests []seen
	warnings []string
}

// load runs a script once, in the case's own folder.
func (c *testCase) load(name string, o runOptions, routes []*route, wanted map[string]*state.Resource) (*loaded, error) {
	script, err := lua.Load(c.path(name), lua.Options{})
	if err != nil {
		return nil, err
	}
	api := &api{routes: routes}
	done := &loaded{}
	var mu sync.Mutex
	options := engine.Options{
		Root: c.folder, Resources: o.Resources, Limit: o.Limit, Pages: o.Pages, FullRefresh: o.FullRefresh, KeepGoing: o.KeepGoing,
		Secrets: lookup("secrets", o.Secrets), Config: lookup("config", o.Config),
		Transport: api, Sleep: noWait, CheckpointEvery: -1, Compression: "none", Replay: c.replay,
		Events: engine.Events{
			Log: func(e engine.LogEvent) { c.log(e.Text) },
			Request: func(e engine.RequestEvent) {
				if c.replay != "" {
					mu.Lock()
					defer mu.Unlock()
					done.requests = append(done.requests, seen{Method: e.Method, URL: e.URL})
				}
			},
		},
	}
	if !o.Now.IsZero() {
		options.Now = func() time.Time { return o.Now }
	}
	cfg, err := engine.Check(c.ctx, script, options)
	if err != nil {
		return nil, err
	}
	api.base = cfg.Client.BaseURL
	done.dir = filepath.Join(c.folder, cfg.Name)
	if wanted != nil {
		if err := c.setState(done.dir, cfg.Name, wanted); err != nil {
			return nil, err
		}
	}
	result, err := engine.Run(c.ctx, inOrder{script}, options)
	if missing := api.missing(); missing != nil {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	if c.replay == "" {
		done.requests = api.requests
	}
	done.warnings = result.Warnings
	done.state, err = dataset.Read(done.dir)
	return done, err
}

// noWait stands for the waits of retries and limits.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// inOrder is a script whose client has one request in flight, so that a
// resource's requests come in the same order each time.
type inOrder struct{ *lua.Script }

func (s inOrder) Config(ctx context.Context, env hook.Env) (*config.Node, error) {
	n, err := s.Script.Config(ctx, env)
	if err != nil || n.Get("client") == nil || n.Get("client").Kind != config.KindTable {
		return n, err
	}
	top, client := *n, *n.Get("client")
	one := &config.Node{Kind: config.KindNumber, Text: "1", Pos: client.Pos}
	client.Fields = append(slices.DeleteFunc(slices.Clone(client.Fields), func(f config.Field) bool { return f.Name == "concurrency" }),
		config.Field{Name: "concurrency", Value: one, Pos: client.Pos})
	top.Fields = slices.Clone(n.Fields)
	for i := range top.Fields {
		if top.Fields[i].Name == "client" {
			top.Fields[i].Value = &client
		}
	}
	return &top, nil
}

// lookup gives what the test says, and nothing of the machine's.
func lookup(where string, values map[string]any) hook.Lookup {
	return func(path string) (any, bool, []string, error) {
		var v any = values
		for step := range strings.SplitSeq(path, ".") {
			table, _ := v.(map[string]any)
			var ok bool
			if v, ok = table[step]; !ok {
				if whole, ok := values[path]; ok {
					return plain(whole), true, nil, nil
				}
				return nil, false, []string{where + " of t.run"}, nil
			}
		}
		return plain(v), true, nil, nil
	}
}

// plain brings numbers to what a lookup gives.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = plain(v[k])
		}
		return out
	}
	return v
}

// shownState is the state of one resource as tests read and write it.
type shownState struct {
	Incremental map[string]json.RawMessage `json:"incremental,omitempty"` // last values by cursor path
	State       json.RawMessage            `json:"state,omitempty"`       // ctx.state
}

// wantedState is what a test put into t.state; nil: what the last load left.
func (c *testCase) wantedState() (map[string]*state.Resource, error) {
	v := c.t.RawGetString("state")
	if v == glua.LNil {
		return nil, nil
	}
	raw, err := c.tool.JSON(v)
	if err != nil || string(raw) == c.state {
		return nil, err
	}
	var shown map[string]shownState
	if err := c.decode(v, &shown); err != nil {
		return nil, fmt.Errorf("expected { resource = { incremental = { cursor_path = value }, state = { ... } } }: %w", err)
	}
	out := map[string]*state.Resource{}
	for name, s := range shown {
		r := &state.Resource{State: s.State, Incremental: map[string]*state.Cursor{}}
		for path, value := range s.Incremental {
			null := json.RawMessage("null")
			r.Incremental[path] = &state.Cursor{InitialValue: null, StartValue: null, LastValue: value, Boundary: []string{}}
		}
		out[name] = r
	}
	return out, nil
}

// setState commits a state before a load.
func (c *testCase) setState(dir, source string, wanted map[string]*state.Resource) (err error) {
	d, err := dataset.Open(c.ctx, dir, dataset.Options{Format: parquet.Format{}, Source: source, Version: engine.Version})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Update(c.ctx, func(s *state.State) error {
		s.Resources = wanted
		return nil
	})
}

// result is the load as the test sees it; t.state follows it.
func (c *testCase) result(done *loaded) (*glua.LTable, error) {
	L := c.tool.LState()
	shown := map[string]shownState{}
	for name, r := range done.state.Resources {
		s := shownState{State: r.State, Incremental: map[string]json.RawMessage{}}
		for path, cursor := range r.Incremental {
			s.Incremental[path] = cursor.LastValue
		}
		shown[name] = s
	}
	t := L.NewTable()
	for name, v := range map[string]any{"state": shown, "requests": orEmpty(done.requests), "warnings": orEmpty(done.warnings)} {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		t.RawSetString(name, c.tool.Value(raw))
	}
	c.t.RawSetString("state", t.RawGetString("state"))
	raw, err := c.tool.JSON(t.RawGetString("state"))
	if err != nil {
		return nil, err
	}
	c.state = string(raw)
	t.RawSetString("rows", L.NewFunction(func(L *glua.LState) int {
		if L.Get(1) == t {
			L.Remove(1)
		}
		name := L.CheckString(1)
		table := done.state.Tables[name]
		if table == nil {
			names := slices.DeleteFunc(slices.Sorted(maps.Keys(done.state.Tables)), func(n string) bool { return strings.HasPrefix(n, "_rl_") })
			L.RaiseError("load.rows: there is no table %q; there are: %s", name, strings.Join(names, ", "))
		}
		raw, err := rows(c.ctx, done.dir, table)
		if err != nil {
			L.RaiseError("load.rows: %s: %s", name, err.Error())
		}
		L.Push(c.tool.Value(raw))
		return 1
	}))
	return t, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
