package config

import "slices"

// columnTable is one column's hint: the properties of the resource, and behind
// them those of the defaults (MRG-07).
type columnTable struct {
	name string // as written
	*table
}

// mergeColumns merges hints by the column's name, then by property: the
// defaults' columns come first, in their order.
func (d *decoder) mergeColumns(own, defaults value) []columnTable {
	var out []columnTable
	index := map[string]int{}
	for _, v := range []value{defaults, own} {
		for _, c := range columnTables(v) {
			key := d.normal(c.name)
			i, ok := index[key]
			if !ok {
				index[key] = len(out)
				out = append(out, c)
				continue
			}
			for _, e := range out[i].list {
				if !c.has(e.key) {
					c.list = append(c.list, e)
				}
			}
			out[i] = c
		}
	}
	return out
}

// columnTables reads a list of hints, or a table of hints by name.
func columnTables(v value) []columnTable {
	var out []columnTable
	for _, item := range v.items() {
		t := item.table(structure("column"))
		if name := t.text("name"); name != "" {
			out = append(out, columnTable{name, t})
		}
	}
	for _, e := range v.entries() {
		if e.kind() != KindTable {
			continue
		}
		t := e.table(structure("column"))
		name := t.text("name")
		if name == "" {
			name = e.key
		}
		out = append(out, columnTable{name, t})
	}
	return out
}

// columns puts the hints into r; keys that stand in hints equal those of the
// resource (NRM-65).
func (d *decoder) columns(columns []columnTable, r *Resource) {
	for _, c := range columns {
		h := ColumnHint{Name: c.name, DataType: c.text("data_type"), Pos: d.pos(c.pos),
			PrimaryKey: c.bool("primary_key"), MergeKey: c.bool("merge_key"),
			HardDelete: c.bool("hard_delete"), DedupSort: c.text("dedup_sort")}
		h.Nullable, h.Timezone = optionalBool(c.table, "nullable"), optionalBool(c.table, "timezone")
		h.Precision, h.Scale = optionalNumber(c.table, "precision"), optionalNumber(c.table, "scale")
		d.digits(c, &h)
		if h.PrimaryKey {
			r.PrimaryKey = d.addKey(r.PrimaryKey, c.name)
		}
		if h.MergeKey {
			r.MergeKey = d.addKey(r.MergeKey, c.name)
		}
		if h.HardDelete {
			d.single(c, &r.HardDelete, "hard_delete")
		}
		if h.DedupSort != "" {
			d.single(c, &r.DedupSort, "dedup_sort")
			r.DedupDesc = h.DedupSort == "desc"
		}
		r.Columns = append(r.Columns, h)
	}
}

// single sets a role that one column of a table may have.
func (d *decoder) single(c columnTable, role *string, key string) {
	if *role != "" {
		d.fail(c.get(key), "", "only one column can have %s, and %q has it", key, *role)
		return
	}
	*role = c.name
}

// addKey adds a column to a key that may name it already.
func (d *decoder) addKey(key []string, name string) []string {
	if slices.ContainsFunc(key, func(k string) bool { return d.normal(k) == d.normal(name) }) {
		return key
	}
	return append(slices.Clone(key), name)
}

// digits checks precision and scale against the type.
func (d *decoder) digits(c columnTable, h *ColumnHint) {
	switch {
	case h.Precision == nil:
	case h.DataType == "timestamp" && *h.Precision > 6:
		d.fail(c.get("precision"), "", "a timestamp has 0 to 6 fraction digits, not %d", *h.Precision)
	case h.DataType == "decimal" && (*h.Precision < 1 || *h.Precision > 38):
		d.fail(c.get("precision"), "", "a decimal has 1 to 38 digits, not %d", *h.Precision)
	}
	if h.Scale == nil {
		return
	}
	precision := 38
	if h.Precision != nil {
		precision = *h.Precision
	}
	switch {
	case h.DataType != "" && h.DataType != "decimal":
		d.fail(c.get("scale"), "", "scale is for decimal, not for %s", h.DataType)
	case *h.Scale > precision:
		d.fail(c.get("scale"), "", "scale %d is more than the %d digits of precision", *h.Scale, precision)
	}
}

func optionalBool(t *table, key string) *bool {
	v := t.get(key)
	if v.kind() != KindBool {
		return nil
	}
	b := v.node.Bool
	return &b
}

func optionalNumber(t *table, key string) *int {
	n, ok := t.optionalInt(key)
	if !ok {
		return nil
	}
	i := int(n)
	return &i
}
