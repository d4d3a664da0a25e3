package openapi

import (
	"net/url"
	"slices"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
)

// count notes which sets of security schemes open an endpoint.
func (r *reader) count(root, op node) {
	needs := r.get(op, "security")
	if !needs.there() {
		needs = r.get(root, "security")
	}
	for one := range r.elements(needs) {
		var names []string
		for name := range r.fields(one) {
			names = append(names, name)
		}
		if len(names) > 0 {
			r.needed[strings.Join(names, "\x00")]++
		}
	}
}

// scheme is a security scheme of the description.
type scheme struct {
	name, kind, scheme, in, key, about string
	flow                               node // of client credentials
}

func (r *reader) schemes(root node) (byName map[string]scheme, order []string) {
	byName = map[string]scheme{}
	for name, s := range r.fields(r.way(root, "components", "securitySchemes")) {
		if !s.there() {
			continue
		}
		byName[name] = scheme{
			name: name, kind: strings.ToLower(r.get(s, "type").line()), scheme: strings.ToLower(r.get(s, "scheme").line()),
			in: r.get(s, "in").line(), key: r.get(s, "name").line(), about: r.get(s, "description").line(),
			flow: r.way(s, "flows", "clientCredentials"),
		}
		order = append(order, name)
	}
	return byName, order
}

// security picks what most endpoints take; of several such sets the one that is
// the least trouble to a program.
func (r *reader) security(api *draft.API, root node) {
	schemes, order := r.schemes(root)
	most := 0
	for _, n := range r.needed {
		most = max(most, n)
	}
	var sets [][]string
	for key, n := range r.needed {
		if n*10 >= most*9 {
			sets = append(sets, strings.Split(key, "\x00"))
		}
	}
	said := len(sets) > 0
	if !said {
		for _, name := range order {
			sets = append(sets, []string{name})
		}
	}
	slices.SortFunc(sets, slices.Compare)
	var best []string
	bestRank := 0
	for _, set := range sets {
		rank := 0
		for _, name := range set {
			s, ok := schemes[name]
			if !ok {
				rank = -1000
				r.warn("the security scheme %s is not in the description", short(name))
				continue
			}
			rank += s.ranks() - 1
		}
		if best == nil || rank > bestRank {
			best, bestRank = set, rank
		}
	}
	if best == nil || bestRank <= -1000 {
		api.Auth.Why = "The description names no way to authorise."
		return
	}
	slices.SortStableFunc(best, func(a, b string) int { return schemes[b].ranks() - schemes[a].ranks() })
	for i, name := range best {
		if i == 0 {
			r.first(api, schemes[name])
		} else {
			beside(api, schemes[name])
		}
	}
	if !said {
		api.Auth.Why += " The endpoints do not say that they need it."
	}
}

// ranks says how well a scheme suits a program; more is better.
func (s scheme) ranks() int {
	switch {
	case s.kind == "http" && s.scheme == "bearer":
		return 9
	case s.kind == "apikey" && s.in != "cookie":
		return 8
	case s.kind == "oauth2" && s.flow.there():
		return 7
	case s.kind == "http" && s.scheme == "basic":
		return 6
	case s.kind == "oauth2":
		return 5
	case s.kind == "openidconnect":
		return 4
	case s.kind == "apikey":
		return 3
	}
	return 1
}

// first sets the way to authorise.
func (r *reader) first(api *draft.API, s scheme) {
	a := &api.Auth
	a.Why = "Scheme " + s.name + " of the description"
	switch {
	case s.kind == "http" && s.scheme == "basic":
		a.Kind = "http_basic"
	case s.kind == "http" && s.scheme == "bearer":
		a.Kind = "bearer"
	case s.kind == "apikey" && s.key != "":
		a.Kind, a.Name, a.Location = "api_key", s.key, s.in
		if a.Location != "query" && a.Location != "cookie" {
			a.Location = "header"
		}
	case s.kind == "oauth2" && s.flow.there():
		a.Kind, a.TokenURL = "oauth2_client_credentials", absolute(api.BaseURL, r.get(s.flow, "tokenUrl").line())
		var scopes []string
		for scope := range r.fields(r.get(s.flow, "scopes")) {
			scopes = append(scopes, scope)
		}
		if len(scopes) > 0 {
			a.Why += "; its scopes: " + strings.Join(scopes, ", ")
		}
	case s.kind == "oauth2" || s.kind == "openidconnect":
		a.Kind = "bearer"
		a.Why += ", for which a person has to log in: make a token elsewhere"
	default:
		a.Why += ", of a kind that has to be set up by hand (" + strings.TrimSpace(s.kind+" "+s.scheme) + ")"
	}
	if s.about != "" {
		a.Why += ": " + s.about
	}
	if !strings.HasSuffix(a.Why, ".") {
		a.Why += "."
	}
}

// beside adds a key that is sent together with the first one.
func beside(api *draft.API, s scheme) {
	if s.kind != "apikey" || s.in == "cookie" || s.key == "" {
		api.Notes = append(api.Notes, "The endpoints need the scheme "+s.name+" too: set it up by hand.")
		return
	}
	secret := draft.SecretName(s.name)
	for _, k := range api.Auth.More {
		if k.Secret == secret {
			secret += "_2"
		}
	}
	api.Auth.More = append(api.Auth.More, draft.Key{Name: s.key, Query: s.in == "query", Secret: secret})
}

// absolute makes the address of the token endpoint; relative ones are relative to
// the API's.
func absolute(base, token string) string {
	if strings.Contains(token, "://") || token == "" {
		return token
	}
	b, err := url.Parse(base)
	if err != nil || b.Host == "" {
		return token
	}
	u, err := b.Parse(token)
	if err != nil {
		return token
	}
	return u.String()
}
