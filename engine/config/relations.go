package config

import (
	"slices"
	"strings"
)

// references settles which resource is the parent (VAL-32): the one that all
// placeholders and resolve params name.
func (d *decoder) references(s *scope, r *Resource) {
	var parents, texts []string
	var second value
	for _, ref := range s.references {
		if !slices.Contains(parents, ref.parent) {
			parents = append(parents, ref.parent)
			second = ref.at
		}
		if !slices.Contains(texts, ref.text) {
			texts = append(texts, ref.text)
		}
	}
	if len(parents) > 1 {
		d.fail(second, "a resource has one parent; include_from_parent carries fields of its parent on",
			"multiple parent resources for resource %q with params %s: %s", r.Name, quoteAll(texts), quoteAll(parents))
		return
	}
	if len(parents) == 1 {
		r.Parent = parents[0]
		if !slices.Contains(d.names, r.Parent) { // VAL-31
			d.fail(s.references[0].at, suggest(r.Parent, d.names), "parent %q is not among the resources", r.Parent)
		}
	}
}

// relation checks keys that only a child can have. A default is for those
// resources that are children; what a resource itself says is checked, and
// include_from_parent in both places (VAL-41).
func (d *decoder) relation(t *table, r *Resource) {
	if r.Parent != "" {
		if len(r.IncludeFromParent) > 0 && r.Batch > 1 {
			d.fail(t.get("include_from_parent"), "", "records of a batch have no single parent: batch and include_from_parent exclude each other")
		}
		if v := t.get("partitions"); v.given() {
			d.fail(v, "", "a resource has a parent (%q) or partitions, not both", r.Parent)
		}
		return
	}
	defer orphan(r)
	if len(r.IncludeFromParent) > 0 {
		d.fail(t.get("include_from_parent"), "", "resource %q has `include_from_parent` but is not dependent on another resource", r.Name)
	}
	for _, key := range []string{"batch", "on_error"} {
		v := t.get(key)
		if v.given() && v.text() != "fail" && strings.HasPrefix(v.path, r.Path) {
			d.fail(v, "", "resource %q has `%s` but is not dependent on another resource", r.Name, key)
		}
	}
	if e := r.Endpoint; e != nil && e.Incremental != nil && e.Incremental.PerParent && strings.HasPrefix(e.Incremental.Path, r.Path) {
		d.fail(value{nothing, JoinPath(e.Incremental.Path, "per_parent"), e.Incremental.Pos}, "", "resource %q has `per_parent` but is not dependent on another resource", r.Name)
	}
}

// orphan switches off what defaults set for children only.
func orphan(r *Resource) {
	r.Batch, r.OnError = 0, "fail"
	if r.Endpoint != nil && r.Endpoint.Incremental != nil {
		r.Endpoint.Incremental.PerParent = false
	}
}

// relations checks what concerns all resources: names and cycles.
func (d *decoder) relations(resources []*Resource) {
	byName := map[string]*Resource{}
	for _, r := range resources {
		if r.Name == "" {
			continue
		}
		if first := byName[r.Name]; first != nil { // VAL-30
			d.fail(value{nothing, r.Path, r.Pos}, "the other one is "+first.Path, "resource %q is already defined", r.Name)
			continue
		}
		byName[r.Name] = r
	}
	inCycle := map[string]bool{}
	for _, r := range resources {
		d.cycle(r, byName, inCycle)
	}
}

// cycle follows the parents of r; a cycle is reported once (VAL-33).
func (d *decoder) cycle(r *Resource, byName map[string]*Resource, inCycle map[string]bool) {
	var way []string
	for at := r; at != nil && at.Name != ""; at = byName[at.Parent] {
		if start := slices.Index(way, at.Name); start >= 0 {
			ring := append(slices.Clone(way[start:]), at.Name)
			if !inCycle[at.Name] {
				d.fail(value{nothing, at.Path, at.Pos}, "", "resources are in a cycle: %s", strings.Join(ring, " -> "))
			}
			for _, name := range ring {
				inCycle[name] = true
			}
			return
		}
		way = append(way, at.Name)
	}
}
