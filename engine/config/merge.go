package config

// inherited is what holds for a resource that does not say otherwise: the
// settings of the whole source, and resource_defaults in front of them. Literal
// rows take the first only (BLD-10).
type inherited struct{ source, defaults *table }

func inherit(top *table) inherited {
	s := structure("resource_defaults")
	in := inherited{source: value{nothing, "", top.pos}.table(s), defaults: top.get("resource_defaults").table(s)}
	for _, key := range []string{"max_table_nesting", "schema_contract", "parallelized"} {
		v := top.get(key)
		if !v.given() {
			continue
		}
		in.source.set(entry{key: key, value: v})
		if !in.defaults.has(key) {
			in.defaults.set(entry{key: key, value: v})
		}
	}
	return in
}

// mergeDefaults is the resource r with what the defaults say where it says
// nothing (rest.md, section 2). Values keep the path and line of where they
// were written. Nothing that was given is changed (LUA-10).
func mergeDefaults(r, defaults *table) *table {
	for _, e := range defaults.list {
		if !r.has(e.key) && e.key != "endpoint" && e.key != "columns" {
			r.list = append(r.list, e)
		}
	}
	return r
}

// mergeEndpoint is the endpoint of a resource with that of the defaults: params
// and json are merged key by key, one level; other keys as a whole. The path of
// the defaults has no effect (BLD-04). A string is the path (BLD-02).
func mergeEndpoint(own, defaults value) *table {
	s := structure("endpoint")
	t := own.table(s)
	if own.kind() == KindString {
		t.list = []entry{{key: "path", keyPos: own.pos, value: own}}
	}
	for _, e := range defaults.table(s).list {
		switch {
		case e.key == "path":
		case e.key == "params" || e.key == "json":
			if !t.get(e.key).given() { // VAL-22: null is not given
				t.set(e)
			}
		case !t.has(e.key):
			t.list = append(t.list, e)
		}
	}
	return t
}

// mergeEntries are the entries of own, and those of defaults whose keys own
// does not have. A body that is a list is taken as it is.
func mergeEntries(own, defaults value) []entry {
	out := own.entries()
	if own.kind() != KindTable || defaults.kind() != KindTable {
		return out
	}
	has := map[string]bool{}
	for _, e := range out {
		has[e.key] = true
	}
	for _, e := range defaults.entries() {
		if !has[e.key] {
			out = append(out, e)
		}
	}
	return out
}
