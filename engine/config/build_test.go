package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/hook"
)

// text writes a template as a script would, with the parts resolved.
func (t Template) text() string {
	var b strings.Builder
	for _, p := range t.Parts {
		switch {
		case p.Context == "":
			b.WriteString(p.Literal)
		case p.Parent != "":
			fmt.Fprintf(&b, "<%s.%s.%s>", p.Context, p.Parent, p.Field)
		case p.Layout != "":
			fmt.Fprintf(&b, "<%s.%s:%s>", p.Context, p.Field, p.Layout)
		default:
			fmt.Fprintf(&b, "<%s.%s>", p.Context, p.Field)
		}
	}
	return b.String()
}

// show writes a body or parameter in one line.
func (v *Value) show() string {
	if v == nil {
		return "none"
	}
	var parts []string
	switch v.Kind {
	case KindBool:
		return fmt.Sprint(v.Bool)
	case KindNumber:
		return v.Number
	case KindString:
		return "'" + v.Text.text() + "'"
	case KindList:
		for _, x := range v.List {
			parts = append(parts, x.show())
		}
		return "[" + strings.Join(parts, " ") + "]"
	case KindTable:
		for _, f := range v.Fields {
			parts = append(parts, f.Name.text()+"="+f.Value.show())
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return "null"
}

func (e *Endpoint) showParams() string {
	var parts []string
	for _, p := range e.Params {
		parts = append(parts, p.Name.text()+"="+p.Value.show())
	}
	return strings.Join(parts, " ")
}

func showPairs(list []HeaderTemplate) string {
	var parts []string
	for _, p := range list {
		parts = append(parts, p.Name.text()+"="+p.Value.text())
	}
	return strings.Join(parts, " ")
}

// line prints values with blanks between them.
func line(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestResourceForms(t *testing.T) {
	t.Parallel()
	c := good(t, source(`"posts"`, `{"name": "a", "endpoint": "pokemon"}`, `{"name": "b"}`, `{"name": "c", "endpoint": {"method": "POST"}}`))
	for i, want := range []string{"posts", "pokemon", "b", "c"} { // BLD-01, BLD-02, BLD-03
		equal(t, "path", c.Resources[i].Endpoint.Path.text(), want)
	}
	equal(t, "BLD-01 name", c.Resources[0].Name, "posts")
	equal(t, "place", c.Resources[3].Path, "resources[4]")
	equal(t, "VAL-07 method", c.Resources[0].Endpoint.Method+c.Resources[3].Endpoint.Method, "GETPOST")
	equal(t, "BLD-09 table", c.Resources[0].TableName, "posts")
	equal(t, "name of the source", c.Name, "s")
	if c := good(t, `{`+client+`, "resources": [], "name": "x"}`); len(c.Resources) != 0 || c.Name != "x" { // VAL-05
		t.Errorf("an empty list of resources: %v", c)
	}
	good(t, `{`+client+`, "resources": {}}`) // VAL-05: {} is an empty list
}

func TestResourceKeys(t *testing.T) {
	t.Parallel()
	r := first(t, source(`{"name": "Items", "table_name": "things", "write_disposition": {"disposition": "merge", "strategy": "upsert"},
		"primary_key": ["a", "b"], "merge_key": "m", "max_table_nesting": 0, "selected": false, "parallelized": true,
		"schema_contract": {"columns": "freeze"}, "evolve": "union", "hook_workers": 3, "endpoint": {"format": "csv", "key_column": "id", "on_empty_body": "fail", "response_format": {"lenient": true, "encoding": "cp1252"}},
		"columns": [{"name": "B", "primary_key": true}, {"name": "c", "primary_key": true, "data_type": "decimal", "precision": 10, "scale": 2, "nullable": false},
			{"name": "d", "hard_delete": true, "timezone": false}, {"name": "e", "dedup_sort": "desc", "merge_key": true}]}`))
	// BLD-07, NRM-65, NRM-70, NRM-86, NRM-87, NRM-88
	equal(t, "disposition", string(r.WriteDisposition)+" "+r.Strategy, "merge upsert")
	equal(t, "primary key", r.PrimaryKey, []string{"a", "b", "c"})
	equal(t, "merge key", r.MergeKey, []string{"m", "e"})
	equal(t, "roles", line(r.HardDelete, r.DedupSort, r.DedupDesc), "d e true")
	equal(t, "contract", r.Contract, Contract{"evolve", "freeze", "evolve"})
	equal(t, "others", line(r.TableName, r.MaxTableNesting, r.Selected, r.Parallelized, r.Evolve, r.HookWorkers), "things 0 false true union 3")
	e := r.Endpoint
	equal(t, "OPR-10, OPR-11, API-17, API-19", line(e.Format, e.KeyColumn, e.OnEmptyBody, e.Lenient, e.Encoding), "csv id fail true cp1252")
	c := r.Columns[1]
	equal(t, "hint", line(c.Name, c.DataType, *c.Precision, *c.Scale, *c.Nullable, c.Timezone == nil), "c decimal 10 2 false true")
	equal(t, "hint", *r.Columns[2].Timezone, false)

	r = first(t, source(`"a"`))
	equal(t, "defaults", line(r.WriteDisposition, r.MaxTableNesting, r.Selected, r.Parallelized, r.Contract, r.Evolve, r.OnError, r.Batch, r.BatchSeparator, r.Deduplicate, r.HookWorkers),
		"append -1 true false {evolve evolve evolve} rewrite fail 0 , true 1")
	r = first(t, source(`{"name": "a", "schema_contract": "discard_row", "table_name": {"$func": 1}}`))
	equal(t, "NRM-70 short", r.Contract, Contract{"discard_row", "discard_row", "discard_row"})
	equal(t, "BLD-08", line(r.TableName, r.TableNameFunc), "a resources[1].table_name")

	c2 := good(t, `{`+client+`, "max_table_nesting": 2, "schema_contract": "freeze", "parallelized": true,
		"resources": ["a", {"name": "b", "max_table_nesting": 1}, {"name": "c", "rows": [1]}]}`) // BLD-13, NRM-30
	equal(t, "of the source", line(c2.Resources[0].MaxTableNesting, c2.Resources[1].MaxTableNesting, c2.Resources[2].MaxTableNesting, c2.Resources[0].Contract.Tables, c2.Resources[0].Parallelized), "2 1 2 freeze true")

	// NRM-15: one table on purpose; NRM-90: scd2 and merge_key need no primary_key.
	good(t, source(`{"name": "a", "table_name": "t"}`, `{"name": "b", "table_name": "t"}`))
	good(t, source(`{"name": "a", "table_name": "a"}`, `{"name": "b", "table_name": "a"}`))
	good(t, source(`{"name": "a", "write_disposition": {"disposition": "merge", "strategy": "scd2"}}`))
	good(t, source(`{"name": "a", "write_disposition": "merge", "merge_key": "m"}`))
	good(t, source(`{"name": "a", "write_disposition": "merge", "columns": {"x": {"primary_key": true}}}`))
	equal(t, "NRM-80 skip", first(t, source(`{"name": "a", "write_disposition": "skip"}`)).WriteDisposition, Skip)
}

func TestRows(t *testing.T) { // BLD-10, BLD-11
	t.Parallel()
	c := good(t, `{`+client+`, "resource_defaults": {"primary_key": "id", "write_disposition": "merge"}, "resources": [
		{"name": "repos", "rows": [{"name": "dlt", "n": 12345678901234567890, "x": null, "l": [], "o": {}, "h": "<&>"}, 5], "selected": false},
		{"name": "f", "rows": {"$func": 1}},
		{"name": "issues", "endpoint": "repos/{resources.repos.name}/issues"}]}`)
	r := c.Resources[0]
	equal(t, "row", string(r.Rows[0]), `{"name":"dlt","n":12345678901234567890,"x":null,"l":[],"o":{},"h":"<&>"}`) // LUA-04
	equal(t, "row", string(r.Rows[1]), `5`)
	if r.Endpoint != nil || r.WriteDisposition != Append || r.PrimaryKey != nil {
		t.Errorf("defaults hold for literal rows: %+v", r)
	}
	equal(t, "function", c.Resources[1].RowsFunc, hook.Ref("resources[2].rows"))
	equal(t, "parent", c.Resources[2].Parent, "repos")
}

func TestMergeDefaults(t *testing.T) {
	t.Parallel()
	merged := func(defaults, resource string) *Resource {
		t.Helper()
		return first(t, `{`+client+`, "resource_defaults": {`+defaults+`}, "resources": [{"name": "r", `+resource+`}]}`)
	}
	r := merged(`"primary_key": "id", "write_disposition": "merge"`, `"write_disposition": "append"`) // MRG-01
	equal(t, "MRG-01", line(r.PrimaryKey, r.WriteDisposition), "[id] append")

	r = merged(`"endpoint": {"params": {"param1": "X", "param3": "Y"}, "json": {"a": {"y": 1}, "b": 2}, "headers": {"X-D": "d"}, "data": null, "path": "nowhere"}`,
		`"endpoint": {"params": {"param1": "A", "param2": "B"}, "json": {"a": {"z": 1}}, "headers": {"X-C": "2"}}`)
	equal(t, "MRG-02", r.Endpoint.showParams(), "param1='A' param2='B' param3='Y'")
	equal(t, "MRG-03", r.Endpoint.JSON.show(), "{a={z=1} b=2}")
	equal(t, "MRG-04", showPairs(r.Endpoint.Headers), "X-C=2")
	equal(t, "BLD-04", r.Endpoint.Path.text(), "r")
	r = merged(`"endpoint": {"params": {"a": 1}, "json": {"b": 2}}`, `"endpoint": {"params": null, "json": null}`)
	equal(t, "VAL-22", r.Endpoint.showParams()+" "+r.Endpoint.JSON.show(), "a=1 {b=2}")
	r = merged(`"endpoint": {"params": {"a": 1}}`, `"endpoint": "x"`)
	equal(t, "MRG-02, BLD-02", r.Endpoint.Path.text()+" "+r.Endpoint.showParams(), "x a=1")

	r = merged(`"endpoint": {"paginator": {"type": "header_link", "links_next_key": "n"}}`, `"endpoint": {"paginator": {"type": "cursor", "cursor_param": "c"}}`)
	equal(t, "MRG-05", line(r.Endpoint.Paginator.Kind, r.Endpoint.Paginator.LinksNextKey, r.Endpoint.Paginator.CursorParam), "cursor  c")
	for _, null := range []string{"null", "false"} { // LUA-02
		r = merged(`"endpoint": {"paginator": "json_link", "data_selector": "x", "auth": {"token": {"$secret": "t"}}, "incremental": {"cursor_path": "u"}}`,
			`"endpoint": {"paginator": `+null+`, "data_selector": `+null+`, "auth": `+null+`, "incremental": `+null+`}`)
		equal(t, "MRG-06, MRG-11, VAL-23", line(r.Endpoint.Paginator == nil, r.Endpoint.DataSelector == "", r.Endpoint.Incremental == nil), "true true true")
		equal(t, "MRG-14", r.Endpoint.Auth.Kind, "none")
	}

	r = merged(`"columns": [{"name": "col_a", "data_type": "text", "primary_key": true}, {"name": "col_c", "data_type": "timestamp"}]`,
		`"columns": {"COL_A": {"data_type": "bigint"}, "col_b": {"data_type": "bool"}}`)
	var columns []string
	for _, c := range r.Columns {
		columns = append(columns, fmt.Sprint(c.Name, ":", c.DataType, ":", c.PrimaryKey))
	}
	equal(t, "MRG-07", columns, []string{"COL_A:bigint:true", "col_c:timestamp:false", "col_b:bool:false"})

	r = merged(`"processing_steps": [{"filter": {"$func": 1}}, {"map": {"$func": 1}}]`, `"processing_steps": [{"map": {"$func": 1}}]`)
	equal(t, "MRG-08", r.Steps, []Step{{"map", "resources[1].processing_steps[1].map"}})
	r = merged(`"processing_steps": [{"map": {"$func": 1}, "filter": {"$func": 1}, "yield_map": {"$func": 1}}]`, `"selected": true`)
	equal(t, "PROC-06, PROC-13", r.Steps, []Step{
		{"filter", "resource_defaults.processing_steps[1].filter"}, {"map", "resource_defaults.processing_steps[1].map"}, {"yield_map", "resource_defaults.processing_steps[1].yield_map"}})
	equal(t, "ACT-21", merged(`"endpoint": {"response_actions": [{"status_code": 404, "action": "ignore"}]}`, `"endpoint": {"method": "GET"}`).Endpoint.ResponseActions[0].Status, 404)

	c := good(t, `{`+client+`, "resource_defaults": {"endpoint": {"params": {"a": 1}}}, "resources": [{"name": "x", "endpoint": {"params": {"b": 1}}}, {"name": "y"}]}`)
	equal(t, "MRG-09", c.Resources[1].Endpoint.showParams(), "a=1")

	// Defaults that are for children only do no harm to the others.
	r = merged(`"batch": 5, "on_error": "skip", "endpoint": {"incremental": {"cursor_path": "u", "per_parent": true}}`, `"selected": true`)
	equal(t, "orphan", line(r.Batch, r.OnError, r.Endpoint.Incremental.PerParent), "0 fail false")
}

// MRG-10 to MRG-13, ENT-03, ENT-04: which paginator and auth hold.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	source := func(client, defaults, endpoint string) *Endpoint {
		t.Helper()
		return first(t, `{"client": {"base_url": "" `+client+`}, "resource_defaults": {"endpoint": {`+defaults+`}}, "resources": [{"name": "r", "endpoint": {`+endpoint+`}}]}`).Endpoint
	}
	kind := func(e *Endpoint) string {
		if e.Paginator == nil {
			return "client's"
		}
		return e.Paginator.Kind
	}
	const inClient, inDefaults = `, "paginator": "header_link"`, `"paginator": "json_link"`
	for _, row := range []struct{ name, client, defaults, endpoint, want string }{
		{"MRG-10 endpoint", inClient, inDefaults, `"paginator": "cursor"`, "cursor"},
		{"MRG-10 defaults", inClient, inDefaults, ``, "json_link"},
		{"MRG-10 client", inClient, ``, ``, "client's"},
		{"MRG-11 null", inClient, inDefaults, `"paginator": null`, "client's"},
		{"MRG-12 auto", inClient, inDefaults, `"paginator": "auto"`, "client's"},
		{"MRG-12 type auto", inClient, inDefaults, `"paginator": {"type": "auto"}`, "client's"},
		{"MRG-12 no type", inClient, inDefaults, `"paginator": {}`, "client's"},
		{"ENT-03 none", inClient, ``, `"path": "x/{{id}}"`, "single_page"},
		{"ENT-03 null", inClient, inDefaults, `"path": "x/{{id}}", "paginator": null`, "single_page"},
		{"ENT-04 defaults", inClient, inDefaults, `"path": "x/{{id}}"`, "json_link"},
		{"ENT-04 endpoint", ``, ``, `"path": "x/{{id}}", "paginator": "cursor"`, "cursor"},
	} {
		equal(t, row.name, kind(source(row.client, row.defaults, row.endpoint)), row.want)
	}
	e := source(``, ``, `"path": "x/{{id}}"`)
	equal(t, "ENT-03 selector", e.DataSelector, "$")
	equal(t, "ENT-03 selector given", source(``, ``, `"path": "x/{{id}}", "data_selector": "a"`).DataSelector, "a")
	equal(t, "SEL-10", source(``, ``, `"data_selector": ""`).DataSelector, "")
	c := good(t, `{"client": {"base_url": "", "paginator": "auto", "auth": null}, "resources": ["a"]}`)
	equal(t, "auto in client", c.Client.Paginator == nil && c.Client.Auth == nil, true)
	e = source(`, "auth": {"token": {"$secret": "a"}}`, `"auth": {"token": {"$secret": "b"}}`, ``)
	equal(t, "MRG-13", e.Auth.Token, "b")
}

func TestSingleEntity(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"user/{id}": true, "user/{id}/": true, "{x}": true, "products/{id}.json": true, "products/{id}_data?param=true": true, "a/{resources.users.id}": true, // ENT-01
		"users/{id}/details": false, "/": false, "/{}": false, "x/{id}/#section": false, "users/{user id}": false, "users/{id}/{": false, // ENT-02
		"since/{incremental.start_value}": true, "x/{{y}}": true, // ENT-06
		"a/{resources.p.items[0].id}": false,                                 // ENT-07
		"obs/{window.start}":          false, "obs/{window.end:2006}": false, // a window is a range
	} {
		if got := singleEntity(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
	if !first(t, endpointOf(`"path": "x/{id}", "params": {"id": 7}`)).Endpoint.SingleEntity { // ENT-06
		t.Error("a bound path is no single entity")
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	c := good(t, `{"client": {"base_url": "https://a.example/v1", "headers": {"A": "{resources.x.y} {{z}}", "N": 5, "B": true, "Z": null},
		"session": {"request_timeout": "2m", "request_max_attempts": 3, "request_backoff_factor": 0.5, "request_max_retry_delay": 10, "status_codes": [409, 423], "retry_condition": {"$func": 1}, "hook_timeout": "500ms"},
		"rate_limit": [{"requests": 10}, {"requests": 400, "per": "1m", "burst": 5}, {"requests": 1, "per": 0.5}],
		"allowed_hosts": ["*.example.com"], "concurrency": 4, "max_response_bytes": 1024, "cookies": false,
		"tls": {"ca_file": "ca.pem", "cert_file": "c", "key_file": "k", "insecure_skip_verify": true}},
		"resources": [], "on_start": {"$func": 1}, "on_finish": {"$func": 1}}`).Client
	equal(t, "PLH-24, HDR-07", c.Headers, []hook.Pair{{Name: "A", Value: "{resources.x.y} {{z}}"}, {Name: "N", Value: "5"}, {Name: "B", Value: "true"}})
	equal(t, "RET-07, RET-08", c.Session, Session{2 * time.Minute, 3, 0.5, 10 * time.Second, []int{409, 423}, "client.session.retry_condition", 500 * time.Millisecond})
	equal(t, "OPR-03", c.RateLimit, []Rate{{10, time.Second, 0}, {400, time.Minute, 5}, {1, 500 * time.Millisecond, 0}})
	equal(t, "OPR-04 to OPR-09", line(c.BaseURL, c.AllowedHosts, c.Concurrency, c.MaxResponseBytes, c.Cookies, c.TLS), "https://a.example/v1 [*.example.com] 4 1024 false {ca.pem c k true}")

	whole := good(t, `{"client": {"base_url": "", "rate_limit": {"requests": 2}}, "resources": [], "on_start": {"$func": 1}}`)
	c = whole.Client
	equal(t, "RET-01, RET-06 defaults", c.Session, Session{time.Minute, 5, 1, 5 * time.Minute, nil, "", time.Second})
	none := good(t, `{"client": {"base_url": "", "session": {"request_backoff_factor": 0, "request_max_retry_delay": 0}}, "resources": []}`).Client.Session
	equal(t, "RET-07 no waits", line(none.RequestBackoffFactor < 0, none.RequestMaxRetryDelay < 0), "true true")
	equal(t, "defaults", line(c.Concurrency, c.MaxResponseBytes, c.Cookies, c.RateLimit), "8 268435456 true [{2 1s 0}]")
	equal(t, "on_start", whole.OnStart, hook.Ref("on_start"))
}

func TestActions(t *testing.T) {
	t.Parallel()
	got := first(t, endpointOf(`"response_actions": [
		{"status_code": 404, "action": "ignore"},
		{"content": "Not found", "action": "fail", "message": "m"},
		{"status_code": "403", "content": "", "when": {"$func": 1}, "action": "retry"},
		{"$func": 1},
		{"action": {"$func": 1}},
		{"status_code": 200, "action": [{"$func": 1}, {"$func": 1}]}]`)).Endpoint.ResponseActions
	const at = "resources[1].endpoint.response_actions"
	want := []Action{
		{HasStatus: true, Status: 404, Do: hook.Ignore, Path: at + "[1]"},                                               // ACT-01
		{HasContent: true, Content: "Not found", Do: hook.Fail, Message: "m", Path: at + "[2]"},                         // ACT-02
		{HasStatus: true, Status: 403, HasContent: true, When: at + "[3].when", Do: hook.Retry, Path: at + "[3]"},       // ACT-03, ACT-15, ACT-16
		{Always: true, Funcs: []hook.Ref{at + "[4]"}, Path: at + "[4]"},                                                 // ACT-04
		{Always: true, Funcs: []hook.Ref{at + "[5].action"}, Path: at + "[5]"},                                          // ACT-04
		{HasStatus: true, Status: 200, Funcs: []hook.Ref{at + "[6].action[1]", at + "[6].action[2]"}, Path: at + "[6]"}, // ACT-05
	}
	for i := range want {
		equal(t, line("action", i+1), got[i], want[i])
	}
	good(t, endpointOf(`"response_actions": []`)) // ACT-08
}

func TestOrder(t *testing.T) { // BLD-05, BLD-06, REL-13
	t.Parallel()
	c := good(t, source(`{"name": "c", "endpoint": "x/{resources.b.id}/y"}`, `"z"`, `{"name": "b", "endpoint": "x/{resources.a.id}/y"}`, `{"name": "d", "endpoint": "x/{resources.a.id}/y"}`, `"a"`))
	var names []string
	for _, r := range Order(c.Resources) {
		names = append(names, r.Name)
	}
	equal(t, "order", strings.Join(names, " "), "a b c z d")
	ring := []*Resource{{Name: "x", Parent: "y"}, {Name: "y", Parent: "x"}}
	equal(t, "a ring", len(Order(ring)), 2)
}

// LUA-10: the input is not changed, and gives the same config again.
func TestInputIsKept(t *testing.T) {
	t.Parallel()
	text := `{` + client + `, "resource_defaults": {"endpoint": {"params": {"a": 1}, "incremental": {"cursor_path": "u", "transform": {"$func": 1}}}, "columns": {"a": {"data_type": "text"}}},
		"resources": ["x", {"name": "y", "columns": {"a": {"nullable": false}}, "endpoint": {"path": "{a}/b", "json": {"k": "{resources.x.id}"}}}]}`
	n := mustNodes(t, text)
	a, errs := Decode(n, testOptions)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if !reflect.DeepEqual(n, mustNodes(t, text)) {
		t.Error("Decode changed its input")
	}
	b, _ := Decode(n, testOptions)
	if !reflect.DeepEqual(a, b) {
		t.Error("the second config differs")
	}
	if _, err := json.Marshal(a); err != nil {
		t.Errorf("a config is no plain data: %v", err)
	}
}
