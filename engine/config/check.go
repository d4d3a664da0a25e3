package config

import (
	"slices"
	"strconv"
	"strings"
)

// checkTable holds a table against its structure: unknown, deprecated and
// missing keys, and every value against its field.
func (d *decoder) checkTable(v value, s *Structure) {
	if s.Open {
		d.checkOpen(v, s)
		return
	}
	seen := map[string]bool{}
	for _, e := range v.entries() {
		f := s.field(e.key)
		if f == nil {
			at := e.value
			at.pos = e.keyPos
			d.unknownKey(at, e.key, v, s)
			continue
		}
		if !e.given() && f.Kinds&Reset == 0 {
			continue
		}
		key := e.key
		if f.OldOf != "" {
			key = f.OldOf
			d.warn(e.value, "%q is the older spelling of %q", f.Key, f.OldOf)
		}
		if f.NoEffect != "" {
			d.warn(e.value, "%q has no effect: %s", f.Key, f.NoEffect)
		}
		seen[key] = seen[key] || e.given()
		d.check(e.value, f)
	}
	if s.Name == "incremental" && len(v.node.Fields) == 0 {
		return // VAL-23: {} is "no incremental"
	}
	if s.Name == "step" && len(v.entries()) == 0 {
		d.fail(v, "", "a processing step needs filter, map or yield_map")
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Required && !seen[f.Key] {
			d.missing(v, f, s)
		}
	}
}

// missing reports a required key that is not given.
func (d *decoder) missing(v value, f *FieldDoc, s *Structure) {
	where := ""
	switch s.Group {
	case "paginator":
		where = "paginator " + s.Type + ": "
		if s.Type == "" {
			where = "a paginator of functions: "
		}
	case "auth":
		where = "auth " + s.Type + ": "
	}
	hint := "for example " + f.Example
	if s.Name == "client" && f.Key == "base_url" {
		hint += `; "" if every path is absolute`
	}
	d.fail(v, hint, "%smissing required key %q", where, f.Key)
}

// checkOpen checks tables whose keys are the script's own.
func (d *decoder) checkOpen(v value, s *Structure) {
	for _, e := range v.entries() {
		switch s.Name {
		case "headers":
			d.checkHeader(e)
		case "params":
			d.checkParam(e)
		case "columns":
			d.check(e.value, &FieldDoc{Key: e.key, Kinds: Table, Table: "column"})
		}
	}
}

func (d *decoder) checkHeader(e entry) {
	switch e.kind() {
	case KindNil, KindNull, KindNumber, KindBool:
	case KindString:
		if strings.EqualFold(e.key, "Authorization") && e.node.Text != "" && !e.node.Secret {
			d.warn(e.value, "a secret stands in the script; take it from secrets.get")
		}
	default:
		d.fail(e.value, "", "a header must be a string, not %s", e.describe(false))
	}
}

// check holds a value against its field.
func (d *decoder) check(v value, f *FieldDoc) {
	if f.Kinds&Reset != 0 && v.reset() || !v.given() {
		return
	}
	if !accepts(f.Kinds, v) {
		d.fail(v, "", "must be %s, not %s", f.Kinds, v.describe(f.Secret))
		return
	}
	switch {
	case v.kind() == KindString:
		d.checkText(v, f)
	case v.kind() == KindNumber:
		d.checkBounds(v, f)
	case v.kind() == KindList:
		d.checkItems(v, f)
	case v.isTable() && !(v.node.EmptyTable && f.Kinds&List != 0) && f.Table != "":
		d.checkGroup(v, f)
	}
}

// accepts reports whether v is of one of the kinds.
func accepts(k Kinds, v value) bool {
	switch v.kind() {
	case KindString:
		return k&Text != 0
	case KindNumber:
		if k&Number != 0 {
			return true
		}
		_, whole := wholeNumber(v.node.Text)
		return k&Integer != 0 && whole
	case KindBool:
		return k&Bool != 0
	case KindList:
		return k&List != 0
	case KindTable:
		return k&Table != 0 || k&List != 0 && v.node.EmptyTable
	case KindFunc:
		return k&Func != 0
	}
	return false
}

func (d *decoder) checkText(v value, f *FieldDoc) {
	text := v.node.Text
	switch {
	case f.Table == "paginator" || f.Table == "auth":
		d.checkVariantName(v, f.Table)
	case f.Words != nil && !slices.Contains(f.Words, text):
		d.unknownWord(v, "value", f.Words)
	case f.isDuration():
		d.checkDuration(v, f)
	}
	if f.Secret && text != "" && !v.node.Secret {
		d.warn(v, "a secret stands in the script; take it from secrets.get")
	}
}

// isDuration reports whether a field is a length of time.
func (f *FieldDoc) isDuration() bool { return f.Unit == "seconds" && f.Kinds&Text != 0 }

func (d *decoder) checkDuration(v value, f *FieldDoc) {
	length, ok := parseDuration(v.node.Text)
	if !ok {
		d.fail(v, "", `%s is no length of time; expected seconds, or a text as "30s", "12h", "7d"`, v.show(false))
		return
	}
	if low, _ := parseDuration(f.Min); length < low {
		d.fail(v, "", "must be at least %s seconds, not %s", f.Min, v.show(false))
	}
}

func (d *decoder) checkBounds(v value, f *FieldDoc) {
	if f.isDuration() {
		d.checkDuration(v, f)
		return
	}
	n, err := strconv.ParseFloat(v.node.Text, 64)
	if err != nil && f.Min+f.Max != "" {
		d.fail(v, "", "the number %s is too large", v.node.Text)
		return
	}
	if low, err := strconv.ParseFloat(f.Min, 64); err == nil && n < low {
		d.fail(v, "", "must be at least %s, not %s", f.Min, v.node.Text)
	}
	if high, err := strconv.ParseFloat(f.Max, 64); err == nil && n > high {
		d.fail(v, "", "must be at most %s, not %s", f.Max, v.node.Text)
	}
}

func (d *decoder) checkItems(v value, f *FieldDoc) {
	if f.Items == 0 {
		return
	}
	item := FieldDoc{Key: f.Key, Kinds: f.Items, Table: f.Table, Secret: f.Secret}
	if f.Table == "columns" {
		item.Table = "column"
	}
	for _, e := range v.items() {
		if !e.given() {
			d.fail(e, "", "must be %s, not null", f.Items)
			continue
		}
		d.check(e, &item)
		if f.Table == "columns" && e.isTable() && e.get("name").text() == "" {
			d.fail(e, `for example name = "price"`, `missing required key "name"`)
		}
	}
}

// checkGroup checks a table by its structure, or by the variant that it is.
func (d *decoder) checkGroup(v value, f *FieldDoc) {
	if s := structure(f.Table); s != nil {
		d.checkTable(v, s)
		return
	}
	if s := d.variant(v, f.Table, true); s != nil {
		d.checkTable(v, s)
	}
}

// unknownKey reports a key that the structure does not have, and says where it
// belongs or what was meant.
func (d *decoder) unknownKey(at value, key string, v value, s *Structure) {
	hint := ""
	if place := belongs(key, s); place != "" {
		hint = place
	} else if hint = suggest(key, s.keys()); hint == "" {
		hint = "known keys are " + strings.Join(s.keys(), ", ")
	}
	if s.Group == "auth" {
		d.fail(at, hint, "unknown key %q of auth %s", key, showAuth(v, s))
		return
	}
	if s.Group == "paginator" && s.Type != "" {
		if s.Type == "auto" && v.get("type").kind() == KindNil {
			hint = "a paginator needs a type: " + strings.Join(types("paginator"), ", ")
		}
		d.fail(at, hint, "unknown key %q of paginator %s", key, s.Type)
		return
	}
	d.fail(at, hint, "unknown key %q", key)
}

// showAuth shows an auth table with its texts masked (VAL-17).
func showAuth(v value, s *Structure) string {
	var shown []string
	for _, e := range v.entries() {
		if s.field(e.key) != nil && e.key != "type" && e.kind() == KindString {
			shown = append(shown, e.key+" = "+strconv.Quote(mask(e.node.Text)))
		}
	}
	if len(shown) == 0 {
		return s.Type
	}
	return strings.TrimSpace(s.Type + " { " + strings.Join(shown, ", ") + " }")
}

// unknownWord reports a text that is none of the words: with the one that was
// meant, or with all of them.
func (d *decoder) unknownWord(v value, noun string, words []string) {
	if hint := suggest(v.node.Text, words); hint != "" {
		d.fail(v, hint, "unknown %s %s", noun, v.show(false))
		return
	}
	d.fail(v, "", "unknown %s %s; expected one of %s", noun, v.show(false), strings.Join(words, ", "))
}
