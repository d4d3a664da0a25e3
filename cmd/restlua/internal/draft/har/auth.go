package har

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

var (
	keyHeader   = lazy.Regexp(`(?i)^(x-)?([a-z0-9-]*-)?(api-?key|apikey|auth-?token|access-?token|token|secret|app-?key|application-?key|subscription-?key|app-?id|client-?id|authorization)$`)
	keyParam    = lazy.Regexp(`(?i)^(api[-_]?key|key|access[-_]?token|token|auth|auth[-_]?token|apikey|app[-_]?key|app[-_]?id|sig|signature|secret|client[-_]?secret|password|passwd|pwd|session|session[-_]?id|sid|jwt|code|x-amz-.*|hmac)$`)
	versionHead = lazy.Regexp(`(?i)version$`)
	csrfHeader  = lazy.Regexp(`(?i)(csrf|xsrf)`)
	jwtLike     = lazy.Regexp(`^eyJ[A-Za-z0-9_-]{8,}\.`)
	schemeLike  = lazy.Regexp(`^[A-Za-z]{2,12}$`)
)

// auth finds out how the requests were authorised, and notes the values of
// credentials, so that they get nowhere else.
func (r *reader) auth(api *draft.API) {
	var bearer, basic, cookies, csrf bool
	keys := map[string]bool{} // headers with keys
	word := ""                // in front of the value of Authorization
	queries := map[string]bool{}
	versions := map[string]string{}
	for _, x := range r.all {
		for name, values := range x.Header {
			if len(values) == 0 {
				continue
			}
			name = http.CanonicalHeaderKey(name)
			v := values[0]
			first, rest, spaced := strings.Cut(v, " ")
			switch {
			case strings.EqualFold(name, "Authorization"):
				r.hide(v, rest)
				switch {
				case strings.EqualFold(first, "bearer") || v == "***":
					bearer = true
				case strings.EqualFold(first, "basic"):
					basic = true
				default:
					keys[name] = true
					if spaced && schemeLike().MatchString(first) {
						word = first
					}
				}
			case strings.EqualFold(name, "Cookie"):
				cookies = true
				for c := range strings.SplitSeq(v, ";") {
					_, value, _ := strings.Cut(c, "=")
					r.hide(strings.TrimSpace(value))
				}
			case csrfHeader().MatchString(name):
				csrf = true
				r.hide(v)
			case keyHeader().MatchString(name):
				keys[name] = true
				r.hide(v)
			case versionHead().MatchString(name) && len(v) < 40 && !strings.HasPrefix(strings.ToLower(name), "sec-"):
				versions[name] = v
			}
		}
		for name, values := range x.url.Query() {
			if keyParam().MatchString(name) && len(values) > 0 && (isSecret(values[0]) || len(values[0]) >= 8 || values[0] == "***") {
				queries[name] = true
				r.hide(values...)
			}
		}
	}
	a := &api.Auth
	switch {
	case bearer:
		a.Kind, a.Why = "bearer", "As the recording did it."
	case basic:
		a.Kind, a.Why = "http_basic", "As the recording did it."
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		r.key(a, name, false, word)
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		r.key(a, name, true, "")
	}
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		if !r.secretValue(versions[name]) {
			api.Headers = append(api.Headers, draft.Constant{Name: name, Value: versions[name]})
		}
	}
	switch {
	case a.Kind == "" && cookies:
		a.Why = "The recording was logged in by cookies, which a script has not: look for a token that the API takes."
	case a.Kind == "":
		a.Why = "The recording has no credentials; browsers leave them out unless asked to keep sensitive data."
	case cookies:
		api.Notes = append(api.Notes, "The recording also sent cookies. If the API wants them, the token alone will not do.")
	}
	if csrf {
		api.Notes = append(api.Notes, "The recording sent a CSRF token, which belongs to a login by a browser.")
	}
}

// key adds a key in a header or in the query.
func (r *reader) key(a *draft.Auth, name string, query bool, word string) {
	if a.Kind == "" {
		a.Kind, a.Name, a.Location = "api_key", name, "header"
		if query {
			a.Location = "query"
		}
		a.Why = "As the recording did it."
		if word != "" {
			a.Why = "As the recording did it: the word " + word + ", a blank, and the key."
		}
		return
	}
	a.More = append(a.More, draft.Key{Name: name, Query: query, Secret: draft.SecretName(name)})
}

// hide notes values of credentials.
func (r *reader) hide(values ...string) {
	for _, v := range values {
		if len(v) >= 4 {
			r.secrets[v] = true
		}
	}
}

// secretParam reports whether a parameter carries a credential.
func (r *reader) secretParam(name string) bool {
	for _, x := range r.all {
		if v := x.url.Query().Get(name); v != "" && keyParam().MatchString(name) && r.secrets[v] {
			return true
		}
	}
	return false
}

// secretValue reports whether a text is a credential, or looks like one.
func (r *reader) secretValue(s string) bool { return r.secrets[s] || isSecret(s) }

// isSecret reports whether a text looks like a key that a machine made.
func isSecret(s string) bool {
	if s == "***" || jwtLike().MatchString(s) {
		return true
	}
	if len(s) < 24 || uuidLike().MatchString(s) || strings.ContainsAny(s, " ,/") {
		return false
	}
	digits, letters := 0, 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
		}
	}
	return digits >= 4 && letters >= 4
}
