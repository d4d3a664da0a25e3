package openapi

import (
	"net/url"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

// servers settles the address of the API: the first server of the description,
// else the one that most paths name.
func (r *reader) servers(api *draft.API, root node) {
	all := r.addresses(r.get(root, "servers"))
	if len(all) == 0 {
		n, most := map[string]int{}, 0
		for _, item := range r.fields(r.get(root, "paths")) {
			if own := r.addresses(r.get(item, "servers")); len(own) > 0 {
				if n[own[0].url]++; n[own[0].url] > most {
					most, all = n[own[0].url], own[:1]
				}
			}
		}
	}
	var server address
	if len(all) > 0 {
		server = all[0]
	}
	at := server.url
	switch {
	case strings.HasPrefix(at, "//"):
		at = "https:" + at
	case !strings.Contains(at, "://") && !strings.HasPrefix(at, "{"):
		at, api.NoHost = "https://api.example.com/"+strings.TrimLeft(at, "/"), true
	}
	api.BaseURL = at
	r.variables(api, server)
	if !isAddress(api) {
		r.warn("the server %s is no address of an API", short(at))
		api.BaseURL, api.NoHost, api.Settings = "https://api.example.com/", true, nil
	}
	if len(all) > 1 {
		var others []string
		for _, s := range all[1:] {
			others = append(others, s.url)
		}
		api.Notes = append(api.Notes, "Other servers in the description: "+strings.Join(others, ", ")+".")
	}
}

// mostVariables bounds the variables of an address.
const mostVariables = 20

// isAddress reports whether the base URL is one, with the standard values of its
// variables.
func isAddress(api *draft.API) bool {
	at := api.BaseURL
	for _, x := range api.Settings {
		if !variableName().MatchString(x.Name) {
			return false
		}
		at = strings.ReplaceAll(at, "{"+x.Name+"}", x.Default)
	}
	u, err := url.Parse(at)
	return err == nil && len(api.Settings) <= mostVariables && (u.Scheme == "https" || u.Scheme == "http") && hostName().MatchString(u.Host) && !strings.ContainsAny(at, "?#")
}

var variableName = lazy.Regexp(`^[A-Za-z][A-Za-z0-9_-]*$`)

var hostName = lazy.Regexp(`^([\pL\pN._-]*[\pL\pN_]|\[[0-9a-fA-F:]+\])(:[0-9]+)?$`)

// address is a server, and its variables.
type address struct {
	url       string
	variables node
}

func (r *reader) addresses(servers node) []address {
	var out []address
	for s := range r.elements(servers) {
		if at := r.get(s, "url").line(); at != "" {
			out = append(out, address{at, r.get(s, "variables")})
		}
	}
	return out
}

// variables are the parts of the address that a user may set.
func (r *reader) variables(api *draft.API, server address) {
	for _, piece := range draft.ParsePath(api.BaseURL) {
		if piece.Param == "" {
			continue
		}
		v := r.get(server.variables, piece.Param)
		values := r.texts(r.get(v, "enum"))
		x := draft.Opened{Name: piece.Param, Default: r.get(v, "default").line(), About: r.get(v, "description").line()}
		if x.Default == "" {
			x.Default = piece.Param
			if len(values) > 0 {
				x.Default = values[0]
			}
		}
		if len(values) > 1 {
			x.About = "One of " + strings.Join(values, ", ")
		}
		api.Settings = append(api.Settings, x)
	}
}

// otherServer is the address of an endpoint that has a server of its own, or
// empty.
func (r *reader) otherServer(api *draft.API, item, op node) string {
	own := append(r.addresses(r.get(op, "servers")), r.addresses(r.get(item, "servers"))...)
	if len(own) == 0 || strings.Contains(own[0].url, "{") || !strings.Contains(own[0].url, "://") {
		return ""
	}
	at := strings.TrimRight(own[0].url, "/")
	if u, err := url.Parse(at); err != nil || u.Host == "" || at == strings.TrimRight(api.BaseURL, "/") {
		return ""
	}
	return at
}
