package console

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	glua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/rest"
)

// selectRecords is select(selector): what a JSONPath finds in the last
// response. With a number, or "#", it is Lua's own select.
func (s *Session) selectRecords(L *glua.LState, builtin *glua.LFunction) int {
	text, ok := L.Get(1).(glua.LString)
	if !ok || text == "#" {
		return builtin.GFunction(L)
	}
	if s.last == nil {
		L.RaiseError("select: there is no response yet; get(path) makes one")
	}
	path, err := jsonpath.Parse(string(text))
	if err != nil {
		L.RaiseError("select: %s", err.Error())
	}
	if err := rawjson.Valid(s.body); err != nil {
		L.RaiseError("select: the response is no JSON: %s", err.Error())
	}
	found := path.All(s.body)
	if len(found) == 1 && len(found[0]) > 0 && found[0][0] == '[' {
		L.Push(s.tool.Value(bytes.Clone(found[0]))) // the records of a list
		return 1
	}
	L.Push(s.tool.Value(list(found)))
	return 1
}

// list joins JSON values to a list.
func list(values [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(values, []byte{','})...), ']')
}

// page is page(n[, resource]): the records of the n-th page.
func (s *Session) page(L *glua.LState) int {
	n, ok := L.Get(1).(glua.LNumber)
	if !ok || n < 1 || n != glua.LNumber(int(n)) {
		L.RaiseError("page: expected the number of a page, from 1")
	}
	r := s.asked()
	if name, ok := L.Get(2).(glua.LString); ok {
		var err error
		if r, err = s.resource(string(name)); err != nil {
			L.RaiseError("page: %s", err.Error())
		}
		if r.Endpoint == nil || r.Parent != "" {
			L.RaiseError("page: %s is asked by its parent's records; try(%q) shows its first ones", r.Name, r.Name)
		}
	}
	if r == nil {
		L.RaiseError("page: there is no request yet; get(path) makes one, page(n, resource) asks a resource")
	}
	resume := s.tool.Outside()
	records, err := s.records(r, int(n))
	resume()
	if err != nil {
		L.RaiseError("page: %s", err.Error())
	}
	L.Push(s.tool.Value(records))
	return 1
}

// asked is a resource that asks what get asked last; nil: nothing was asked.
func (s *Session) asked() *config.Resource {
	if s.last == nil {
		return nil
	}
	text := func(t string) config.Template { return config.Template{Text: t, Parts: []config.Part{{Literal: t}}} }
	e := &config.Endpoint{Path: text(s.last.URL), Method: s.last.Method}
	for _, p := range s.last.Params {
		e.Params = append(e.Params, config.Param{Name: text(p.Name), Value: &config.Value{Kind: config.KindString, Text: text(p.Value)}})
	}
	for name, values := range s.last.Headers {
		for _, v := range values {
			e.Headers = append(e.Headers, config.HeaderTemplate{Name: text(name), Value: text(v)})
		}
	}
	return &config.Resource{Name: "get", Endpoint: e}
}

// records asks for the pages of a resource up to the n-th.
func (s *Session) records(r *config.Resource, n int) ([]byte, error) {
	var world hook.World
	if r.Name != "get" || r.Path != "" {
		made, err := s.script.World(s.ctx, hook.Env{Secrets: s.watched(s.options.Secrets), Config: s.options.Config, Resource: r.Name, HTTP: s.client.Do, Wait: s.client.Wait})
		if err != nil {
			return nil, err
		}
		defer made.Close()
		world = made
	}
	source, err := s.client.Resource(r, world)
	if err != nil {
		return nil, err
	}
	series, err := source.Series(rest.Binding{})
	if err != nil {
		return nil, err
	}
	for i := 1; ; i++ {
		page, err := series.Next(s.ctx)
		if err == io.EOF {
			return nil, fmt.Errorf("there are only %d pages", i-1)
		}
		if err != nil {
			return nil, err
		}
		if i == n {
			return list(page.Records), nil
		}
		page.Release()
	}
}

// defaultTry is how many records try shows.
const defaultTry = 10

// try is try(resource[, n]): the first records of a resource, after its steps.
// The load is thrown away.
func (s *Session) try(L *glua.LState) int {
	name, ok := L.Get(1).(glua.LString)
	n := glua.LNumber(defaultTry)
	if v := L.Get(2); v != glua.LNil {
		given, isNumber := v.(glua.LNumber)
		ok, n = ok && isNumber && given >= 1, given
	}
	if !ok {
		L.RaiseError("try: expected the name of a resource, and how many records: try(\"issues\", 5)")
	}
	if _, err := s.resource(string(name)); err != nil {
		L.RaiseError("try: %s", err.Error())
	}
	resume := s.tool.Outside()
	records, err := s.tried(string(name), int64(n))
	resume()
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	L.Push(s.tool.Value(records))
	return 1
}

func (s *Session) tried(name string, n int64) ([]byte, error) {
	var mu sync.Mutex
	var records [][]byte
	collect := engine.Step{Map: func(record []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		if int64(len(records)) < n {
			records = append(records, bytes.Clone(record))
		}
		return record, nil
	}}
	err := temporary(func(folder string) error {
		_, err := engine.Run(s.ctx, s.script, engine.Options{
			Root: folder, Resources: []string{name}, Secrets: s.options.Secrets, Config: s.options.Config, Transport: s.options.Transport, Sleep: s.options.Sleep,
			Limit: n, DryRun: true, CheckpointEvery: -1, Steps: map[string][]engine.Step{name: {collect}},
			Events: engine.Events{Log: s.options.Events.Log},
		})
		return err
	})
	return list(records), err
}
