package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/hook"
)

// Whatever a script returns: Decode does not panic, does not change it, gives
// either a config or errors, every error has a place, and every reference leads
// to a function.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `5`, `[]`, `null`,
		source(`"a"`, `{"name": "b", "endpoint": "x/{resources.a.id}/y"}`),
		source(`{"name": "a", "rows": [{"x": 1}, null]}`, `{"name": "b", "rows": {"$func": 1}}`),
		`{"client": {"base_url": "https://x.example", "auth": {"type": "oauth2_jwt"}, "paginator": {"type": "offset", "limit": 1e3}, "rate_limit": [{"requests": 1, "per": "7d"}], "session": {"status_codes": [1]}, "headers": {"A": "b"}},
		 "resource_defaults": {"endpoint": {"params": {"a": {"type": "incremental", "cursor_path": "u", "lag": 1}}, "json": {"a": 1}, "response_actions": [{"status_code": 404, "action": [{"$func": 1}]}]}, "columns": [{"name": "a", "data_type": "decimal", "scale": 3}]},
		 "resources": ["a", {"name": "b", "columns": {"A": {"primary_key": true}}, "processing_steps": [{"map": {"$func": 1}}], "partitions": [1], "write_disposition": {"disposition": "merge", "strategy": "scd2"},
		  "endpoint": {"path": "{x}/{resources.a.id}/{window.start:2006}/{partition}", "params": {"x": {"type": "resolve", "resource": "a", "field": "id"}, "{{y}}": [1, "{incremental.lag}"]}, "data": [["a", "b"]], "incremental": {"cursor_path": "u", "window": "1d", "initial_value": 1, "end_value": 1e500, "transform": {"$func": 1}}}}]}`,
		endpointOf(`"params": {"a": "{{{x}}"}, "path": "{}/{{}}/}", "auth": {"login": {"$func": 1}}, "paginator": {"update_state": {"$func": 1}}`),
		`{"resources": {"$secret": "x"}, "client": [[]]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := nodes(text)
		if err != nil {
			t.Skip()
		}
		before, _ := nodes(text)
		cfg, errs := Decode(n, testOptions)
		if !reflect.DeepEqual(n, before) {
			t.Error("Decode changed its input")
		}
		if (cfg == nil) == (len(errs) == 0) {
			t.Errorf("config %v with errors %v", cfg, errs)
		}
		for _, e := range errs {
			if e.Pos.File == "" || e.Pos.Line == 0 || e.Text == "" {
				t.Errorf("an error without place: %+v", e)
			}
		}
		functions := map[hook.Ref]bool{"": true}
		collect(n, "", functions)
		if cfg != nil {
			checkRefs(t, reflect.ValueOf(cfg), functions)
			Order(cfg.Resources)
		}
	})
}

// collect walks the table as package lua does and notes the paths of functions.
func collect(n *Node, path string, functions map[hook.Ref]bool) {
	if n.Kind == KindFunc {
		functions[hook.Ref(path)] = true
	}
	for i, item := range n.List {
		collect(item, IndexPath(path, i+1), functions)
	}
	for _, f := range n.Fields {
		collect(f.Value, JoinPath(path, f.Name), functions)
	}
}

// checkRefs walks a config and checks each hook.Ref in it.
func checkRefs(t *testing.T, v reflect.Value, functions map[hook.Ref]bool) {
	if v.Type() == reflect.TypeFor[hook.Ref]() {
		if ref := hook.Ref(v.String()); !functions[ref] {
			t.Errorf("no function is at %q", ref)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkRefs(t, v.Elem(), functions)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			checkRefs(t, v.Field(i), functions)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkRefs(t, v.Index(i), functions)
		}
	}
}

// Nodes that no script can make do no harm either.
func TestOddNodes(t *testing.T) {
	t.Parallel()
	table := func(name string, n *Node) *Node {
		return &Node{Kind: KindTable, Fields: []Field{{Name: name, Value: n}}}
	}
	for _, n := range []*Node{
		nil, {}, {Kind: 99}, {Kind: KindTable, EmptyTable: true},
		table("client", nil), table("resources", &Node{Kind: KindList, List: []*Node{nil, {Kind: KindNumber}, {Kind: KindTable, EmptyTable: true, Fields: []Field{{}}}}}),
		table("client", &Node{Kind: KindTable, Fields: []Field{{Name: "concurrency", Value: &Node{Kind: KindNumber, Text: "much"}}, {Name: "base_url"}}}),
	} {
		if _, errs := Decode(n, Options{}); len(errs) == 0 {
			t.Errorf("no error for %+v", n)
		} else if !strings.Contains(errs.Error(), "error") {
			t.Errorf("errors without text: %v", errs)
		}
	}
}
