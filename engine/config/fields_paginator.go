package config

// paginator makes the structure of a paginator: type and on_repeat are keys of
// every one.
func paginatorFields(own ...FieldDoc) []FieldDoc {
	all := append([]FieldDoc{
		{Key: "type", Kinds: Text, Doc: "Which paginator.", Example: `type = "cursor"`},
	}, own...)
	return append(all, FieldDoc{Key: "on_repeat", Kinds: Text, Words: []string{"error", "stop"}, Default: `"error"`,
		Doc: "What the same page, link or cursor twice in a row is: an error, or the end. With maximum_page or maximum_offset equal pages are taken: their end is known.", Example: `on_repeat = "stop"`})
}

var (
	hasMorePath = FieldDoc{Key: "has_more_path", Kinds: Text | Reset, Doc: "JSONPath of a true or false that ends the series.", Example: `has_more_path = "has_more"`}
	totalPath   = FieldDoc{Key: "total_path", Kinds: Text | Reset, Default: `"total"`, Doc: "JSONPath of the total; null: there is none.", Example: `total_path = json.null`}
	stopOnEmpty = FieldDoc{Key: "stop_after_empty_page", Kinds: Bool, Default: "true", Doc: "A page without records ends the series.", Example: `stop_after_empty_page = false`}
	parallel    = FieldDoc{Key: "parallel", Kinds: Integer, Min: "1", Max: "256", Doc: "Pages asked side by side once the total is known.", Example: `parallel = 4`}
	reset       = FieldDoc{Key: "reset", Kinds: Table, Table: "paginator_reset", Doc: "Begin anew for APIs that end at N results.", Example: `reset = { after_records = 10000, cursor_path = "id", start_param = "since_id" }`}
)

var paginatorStructures = []Structure{{
	Name: "paginator.auto", Group: "paginator", Type: "auto", Bare: true,
	Doc:    "Found out from the first response.",
	Fields: paginatorFields(),
}, {
	Name: "paginator.single_page", Group: "paginator", Type: "single_page", Bare: true,
	Doc:    "One request.",
	Fields: paginatorFields(),
}, {
	Name: "paginator.json_link", Group: "paginator", Type: "json_link", Bare: true, Old: []string{"json_response", "json_links"},
	Doc: "The URL of the next page stands in the body.",
	Fields: paginatorFields(
		FieldDoc{Key: "next_url_path", Kinds: Text, Default: `"next"`, Doc: "JSONPath of the URL.", Example: `next_url_path = "['@odata.nextLink']"`},
		reset,
	),
}, {
	Name: "paginator.header_link", Group: "paginator", Type: "header_link", Bare: true, Old: []string{"header_links"},
	Doc: "The URL of the next page stands in the header Link.",
	Fields: paginatorFields(
		FieldDoc{Key: "links_next_key", Kinds: Text, Default: `"next"`, Doc: "The rel of the next page.", Example: `links_next_key = "next"`},
		reset,
	),
}, {
	Name: "paginator.header_cursor", Group: "paginator", Type: "header_cursor", Bare: true,
	Doc: "The cursor of the next page stands in a header.",
	Fields: paginatorFields(
		FieldDoc{Key: "cursor_key", Kinds: Text, Default: `"next"`, Doc: "Name of the header.", Example: `cursor_key = "X-Next"`},
		FieldDoc{Key: "cursor_param", Kinds: Text, Default: `"cursor"`, Doc: "Query parameter that gets the cursor.", Example: `cursor_param = "after"`},
		reset,
	),
}, {
	Name: "paginator.cursor", Group: "paginator", Type: "cursor", Bare: true,
	Doc: "The cursor of the next page stands in the body.",
	Fields: paginatorFields(
		FieldDoc{Key: "cursor_path", Kinds: Text, Default: `"cursors.next"`, Doc: "JSONPath of the cursor.", Example: `cursor_path = "meta.after"`},
		FieldDoc{Key: "cursor_param", Kinds: Text, Doc: "Query parameter that gets the cursor. Default: cursor, if cursor_body_path is not given.", Example: `cursor_param = "after"`},
		FieldDoc{Key: "cursor_body_path", Kinds: Text, Doc: "Dotted place in the JSON body that gets the cursor.", Example: `cursor_body_path = "start_cursor"`},
		hasMorePath,
		FieldDoc{Key: "stop_after_empty_page", Kinds: Bool, Default: "false", Doc: "A page without records ends the series.", Example: `stop_after_empty_page = true`},
		reset,
	),
}, {
	Name: "paginator.offset", Group: "paginator", Type: "offset",
	Doc: "Pages by offset and limit.",
	Fields: paginatorFields(
		FieldDoc{Key: "limit", Kinds: Integer, Min: "1", Required: true, Doc: "Records of a page.", Example: `limit = 100`},
		FieldDoc{Key: "offset", Kinds: Integer, Default: "0", Doc: "The first offset.", Example: `offset = 0`},
		FieldDoc{Key: "offset_param", Kinds: Text, Doc: "Query parameter of the offset. Default: offset, if offset_body_path is not given.", Example: `offset_param = "skip"`},
		FieldDoc{Key: "offset_body_path", Kinds: Text, Doc: "Dotted place of the offset in the JSON body.", Example: `offset_body_path = "page.offset"`},
		FieldDoc{Key: "limit_param", Kinds: Text, Doc: "Query parameter of the limit. Default: limit, if limit_body_path is not given.", Example: `limit_param = "take"`},
		FieldDoc{Key: "limit_body_path", Kinds: Text, Doc: "Dotted place of the limit in the JSON body.", Example: `limit_body_path = "page.limit"`},
		totalPath,
		FieldDoc{Key: "maximum_offset", Kinds: Integer | Reset, Min: "0", Doc: "The series ends before this offset.", Example: `maximum_offset = 10000`},
		hasMorePath, stopOnEmpty, parallel, reset,
	),
}, {
	Name: "paginator.page_number", Group: "paginator", Type: "page_number", Bare: true,
	Doc: "Pages by number.",
	Fields: paginatorFields(
		FieldDoc{Key: "base_page", Kinds: Integer, Default: "0", Doc: "The number that the API gives its first page.", Example: `base_page = 1`},
		FieldDoc{Key: "page", Kinds: Integer, Doc: "The number to begin with. Default: base_page.", Example: `page = 1`},
		FieldDoc{Key: "page_param", Kinds: Text, Doc: "Query parameter of the number. Default: page, if page_body_path is not given.", Example: `page_param = "p"`},
		FieldDoc{Key: "page_body_path", Kinds: Text, Doc: "Dotted place of the number in the JSON body.", Example: `page_body_path = "paging.page"`},
		totalPath,
		FieldDoc{Key: "maximum_page", Kinds: Integer | Reset, Min: "0", Doc: "The series ends before this page.", Example: `maximum_page = 100`},
		hasMorePath, stopOnEmpty, parallel, reset,
	),
}, {
	Name: "paginator.function", Group: "paginator",
	Doc: "A paginator of the script's own; told by its key update_state.",
	Fields: paginatorFields( // but for type, by which the others are told
		FieldDoc{Key: "init_request", Kinds: Func, Call: "function(request, state)", Doc: "Prepares the first request.", Example: `init_request = function(request, state) state.page = 1 end`},
		FieldDoc{Key: "update_state", Kinds: Func, Required: true, Call: "function(response, records, state) -> has_next", Doc: "Looks at a page; false or nil ends the series.", Example: `update_state = function(response, records, state) return #records > 0 end`},
		FieldDoc{Key: "update_request", Kinds: Func, Call: "function(request, state)", Doc: "Changes the request into the next one.", Example: `update_request = function(request, state) request.params.page = state.page end`},
	)[1:],
}, {
	Name: "paginator_reset",
	Doc:  "Begin anew from the largest value seen, for APIs that end at N results.",
	Fields: []FieldDoc{
		{Key: "after_records", Kinds: Integer, Min: "1", Required: true, Doc: "After how many records.", Example: `after_records = 10000`},
		{Key: "cursor_path", Kinds: Text, Required: true, Doc: "JSONPath in the record of the value.", Example: `cursor_path = "id"`},
		{Key: "start_param", Kinds: Text, Required: true, Doc: "Query parameter that gets the value.", Example: `start_param = "since_id"`},
	},
}}
