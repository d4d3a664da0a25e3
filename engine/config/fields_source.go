package config

var sourceStructures = []Structure{{
	Name: "config",
	Doc:  "The table that a script returns: one source.",
	Fields: []FieldDoc{
		{Key: "name", Kinds: Text, Doc: "Name of the source; it names the dataset's folder. Default: the script's file name.", Example: `name = "github"`},
		{Key: "client", Kinds: Table, Table: "client", Required: true, Doc: "Where the API is and what all requests have in common.", Example: `client = { base_url = "https://api.github.com/" }`},
		{Key: "resource_defaults", Kinds: Table, Table: "resource_defaults", Doc: "What holds for every resource that does not say otherwise.", Example: `resource_defaults = { primary_key = "id", write_disposition = "merge" }`},
		{Key: "resources", Kinds: List, Items: Text | Table, Table: "resource", Required: true, Doc: "The resources; a string stands for a resource of that name and path.", Example: `resources = { "posts", { name = "issues", endpoint = "repos/acme/app/issues" } }`},
		{Key: "on_start", Kinds: Func, Call: "function(ctx)", Doc: "Called before the first request of a load.", Example: `on_start = function(ctx) ctx.log.info("begins") end`},
		{Key: "on_finish", Kinds: Func, Call: "function(ctx, report)", Doc: "Called when the load is committed.", Example: `on_finish = function(ctx, report) ctx.log.info("done") end`},
		{Key: "max_table_nesting", Kinds: Integer, Min: "0", Doc: "As on a resource, for all that do not set it.", Example: `max_table_nesting = 2`},
		{Key: "schema_contract", Kinds: Text | Table, Table: "schema_contract", Words: contractModes, Doc: "As on a resource, for all that do not set it.", Example: `schema_contract = "freeze"`},
		{Key: "parallelized", Kinds: Bool, Doc: "As on a resource, for all that do not set it.", Example: `parallelized = true`},
		{Key: "root_key", Kinds: Bool, NoEffect: "every child table has _rl_root_id", Doc: "Accepted; every child table has the id of its root row.", Example: `root_key = true`},
	},
}}

var clientStructures = []Structure{{
	Name: "client",
	Doc:  "Where the API is and what all requests have in common.",
	Fields: []FieldDoc{
		{Key: "base_url", Kinds: Text, Required: true, Doc: "What paths are joined to; \"\" if every path is absolute.", Example: `base_url = "https://api.github.com/"`},
		{Key: "headers", Kinds: Table, Table: "headers", Doc: "Sent with every request, as written: placeholders are not expanded here.", Example: `headers = { Accept = "application/json" }`},
		{Key: "auth", Kinds: Text | Table | Func | Reset, Table: "auth", Call: "function(request)", Doc: "How requests are authorised.", Example: `auth = { type = "bearer", token = secrets.get("github.token") }`},
		{Key: "paginator", Kinds: Text | Table | Func | Reset, Table: "paginator", Call: "function(request, response, state) -> request", Default: `"auto"`, Doc: "How pages follow each other, where an endpoint does not say it.", Example: `paginator = "header_link"`},
		{Key: "session", Kinds: Table, Table: "session", Doc: "Retries and timeouts.", Example: `session = { request_timeout = 30 }`},
		{Key: "allowed_hosts", Kinds: List, Items: Text, Doc: "Further hosts that credentials may go to; \"*.example.com\" for all below, \"*\" for all.", Example: `allowed_hosts = { "api2.example.com" }`},
		{Key: "concurrency", Kinds: Integer, Min: "1", Max: "1000", Default: "8", Doc: "Most requests in flight.", Example: `concurrency = 4`},
		{Key: "max_response_bytes", Kinds: Integer, Unit: "bytes", Min: "1", Default: "268435456", Doc: "Largest response, decompressed, in bytes.", Example: `max_response_bytes = 64 * 1024 * 1024`},
		{Key: "rate_limit", Kinds: Table | List, Items: Table, Table: "rate", Doc: "Most requests in a time; a list of such for several windows.", Example: `rate_limit = { requests = 10, per = "1s" }`},
		{Key: "cookies", Kinds: Bool, Default: "true", Doc: "Keep cookies of the API for the load.", Example: `cookies = false`},
		{Key: "tls", Kinds: Table, Table: "tls", Doc: "Certificates other than the system's.", Example: `tls = { ca_file = "ca.pem" }`},
	},
}, {
	Name: "headers", Open: true,
	Doc: "Names and values of headers.",
}, {
	Name: "session",
	Doc:  "Retries and timeouts of all requests.",
	Fields: []FieldDoc{
		{Key: "request_timeout", Kinds: Number | Text, Unit: "seconds", Min: "0.001", Default: "60", Doc: "How long an answer may take: seconds, or \"2m\".", Example: `request_timeout = 30`},
		{Key: "request_max_attempts", Kinds: Integer, Min: "1", Max: "100", Default: "5", Doc: "Tries of one request in all.", Example: `request_max_attempts = 3`},
		{Key: "request_backoff_factor", Kinds: Number, Unit: "seconds", Min: "0", Max: "3600", Default: "1", Doc: "Seconds before the second try; each later wait is twice as long.", Example: `request_backoff_factor = 0.5`},
		{Key: "request_max_retry_delay", Kinds: Number | Text, Unit: "seconds", Min: "0", Default: "300", Doc: "The longest wait between two tries: seconds, or \"5m\".", Example: `request_max_retry_delay = "10m"`},
		{Key: "status_codes", Kinds: List, Items: Integer, Doc: "Statuses to retry beside 408, 429 and 500 to 599.", Example: `status_codes = { 409 }`},
		{Key: "retry_condition", Kinds: Func, Call: "function(resp, err) -> again", Doc: "Asked about an answer or a failure that would not be tried again: true tries it again, with the waits and attempts of this table. resp is the response, which cannot be changed here; where no answer came it is nil, and err says why.", Example: `retry_condition = function(resp, err) return resp ~= nil and resp.body == "" end`},
		{Key: "hook_timeout", Kinds: Number | Text, Unit: "seconds", Min: "0.001", Default: "1", Doc: "How long one call of a function of the script may take.", Example: `hook_timeout = "5s"`},
	},
}, {
	Name: "rate",
	Doc:  "Most requests in a time.",
	Fields: []FieldDoc{
		{Key: "requests", Kinds: Integer, Min: "1", Max: "1000000000", Required: true, Doc: "How many.", Example: `requests = 400`},
		{Key: "per", Kinds: Number | Text, Unit: "seconds", Min: "0.001", Default: `"1s"`, Doc: "In which time: seconds, or \"1m\".", Example: `per = "1m"`},
		{Key: "burst", Kinds: Integer, Min: "1", Max: "1000000000", Doc: "How many at once. Default: requests.", Example: `burst = 5`},
	},
}, {
	Name: "tls",
	Doc:  "Certificates other than the system's; files in PEM form.",
	Fields: []FieldDoc{
		{Key: "ca_file", Kinds: Text, Doc: "Authorities that sign the API's certificate.", Example: `ca_file = "ca.pem"`},
		{Key: "cert_file", Kinds: Text, Doc: "Certificate of this client.", Example: `cert_file = "client.pem"`},
		{Key: "key_file", Kinds: Text, Doc: "Key of cert_file.", Example: `key_file = "client.key"`},
		{Key: "insecure_skip_verify", Kinds: Bool, Default: "false", Doc: "Accept any certificate; for tests only.", Example: `insecure_skip_verify = true`},
	},
}}
