package config

var (
	methods     = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	actionWords = []string{"ignore", "retry", "fail", "stop", "refresh_auth"}
)

var endpointStructures = []Structure{{
	Name: "endpoint",
	Doc:  "One series of requests: what to ask, and how to read the answer.",
	Fields: []FieldDoc{
		{Key: "path", Kinds: Text, Doc: "Joined to base_url, or absolute; may hold placeholders. Default: the resource's name.", Example: `path = "posts/{resources.posts.id}/comments"`},
		{Key: "method", Kinds: Text, Words: methods, Default: `"GET"`, Doc: "HTTP method, upper case.", Example: `method = "POST"`},
		{Key: "params", Kinds: Table, Table: "params", Doc: "Query parameters; a list repeats the name; may hold placeholders.", Example: `params = { state = "all", label = { "bug", "docs" } }`},
		{Key: "json", Kinds: Table | List, Table: "json", Doc: "Body sent as JSON; a text that is one placeholder keeps the value's type.", Example: `json = { query = { post = "{resources.posts.id}" } }`},
		{Key: "data", Kinds: Text | Table | List, Items: List, Table: "data", Doc: "Form (a table, or a list of pairs), or a raw body (a string).", Example: `data = { { "a", "1" }, { "a", "2" } }`},
		{Key: "headers", Kinds: Table, Table: "headers", Doc: "Added to the client's, winning over them; may hold placeholders.", Example: `headers = { ["X-Tenant"] = "acme" }`},
		{Key: "data_selector", Kinds: Text | Reset, Doc: "JSONPath of the records in the response. Default: found in the first page.", Example: `data_selector = "data.items"`},
		{Key: "paginator", Kinds: Text | Table | Func | Reset, Table: "paginator", Call: "function(request, response, state) -> request", Doc: "How pages follow each other. Default: the client's.", Example: `paginator = { type = "page_number", base_page = 1, total_path = "pages" }`},
		{Key: "response_actions", Kinds: List, Items: Table | Func, Table: "response_action", Call: "function(response) -> action", Doc: "What to do with certain responses.", Example: `response_actions = { { status_code = 404, action = "ignore" } }`},
		{Key: "incremental", Kinds: Table | Reset, Table: "incremental", Doc: "Load only what is new since the last load.", Example: `incremental = { cursor_path = "updated_at", start_param = "since", initial_value = "2024-01-01T00:00:00Z" }`},
		{Key: "auth", Kinds: Text | Table | Func | Reset, Table: "auth", Call: "function(request)", Doc: "In place of the client's; null switches it off.", Example: `auth = json.null`},
		{Key: "format", Kinds: Text, Words: []string{"json", "jsonl", "csv", "xml"}, Doc: "Format of responses. Default: by Content-Type.", Example: `format = "csv"`},
		{Key: "response_format", Kinds: Table, Table: "response_format", Doc: "How strictly a response is read.", Example: `response_format = { lenient = true }`},
		{Key: "key_column", Kinds: Text, Doc: "Column that gets the key of records that an object holds by id.", Example: `key_column = "id"`},
		{Key: "on_empty_body", Kinds: Text, Words: []string{"ignore", "fail"}, Default: `"ignore"`, Doc: "What an empty body is: no records, or an error.", Example: `on_empty_body = "fail"`},
	},
}, {
	Name: "params", Open: true, Values: "param",
	Doc: "Query parameters: text, numbers, true or false, lists of these, or a table with a type.",
}, {
	Name: "json", Open: true,
	Doc: "A body in JSON.",
}, {
	Name: "data", Open: true,
	Doc: "Names and values of a form.",
}, {
	Name: "param.resolve", Group: "param", Type: "resolve",
	Doc: "The older form of {resources.<resource>.<field>}, for placeholders in the path.",
	Fields: []FieldDoc{
		{Key: "type", Kinds: Text, Doc: "resolve.", Example: `type = "resolve"`},
		{Key: "resource", Kinds: Text, Required: true, Doc: "Name of the parent.", Example: `resource = "posts"`},
		{Key: "field", Kinds: Text, Required: true, Doc: "JSONPath in the parent's record.", Example: `field = "id"`},
	},
}, {
	Name: "response_format",
	Doc:  "How strictly a response is read.",
	Fields: []FieldDoc{
		{Key: "lenient", Kinds: Bool, Default: "false", Doc: "NaN and Infinity are read as null.", Example: `lenient = true`},
		{Key: "encoding", Kinds: Text, Doc: "Encoding of the text, by its name in browsers. Default: UTF-8; UTF-16 where a body shows it; else the charset of Content-Type where a body is not UTF-8.", Example: `encoding = "windows-1252"`},
	},
}, {
	Name: "response_action",
	Doc:  "What to do with a response for which all conditions hold.",
	Fields: []FieldDoc{
		{Key: "status_code", Kinds: Integer | Text, Doc: "Condition: the status.", Example: `status_code = 404`},
		{Key: "content", Kinds: Text, Doc: "Condition: text that the body contains.", Example: `content = "Not found"`},
		{Key: "when", Kinds: Func, Call: "function(response) -> holds", Doc: "Condition: what the function says.", Example: `when = function(response) return (response.json or {}).error ~= nil end`},
		{Key: "action", Kinds: Text | Func | List, Items: Func, Words: actionWords, Required: true, Call: "function(response) -> action", Doc: "A word, a function, or a list of functions.", Example: `action = "ignore"`},
		{Key: "message", Kinds: Text, Doc: "Text of the error of action \"fail\"; {json.path} takes a field of the body.", Example: `message = "the API says {json.error}"`},
	},
}}
