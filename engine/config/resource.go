package config

import (
	"slices"
	"strings"
)

// resource reads one resource; v is its name or its table.
func (d *decoder) resource(v value, in inherited, client *Client) *Resource {
	s := structure("resource")
	t := v.table(s)
	if v.kind() == KindString { // BLD-01
		t.list = []entry{{key: "name", keyPos: v.pos, value: v}}
		if v.text() == "" {
			d.fail(v, "", "the name of a resource is empty")
		}
	} else if name := t.get("name"); name.kind() == KindString && name.text() == "" {
		d.fail(name, "", "the name of a resource is empty")
	}
	literal, defaults := t.get("rows").given(), in.defaults
	if literal {
		defaults = in.source
	}
	columns := d.mergeColumns(t.get("columns"), defaults.get("columns"))
	ownEndpoint := t.get("endpoint")
	t = mergeDefaults(t, defaults)

	r := &Resource{
		Name: t.text("name"), Path: v.path, Pos: d.pos(v.pos),
		TableName: t.text("table_name"), TableNameFunc: t.get("table_name").ref(),
		Selected: t.bool("selected"), Parallelized: t.bool("parallelized"),
		IncludeFromParent: t.texts("include_from_parent"),
		PrimaryKey:        t.texts("primary_key"),
		MergeKey:          t.texts("merge_key"),
		MaxTableNesting:   -1,
		Evolve:            t.text("evolve"),
		OnError:           t.text("on_error"),
		Batch:             int(t.int("batch")),
		BatchSeparator:    t.text("batch_separator"),
		Deduplicate:       t.bool("deduplicate"),
		HookWorkers:       int(t.int("hook_workers")),
		Contract:          contract(t.get("schema_contract")),
		Steps:             steps(t.get("processing_steps")),
	}
	if r.TableName == "" {
		r.TableName = r.Name
	} else {
		d.ownTable[r] = true
	}
	if n, ok := t.optionalInt("max_table_nesting"); ok {
		r.MaxTableNesting = int(n)
	}
	if v := t.get("partitions"); v.isList() && len(v.items()) == 0 {
		d.fail(v, "", "the list of partitions is empty")
	}
	for _, item := range t.get("partitions").items() {
		r.Partitions = append(r.Partitions, d.json(item))
	}
	d.disposition(t, r)
	d.columns(columns, r)
	if literal {
		d.rows(t, r)
	} else {
		d.endpoint(ownEndpoint, defaults.get("endpoint"), t, r, client)
	}
	d.keys(t, r)
	d.relation(t, r)
	return r
}

// rows reads a resource that is no endpoint: literal records, or a function.
func (d *decoder) rows(t *table, r *Resource) {
	rows := t.get("rows")
	r.RowsFunc = rows.ref()
	for _, item := range rows.items() {
		r.Rows = append(r.Rows, d.json(item))
	}
	for _, key := range []string{"endpoint", "incremental"} {
		if v := t.get(key); v.given() {
			d.fail(v, "", "a resource has rows or %s, not both", key)
		}
	}
}

// disposition reads write_disposition, a word or a table with a strategy.
func (d *decoder) disposition(t *table, r *Resource) {
	v := t.get("write_disposition")
	word := t.text("write_disposition")
	r.Strategy = "delete-insert"
	if v.isTable() {
		long := v.table(structure("write_disposition"))
		word, r.Strategy = long.text("disposition"), long.text("strategy")
		if s := long.get("strategy"); s.given() && word != "merge" {
			d.fail(s, "", "strategy is for disposition \"merge\" only")
		}
	}
	r.WriteDisposition = Disposition(word)
}

func contract(v value) Contract {
	if v.kind() == KindString {
		return Contract{v.text(), v.text(), v.text()}
	}
	t := v.table(structure("schema_contract"))
	return Contract{Tables: t.text("tables"), Columns: t.text("columns"), DataType: t.text("data_type")}
}

// steps reads processing_steps; one table with several functions runs them as
// filter, map, yield_map (PROC-06).
func steps(v value) []Step {
	var out []Step
	for _, item := range v.items() {
		for _, kind := range []string{"filter", "map", "yield_map"} {
			if f := item.get(kind).ref(); f != "" {
				out = append(out, Step{Kind: kind, Func: f})
			}
		}
	}
	return out
}

// keys checks that a merge knows which rows are the same (NRM-90).
func (d *decoder) keys(t *table, r *Resource) {
	v := inResource(t.get("write_disposition"), r)
	if r.WriteDisposition != Merge {
		if r.HardDelete != "" || r.DedupSort != "" {
			d.warn(t.get("columns"), "hard_delete and dedup_sort have no effect: write_disposition is %q", string(r.WriteDisposition))
		}
		return
	}
	switch {
	case r.Strategy == "scd2":
	case (r.Strategy == "upsert" || r.Strategy == "insert-only") && len(r.PrimaryKey) == 0:
		d.fail(v, `for example primary_key = "id"`, "strategy %q needs a primary_key", r.Strategy)
	case len(r.PrimaryKey) == 0 && len(r.MergeKey) == 0:
		d.fail(v, `for example primary_key = "id"`, "merge needs a primary_key or a merge_key")
	}
}

// inResource is v if it was written in r, else the place of r: for mistakes
// that a default makes in some resources only.
func inResource(v value, r *Resource) value {
	if strings.HasPrefix(v.path, r.Path) {
		return v
	}
	return value{nothing, r.Path, r.Pos}
}

// tables checks that no two resources write to one table by accident (NRM-15).
func (d *decoder) tables(resources []*Resource) {
	first := map[string]*Resource{}
	for _, r := range resources {
		if r.Name == "" || r.TableNameFunc != "" || r.WriteDisposition == Skip {
			continue
		}
		table := d.normal(r.TableName)
		other := first[table]
		if other == nil {
			first[table] = r
			continue
		}
		if other.Name == r.Name {
			continue // VAL-30 says it
		}
		onPurpose := r.TableName == other.TableName && d.ownTable[r] && d.ownTable[other]
		same := r.WriteDisposition == other.WriteDisposition && r.Strategy == other.Strategy &&
			slices.Equal(r.PrimaryKey, other.PrimaryKey) && slices.Equal(r.MergeKey, other.MergeKey)
		at := value{nothing, r.Path, r.Pos}
		switch {
		case !onPurpose:
			d.fail(at, "set table_name on one of them", "the table of this resource, %q, is also that of %q", table, other.Name)
		case !same:
			d.fail(at, "", "shares the table %q with %q, and must have the same write_disposition and keys", table, other.Name)
		}
	}
}

// Order returns resources in dependency order: parents before children, else
// in the order of the script.
func Order(resources []*Resource) []*Resource {
	byName := map[string]*Resource{}
	for _, r := range resources {
		byName[r.Name] = r
	}
	out := make([]*Resource, 0, len(resources))
	placed := map[*Resource]bool{}
	var place func(r *Resource)
	place = func(r *Resource) {
		if placed[r] {
			return
		}
		placed[r] = true
		if parent := byName[r.Parent]; r.Parent != "" && parent != nil {
			place(parent)
		}
		out = append(out, r)
	}
	for _, r := range resources {
		place(r)
	}
	return out
}

// quoteAll lists names for a message: "a", "b" and "c".
func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = `"` + n + `"`
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}
