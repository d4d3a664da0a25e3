// Package console is a prompt in a script's world (SCR-42): its code sees what
// the script sees, asks the API through the load's own client, and tries
// resources without writing anything.
package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	glua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/stdlib"
)

// Help is what help() shows.
const Help = `get(path[, { params, headers }])  asks the API; the answer is also the global response
select(selector)                  the records in the last response
page(n[, resource])               the records of page n, of the last get or of a resource
try(resource[, n])                the first n records (10) as the script would write them
source                            the table that the script returns
and the modules of the standard library: json, time, re, ...`

// evalTimeout bounds what one input runs; waiting for answers does not count.
const evalTimeout = 30 * time.Second

// Session is a script's world with a prompt. It is for one goroutine.
type Session struct {
	ctx      context.Context // of the input at hand
	script   *lua.Script
	config   *config.Config
	options  engine.Options
	redactor *rest.Redactor
	client   *rest.Client
	tool     *lua.Tool
	last     *hook.Request // of get
	body     []byte        // of its answer
}

// New evaluates the script in the file at path. Of the options, Secrets, Config,
// Transport, Sleep and Events.Log count. The error is one of the script, as
// engine.Check gives it.
func New(ctx context.Context, path string, o engine.Options) (*Session, error) {
	script, err := lua.Load(path, lua.Options{})
	if err != nil {
		return nil, err
	}
	if o.Secrets == nil {
		o.Secrets = engine.SecretsFile("")
	}
	if o.Config == nil {
		o.Config = engine.ConfigFile("", nil)
	}
	s := &Session{ctx: ctx, script: script, options: o, redactor: rest.NewRedactor()}
	if s.config, err = engine.Check(ctx, script, o); err != nil {
		return nil, err
	}
	s.client, err = rest.NewClient(&s.config.Client, rest.Options{Transport: o.Transport, Sleep: o.Sleep, Redactor: s.redactor, Version: engine.Version})
	if err != nil {
		return nil, err
	}
	s.tool = script.Tool(hook.Env{
		Secrets: s.watched(o.Secrets), Config: o.Config, Started: time.Now(), HTTP: s.ask, Wait: s.client.Wait,
		Log: func(level, text string, fields map[string]any) {
			if o.Events.Log != nil {
				masked, _ := s.redactor.Value(fields).(map[string]any)
				o.Events.Log(engine.LogEvent{Level: level, Text: s.redactor.Text(text), Fields: masked})
			}
		},
	})
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open evaluates the script and makes the globals of the prompt.
func (s *Session) open(ctx context.Context) error {
	source, err := s.tool.Run(ctx)
	if err != nil {
		return err
	}
	s.tool.Begin()
	L := s.tool.LState()
	L.SetGlobal("source", source)
	for _, m := range stdlib.Modules() {
		v, err := s.tool.Eval(ctx, evalTimeout, "console", "require("+fmt.Sprintf("%q", m.Name)+")")
		if err != nil {
			return err
		}
		if L.GetGlobal(m.Name) == glua.LNil {
			L.SetGlobal(m.Name, v)
		}
	}
	builtin, _ := L.GetGlobal("select").(*glua.LFunction)
	L.SetGlobal("select", L.NewFunction(func(L *glua.LState) int { return s.selectRecords(L, builtin) }))
	L.SetGlobal("page", L.NewFunction(s.page))
	L.SetGlobal("try", L.NewFunction(s.try))
	L.SetGlobal("help", L.NewFunction(func(L *glua.LState) int {
		L.Push(&glua.LUserData{Value: shownText(Help)})
		return 1
	}))
	_, err = s.tool.Eval(ctx, evalTimeout, "console", `(function()
		local http = http
		function get(path, options)
			response = http.get(path, options)
			return response
		end
	end)()`)
	return err
}

// shownText is text that is shown as it is.
type shownText string

// watched makes what a lookup gives known to the redactor.
func (s *Session) watched(lookup hook.Lookup) hook.Lookup {
	var hide func(v any)
	hide = func(v any) {
		switch v := v.(type) {
		case string:
			s.redactor.Add(v)
		case []any:
			for _, x := range v {
				hide(x)
			}
		case map[string]any:
			for _, x := range v {
				hide(x)
			}
		}
	}
	return func(path string) (any, bool, []string, error) {
		v, ok, places, err := lookup(path)
		if ok && err == nil {
			hide(v)
		}
		return v, ok, places, err
	}
}

// ask makes a request of the http module, and remembers it.
func (s *Session) ask(ctx context.Context, r *hook.Request) (*hook.Response, error) {
	asked := *r
	answer, err := s.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	s.last, s.body = &asked, bytes.Clone(answer.Body)
	return answer, nil
}

// Eval runs one input and returns what it gives, ready to be shown; "" for
// nothing.
func (s *Session) Eval(ctx context.Context, code string) (string, error) {
	s.ctx = ctx
	v, err := s.tool.Eval(ctx, evalTimeout, "input", code)
	if err != nil {
		return "", errors.New(s.redactor.Text(err.Error()))
	}
	return s.redactor.Text(s.show(v)), nil
}

// Close frees the world and the connections.
func (s *Session) Close() error {
	s.tool.Close()
	s.client.Close()
	return nil
}

// maxLines and maxColumns bound how much of a value is shown.
const (
	maxLines   = 60
	maxColumns = 400
)

// show is a value as the prompt prints it.
func (s *Session) show(v glua.LValue) string {
	switch v := v.(type) {
	case *glua.LNilType:
		return ""
	case glua.LString, glua.LNumber, glua.LBool, *glua.LTable:
	case *glua.LUserData:
		if text, ok := v.Value.(shownText); ok {
			return string(text)
		}
	default:
		return v.String()
	}
	raw, err := s.tool.JSON(v)
	if err != nil {
		return s.describe(v)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return shorten(b.String())
}

// describe shows what is no JSON: a response by its status and body, a table
// with functions by its keys.
func (s *Session) describe(v glua.LValue) string {
	if v == s.tool.LState().GetGlobal("response") {
		text := s.tool.LState().ToStringMeta(v).String()
		var b bytes.Buffer
		if json.Indent(&b, s.body, "", "  ") == nil {
			return text + "\n" + shorten(b.String())
		}
		return text + "\n" + shorten(string(s.body))
	}
	if keys := s.keys(v); keys != nil {
		return "a table with " + strings.Join(keys, ", ")
	}
	return s.tool.LState().ToStringMeta(v).String()
}

// shorten cuts long text, and says so.
func shorten(text string) string {
	lines := strings.Split(text, "\n")
	more := ""
	if len(lines) > maxLines {
		more = fmt.Sprintf("\n... %d more lines", len(lines)-maxLines)
		lines = lines[:maxLines]
	}
	for i, line := range lines {
		if len(line) > maxColumns {
			lines[i] = strings.ToValidUTF8(line[:maxColumns], "") + "..."
		}
	}
	return strings.Join(lines, "\n") + more
}

// temporary makes a folder for a load that is thrown away.
func temporary(use func(folder string) error) (err error) {
	folder, err := os.MkdirTemp("", "restlua-console-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	return use(folder)
}

// resource finds a resource by its name.
func (s *Session) resource(name string) (*config.Resource, error) {
	var names []string
	for _, r := range s.config.Resources {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	if near := config.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("the script has no resource %q (did you mean %q?)", name, near)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("the script has no resource %q; it has %s", name, strings.Join(names, ", "))
}
