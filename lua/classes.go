package lua

import "github.com/restlua/restlua/stdlib"

// Classes documents what hooks get beside records: ctx, request and response.
// Fields are in the order in which a reader wants them.
func Classes() []stdlib.Class {
	return []stdlib.Class{{
		Name: "ctx",
		Doc:  "The last argument of every hook.",
		Fields: []stdlib.Field{
			{Name: "resource", Type: "string?", Doc: "Name of the resource; nil in on_start and on_finish."},
			{Name: "state", Type: "table", Doc: "Plain values that are kept from load to load, committed with the load. Steps write it with their rows; where a paginator, a response action or a login writes it, which run ahead of the rows, a load that was killed reads the resource anew."},
			{Name: "log", Type: "log", Doc: "The module log."},
			{Name: "load_id", Type: "integer", Doc: "Number of the load."},
			{Name: "incremental", Type: "{ start_value: any }", Doc: "start_value is where the load of an incremental resource starts; nil where it starts at the beginning."},
			{Name: "parent", Type: "table?", Doc: "The fields of the parent's record that include_from_parent names, without their prefix; nil without a parent."},
		},
	}, {
		Name: "request",
		Doc:  "A request on its way; every field may be changed.",
		Fields: []stdlib.Field{
			{Name: "method", Type: "string", Doc: "\"GET\"."},
			{Name: "url", Type: "string", Doc: "The whole address, without what stands in params."},
			{Name: "path", Type: "string", Doc: "The path of url."},
			{Name: "params", Type: "table<string, any>", Doc: "Parameters that are added to the query of url; a list repeats the name."},
			{Name: "headers", Type: "table<string, string>", Doc: "The headers, read and written without regard to case."},
			{Name: "json", Type: "any", Doc: "The body as a value; nil if it is not sent as JSON."},
			{Name: "body", Type: "string?", Doc: "A body that is sent as it is where json is nil."},
		},
	}, {
		Name: "response",
		Doc:  "An answer; json and body may be changed, and are two faces of one text.",
		Fields: []stdlib.Field{
			{Name: "status", Type: "integer", Doc: "The status: 200."},
			{Name: "headers", Type: "table<string, string>", Doc: "The headers, read without regard to case."},
			{Name: "body", Type: "string", Doc: "The body as text, decompressed."},
			{Name: "json", Type: "any", Doc: "The body as a value; nil if it is no JSON."},
			{Name: "url", Type: "string", Doc: "The address of the request, secrets masked."},
			{Name: "elapsed", Type: "number", Doc: "How long it took, in seconds."},
		},
	}}
}
