package config

var (
	contractModes  = []string{"evolve", "freeze", "discard_row", "discard_value"}
	dispositions   = []string{"append", "replace", "merge", "skip"}
	strategies     = []string{"delete-insert", "upsert", "insert-only", "scd2"}
	dataTypes      = []string{"text", "bigint", "double", "bool", "timestamp", "date", "time", "decimal", "json", "binary", "wei"}
	sortDirections = []string{"asc", "desc"}
)

// resourceFields hold for a resource and for resource_defaults.
var resourceFields = []FieldDoc{
	{Key: "table_name", Kinds: Text | Func, Call: "function(record) -> name", Doc: "The table that rows go to; a function chooses it per record. Default: the resource's name.", Example: `table_name = function(record) return record.type end`},
	{Key: "write_disposition", Kinds: Text | Table, Table: "write_disposition", Words: dispositions, Default: `"append"`, Doc: "What a load does with the rows that the table has.", Example: `write_disposition = "merge"`},
	{Key: "primary_key", Kinds: Text | List, Items: Text, Doc: "The column, or columns, that identify a row.", Example: `primary_key = "id"`},
	{Key: "merge_key", Kinds: Text | List, Items: Text, Doc: "Columns whose values a merge load replaces as a whole.", Example: `merge_key = "day"`},
	{Key: "columns", Kinds: List | Table, Items: Table, Table: "columns", Doc: "Hints on columns: a list with names, or a table by name.", Example: `columns = { price = { data_type = "decimal", precision = 10, scale = 2 } }`},
	{Key: "max_table_nesting", Kinds: Integer | Reset, Min: "0", Max: "1000", Doc: "How many levels of child tables are made; what lies deeper stays JSON. Default: no limit.", Example: `max_table_nesting = 1`},
	{Key: "schema_contract", Kinds: Text | Table, Table: "schema_contract", Words: contractModes, Default: `"evolve"`, Doc: "Whether new tables, columns and types are taken.", Example: `schema_contract = { columns = "freeze" }`},
	{Key: "evolve", Kinds: Text, Words: []string{"rewrite", "union"}, Default: `"rewrite"`, Doc: "How files of earlier loads follow a changed schema: they are rewritten, or stay for readers that unite schemas.", Example: `evolve = "union"`},
	{Key: "selected", Kinds: Bool, Default: "true", Doc: "false: no table is written; requested only if a child needs it.", Example: `selected = false`},
	{Key: "parallelized", Kinds: Bool, Default: "false", Doc: "Accepted from dlt, without effect: children are always asked side by side, as many as client.concurrency allows, and rows keep the order of the parents.", Example: `parallelized = true`},
	{Key: "include_from_parent", Kinds: List, Items: Text, Doc: "Fields of the parent's record that every record gets, as _<parent>_<field>.", Example: `include_from_parent = { "id", "title" }`},
	{Key: "processing_steps", Kinds: List, Items: Table, Table: "step", Doc: "Functions that see every record, in order.", Example: `processing_steps = { { filter = function(record) return record.state == "open" end } }`},
	{Key: "rows", Kinds: List | Func, Call: "function(emit, ctx)", Doc: "Records of a resource that is no endpoint.", Example: `rows = { { name = "a" }, { name = "b" } }`},
	{Key: "incremental", Kinds: Table | Reset, Table: "incremental", Doc: "As endpoint.incremental.", Example: `incremental = { cursor_path = "updated_at" }`},
	{Key: "on_error", Kinds: Text, Words: []string{"fail", "defer", "skip"}, Default: `"fail"`, Doc: "What a parent does whose child requests failed: end the load, be tried in the next load, or be left out.", Example: `on_error = "defer"`},
	{Key: "batch", Kinds: Integer, Min: "1", Max: "100000", Doc: "How many parent values one request takes. Default: one.", Example: `batch = 50`},
	{Key: "batch_separator", Kinds: Text, Default: `","`, Doc: "What stands between the values of a batch in path and params.", Example: `batch_separator = "|"`},
	{Key: "deduplicate", Kinds: Bool, Default: "true", Doc: "Equal parent values are asked once.", Example: `deduplicate = false`},
	{Key: "partitions", Kinds: List, Doc: "Values, or tables, that {partition} or {partition.key} stands for, one series of requests each.", Example: `partitions = { "de", "fr" }`},
	{Key: "hook_workers", Kinds: Integer, Min: "1", Max: "256", Default: "1", Doc: "Copies of the script's world that run the steps; each has its own variables.", Example: `hook_workers = 4`},
	{Key: "parent", Kinds: Text, NoEffect: "the parent is the resource that a placeholder names", Doc: "Accepted; a placeholder names the parent.", Example: `parent = "issues"`},
	{Key: "table_format", Kinds: Text, NoEffect: "tables are plain Parquet", Doc: "Accepted; tables are plain Parquet.", Example: `table_format = "native"`},
	{Key: "file_format", Kinds: Text, NoEffect: "files are Parquet", Doc: "Accepted; files are Parquet.", Example: `file_format = "parquet"`},
	{Key: "references", Kinds: List | Table, NoEffect: "Parquet holds no references", Doc: "Accepted; Parquet holds no references between tables.", Example: `references = {}`},
}

// withEndpoint puts the fields that differ between a resource and its defaults
// in front of those that both have.
func withEndpoint(first ...FieldDoc) []FieldDoc {
	return append(first, resourceFields...)
}

var resourceStructures = []Structure{{
	Name: "resource",
	Doc:  "One table's worth of records and how to ask for them.",
	Fields: withEndpoint(
		FieldDoc{Key: "name", Kinds: Text, Required: true, Doc: "Name of the resource; no other has it.", Example: `name = "issues"`},
		FieldDoc{Key: "endpoint", Kinds: Text | Table, Table: "endpoint", Doc: "What to ask; a string is the path. Default: the name is the path.", Example: `endpoint = { path = "issues", params = { state = "all" } }`},
	),
}, {
	Name: "resource_defaults",
	Doc:  "What holds for every resource that does not say otherwise.",
	Fields: withEndpoint(
		FieldDoc{Key: "endpoint", Kinds: Table, Table: "endpoint", Doc: "Defaults of all endpoints: params and json are merged key by key, other keys as a whole.", Example: `endpoint = { params = { per_page = 100 } }`},
	),
}, {
	Name: "write_disposition",
	Doc:  "The long form of write_disposition.",
	Fields: []FieldDoc{
		{Key: "disposition", Kinds: Text, Words: dispositions, Required: true, Doc: "append, replace, merge or skip.", Example: `disposition = "merge"`},
		{Key: "strategy", Kinds: Text, Words: strategies, Default: `"delete-insert"`, Doc: "How a merge is done.", Example: `strategy = "scd2"`},
	},
}, {
	Name: "schema_contract",
	Doc:  "A mode for each kind of change.",
	Fields: []FieldDoc{
		{Key: "tables", Kinds: Text, Words: contractModes, Default: `"evolve"`, Doc: "New child tables.", Example: `tables = "discard_row"`},
		{Key: "columns", Kinds: Text, Words: contractModes, Default: `"evolve"`, Doc: "New columns.", Example: `columns = "freeze"`},
		{Key: "data_type", Kinds: Text, Words: contractModes, Default: `"evolve"`, Doc: "Values of another type.", Example: `data_type = "discard_value"`},
	},
}, {
	Name: "columns", Open: true, Values: "column",
	Doc: "Hints by name of the column.",
}, {
	Name: "column",
	Doc:  "What a script says of a column.",
	Fields: []FieldDoc{
		{Key: "name", Kinds: Text, Doc: "Name of the column; nested ones as meta__id or meta.id. Required in a list.", Example: `name = "price"`},
		{Key: "data_type", Kinds: Text, Words: dataTypes, Doc: "Type of the column.", Example: `data_type = "decimal"`},
		{Key: "nullable", Kinds: Bool, Default: "true", Doc: "false: a null or missing value fails the load.", Example: `nullable = false`},
		{Key: "precision", Kinds: Integer, Min: "0", Doc: "Digits of a decimal; of a timestamp, fraction digits 0 to 6.", Example: `precision = 10`},
		{Key: "scale", Kinds: Integer, Min: "0", Max: "38", Doc: "Fraction digits of a decimal.", Example: `scale = 2`},
		{Key: "timezone", Kinds: Bool, Default: "true", Doc: "false: a timestamp without zone.", Example: `timezone = false`},
		{Key: "primary_key", Kinds: Bool, Default: "false", Doc: "The column belongs to the primary key.", Example: `primary_key = true`},
		{Key: "merge_key", Kinds: Bool, Default: "false", Doc: "The column belongs to the merge key.", Example: `merge_key = true`},
		{Key: "hard_delete", Kinds: Bool, Default: "false", Doc: "A merge deletes rows where it is true, or not null.", Example: `hard_delete = true`},
		{Key: "dedup_sort", Kinds: Text, Words: sortDirections, Doc: "Which of several rows of one key stays: the greatest (desc) or the least (asc).", Example: `dedup_sort = "desc"`},
		{Key: "description", Kinds: Text, Doc: "For readers of the script.", Example: `description = "net price"`},
		{Key: "unique", Kinds: Bool, NoEffect: noColumnEffect, Doc: "Accepted, no effect.", Example: `unique = true`},
		{Key: "sort", Kinds: Bool, NoEffect: noColumnEffect, Doc: "Accepted, no effect.", Example: `sort = true`},
		{Key: "partition", Kinds: Bool, NoEffect: noColumnEffect, Doc: "Accepted, no effect.", Example: `partition = true`},
		{Key: "cluster", Kinds: Bool, NoEffect: noColumnEffect, Doc: "Accepted, no effect.", Example: `cluster = true`},
	},
}, {
	Name: "step",
	Doc:  "One processing step; several functions run as filter, map, yield_map.",
	Fields: []FieldDoc{
		{Key: "filter", Kinds: Func, Call: "function(record, ctx) -> keep", Doc: "nil and false drop the record.", Example: `filter = function(record) return not record.draft end`},
		{Key: "map", Kinds: Func, Call: "function(record, ctx) -> record", Doc: "What it returns takes the record's place; nil drops it.", Example: `map = function(record) record.raw = nil; return record end`},
		{Key: "yield_map", Kinds: Func, Call: "function(record, emit, ctx)", Doc: "Makes any number of records: emit(r), or a list returned.", Example: `yield_map = function(record, emit) for _, x in ipairs(record.items) do emit(x) end end`},
	},
}}

const noColumnEffect = "Parquet files have no such thing"
