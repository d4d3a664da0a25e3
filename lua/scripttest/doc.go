package scripttest

import "github.com/restlua/restlua/stdlib"

// Documentation describes the module test, for the reference page and the
// editor annotations.
func Documentation() stdlib.Module {
	return stdlib.Module{
		Name: "test",
		Doc:  "Tests of scripts, in files *_test.lua that `restlua test` runs; not there in scripts.",
		Functions: []stdlib.Function{{
			Name: "case", Params: "name: string, run: fun(t: test.Case)", Returns: "nil",
			Doc: "Declares a case. Cases run one after the other, each with datasets of its own that are gone behind it.",
			Example: `local test = require("test")
test.case("a difference is found", function(t)
  t.fails("not equal", function() t.equal({ a = 1 }, { a = 2 }) end)
end)`,
		}},
		Classes: []stdlib.Class{{
			Name: "test.Case",
			Doc:  "What a case gets. Paths are relative to the test's file.",
			Fields: []stdlib.Field{
				{Name: "api", Type: "table<string, table>", Doc: "Answers by \"GET /path?query\". The path is below base_url, or the whole one, or a whole address; without a query it answers any. A value is { status, headers, json or body }, or a list of such for one request after the other; the last one is given again and again. A request without answer fails the load."},
				{Name: "state", Type: "table", Doc: "What is kept from load to load: { resource = { incremental = { cursor_path = last_value }, state = ctx.state } }. A load begins at it, and leaves it as it ends."},
				{Name: "run", Type: "fun(script: string, options?: { secrets?: table, config?: table, resources?: string[], limit?: integer, pages?: integer, full_refresh?: boolean, keep_going?: boolean, now?: string }): test.Load", Doc: "Runs a script once, without network and waits, and commits; a second run of a case goes on there. Secrets and settings are those given here and no others. A load that fails is an error."},
				{Name: "equal", Type: "fun(got: any, want: any)", Doc: "Fails where two values differ, and shows each field that does. A null is as good as a field that is not there."},
				{Name: "fails", Type: "fun(text: string, run: function)", Doc: "Fails unless the function fails with an error that contains the text."},
				{Name: "replay", Type: "fun(recording: string)", Doc: "Answers the loads that follow from a recording of restlua run --record, in place of api."},
			},
		}, {
			Name: "test.Load",
			Doc:  "What a load did.",
			Fields: []stdlib.Field{
				{Name: "rows", Type: "fun(table: string): table[]", Doc: "The rows of a table as it is now, without the engine's own columns and without nulls. Times are text, as in JSON."},
				{Name: "requests", Type: "table[]", Doc: "The requests as they came: method, url, path (below base_url), params, headers, json or body. Those of one resource come in the same order each time. Of a recording only method and url."},
				{Name: "state", Type: "table", Doc: "As t.state."},
				{Name: "warnings", Type: "string[]", Doc: "The warnings of the load."},
			},
		}},
	}
}
