package config

import (
	"slices"
	"strings"
)

// variant finds the structure that a paginator or auth is: by its name, by its
// key `type`, or by the keys that only one of them has. nil: there is none.
// With report it says so, and remarks on deprecated spellings.
func (d *decoder) variant(v value, group string, report bool) *Structure {
	if v.kind() == KindString {
		return d.named(v, group, report)
	}
	if typ := v.get("type"); typ.given() {
		if typ.kind() != KindString {
			if report {
				d.fail(typ, "", "must be a string, not %s", typ.describe(false))
			}
			return nil
		}
		if group == "auth" && typ.text() == "login" {
			return structure("auth.login")
		}
		return d.named(typ, group, report)
	}
	switch group {
	case "paginator":
		for _, key := range []string{"update_state", "init_request", "update_request"} {
			if v.get(key).given() {
				return structure("paginator.function")
			}
		}
		return structure("paginator.auto") // MRG-12
	case "auth":
		if v.get("login").given() || v.get("apply").given() {
			return structure("auth.login")
		}
		return structure("auth.bearer") // AUTH-01
	}
	return nil
}

// named finds a variant by the text that v is.
func (d *decoder) named(v value, group string, report bool) *Structure {
	name := v.text()
	for _, s := range variants(group) {
		old := slices.Contains(s.Old, name)
		if old && report {
			d.warn(v, "%q is the older spelling of %q", name, s.Type)
		}
		if old || s.Type == name && name != "" || slices.Contains(s.Also, name) {
			return s
		}
	}
	if report {
		words := types(group)
		noun := group
		if group == "auth" {
			noun = "auth type"
			words = append(words, "login")
		}
		d.unknownWord(v, noun, words)
	}
	return nil
}

// checkVariantName checks a paginator or auth that is given by its name alone.
func (d *decoder) checkVariantName(v value, group string) {
	s := d.variant(v, group, true)
	if s == nil {
		return
	}
	var need []string
	for i := range s.Fields {
		if s.Fields[i].Required {
			need = append(need, s.Fields[i].Key)
		}
	}
	if len(need) > 0 { // VAL-47, BLD-15
		d.fail(v, "write { type = \""+s.Type+"\", "+need[0]+" = ... }",
			"%s %q needs a table with %s", group, s.Type, strings.Join(need, ", "))
	}
}
