package config

import (
	"strconv"

	"github.com/restlua/restlua/engine/hook"
)

// actions reads response_actions: functions, or tables with conditions.
func (d *decoder) actions(v value) []Action {
	var out []Action
	for _, item := range v.items() {
		if f := item.ref(); f != "" { // ACT-04
			out = append(out, Action{Always: true, Funcs: []hook.Ref{f}, Path: item.path})
			continue
		}
		if item.isTable() {
			out = append(out, d.action(item.table(structure("response_action"))))
		}
	}
	return out
}

func (d *decoder) action(t *table) Action {
	a := Action{Content: t.text("content"), HasContent: t.get("content").kind() == KindString,
		When: t.get("when").ref(), Message: t.text("message"), Path: t.path}
	if v := t.get("status_code"); v.given() {
		a.HasStatus = true
		n, err := strconv.Atoi(v.node.Text) // a status written as text is as good (ACT-16)
		if err != nil || n < 100 || n > 599 {
			d.fail(v, "", "must be a status from 100 to 599, not %s", v.describe(false))
		}
		a.Status = n
	}
	action := t.get("action")
	a.Do = hook.Action(action.text())
	a.Funcs = refs(action)
	if action.isList() && len(a.Funcs) == 0 {
		d.fail(action, "", "the list of functions is empty")
	}
	conditions := a.HasStatus || a.HasContent || a.When != ""
	a.Always = !conditions && len(a.Funcs) > 0
	if !conditions && a.Do != hook.Continue { // ACT-14
		d.warn(t.value, "this action never happens: it has no status_code, content or when")
	}
	return a
}
