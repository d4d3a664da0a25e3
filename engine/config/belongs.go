package config

import (
	"slices"
	"strings"
)

// belongs says where a key that stands at a wrong level has its place (VAL-03):
// in the table around it, in a table below, farther away. "" if nowhere.
func belongs(key string, s *Structure) string {
	if s.Name == "resource_defaults" && key == "name" {
		return "every resource has a name of its own"
	}
	for _, places := range [][]string{above(key, s, 0, 1), below(key, s, false), above(key, s, 1, 9), below(key, s, true), twoBelow(key, s)} {
		if len(places) > 0 {
			return key + " belongs into " + strings.Join(places, " or ")
		}
	}
	return ""
}

// below are the fields of s whose table has the key: tables of one form, or
// those with variants.
func below(key string, s *Structure, withVariants bool) []string {
	var places []string
	for i := range s.Fields {
		f := &s.Fields[i]
		found := false
		if one := structure(f.Table); one != nil {
			found = !withVariants && one != s && one.field(key) != nil
		} else if f.Table != "" && withVariants {
			found = slices.ContainsFunc(variants(f.Table), func(v *Structure) bool { return v.field(key) != nil })
		}
		if found && !slices.Contains(places, f.Key) {
			places = append(places, f.Key)
		}
	}
	return places
}

func twoBelow(key string, s *Structure) []string {
	var places []string
	for i := range s.Fields {
		next := structure(s.Fields[i].Table)
		if next == nil || next == s || s.Name == "config" {
			continue
		}
		for _, withVariants := range []bool{false, true} {
			for _, place := range below(key, next, withVariants) {
				places = append(places, s.Fields[i].Key+"."+place)
			}
		}
	}
	return places
}

// outer names the structures that a structure can stand in, nearest first, and
// how a message calls them.
var outer = map[string][]string{
	"endpoint":          {"resource", "client", "config"},
	"resource":          {"config", "client"},
	"resource_defaults": {"config", "client"},
	"incremental":       {"endpoint", "resource"},
	"client":            {"config", "endpoint", "resource"},
	"config":            {"", "client", "resource", "endpoint"}, // nothing is around it
	"session":           {"client"},
	"step":              {"resource", "endpoint"},
	"response_action":   {"endpoint", "resource"},
	"paginator":         {"endpoint", "resource"},
	"auth":              {"client", "endpoint"},
}

var placeNames = map[string]string{"config": "the top table", "resource": "the resource", "endpoint": "endpoint", "client": "client"}

// above are the structures around s, from the from-th to before the to-th, that
// have the key: the nearest of them.
func above(key string, s *Structure, from, to int) []string {
	name := s.Name
	if s.Group != "" {
		name = s.Group
	}
	around := outer[name]
	for _, o := range around[min(from, len(around)):min(to, len(around))] {
		if place := structure(o); place != nil && place.field(key) != nil {
			return []string{placeNames[o]}
		}
	}
	return nil
}
