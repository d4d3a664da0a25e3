package config

import "slices"

// incrementalFields hold for an incremental and for an incremental param.
var incrementalFields = []FieldDoc{
	{Key: "cursor_path", Kinds: Text, Required: true, Doc: "JSONPath in the record of the field that grows.", Example: `cursor_path = "updated_at"`},
	{Key: "initial_value", Kinds: Text | Number, Doc: "Where the first load begins.", Example: `initial_value = "2024-01-01T00:00:00Z"`},
	{Key: "end_value", Kinds: Text | Number, Doc: "Where a back-fill ends; the state is neither read nor moved.", Example: `end_value = "2024-02-01T00:00:00Z"`},
	{Key: "start_param", Kinds: Text, Doc: "Query parameter that gets the start value.", Example: `start_param = "since"`},
	{Key: "end_param", Kinds: Text, Doc: "Query parameter that gets the end value.", Example: `end_param = "until"`},
	{Key: "last_value_func", Kinds: Text | Func, Words: []string{"max", "min"}, Default: `"max"`, Call: "function(values) -> value", Doc: "Which of two values is the later one.", Example: `last_value_func = "min"`},
	{Key: "primary_key", Kinds: Text | List, Items: Text, Doc: "Identifies records at the boundary; {} switches deduplication off. Default: the resource's.", Example: `primary_key = "id"`},
	{Key: "row_order", Kinds: Text, Words: sortDirections, Doc: "The API sorts by the cursor: requests end as soon as no later record can belong to the load.", Example: `row_order = "desc"`},
	{Key: "lag", Kinds: Number, Min: "0", Doc: "How far behind the last value a load begins: seconds, days of a date, or a number.", Example: `lag = 3600`},
	{Key: "on_cursor_value_missing", Kinds: Text, Words: []string{"raise", "include", "exclude"}, Default: `"raise"`, Doc: "What a record without the field is.", Example: `on_cursor_value_missing = "include"`},
	{Key: "range_start", Kinds: Text, Words: []string{"closed", "open"}, Default: `"closed"`, Doc: "Whether the start value itself belongs to the range.", Example: `range_start = "open"`},
	{Key: "range_end", Kinds: Text, Words: []string{"open", "closed"}, Default: `"open"`, Doc: "Whether the end value itself belongs to the range.", Example: `range_end = "closed"`},
	{Key: "convert", Kinds: Func, Call: "function(value) -> value", Doc: "Changes values for requests only.", Example: `convert = function(value) return time.parse(value).unix end`},
	{Key: "transform", Kinds: Func, OldOf: "convert", Call: "function(value) -> value", Doc: "Older spelling of convert.", Example: `transform = function(value) return value end`},
	{Key: "per_parent", Kinds: Bool, Default: "false", Doc: "One cursor per parent value in place of one for all.", Example: `per_parent = true`},
	{Key: "window", Kinds: Text | Number, Unit: "seconds", Min: "0.001", Doc: "The range is cut into windows of this length: \"7d\", \"12h\", or seconds.", Example: `window = "7d"`},
	{Key: "allow_external_schedulers", Kinds: Bool, NoEffect: "no scheduler sets the range", Doc: "Accepted; no scheduler sets the range.", Example: `allow_external_schedulers = false`},
}

var incrementalStructures = []Structure{{
	Name:   "incremental",
	Doc:    "Load only what is new since the last load.",
	Fields: incrementalFields,
}, {
	Name: "param.incremental", Group: "param", Type: "incremental",
	Doc: "The older form of incremental: the parameter gets the start value.",
	Fields: append([]FieldDoc{
		{Key: "type", Kinds: Text, Doc: "incremental.", Example: `type = "incremental"`},
	}, paramFields()...),
}}

// paramFields are the fields of an incremental param: it has no end (VAL-44).
func paramFields() []FieldDoc {
	out := slices.Clone(incrementalFields)
	for i := range out {
		if key := out[i].Key; key == "end_value" || key == "end_param" {
			out[i].Doc = "Not allowed here: endpoint.incremental has it."
		}
	}
	return out
}
