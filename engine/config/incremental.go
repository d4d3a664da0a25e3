package config

import (
	"math/big"
	"strconv"
	"strings"
)

// incremental reads endpoint.incremental; null, false and {} are none (VAL-23).
func (d *decoder) incremental(v value) *Incremental {
	if !v.isTable() || len(v.node.Fields) == 0 {
		return nil
	}
	return d.incrementalTable(v.table(structure("incremental")))
}

func (d *decoder) incrementalTable(t *table) *Incremental {
	inc := &Incremental{
		CursorPath:   d.path(t, "cursor_path"),
		InitialValue: d.scalar(t.get("initial_value")), EndValue: d.scalar(t.get("end_value")),
		StartParam: t.text("start_param"), EndParam: t.text("end_param"),
		LastValueFunc: t.text("last_value_func"), LastValueRef: t.get("last_value_func").ref(),
		PrimaryKey: t.texts("primary_key"), PrimaryKeySet: t.get("primary_key").given(),
		RowOrder:  t.text("row_order"),
		Lag:       d.scalar(t.get("lag")),
		OnMissing: t.text("on_cursor_value_missing"), RangeStart: t.text("range_start"), RangeEnd: t.text("range_end"),
		Convert:   t.get("convert").ref(),
		PerParent: t.bool("per_parent"), Window: t.duration("window"),
		Path: t.path, Pos: d.pos(t.pos),
	}
	if inc.LastValueRef != "" {
		inc.LastValueFunc = "function"
		if inc.Lag != nil { // INC-44
			d.warn(t.get("lag"), "lag has no effect with a last_value_func of the script's own")
		}
	}
	d.bounds(t, inc)
	d.window(t, inc)
	return inc
}

// scalar is the JSON text of a string or number, nil where there is none.
func (d *decoder) scalar(v value) []byte {
	if v.kind() != KindString && v.kind() != KindNumber {
		return nil
	}
	return d.json(v)
}

// bounds checks initial_value against end_value (INC-08, INC-09). A function of
// the script decides about its own order when the load begins.
func (d *decoder) bounds(t *table, inc *Incremental) {
	if inc.EndValue == nil {
		return
	}
	initial, end := t.get("initial_value"), t.get("end_value")
	if inc.InitialValue == nil {
		d.fail(end, "", "incremental `end_value` was specified without `initial_value`")
		return
	}
	if inc.LastValueFunc == "function" {
		return
	}
	if initial.kind() != end.kind() {
		d.fail(end, "", "incremental `initial_value` %s and `end_value` %s are not comparable: one is a string, the other a number", initial.show(false), end.show(false))
		return
	}
	order, word := compareScalars(initial, end), "higher"
	if inc.LastValueFunc == "min" {
		order, word = -order, "lower"
	}
	if order > 0 {
		d.fail(end, "", "incremental `initial_value=%s` is %s than `end_value=%s`; `end_value` must be %s than `initial_value`", initial.show(false), word, end.show(false), word)
	}
}

// compareScalars orders two values of one kind: texts by code point, numbers
// by value.
func compareScalars(a, b value) int {
	if a.kind() == KindString {
		return strings.Compare(a.node.Text, b.node.Text)
	}
	x, okX := exactNumber(a.node.Text)
	y, okY := exactNumber(b.node.Text)
	if !okX || !okY {
		return 0
	}
	return x.Cmp(y)
}

// exactNumber reads a number exactly. One with a huge exponent, which would
// take memory without bound, is none.
func exactNumber(text string) (*big.Rat, bool) {
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if n, err := strconv.Atoi(text[i+1:]); err != nil || n > 400 || n < -400 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

// window checks that a range can be cut: it needs a start, an order that the
// engine knows, and a length.
func (d *decoder) window(t *table, inc *Incremental) {
	v := t.get("window")
	switch {
	case !v.given():
	case inc.Window <= 0:
		d.fail(v, "", "a window must be longer than 0")
	case inc.InitialValue == nil:
		d.fail(v, "", "a window needs an initial_value: the start of the first one")
	case inc.LastValueFunc != "max":
		d.fail(v, "", "a window needs last_value_func \"max\"")
	}
}
