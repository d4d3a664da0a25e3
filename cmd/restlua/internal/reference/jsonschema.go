package reference

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/restlua/restlua/engine/config"
)

// JSONSchema is the schema (draft 2020-12) of a config as JSON: what a script
// returns, but for its functions, which JSON has not.
func (r *Reference) JSONSchema() ([]byte, error) {
	defs := map[string]any{}
	for i := range r.structures {
		s := &r.structures[i]
		defs[s.Name] = r.tableSchema(s)
		if s.Group != "" && defs[s.Group] == nil {
			var anyOf []any
			for _, v := range r.tables(s.Group) {
				anyOf = append(anyOf, ref(v.Name))
			}
			defs[s.Group] = object{"anyOf": anyOf}
		}
	}
	return json.MarshalIndent(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "restlua config",
		"$ref":    "#/$defs/config",
		"$defs":   defs,
	}, "", "  ")
}

// object is a JSON object; its keys are written in their order.
type object map[string]any

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func (r *Reference) tableSchema(s *config.Structure) object {
	t := object{"type": "object", "description": s.Doc}
	if s.Open {
		if s.Values != "" && r.structure(s.Values) != nil {
			t["additionalProperties"] = ref(s.Values)
		} else if s.Values != "" {
			t["additionalProperties"] = object{"anyOf": []any{object{"type": []any{"string", "number", "boolean", "array", "null"}}, ref(s.Values)}}
		}
		return t
	}
	keys := object{}
	var required []string
	old := map[string]bool{} // keys that an older spelling may stand for
	for i := range s.Fields {
		old[s.Fields[i].OldOf] = true
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		keys[f.Key] = r.keySchema(s, f)
		if f.Required && f.Kinds != config.Func && !old[f.Key] {
			required = append(required, f.Key)
		}
	}
	t["properties"], t["additionalProperties"] = keys, false
	if s.Group != "" && s.Type != "" && (s.Group != "auth" || s.Type != "bearer") {
		required = append(required, "type")
	}
	if required != nil {
		t["required"] = required
	}
	return t
}

// keySchema is the schema of one key's value.
func (r *Reference) keySchema(s *config.Structure, f *config.FieldDoc) object {
	k := object{"description": strings.Join(append([]string{f.Doc}, f.Call), "\n")}
	if f.Call == "" {
		k["description"] = f.Doc
	}
	if f.OldOf != "" {
		k["deprecated"] = true
	}
	if f.Default != "" {
		if value, err := luaLiteral(f.Default); err == nil {
			k["default"] = value
		}
	}
	var anyOf []any
	add := func(kind config.Kinds, o object) {
		if f.Kinds&kind != 0 {
			anyOf = append(anyOf, o)
		}
	}
	if words := r.words(s, f); words != nil {
		types := append([]string{}, words...)
		if f.Key == "type" {
			types = append(append(types, s.Old...), s.Also...)
		}
		add(config.Text, object{"enum": types})
	} else {
		add(config.Text, object{"type": "string"})
	}
	add(config.Number, numberSchema("number", f))
	add(config.Integer, numberSchema("integer", f))
	add(config.Bool, object{"type": "boolean"})
	add(config.List, r.listSchema(f))
	if f.Table != "" {
		add(config.Table, ref(f.Table))
	} else {
		add(config.Table, object{"type": "object"})
	}
	add(config.Reset, object{"enum": []any{nil, false}})
	switch len(anyOf) {
	case 0: // functions only: JSON has none
		k["not"] = object{}
	case 1:
		for name, v := range anyOf[0].(object) {
			k[name] = v
		}
	default:
		k["anyOf"] = anyOf
	}
	return k
}

func numberSchema(kind string, f *config.FieldDoc) object {
	n := object{"type": kind}
	if f.Min != "" {
		n["minimum"] = json.Number(f.Min)
	}
	if f.Max != "" {
		n["maximum"] = json.Number(f.Max)
	}
	return n
}

func (r *Reference) listSchema(f *config.FieldDoc) object {
	var anyOf []any
	for _, k := range []struct {
		kind config.Kinds
		name string
	}{{config.Text, "string"}, {config.Number, "number"}, {config.Integer, "integer"}, {config.Bool, "boolean"}, {config.List, "array"}} {
		if f.Items&k.kind != 0 {
			anyOf = append(anyOf, object{"type": k.name})
		}
	}
	if f.Items&config.Table != 0 {
		anyOf = append(anyOf, ref(r.items(f)))
	}
	list := object{"type": "array"}
	switch len(anyOf) {
	case 0:
	case 1:
		list["items"] = anyOf[0]
	default:
		list["items"] = object{"anyOf": anyOf}
	}
	return list
}

// luaLiteral is the value of a default as written in Lua: text, a number, true
// or false.
func luaLiteral(text string) (any, error) {
	switch {
	case text == "true" || text == "false":
		return text == "true", nil
	case strings.HasPrefix(text, `"`):
		return strconv.Unquote(text)
	}
	_, err := strconv.ParseFloat(text, 64)
	return json.Number(text), err
}
