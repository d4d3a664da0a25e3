package config

import (
	"github.com/restlua/restlua/engine/hook"
)

// paginator reads how pages follow each other. nil means "find out" (auto).
func (d *decoder) paginator(v value) *Paginator {
	if f := v.ref(); f != "" {
		return &Paginator{Kind: "function", Custom: hook.Paginator{Step: f}, OnRepeat: "error", Path: v.path, Pos: d.pos(v.pos)}
	}
	s := d.variant(v, "paginator", false)
	if s == nil || v.kind() != KindString && v.kind() != KindTable || s.Type == "auto" {
		return nil
	}
	t := v.table(s)
	p := &Paginator{
		Kind:               s.Type,
		NextURLPath:        d.path(t, "next_url_path"),
		LinksNextKey:       t.text("links_next_key"),
		CursorKey:          t.text("cursor_key"),
		CursorPath:         d.path(t, "cursor_path"),
		CursorParam:        t.text("cursor_param"),
		CursorBodyPath:     t.text("cursor_body_path"),
		HasMorePath:        d.path(t, "has_more_path"),
		TotalPath:          d.path(t, "total_path"),
		StopAfterEmptyPage: t.bool("stop_after_empty_page"),
		Parallel:           int(t.int("parallel")),
		OnRepeat:           t.text("on_repeat"),
		Reset:              d.paginatorReset(t.get("reset")),
		Path:               v.path, Pos: d.pos(v.pos),
	}
	switch p.Kind {
	case "":
		p.Kind = "function"
		p.Custom = hook.Paginator{InitRequest: t.get("init_request").ref(), UpdateState: t.get("update_state").ref(), UpdateRequest: t.get("update_request").ref()}
	case "cursor":
		d.cursor(t, p)
	case "offset":
		p.Limit, p.Offset = t.int("limit"), t.int("offset")
		p.OffsetParam, p.OffsetBodyPath = d.paramOrBody(t, "offset")
		p.LimitParam, p.LimitBodyPath = d.paramOrBody(t, "limit")
		p.MaximumOffset = maximum(t, "maximum_offset")
		d.terminates(t, p, "maximum_offset", p.MaximumOffset)
	case "page_number":
		p.BasePage = t.int("base_page")
		p.Page = p.BasePage
		if n, ok := t.optionalInt("page"); ok {
			p.Page = n
		}
		p.PageParam, p.PageBodyPath = d.paramOrBody(t, "page")
		p.MaximumPage = maximum(t, "maximum_page")
		d.terminates(t, p, "maximum_page", p.MaximumPage)
	}
	return p
}

// path is the JSONPath of a key or its default; null and false give "".
func (d *decoder) path(t *table, key string) string {
	v := t.get(key)
	if v.reset() {
		return ""
	}
	d.jsonPath(v)
	return t.text(key)
}

// cursor settles where the cursor is sent (PAG-CURSOR-01, PAG-CURSOR-05).
func (d *decoder) cursor(t *table, p *Paginator) {
	switch {
	case p.CursorParam != "" && p.CursorBodyPath != "":
		d.fail(t.value, "", "either 'cursor_param' or 'cursor_body_path' must be provided, not both")
	case p.CursorBodyPath == "" && p.CursorParam == "":
		p.CursorParam = "cursor"
	}
}

// paramOrBody settles where a number is sent: PAG-RANGE-10.
func (d *decoder) paramOrBody(t *table, name string) (param, bodyPath string) {
	paramValue, bodyValue := t.get(name+"_param"), t.get(name+"_body_path")
	param, bodyPath = paramValue.text(), bodyValue.text()
	switch {
	case !paramValue.given() && !bodyValue.given():
		param = name
	case (param == "") == (bodyPath == ""):
		d.fail(t.value, "", "either '%s_param' or '%s_body_path' must be provided, not both and not empty", name, name)
	}
	return param, bodyPath
}

func maximum(t *table, key string) *int64 {
	n, ok := t.optionalInt(key)
	if !ok {
		return nil
	}
	return &n
}

// terminates checks that something ends the series (PAG-RANGE-09), and that
// pages side by side know where to end.
func (d *decoder) terminates(t *table, p *Paginator, maximumKey string, limit *int64) {
	if p.TotalPath == "" && limit == nil && p.HasMorePath == "" && !p.StopAfterEmptyPage {
		d.fail(t.value, "", "one of `total_path`, `%s`, `has_more_path` or `stop_after_empty_page` must be provided, else the series has no end", maximumKey)
	}
	if p.Parallel > 1 && p.TotalPath == "" && limit == nil {
		d.fail(t.get("parallel"), "", "pages can be asked side by side only with a known end: total_path or %s", maximumKey)
	}
}

func (d *decoder) paginatorReset(v value) *PaginatorReset {
	if !v.isTable() {
		return nil
	}
	t := v.table(structure("paginator_reset"))
	return &PaginatorReset{AfterRecords: t.int("after_records"), CursorPath: d.path(t, "cursor_path"), StartParam: t.text("start_param")}
}
