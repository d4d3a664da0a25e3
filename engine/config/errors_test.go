package config

import (
	"fmt"
	"strings"
	"testing"
)

// A row's config has exactly one mistake; its message holds all of want.
type mistake struct {
	name   string // behaviour ids, and what
	config string
	want   []string
}

func checkMistakes(t *testing.T, rows []mistake) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			errs := bad(t, row.config)
			if len(errs) != 1 {
				t.Errorf("%d errors, want 1:\n%v", len(errs), errs)
			}
			for _, want := range row.want {
				if !strings.Contains(errs[0].Error(), want) {
					t.Errorf("no %q in: %v", want, errs[0])
				}
			}
		})
	}
}

func TestShapeErrors(t *testing.T) {
	t.Parallel()
	clientWith := func(keys string) string {
		return `{"client": {"base_url": "https://a.example", ` + keys + `}, "resources": []}`
	}
	checkMistakes(t, []mistake{
		{"VAL-01 no client", `{"resources": []}`, []string{`missing required key "client"`, "for example client ="}},
		{"VAL-01 no resources", `{` + client + `}`, []string{`missing required key "resources"`}},
		{"VAL-01 no table", `5`, []string{"s.lua:1: ", "must return a table with client and resources, not the number 5"}},
		{"VAL-02 client", clientWith(`"invalid_key": 1`), []string{"client.invalid_key: ", `unknown key "invalid_key"`, "known keys are base_url, headers"}},
		{"VAL-02 top", `{` + client + `, "resources": [], "resource": []}`, []string{"resource: ", `did you mean "resources"?`}},
		{"VAL-02 session", clientWith(`"session": {"request_timout": 3}`), []string{"client.session.request_timout", `did you mean "request_timeout"?`}},
		{"VAL-02 odd key", clientWith(`"odd key": 1`), []string{`client["odd key"]: unknown key "odd key"`}},
		{"VAL-03 params beside endpoint", source(`{"name": "x", "endpoint": "x", "params": {}}`), []string{`resources[1] "x": params: `, "params belongs into endpoint"}},
		{"VAL-03 primary_key in endpoint", endpointOf(`"primary_key": "id"`), []string{`resources[1] "r": endpoint.primary_key`, "primary_key belongs into the resource"}},
		{"VAL-03 timeout in client", clientWith(`"request_timeout": 1`), []string{"request_timeout belongs into session"}},
		{"VAL-03 token in client", clientWith(`"token": "x"`), []string{"token belongs into auth"}},
		{"VAL-03 next_url_path in endpoint", endpointOf(`"next_url_path": "n"`), []string{"next_url_path belongs into paginator"}},
		{"VAL-03 next_url_path in resource", source(`{"name": "x", "next_url_path": "n"}`), []string{"next_url_path belongs into endpoint.paginator"}},
		{"VAL-03 filter in resource", source(`{"name": "x", "filter": {"$func": 1}}`), []string{"filter belongs into processing_steps"}},
		{"VAL-03 name in defaults", `{` + client + `, "resources": [], "resource_defaults": {"name": "x"}}`, []string{"every resource has a name of its own"}},
		{"VAL-04 endpoint", endpointOf(`"foo": 1`), []string{"endpoint.foo", "known keys are path, method, params"}},
		{"VAL-05 resources a string", `{` + client + `, "resources": "x"}`, []string{"resources: must be a list, not the string \"x\""}},
		{"VAL-05 resources a table", `{` + client + `, "resources": {"x": {}}}`, []string{"resources: must be a list, not a table"}},
		{"VAL-06 element", source(`"a"`, `5`), []string{"resources[2]: must be a string or a table, not the number 5"}},
		{"VAL-06 null element", source(`null`), []string{"resources[1]: must be a string or a table, not null"}},
		{"VAL-07 lower case", endpointOf(`"method": "get"`), []string{`endpoint.method: unknown value "get" (did you mean "GET"?)`}},
		{"VAL-07 other", endpointOf(`"method": "BREW"`), []string{`expected one of GET, POST, PUT, PATCH, DELETE`}},
		{"VAL-08 base_url", `{"client": {"base_url": 5}, "resources": []}`, []string{"client.base_url: must be a string, not the number 5"}},
		{"VAL-08 limit", endpointOf(`"paginator": {"type": "offset", "limit": "a"}`), []string{`paginator.limit: must be a whole number, not the string "a"`}},
		{"VAL-08 fraction", clientWith(`"concurrency": 1.5`), []string{"client.concurrency: must be a whole number, not the number 1.5"}},
		{"VAL-08 bounds", clientWith(`"concurrency": 0`), []string{"must be at least 1, not 0"}},
		{"VAL-08 header", clientWith(`"headers": {"a": []}`), []string{"client.headers.a: a header must be a string, not a list"}},
		{"VAL-09 shorthand", endpointOf(`"paginator": "non_existing_method"`), []string{`unknown paginator "non_existing_method"; expected one of auto, single_page, json_link, header_link, header_cursor, cursor, offset, page_number`}},
		{"VAL-09 type", clientWith(`"paginator": {"type": "ofset"}`), []string{`client.paginator.type: unknown paginator "ofset" (did you mean "offset"?)`}},
		{"VAL-10 paginator key", endpointOf(`"paginator": {"type": "offset", "limit": 1, "foo": 1}`), []string{`endpoint.paginator.foo: unknown key "foo" of paginator offset`}},
		{"VAL-10 no type", endpointOf(`"paginator": {"limit": 1}`), []string{`endpoint.paginator.limit`, "a paginator needs a type"}},
		{"VAL-11 auth type", clientWith(`"auth": {"type": "non_existing_method"}`), []string{`client.auth.type: unknown auth type "non_existing_method"`, "bearer, http_basic, api_key, oauth2_client_credentials"}},
		{"VAL-11 auth name", clientWith(`"auth": "baerer"`), []string{`did you mean "bearer"?`}},
		{"VAL-12 number", clientWith(`"auth": 5`), []string{"client.auth: must be a string, a table or a function, not the number 5"}},
		{"VAL-13 key", source(`{"name": "r", "processing_steps": [{"foo": 1}]}`), []string{"resources[1] \"r\": processing_steps[1].foo: unknown key"}},
		{"VAL-13 no function", source(`{"name": "r", "processing_steps": [{"filter": 1}]}`), []string{"processing_steps[1].filter: must be a function"}},
		{"VAL-13 empty", source(`{"name": "r", "processing_steps": [{}]}`), []string{"needs filter, map or yield_map"}},
		{"VAL-14 actions", endpointOf(`"response_actions": {"status_code": 404}`), []string{"endpoint.response_actions: must be a list, not a table"}},
		{"VAL-15 location", clientWith(`"auth": {"type": "api_key", "api_key": {"$secret": "k"}, "location": "body"}`), []string{`auth.location: unknown value "body"; expected one of header, query, param, cookie`}},
		{"VAL-16 missing", endpointOf(`"incremental": {"cursor_path": "a", "on_cursor_value_missing": "x"}`), []string{"on_cursor_value_missing", "raise, include, exclude"}},
		{"VAL-16 range_start", endpointOf(`"incremental": {"cursor_path": "a", "range_start": "x"}`), []string{"range_start", "closed, open"}},
		{"VAL-16 range_end", endpointOf(`"incremental": {"cursor_path": "a", "range_end": "x"}`), []string{"range_end", "open, closed"}},
		{"VAL-16 row_order", endpointOf(`"incremental": {"cursor_path": "a", "row_order": "x"}`), []string{"row_order", "asc, desc"}},
		{"VAL-16 INC-28 last_value_func", endpointOf(`"incremental": {"cursor_path": "a", "last_value_func": "sum"}`), []string{"last_value_func", "max, min"}},
		{"VAL-19 no name", source(`{"endpoint": "x"}`), []string{`resources[1]: missing required key "name"`}},
		{"VAL-19 empty name", source(`""`), []string{"the name of a resource is empty"}},
		{"VAL-20 no base_url", `{"client": {}, "resources": []}`, []string{`client: missing required key "base_url"`, `"" if every path is absolute`}},
		{"VAL-20 URL-07 null", `{"client": {"base_url": null}, "resources": []}`, []string{`missing required key "base_url"`}},
		{"VAL-20 no URL", `{"client": {"base_url": "api.example.com"}, "resources": []}`, []string{`"api.example.com" is no URL`}},
		{"VAL-21 field", source(`"a"`, `{"name": "b", "endpoint": {"path": "x/{id}/y", "params": {"id": {"type": "resolve", "resource": "a"}}}}`), []string{`endpoint.params.id: missing required key "field"`}},
		{"VAL-21 resource", source(`"a"`, `{"name": "b", "endpoint": {"path": "x/{id}/y", "params": {"id": {"type": "resolve", "field": "a"}}}}`), []string{`endpoint.params.id: missing required key "resource"`}},
		{"VAL-24 no cursor_path", endpointOf(`"incremental": {"initial_value": 1}`), []string{`endpoint.incremental: missing required key "cursor_path"`}},
		{"VAL-25 defaults' endpoint", `{` + client + `, "resource_defaults": {"endpoint": "x"}, "resources": []}`, []string{"resource_defaults.endpoint: must be a table"}},
		{"VAL-25 same rules, said once", `{` + client + `, "resource_defaults": {"endpoint": {"foo": 1}}, "resources": ["a", "b"]}`, []string{"resource_defaults.endpoint.foo"}},
		{"VAL-46 api_key", clientWith(`"auth": {"type": "api_key"}`), []string{`client.auth: auth api_key: missing required key "api_key"`}},
		{"VAL-46 a name alone BLD-15", clientWith(`"auth": "bearer"`), []string{`auth "bearer" needs a table with token`}},
		{"VAL-47 offset alone", endpointOf(`"paginator": "offset"`), []string{`paginator "offset" needs a table with limit`}},
		{"VAL-48 no limit", endpointOf(`"paginator": {"type": "offset"}`), []string{`paginator offset: missing required key "limit"`}},
		{"VAL-49 name no string", source(`{"name": 5}`), []string{"resources[1].name: must be a string, not the number 5"}},
		{"OPR-03 rate_limit", clientWith(`"rate_limit": {"per": "1s"}`), []string{`client.rate_limit: missing required key "requests"`}},
		{"OPR-03 per", clientWith(`"rate_limit": [{"requests": 1, "per": "soon"}]`), []string{`client.rate_limit[1].per: "soon" is no length of time`}},
		{"OPR-05 tls", clientWith(`"tls": {"cert_file": "a"}`), []string{"cert_file and key_file must be given together"}},
		{"RET-07 timeout", clientWith(`"session": {"request_timeout": 0}`), []string{"must be at least 0.001 seconds"}},
		{"source name", `{"name": "../x", ` + client + `, "resources": []}`, []string{`"../x" names the dataset's folder`}},
	})
}

func TestBuildErrors(t *testing.T) {
	t.Parallel()
	child := func(keys string) string {
		return source(`"posts"`, `"users"`, `{"name": "c", "endpoint": {`+keys+`}}`)
	}
	checkMistakes(t, []mistake{
		{"VAL-30 twice", source(`"x"`, `"x"`), []string{`resource "x" is already defined`, "resources[1]"}},
		{"VAL-31 parent", source(`"issues"`, `{"name": "comments", "endpoint": {"path": "issues/{resources.isues.id}/comments"}}`),
			[]string{`resources[2] "comments": endpoint.path: parent "isues" is not among the resources (did you mean "issues"?)`}},
		{"VAL-31 resolve", source(`"issues"`, `{"name": "comments", "endpoint": {"path": "a/{id}/b", "params": {"id": {"type": "resolve", "resource": "issuess", "field": "id"}}}}`),
			[]string{`endpoint.params.id: parent "issuess" is not among`}},
		{"VAL-32 two parents", child(`"path": "{resources.posts.id}/x", "json": {"a": ["{resources.users.id}"]}`),
			[]string{`multiple parent resources for resource "c"`, `"resources.posts.id" and "resources.users.id"`}},
		{"VAL-32 resolve", child(`"path": "{user_id}/{group_id}/x", "params": {"user_id": {"type": "resolve", "resource": "users", "field": "id"}, "group_id": {"type": "resolve", "resource": "posts", "field": "id"}}`),
			[]string{`"user_id" and "group_id"`}},
		{"VAL-32 headers and data", child(`"path": "x", "headers": {"{resources.posts.id}": "a"}, "data": {"b": "{resources.users.id}"}`),
			[]string{`multiple parent`}},
		{"VAL-33 two", source(`{"name": "chicken", "endpoint": "{resources.egg.id}/x"}`, `{"name": "egg", "endpoint": "{resources.chicken.id}/x"}`),
			[]string{"resources are in a cycle: chicken -> egg -> chicken"}},
		{"VAL-33 self", source(`{"name": "x", "endpoint": "{resources.x.id}/y"}`), []string{"x -> x"}},
		{"VAL-33 behind", source(`{"name": "c", "endpoint": "{resources.x.id}/y"}`, `{"name": "x", "endpoint": "{resources.x.id}/y"}`), []string{`resources[2] "x"`, "x -> x"}},
		{"VAL-34 unbound", endpointOf(`"path": "{org}/issues/"`), []string{`"{org}/issues/"`, `resource "r"`, `placeholder "org"`}},
		{"VAL-34 PLH-14 number", endpointOf(`"path": "a/{0}/b"`), []string{`placeholder "0"`}},
		{"PLH-14 empty", endpointOf(`"path": "a/{}/b"`), []string{`placeholder ""`}},
		{"VAL-35 context", endpointOf(`"path": "a/{unknown.x.y}/b"`), []string{`"unknown.x.y"`, "not a valid name", "resources."}},
		{"VAL-35 incremental", endpointOf(`"path": "a/{incremental.start_value}/b"`), []string{"not a valid name", "the endpoint has no incremental"}},
		{"VAL-36 unused resolve", source(`"posts"`, `{"name": "post_details", "endpoint": {"path": "posts", "params": {"post_id": {"type": "resolve", "resource": "posts", "field": "id"}}}}`),
			[]string{`resource "post_details" defines resolve params "post_id" that are not bound in the path "posts"`, "{resources.<parent>.<field>}"}},
		{"VAL-37 incremental in path", endpointOf(`"path": "a/{since}/b", "params": {"since": {"type": "incremental", "cursor_path": "u"}}`),
			[]string{`bind param "since" with type "incremental"`, `only bind "resolve" type params`}},
		{"VAL-38 json", endpointOf(`"json": {"a": {"b": ["{unknown.posts.id}"]}}`), []string{`endpoint.json.a.b[1]`, `expression "unknown.posts.id" in json`, "resources.", "{{ or }}"}},
		{"VAL-38 params", endpointOf(`"params": {"a": "{x}"}`), []string{`expression "x" in params`}},
		{"VAL-38 data", endpointOf(`"data": "{x.y}"`), []string{`expression "x.y" in data`}},
		{"VAL-38 headers", endpointOf(`"headers": {"a": "{x.y}"}`), []string{`expression "x.y" in headers`}},
		{"VAL-38 near", endpointOf(`"params": {"a": "{resource.x.id}"}`), []string{`did you mean "resources"?`}},
		{"VAL-39 resolve name elsewhere", source(`"posts"`, `{"name": "c", "endpoint": {"path": "p/{post_id}/x", "json": {"a": "{post_id}"}, "params": {"post_id": {"type": "resolve", "resource": "posts", "field": "id"}}}}`),
			[]string{`expression "post_id" in json`}},
		{"VAL-40 no field", source(`"posts"`, `{"name": "c", "endpoint": {"params": {"a": "{resources.posts}"}}}`), []string{"{resources.posts}", "expected {resources.<resource>.<field>}"}},
		{"VAL-41 no parent", source(`{"name": "x", "include_from_parent": ["id"]}`), []string{`resource "x" has ` + "`include_from_parent`" + ` but is not dependent`}},
		{"VAL-41 defaults", `{` + client + `, "resource_defaults": {"include_from_parent": ["id"]}, "resources": ["x"]}`, []string{`resource "x" has`}},
		{"VAL-42 type", endpointOf(`"params": {"since": {"type": "no_incremental"}}`), []string{"params.since.type", `"no_incremental" (did you mean "incremental"?)`}},
		{"VAL-42 no type", endpointOf(`"params": {"b": {"x": 1}}`), []string{`the parameter "b" is a table`, "resolve, incremental"}},
		{"VAL-43 two incrementals", endpointOf(`"params": {"first": {"type": "incremental", "cursor_path": "a"}, "second": {"type": "incremental", "cursor_path": "a"}}`),
			[]string{"endpoint.params: only a single incremental parameter", `"first" and "second"`}},
		{"VAL-44 end_value", endpointOf(`"params": {"since": {"type": "incremental", "cursor_path": "a", "end_value": 1}}`), []string{"params.since.end_value", "param: `since`", "endpoint.incremental"}},
		{"VAL-44 end_param", endpointOf(`"params": {"since": {"type": "incremental", "cursor_path": "a", "end_param": "u"}}`), []string{"params.since.end_param", "param: `since`"}},
		{"VAL-45 open", endpointOf(`"params": {"a": "x{y"}`), []string{`"x{y"`, "expected '}' before the end"}},
		{"VAL-45 closed", endpointOf(`"headers": {"a": "x}y"}`), []string{"a single '}'"}},
		{"VAL-45 path", endpointOf(`"path": "a/{b"`), []string{`resource "r"`, "expected '}'"}},
		{"VAL-45 json key", endpointOf(`"json": {"{a": 1}`), []string{"expected '}'"}},
		{"BODY-09 both", endpointOf(`"json": {"a": 1}, "data": {"b": 1}`), []string{"cannot use both 'json' and 'data'"}},
		{"BODY-11", endpointOf(`"data": {"a": 1}, "paginator": {"type": "cursor", "cursor_body_path": "c"}`), []string{"the paginator writes into a JSON body"}},
		{"BODY-07 pair", endpointOf(`"data": [["a"]]`), []string{"endpoint.data[1]: must be a pair"}},
		{"JSP-06 selector", endpointOf(`"data_selector": "a."`), []string{`endpoint.data_selector: "a." is no JSONPath`}},
		{"JSP-06 placeholder", source(`"a"`, `{"name": "b", "endpoint": "x/{resources.a.x[ ]}/z"}`), []string{`"x[ ]" is no JSONPath`}},
		{"INC-08", endpointOf(`"incremental": {"cursor_path": "a", "end_value": 1}`), []string{"incremental.end_value", "without `initial_value`"}},
		{"INC-09 max", endpointOf(`"incremental": {"cursor_path": "a", "initial_value": 3, "end_value": 1}`), []string{"`initial_value=3` is higher than `end_value=1`"}},
		{"INC-09 min", endpointOf(`"incremental": {"cursor_path": "a", "initial_value": 1, "end_value": 3, "last_value_func": "min"}`), []string{"`initial_value=1` is lower than `end_value=3`"}},
		{"INC-09 exact", endpointOf(`"incremental": {"cursor_path": "a", "initial_value": 12345678901234567891, "end_value": 12345678901234567890}`), []string{"is higher than"}},
		{"INC-09 kinds", endpointOf(`"incremental": {"cursor_path": "a", "initial_value": "1", "end_value": 3}`), []string{"not comparable"}},
		{"OPR-34 window", endpointOf(`"incremental": {"cursor_path": "a", "initial_value": 1, "window": "7d"}`), []string{"the window is in no request"}},
		{"OPR-34 window without start", endpointOf(`"incremental": {"cursor_path": "a", "window": "7d", "start_param": "s"}`), []string{"a window needs an initial_value"}},
		{"OPR-34 {window} without window", endpointOf(`"path": "a/{window.start}/b", "incremental": {"cursor_path": "a"}`), []string{"incremental.window is not set"}},
		{"OPR-35 unused", source(`{"name": "r", "partitions": ["a"]}`), []string{"resources[1] \"r\": partitions: partitions are in no request"}},
		{"OPR-35 empty", source(`{"name": "r", "endpoint": "x/{partition}/y", "partitions": []}`), []string{"the list of partitions is empty"}},
		{"OPR-35 with parent", source(`"a"`, `{"name": "r", "endpoint": "x/{resources.a.id}/{partition}/y", "partitions": [1]}`), []string{"a resource has a parent (\"a\") or partitions"}},
		{"OPR-30 batch without parent", source(`{"name": "r", "batch": 5}`), []string{"resource \"r\" has `batch` but is not dependent"}},
		{"OPR-30 batch and parent's fields", source(`"a"`, `{"name": "r", "endpoint": "x/{resources.a.id}/y", "batch": 5, "include_from_parent": ["id"]}`), []string{"batch and include_from_parent exclude each other"}},
		{"OPR-33 per_parent without parent", endpointOf(`"incremental": {"cursor_path": "a", "per_parent": true}`), []string{"endpoint.incremental.per_parent", "is not dependent"}},
		{"NRM-15 one table", source(`"Posts"`, `"posts"`), []string{`resources[2] "posts"`, `is also that of "Posts"`}},
		{"NRM-15 on purpose, other keys", source(`{"name": "a", "table_name": "t", "primary_key": "id"}`, `{"name": "b", "table_name": "t"}`), []string{"same write_disposition and keys"}},
		{"NRM-64 type", source(`{"name": "a", "columns": {"x": {"data_type": "txt"}}}`), []string{"columns.x.data_type", `did you mean "text"?`}},
		{"NRM-64 key", source(`{"name": "a", "columns": [{"name": "x", "foo": 1}]}`), []string{"columns[1].foo"}},
		{"NRM-64 no name", source(`{"name": "a", "columns": [{"data_type": "text"}]}`), []string{`columns[1]: missing required key "name"`}},
		{"NRM-64 timestamp", source(`{"name": "a", "columns": {"x": {"data_type": "timestamp", "precision": 7}}}`), []string{"0 to 6 fraction digits, not 7"}},
		{"decimal", source(`{"name": "a", "columns": {"x": {"data_type": "decimal", "precision": 3, "scale": 4}}}`), []string{"scale 4 is more than the 3 digits"}},
		{"NRM-70 contract", source(`{"name": "a", "schema_contract": {"columns": "freez"}}`), []string{"schema_contract.columns", `"freeze"`}},
		{"NRM-80 disposition", source(`{"name": "a", "write_disposition": "upsert"}`), []string{"append, replace, merge, skip"}},
		{"NRM-88 strategy", source(`{"name": "a", "merge_key": "m", "write_disposition": {"disposition": "merge", "strategy": "upsert"}}`), []string{`strategy "upsert" needs a primary_key`}},
		{"NRM-88 strategy without merge", source(`{"name": "a", "write_disposition": {"disposition": "append", "strategy": "upsert"}}`), []string{"for disposition \"merge\" only"}},
		{"NRM-90 no key", source(`{"name": "a", "write_disposition": "merge"}`), []string{`resources[1] "a": write_disposition: merge needs a primary_key or a merge_key`}},
		{"NRM-90 from the defaults", `{` + client + `, "resource_defaults": {"write_disposition": "merge"}, "resources": ["x"]}`, []string{`resources[1] "x": merge needs`}},
		{"ACT-17 word", endpointOf(`"response_actions": [{"status_code": 404, "action": "ignroe"}]`), []string{`response_actions[1].action`, `did you mean "ignore"?`}},
		{"ACT-17 none", endpointOf(`"response_actions": [{"status_code": 404}]`), []string{`missing required key "action"`}},
		{"ACT-17 number", endpointOf(`"response_actions": [{"status_code": 404, "action": 123}]`), []string{"must be a string, a list or a function"}},
		{"encoding", endpointOf(`"response_format": {"encoding": "ebcdic"}`), []string{`unknown encoding "ebcdic"`, "windows-1252"}},
		{"ACT-16 status", endpointOf(`"response_actions": [{"status_code": "4o4", "action": "ignore"}]`), []string{"must be a status from 100 to 599"}},
		{"rows and endpoint", source(`{"name": "a", "rows": [], "endpoint": "x"}`), []string{"rows or endpoint, not both"}},
		{"rows with a function", source(`{"name": "a", "rows": [{"x": {"$func": 1}}]}`), []string{"resources[1] \"a\": rows[1].x: a function cannot stand in data"}},
		{"param function", endpointOf(`"params": {"a": {"$func": 1}}`), []string{"not a function"}},
		{"list in path", endpointOf(`"path": "a/{x}/b", "params": {"x": [1]}`), []string{"cannot stand in a path"}},
	})
}

// SCR-30: all errors at once, sorted by line, each with file, line, path, what is
// wrong and the nearest word; rest.md deviation 2: indices from 1.
func TestAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	errs := bad(t, `{
"client": {"base_url": "https://api.github.com/"},
"resources": [
 "repos",
 {"name": "issues", "endpoint": {
   "paginator": {
     "type": "ofset"}}},
 {"name": "comments", "endpoint": {
   "path": "issues/{resources.isues.id}/comments"}}
]}`)
	want := `s.lua:7: resources[2] "issues": endpoint.paginator.type: unknown paginator "ofset" (did you mean "offset"?)
s.lua:9: resources[3] "comments": endpoint.path: parent "isues" is not among the resources (did you mean "issues"?)
2 errors`
	if errs.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", errs.Error(), want)
	}
}

// VAL-17, RED-05, RED-07: no message holds a secret.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	const secret = "sensitive-secret"
	for _, auth := range []string{
		`{"type": "bearer", "token": "` + secret + `", "location": "header"}`,
		`{"type": "bearer", "token": {"$secret": "` + secret + `"}, "location": "header"}`,
		`{"type": "http_basic", "username": "` + secret + `", "password": {"$secret": "` + secret + `"}, "x": 1}`,
		`{"type": {"$secret": "` + secret + `"}}`,
		`{"$secret": "` + secret + `"}`,
	} {
		for _, text := range []string{
			fmt.Sprintf(`{"client": {"base_url": "", "auth": %s}, "resources": []}`, auth),
			endpointOf(`"auth": ` + auth),
		} {
			message := bad(t, text).Error()
			if strings.Contains(message, secret) || !strings.Contains(message, "s*****t") {
				t.Errorf("%s: %s", auth, message)
			}
		}
	}
	for _, text := range []string{
		endpointOf(`"params": {"a": {"$secret": "x{` + secret + `"}}`),
		endpointOf(`"path": {"$secret": "x}` + secret + `"}`),
		`{"client": {"base_url": {"$secret": "` + secret + `"}}, "resources": []}`,
		`{"client": {"base_url": "", "auth": {"type": "api_key", "api_key": 1234567}}, "resources": []}`,
	} {
		message := bad(t, text).Error()
		if strings.Contains(message, secret) || strings.Contains(message, "1234567") {
			t.Errorf("%s: %s", text, message)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"sensitive-secret": "s*****t", "ab": "*****", "": "*****", "abc": "a*****c", "äbö": "ä*****ö"} { // RED-05
		if got := mask(in); got != want {
			t.Errorf("mask(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, config, want string }{
		{"SCR-31 transform", endpointOf(`"incremental": {"cursor_path": "a", "transform": {"$func": 1}}`), `resources[1].endpoint.incremental.transform: "transform" is the older spelling of "convert"`},
		{"SCR-31 json_response", endpointOf(`"paginator": "json_response"`), `resources[1].endpoint.paginator: "json_response" is the older spelling of "json_link"`},
		{"SCR-31 header_links", endpointOf(`"paginator": {"type": "header_links"}`), `"header_links" is the older spelling of "header_link"`},
		{"SCR-31 since", endpointOf(`"params": {"since": "2024-01-01"}`), `resources[1].endpoint.params.since: "since" has a fixed value`},
		{"SCR-31 secret", `{"client": {"base_url": "", "auth": {"token": "ghp_x"}}, "resources": []}`, `client.auth.token: a secret stands in the script; take it from secrets.get`},
		{"SCR-31 secret header", `{"client": {"base_url": "", "headers": {"authorization": "Bearer x"}}, "resources": []}`, `client.headers.authorization: a secret stands`},
		{"SCR-31 secret param", endpointOf(`"params": {"api_key": "x"}`), `params.api_key: a secret stands`},
		{"NRM-64 no effect", source(`{"name": "a", "columns": {"x": {"unique": true}}}`), `resources[1].columns.x.unique: "unique" has no effect`},
		{"BLD-07 table_format", source(`{"name": "a", "table_format": "iceberg"}`), `"table_format" has no effect: tables are plain Parquet`},
		{"NRM-43 root_key", `{` + client + `, "root_key": true, "resources": []}`, `root_key: "root_key" has no effect`},
		{"ACT-14", endpointOf(`"response_actions": [{"action": "ignore"}]`), `resources[1].endpoint.response_actions[1]: this action never happens`},
		{"NRM-87 append", source(`{"name": "a", "columns": {"x": {"hard_delete": true}}}`), `hard_delete and dedup_sort have no effect`},
		{"INC-44", endpointOf(`"incremental": {"cursor_path": "a", "lag": 5, "last_value_func": {"$func": 1}}`), `lag has no effect`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			ws := good(t, row.config).Warnings
			if len(ws) != 1 {
				t.Fatalf("warnings: %v", ws)
			}
			if got := ws[0].Path + ": " + ws[0].Text; !strings.Contains(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
	for _, quiet := range []string{
		`{"client": {"base_url": "", "auth": {"token": {"$secret": "x"}}}, "resources": []}`,
		endpointOf(`"params": {"since": "{incremental.start_value}"}, "incremental": {"cursor_path": "a", "initial_value": 1}`),
		endpointOf(`"params": {"since": {"type": "incremental", "cursor_path": "a"}}`),
		`{"client": {"base_url": "", "auth": {"type": "oauth2_client_credentials", "access_token_url": "u", "client_id": "i", "client_secret": {"$secret": "x"}}}, "resources": []}`,
	} {
		if ws := good(t, quiet).Warnings; len(ws) > 0 {
			t.Errorf("%s: %v", quiet, ws)
		}
	}
}
