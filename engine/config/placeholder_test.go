package config

import (
	"testing"
)

// Templates are taken apart once; what a placeholder stands for is put in by
// the engine. <context.parent.field> marks one.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	const posts = `"posts", `
	for _, row := range []struct{ name, endpoint, path, params string }{
		{"PLH-01", `"path": "{org}/{repo}/issues", "params": {"org": "dlt-hub", "repo": "dlt", "q": 1}`, "dlt-hub/dlt/issues", "q=1"},
		{"PLH-02", `"path": "{org}/issues/{id}/comments", "params": {"org": "dlt-hub", "id": {"type": "resolve", "resource": "posts", "field": "id"}}`, "dlt-hub/issues/<resources.posts.id>/comments", ""},
		{"PLH-03 params", `"path": "x", "params": {"{resources.posts.a}": ["{resources.posts.b}", 1, true]}`, "x", "<resources.posts.a>=['<resources.posts.b>' 1 true]"},
		{"PLH-04", `"path": "x/{resources.posts.b.c.d}/{resources.posts.items[0].id}/y"`, "x/<resources.posts.b.c.d>/<resources.posts.items[0].id>/y", ""},
		{"PLH-05", `"path": "x/{incremental.start_value}/{incremental.initial_value}/y", "params": {"a": "{incremental.last_value}", "b": "{incremental.end_value}"}, "incremental": {"cursor_path": "u"}`,
			"x/<incremental.start_value>/<incremental.initial_value>/y", "a='<incremental.last_value>' b='<incremental.end_value>'"},
		{"PLH-06", `"path": "x", "params": {"a": "{incremental.lag} {incremental.cursor_path}"}, "incremental": {"cursor_path": "u"}`, "x", "a='<incremental.lag> <incremental.cursor_path>'"},
		{"VAL-23 null opens the context", `"path": "x", "params": {"a": "{incremental.start_value}"}, "incremental": null`, "x", "a='<incremental.start_value>'"},
		{"VAL-23 {} opens the context", `"path": "x", "params": {"a": "{incremental.start_value}"}, "incremental": {}`, "x", "a='<incremental.start_value>'"},
		{"PLH-10", `"path": "x", "params": {"a": "{{not_this}}", "b": "{{{resources.posts.id}}}", "c": "{{{{x}}}}", "d": "{{not_this {resources.posts.id}}}", "{{e}}": ""}`,
			"x", "a='{not_this}' b='{<resources.posts.id>}' c='{{x}}' d='{not_this <resources.posts.id>}' {e}=''"},
		{"PLH-11, PLH-12", `"path": "x/{{y}}/z"`, "x/{y}/z", ""},
		{"PLH-16", `"path": "x/{resources.posts.id}/{resources.posts.id}/z"`, "x/<resources.posts.id>/<resources.posts.id>/z", ""},
		{"PLH-17", `"path": "x/{a}/{a}/{r}/{r}/z", "params": {"a": 1, "r": {"type": "resolve", "resource": "posts", "field": "k"}}`, "x/1/1/<resources.posts.k>/<resources.posts.k>/z", ""},
		{"PLH-18", `"path": "x/{i}/z", "params": {"i": "{resources.posts.id}"}`, "x/<resources.posts.id>/z", ""},
		{"PLH-19", `"path": "x/{user@domain}/{setting-name}/{a.b}/z", "params": {"user@domain": "u", "setting-name": true, "a.b": "c"}`, "x/u/true/c/z", ""},
		{"PLH-19 of a parent", `"path": "x/{resources.posts.user@domain}/{resources.posts.odd key}/z"`, "x/<resources.posts.user@domain>/<resources.posts.odd key>/z", ""},
		{"PLH-20", `"path": "名前/{é}/x", "params": {"é": "ü"}`, "名前/ü/x", ""},
		{"PLH-21", `"path": "x", "params": {"a": 12345678901234567890, "b": 1.50, "c": false, "d": []}`, "x", "a=12345678901234567890 b=1.50 c=false d=[]"},
		{"PARAM-01, PARAM-02, PARAM-03", `"path": "x", "params": {"e": "", "n": null, "l": [1, 2]}`, "x", "e='' l=[1 2]"},
		{"PARAM-07", `"path": "x/{id}/y", "params": {"id": {"type": "resolve", "resource": "posts", "field": "id"}, "a": 1}`, "x/<resources.posts.id>/y", "a=1"},
		{"OPR-34", `"path": "obs/{window.start:2006/01/02}", "params": {"to": "{window.end}"}, "incremental": {"cursor_path": "u", "initial_value": "2024-01-01", "window": "1d"}`, "obs/<window.start:2006/01/02>", "to='<window.end>'"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := good(t, `{`+client+`, "resources": [`+posts+`{"name": "r", "endpoint": {`+row.endpoint+`}}]}`)
			e := c.Resources[1].Endpoint
			equal(t, "path", e.Path.text(), row.path)
			equal(t, "params", e.showParams(), row.params)
		})
	}
}

// REL-01, REL-02, REL-04: the parent comes from any part of an endpoint.
func TestParents(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		`"path": "x/{resources.posts.id}/y"`,
		`"params": {"a": "{resources.posts.id}"}`,
		`"json": {"a": [{"{resources.posts.id}": 1}]}`,
		`"data": [["a", "{resources.posts.id}"]]`,
		`"data": "{resources.posts.id}"`,
		`"headers": {"{resources.posts.id}": "a"}`,
		`"path": "x/{id}/{g}/y", "params": {"id": {"type": "resolve", "resource": "posts", "field": "id"}, "g": {"type": "resolve", "resource": "posts", "field": "g"}}`,
	} {
		c := good(t, source(`{"name": "r", "include_from_parent": ["id"], "batch": 1, "on_error": "defer", "deduplicate": false, "endpoint": {`+endpoint+`}}`, `"posts"`))
		r := c.Resources[0]
		equal(t, endpoint, line(r.Parent, r.IncludeFromParent, r.Batch, r.OnError, r.Deduplicate), "posts [id] 1 defer false")
	}
}

func TestPartitions(t *testing.T) { // OPR-35
	t.Parallel()
	r := first(t, source(`{"name": "r", "partitions": ["de", 7, {"key": "x"}], "endpoint": {"path": "x/{partition}/y", "params": {"k": "{partition.key}"}}}`))
	equal(t, "path", r.Endpoint.Path.text()+" "+r.Endpoint.showParams(), "x/<partition.>/y k='<partition.key>'")
	equal(t, "values", string(r.Partitions[0])+string(r.Partitions[1])+string(r.Partitions[2]), `"de"7{"key":"x"}`)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	endpoint := func(keys string) *Endpoint {
		t.Helper()
		return good(t, source(`{"name": "r", "endpoint": {`+keys+`}}`, `"posts"`)).Resources[0].Endpoint
	}
	// PLH-08, PLH-09: which strings are one placeholder stands in the parts.
	e := endpoint(`"json": {"one": "{resources.posts.id}", "two": "p{resources.posts.id}", "n": 1e3, "b": true, "z": null, "l": [], "o": {}, "{{k}}": [[1]]}`)
	equal(t, "BODY-04", e.JSON.show(), "{one='<resources.posts.id>' two='p<resources.posts.id>' n=1e3 b=true z=null l=[] o={} {k}=[[1]]}")
	equal(t, "PLH-08", len(e.JSON.Fields[0].Value.Text.Parts), 1)
	equal(t, "BODY-02", endpoint(`"method": "POST"`).JSON == nil, true)
	equal(t, "BODY-03, LUA-05", endpoint(`"json": {}`).JSON.show(), "{}")
	equal(t, "a list", endpoint(`"json": [1, "{resources.posts.id}"]`).JSON.show(), "[1 '<resources.posts.id>']")
	equal(t, "BODY-05", showPairs(endpoint(`"data": {"key1": "value1", "key2": 2, "k3": null}`).Data.Pairs), "key1=value1 key2=2")
	equal(t, "BODY-05 lists repeat the field", showPairs(endpoint(`"data": {"a": ["x", 2], "b": []}`).Data.Pairs), "a=x a=2")
	equal(t, "BODY-06", endpoint(`"data": {}`).Data == nil, true)
	equal(t, "BODY-07", showPairs(endpoint(`"data": [["a", "1"], ["b", "{resources.posts.id}"], ["a", true]]`).Data.Pairs), "a=1 b=<resources.posts.id> a=true")
	e = endpoint(`"data": "x={resources.posts.id}"`)
	equal(t, "BODY-08", line(e.Data.IsRaw, e.Data.Raw.text()), "true x=<resources.posts.id>")
	e = endpoint(`"json": {}, "data": {"a": 1}`)
	equal(t, "BODY-09", line(e.JSON == nil, showPairs(e.Data.Pairs)), "true a=1")
	e = endpoint(`"json": {"a": 1}, "data": {}`)
	equal(t, "BODY-09", line(e.JSON.show(), e.Data == nil), "{a=1} true")
	equal(t, "HDR-03, HDR-04", showPairs(endpoint(`"headers": {"A": "", "{resources.posts.id}": "{{x}}", "N": 5, "Z": null}`).Headers), "A= <resources.posts.id>={x} N=5")
}

func TestIncremental(t *testing.T) {
	t.Parallel()
	of := func(keys string) *Incremental {
		t.Helper()
		return first(t, endpointOf(keys)).Endpoint.Incremental
	}
	inc := of(`"params": {"since": {"type": "incremental", "cursor_path": "updated_at", "initial_value": "2024-01-25T11:21:28Z"}}, "incremental": {"cursor_path": "other"}`)
	equal(t, "INC-01, INC-04", line(inc.StartParam, inc.CursorPath, string(inc.InitialValue)), `since updated_at "2024-01-25T11:21:28Z"`)
	inc = of(`"incremental": {"cursor_path": "u", "start_param": "since", "end_param": "until", "initial_value": 1, "end_value": 10}`)
	equal(t, "INC-02", line(inc.StartParam, inc.EndParam, string(inc.InitialValue), string(inc.EndValue)), "since until 1 10")
	inc = of(`"incremental": {"cursor_path": "u"}`)
	equal(t, "INC-05, INC-07", line(inc.StartParam == "", inc.LastValueFunc, inc.OnMissing, inc.RangeStart, inc.RangeEnd, inc.Lag == nil, inc.RowOrder == "", inc.PrimaryKeySet, inc.InitialValue == nil),
		"true max raise closed open true true false true")
	inc = of(`"incremental": {"cursor_path": "u", "last_value_func": "min", "row_order": "desc", "lag": 3600, "on_cursor_value_missing": "include", "range_start": "open", "range_end": "closed",
		"primary_key": ["a", "b"], "convert": {"$func": 1}, "initial_value": 9, "allow_external_schedulers": false}`)
	equal(t, "INC-06", line(inc.LastValueFunc, inc.RowOrder, string(inc.Lag), inc.OnMissing, inc.RangeStart, inc.RangeEnd, inc.PrimaryKey, inc.PrimaryKeySet, inc.Convert),
		"min desc 3600 include open closed [a b] true resources[1].endpoint.incremental.convert")
	inc = of(`"incremental": {"cursor_path": "u", "primary_key": {}}`)
	equal(t, "INC-54", line(inc.PrimaryKeySet, len(inc.PrimaryKey)), "true 0")
	inc = of(`"incremental": {"cursor_path": "u", "last_value_func": {"$func": 1}, "transform": {"$func": 1}, "convert": {"$func": 1}}`)
	equal(t, "INC-28, INC-29", line(inc.LastValueFunc, inc.LastValueRef, inc.Convert), "function resources[1].endpoint.incremental.last_value_func resources[1].endpoint.incremental.transform")
	for _, none := range []string{`null`, `false`, `{}`} {
		equal(t, "VAL-23 "+none, of(`"incremental": `+none) == nil, true)
	}
	equal(t, "INC-09 equal", of(`"incremental": {"cursor_path": "u", "initial_value": 1, "end_value": 1.0}`) != nil, true)
	equal(t, "INC-14 null", of(`"incremental": {"cursor_path": "u", "initial_value": null}`).InitialValue == nil, true)
	for window, want := range map[string]string{`"7d"`: "168h0m0s", `"12h"`: "12h0m0s", `"30m"`: "30m0s", `86400`: "24h0m0s"} { // OPR-34
		inc := of(`"incremental": {"cursor_path": "u", "initial_value": "2024", "start_param": "s", "end_param": "e", "window": ` + window + `}`)
		equal(t, window, inc.Window.String(), want)
	}
	c := good(t, source(`"a"`, `{"name": "b", "incremental": {"cursor_path": "u", "per_parent": true}, "endpoint": "x/{resources.a.id}/y"}`)) // VAL-04, OPR-33
	equal(t, "on the resource", line(c.Resources[1].Endpoint.Incremental.CursorPath, c.Resources[1].Endpoint.Incremental.PerParent), "u true")
}
