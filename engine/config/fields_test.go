package config

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The one declaration of fields is complete and does not contradict itself:
// the reference page, the annotations and the JSON schema are made from it.
func TestStructures(t *testing.T) {
	t.Parallel()
	all := Structures()
	equal(t, "the top table comes first", all[0].Name, "config")
	names := map[string]bool{}
	groups := map[string]bool{}
	for _, s := range all {
		if names[s.Name] {
			t.Errorf("%s is declared twice", s.Name)
		}
		names[s.Name] = true
		groups[s.Group] = true
	}
	for _, s := range all {
		if s.Doc == "" || !strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: the doc %q is no sentence", s.Name, s.Doc)
		}
		if s.Open != (len(s.Fields) == 0) {
			t.Errorf("%s: either its keys are declared, or they are the script's own", s.Name)
		}
		if s.Values != "" && (!s.Open || !names[s.Values] && !groups[s.Values]) {
			t.Errorf("%s: there is no structure %q for its values", s.Name, s.Values)
		}
		keys := map[string]bool{}
		for _, f := range s.Fields {
			at := s.Name + "." + f.Key
			if keys[f.Key] {
				t.Errorf("%s is declared twice", at)
			}
			keys[f.Key] = true
			checkField(t, at, &s, &f)
			if f.Table != "" && !names[f.Table] && !groups[f.Table] {
				t.Errorf("%s: there is no structure %q", at, f.Table)
			}
		}
	}
}

func checkField(t *testing.T, at string, s *Structure, f *FieldDoc) {
	t.Helper()
	if !strings.HasSuffix(f.Doc, ".") {
		t.Errorf("%s: the doc %q is no sentence", at, f.Doc)
	}
	if !strings.HasPrefix(f.Example, f.Key+" = ") {
		t.Errorf("%s: the example %q does not set it", at, f.Example)
	}
	if f.Kinds&^Reset == 0 {
		t.Errorf("%s accepts nothing", at)
	}
	if (f.Kinds&Func != 0) != (f.Call != "") && f.Items&Func == 0 {
		t.Errorf("%s: a function needs a signature, and only a function: %q", at, f.Call)
	}
	if f.Kinds&Table == 0 && f.Items&Table == 0 && f.Table != "" {
		t.Errorf("%s is no table and has structure %q", at, f.Table)
	}
	if f.OldOf != "" && s.field(f.OldOf) == nil {
		t.Errorf("%s: there is no key %q", at, f.OldOf)
	}
	if word := trimQuotes(f.Default); f.Words != nil && f.Default != "" && !slices.Contains(f.Words, word) {
		t.Errorf("%s: the default %q is none of its words", at, word)
	}
	switch {
	case f.Default == "":
	case f.Kinds&(Integer|Number) != 0 && f.Kinds&Text == 0:
		if _, err := strconv.ParseFloat(f.Default, 64); err != nil {
			t.Errorf("%s: the default %q is no number", at, f.Default)
		}
	case f.isDuration():
		if _, ok := parseDuration(trimQuotes(f.Default)); !ok {
			t.Errorf("%s: the default %q is no length of time", at, f.Default)
		}
	case f.Kinds&Bool != 0:
		if f.Default != "true" && f.Default != "false" {
			t.Errorf("%s: the default %q is neither true nor false", at, f.Default)
		}
	case f.Default != `""` && !strings.HasPrefix(f.Default, `"`):
		t.Errorf("%s: the default %s is not written as in Lua", at, f.Default)
	}
}

// The caller of Structures cannot change the declaration.
func TestStructuresAreACopy(t *testing.T) {
	t.Parallel()
	all := Structures()
	all[0].Fields[0].Key = "changed"
	all[0].Name = "changed"
	if structures[0].Name != "config" || structures[0].Fields[0].Key != "name" {
		t.Error("the declaration was changed")
	}
}

// VAL-04: the keys that dlt's source has are known.
func TestKnownKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"config":      "client resources resource_defaults",
		"client":      "base_url headers auth paginator session",
		"endpoint":    "path method params json data paginator data_selector response_actions incremental auth headers",
		"resource":    "name endpoint include_from_parent processing_steps selected parallelized max_table_nesting table_name write_disposition primary_key merge_key columns schema_contract table_format file_format incremental references parent",
		"incremental": "cursor_path initial_value end_value last_value_func primary_key row_order lag on_cursor_value_missing range_start range_end allow_external_schedulers convert transform start_param end_param", // INC-06
	} {
		for _, key := range strings.Fields(keys) {
			if structure(name).field(key) == nil {
				t.Errorf("%s has no key %s", name, key)
			}
		}
	}
	equal(t, "PAG-08", types("paginator"), strings.Fields("auto single_page json_link header_link header_cursor cursor offset page_number"))
}

func TestKinds(t *testing.T) {
	t.Parallel()
	equal(t, "kinds", (Text | Table | Func | Reset).String(), "a string, a table or a function")
	equal(t, "kinds", (Number | Text).String(), "a string or a number")
	equal(t, "kind", Bool.String(), "true or false")
	equal(t, "none", Kinds(0).String(), "")
}
