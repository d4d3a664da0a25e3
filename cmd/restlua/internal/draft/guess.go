package draft

import (
	"cmp"
	"slices"
	"strings"
)

// manyResources is from how many resources on none is selected: a run of all of
// them would be hours of requests that nobody asked for.
const manyResources = 50

// mostSettings bounds what a script leaves open, and with that its local
// variables, of which Lua allows 200.
const mostSettings = 100

// Script is the draft of a script.
type Script struct {
	Name string // of the source

	api       *API
	settings  []setting
	bySetting map[string]int
	resources []*resource
	left      []Left
	single    int // endpoints that answer with one record
}

// setting is a value that whoever uses the script has to give, and the local
// variable that holds it.
type setting struct{ local, about string }

// resource is a list endpoint, and all that was guessed of it.
type resource struct {
	name     string
	endpoint *Endpoint
	records  records
	paging   paging
	key      []string
	keyWhy   string
	keyLocal bool
	since    *since

	pieces  []part // of the path
	parent  *resource
	include []string // fields of the parent's record
	needs   []string // settings without a value
	params  []constant
	headers []constant
	more    []string // further parameters that it takes
}

// part is a piece of a path: text, a setting, or a field of the parent.
type part struct{ text, local, field string }

// constant is a parameter or header with its value.
type constant struct {
	name  string
	value any
	note  string
}

// New guesses a script for an API.
func New(name string, api *API) *Script {
	s := &Script{Name: name, api: api, bySetting: map[string]int{}, left: slices.Clone(api.Left)}
	var lists []*resource
	details := map[string]string{}
	for i := range api.Endpoints {
		e := &api.Endpoints[i]
		if e.Path.endsInParam() {
			last := len(e.Path) - 1
			if e.Path[last].Param == "" {
				last--
			}
			details[parentKey(e.Path, last)] = e.Path[last].Param
		}
		r, ok := findRecords(e)
		if !ok {
			s.single++
			continue
		}
		lists = append(lists, &resource{endpoint: e, records: r})
	}
	lists = s.withoutDetails(lists)
	slices.SortStableFunc(lists, func(a, b *resource) int {
		return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a.endpoint.Path.String(), b.endpoint.Path.String()))
	})
	paths := make([]Path, len(lists))
	for i, r := range lists {
		paths[i] = r.endpoint.Path
	}
	for i, name := range nameResources(paths) {
		lists[i].name = name
	}
	things := map[string]int{}
	for _, r := range lists {
		if r.records.item.Name != "" {
			things[r.records.item.Name]++
		}
	}
	byKey := map[string]*resource{}
	for _, r := range lists {
		key, why, local := primaryKey(r.records.item, r.endpoint.Path, details[r.endpoint.Path.Key()])
		if key != "" {
			r.key, r.keyWhy, r.keyLocal = []string{key}, why, local
		}
		r.paging = guessPaging(r.endpoint, r.records)
		r.since = guessSince(r.endpoint, r.records)
		if r.since != nil && r.since.sure && r.since.required {
			local, ok := s.open(r.since.param, r.name, "", "")
			r.since.sure = ok
			if r.since.from = local; ok {
				r.need(local)
			}
		}
		if !s.relate(r, byKey) || !s.parameters(r) {
			s.left = append(s.left, Left{"GET", r.endpoint.Path.String(), "more values are open than a script can hold"})
			continue
		}
		s.childKey(r, things[r.records.item.Name] > 1)
		if _, ok := byKey[r.endpoint.Path.Key()]; !ok {
			byKey[r.endpoint.Path.Key()] = r
		}
		s.resources = append(s.resources, r)
	}
	slices.SortStableFunc(s.resources, func(a, b *resource) int {
		return cmp.Compare(strings.ToLower(a.endpoint.Path.Key()), strings.ToLower(b.endpoint.Path.Key()))
	})
	return s
}

// withoutDetails drops endpoints that ask for one record of a list that is there
// and answer with a list of it alone, as some APIs do.
func (s *Script) withoutDetails(lists []*resource) []*resource {
	things := map[string]string{}
	for _, r := range lists {
		things[r.endpoint.Path.Key()] = r.records.item.Name
	}
	return slices.DeleteFunc(lists, func(r *resource) bool {
		path := r.endpoint.Path
		if !path.endsInParam() || len(r.records.way) == 0 || r.records.item.Name == "" || path[len(path)-1].Param == "" {
			return false
		}
		same := things[parentKey(path, len(path)-1)] == r.records.item.Name
		if same {
			s.single++
		}
		return same
	})
}

// Resources is how many resources the script has.
func (s *Script) Resources() int { return len(s.resources) }

// Endpoints is how many endpoints were looked at.
func (s *Script) Endpoints() int { return len(s.api.Endpoints) }

// Left is how many endpoints are named in the script as left out.
func (s *Script) Left() int { return len(s.left) }

// Selected reports whether a run takes resources without being told which.
func (s *Script) Selected() bool { return len(s.resources) <= manyResources }

// Needs are the names of the settings without which some resources are left
// out, as --set takes them.
func (s *Script) Needs() []string {
	var out []string
	for _, x := range s.settings {
		out = append(out, s.Name+"."+x.local)
	}
	return out
}

// Secrets are the keys of the script's section in secrets.toml.
func (s *Script) Secrets() []Secret { return s.api.Auth.secrets() }

func depth(r *resource) int {
	n := 0
	for _, p := range r.endpoint.Path {
		if p.Param != "" {
			n++
		}
	}
	return n
}

// childKey makes the key of a child's records. A record that other lists give
// too, or whose key is sure only among siblings, needs its parent's key beside
// its own: the same user may be a member of two teams.
func (s *Script) childKey(r *resource, shared bool) {
	if r.parent == nil || len(r.key) == 0 || !shared && !r.keyLocal {
		return
	}
	var above []string
	for _, f := range r.include {
		above = append(above, "_"+r.parent.name+"_"+f)
	}
	r.key = append(above, r.key...)
}

// parameters settles what is sent with each request.
func (s *Script) parameters(r *resource) bool {
	e := r.endpoint
	for i := range e.Params {
		p := &e.Params[i]
		switch {
		case p.Name == r.paging.param, takes(r.paging.value, p.Name), p == r.paging.size:
			continue
		case p.role() == RolePage && p.Required: // links lead on from here
			r.params = append(r.params, constant{p.Name, p.firstPage(), "required; the first page"})
			continue
		case p.role() != "" && (p.role() != RoleSize || !p.Required):
			continue
		case p == r.paging.wants:
			r.params = append(r.params, constant{p.Name, true, "for pages by " + r.paging.param})
			continue
		case r.since != nil && r.since.sure && p.Name == r.since.param:
			continue
		case p.Value == "" && !p.Required:
			if !p.Header {
				r.more = append(r.more, p.Name)
			}
			continue
		}
		c, ok := s.constant(r, p)
		if !ok {
			return false
		}
		if p.Header {
			r.headers = append(r.headers, c)
		} else {
			r.params = append(r.params, c)
		}
	}
	if size := r.paging.size; size != nil {
		r.sizeParam(size)
	}
	return true
}

// sizeParam asks for the largest page.
func (r *resource) sizeParam(size *Param) {
	n, why := size.largest()
	if size.Value != "" {
		n, why = atoi(size.Value, n), ""
	}
	if v, ok := size.standard(); n == 0 && size.Required {
		if n, why = guessSize, "what most APIs allow"; ok && v > 0 {
			n, why = v, "its default"
		}
	}
	note := "guessed from " + why
	if why == "" {
		note = "as recorded; larger pages take fewer requests"
	}
	if n > 0 {
		r.params = append(r.params, constant{size.Name, n, note})
	}
}

// constant is the value of a parameter that has to be sent.
func (s *Script) constant(r *resource, p *Param) (constant, bool) {
	c := constant{name: p.Name}
	switch {
	case p.Value != "":
		c.value, c.note = template(p.Value), "as recorded"
		if p.Varied {
			c.note = "as first recorded; later requests had other values"
		}
	case p.Default != "":
		c.value, c.note = template(p.Default), "required; its default"
	case len(p.Enum) > 0:
		c.value, c.note = template(p.Enum[0]), "required; one of "+clean(strings.Join(p.Enum, ", "), 80)
	case p.Shape.Kind == Bool:
		c.value, c.note = false, "required"
	default:
		local, ok := s.open(p.Name, r.name, p.About, p.Shape.Sample)
		if !ok {
			return c, false
		}
		r.need(local)
		c.value, c.note = raw(local), "required"
	}
	return c, true
}

func (r *resource) need(local string) {
	if !slices.Contains(r.needs, local) {
		r.needs = append(r.needs, local)
	}
}

// bare are names of parameters that say nothing without what they belong to.
var bare = []string{"id", "name", "key", "uuid", "guid", "slug", "code", "number", "sid", "gid", "type", "date", "start", "end", "from", "to", "value", "q", "query", "ids", "version"}

// reserved reports whether a name has another meaning in the script.
func (s *Script) reserved(local string) bool {
	return taken[local] || slices.ContainsFunc(s.api.Settings, func(x Opened) bool { return urlLocal(x.Name) == local })
}

// open is the local variable of a setting without a value.
func (s *Script) open(name, owner, about, sample string) (local string, ok bool) {
	local = snake(name)
	if local == "" || slices.Contains(bare, local) || s.reserved(local) {
		noun := singular(snake(clip(owner, maxName/2)))
		if noun == local {
			local = "id" // region_region says no more than region
		}
		local = strings.Trim(noun+"_"+local, "_")
	}
	if local == "" || local[0] >= '0' && local[0] <= '9' || s.reserved(local) {
		local = "the_" + local
	}
	if _, known := s.bySetting[local]; known {
		return local, true
	}
	if len(s.settings) >= mostSettings {
		return "", false
	}
	text := firstSentence(about, 70)
	if sample = clean(sample, 40); sample != "" {
		text = strings.TrimSpace(text + ", such as " + sample)
		text = strings.TrimPrefix(text, ", ")
	}
	s.bySetting[local] = len(s.settings)
	s.settings = append(s.settings, setting{local: local, about: text})
	return local, true
}
