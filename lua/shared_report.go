package lua

import (
	"fmt"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// hookPlaces are the functions in a config: by where they begin
// ("tickets.lua:31"), the paths under which they stand.
type hookPlaces map[string][]hook.Ref

// Remarks warns of hooks that keep values in variables, once for each, with
// what that means (SCR-04). It knows the paths of hooks after Config.
func (s *Script) Remarks() []config.Warning {
	places := s.places()
	type remark struct {
		hook      string
		pos       config.Pos // of the first write
		variables []string
	}
	var remarks []*remark
	byHook := map[string]*remark{}
	for _, wr := range s.SharedWrites() {
		r := byHook[wr.Hook]
		if r == nil {
			r = &remark{hook: wr.Hook, pos: config.Pos{File: wr.File, Line: wr.Line}}
			byHook[wr.Hook] = r
			remarks = append(remarks, r)
		}
		kind := "the outer local"
		if wr.Global {
			kind = "the global"
		}
		r.variables = append(r.variables, fmt.Sprintf("%s %q", kind, wr.Variable))
	}
	var out []config.Warning
	for _, r := range remarks {
		w := config.Warning{Pos: r.pos}
		who := "the function at " + r.hook
		if refs := places[r.hook]; len(refs) > 0 {
			w.Path, who = string(refs[0]), "the function"
		}
		w.Text = fmt.Sprintf("%s writes %s: each resource has its own, it is forgotten after the load, and a load that was killed reads this resource anew; ctx.state keeps values",
			who, strings.Join(r.variables, ", "))
		out = append(out, w)
	}
	return out
}

// SharesState reports whether hooks of the resource at path ("resources[2]")
// may keep values in variables, so that it cannot go on in the middle after
// its process was killed (SCR-04). Functions outside the resources, and those
// that are not in the config at all, count for every resource.
func (s *Script) SharesState(resource string) bool {
	places := s.places()
	return slices.ContainsFunc(s.SharedWrites(), func(wr SharedWrite) bool {
		refs := places[wr.Hook]
		return len(refs) == 0 || slices.ContainsFunc(refs, func(f hook.Ref) bool {
			switch path := string(f); {
			case strings.HasPrefix(path, "resources["):
				return strings.HasPrefix(path, resource+".")
			default: // on_start and on_finish run in worlds of their own
				return path != "on_start" && path != "on_finish"
			}
		})
	})
}

func (s *Script) places() hookPlaces {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hooks
}

func (s *Script) setPlaces(p hookPlaces) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = p
}
