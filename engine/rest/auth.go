package rest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// authenticator adds credentials to requests. It may be used from several
// goroutines.
type authenticator interface {
	// authorize adds credentials to r, whose Headers are r's own. generation
	// names the credentials, for refresh.
	authorize(ctx context.Context, r *hook.Request) (generation int, err error)
	// refresh drops credentials that the API refused, unless others were got
	// since; false: there are no others to get.
	refresh(generation int) bool
	// credential tells credentials apart, for limits; it holds none.
	credential() string
}

// newAuthenticator makes the authenticator of a resource (nil auth or kind "none": nil).
// Resources with the same auth table share its token or session.
func (c *Client) newAuthenticator(resource string, a *config.Auth, world hook.World) (authenticator, error) {
	if a == nil {
		return nil, nil
	}
	for _, secret := range []string{a.Token, a.Password, a.APIKey, a.ClientSecret, a.RefreshToken, a.PrivateKey, a.PrivateKeyPassphrase} {
		c.redactor.Add(secret)
	}
	id := authFingerprint(a)
	switch a.Kind {
	case "", "none":
		return nil, nil
	case "bearer":
		return &staticAuth{id: id, add: func(r *hook.Request) { r.Headers.Set("Authorization", "Bearer "+a.Token) }}, nil
	case "http_basic":
		encoded := base64.StdEncoding.EncodeToString([]byte(a.Username + ":" + a.Password))
		c.redactor.Add(encoded)
		return &staticAuth{id: id, add: func(r *hook.Request) { r.Headers.Set("Authorization", "Basic "+encoded) }}, nil
	case "api_key":
		return &staticAuth{id: id, add: apiKey(a)}, nil
	case "function":
		if world == nil {
			return nil, authError(a, "a function needs a script to run in")
		}
		return &funcAuth{id: id, f: a.Func, world: world}, nil
	case "login":
		return &tokenAuth{client: c, resource: resource, auth: a, world: world, id: id, grant: c.grant(a), fetch: (*tokenAuth).login}, nil
	case "oauth2_client_credentials", "oauth2_password", "oauth2_refresh_token", "oauth2_jwt":
		u, err := url.Parse(a.AccessTokenURL)
		if err != nil || u.Host == "" {
			if u, err = url.Parse(c.absolute(a.AccessTokenURL)); err != nil || u.Host == "" {
				return nil, authError(a, "access_token_url is not an absolute URL")
			}
		}
		c.hosts.addOwn(u)
		t := &tokenAuth{client: c, resource: resource, auth: a, world: world, id: id, grant: c.grant(a), fetch: (*tokenAuth).oauth2}
		if a.Kind == "oauth2_jwt" {
			if t.key, err = parseKey(a.PrivateKey, a.PrivateKeyPassphrase); err != nil {
				return nil, authError(a, "private_key: "+err.Error())
			}
		}
		return t, nil
	}
	return nil, authError(a, fmt.Sprintf("unknown type %q", a.Kind))
}

// authError is a mistake in an auth table.
func authError(a *config.Auth, text string) error {
	path := a.Path
	if path == "" {
		path = "auth"
	}
	return &config.Error{Pos: a.Pos, Path: path, Text: text}
}

// authFingerprint tells auth tables apart by their credentials.
func authFingerprint(a *config.Auth) string {
	h := sha256.Sum256([]byte(strings.Join([]string{
		a.Kind, a.Token, a.Username, a.Password, a.Name, a.APIKey, a.Location, a.AccessTokenURL, a.ClientID, a.ClientSecret,
		a.RefreshToken, a.PrivateKey, a.Subject, string(a.Func), string(a.Login), strings.Join(a.Scopes, " "),
	}, "\x00")))
	return hex.EncodeToString(h[:8])
}

// staticAuth adds credentials that do not change: bearer, http_basic, api_key.
type staticAuth struct {
	id  string
	add func(r *hook.Request)
}

func (s *staticAuth) authorize(_ context.Context, r *hook.Request) (int, error) {
	s.add(r)
	return 0, nil
}

func (s *staticAuth) refresh(int) bool   { return false }
func (s *staticAuth) credential() string { return s.id }

// apiKey adds a key to a header, the query or the cookies (AUTH-03 to AUTH-05).
func apiKey(a *config.Auth) func(r *hook.Request) {
	name := a.Name
	if name == "" {
		name = "Authorization"
	}
	switch a.Location {
	case "query", "param":
		return func(r *hook.Request) { addParam(r, name, a.APIKey) }
	case "cookie":
		return func(r *hook.Request) {
			cookie := (&http.Cookie{Name: name, Value: a.APIKey}).String()
			if had := r.Headers.Get("Cookie"); had != "" {
				cookie = had + "; " + cookie
			}
			r.Headers.Set("Cookie", cookie)
		}
	}
	return func(r *hook.Request) { r.Headers.Set(name, a.APIKey) }
}

// addParam adds a query parameter, unless the URL, a next link of the API, has it
// already.
func addParam(r *hook.Request, name, value string) {
	p := hook.Pair{Name: name, Value: value}
	if slices.Contains(r.Params, p) {
		return
	}
	if u, err := url.Parse(r.URL); err == nil && slices.Contains(u.Query()[name], value) {
		return
	}
	r.Params = append(slices.Clip(r.Params), p)
}

// funcAuth calls a function of the script for each request (AUTH-16).
type funcAuth struct {
	id    string
	f     hook.Ref
	world hook.World
}

func (f *funcAuth) authorize(ctx context.Context, r *hook.Request) (int, error) {
	r.Params = slices.Clone(r.Params)
	return 0, f.world.Authorize(ctx, f.f, r)
}

func (f *funcAuth) refresh(int) bool   { return false }
func (f *funcAuth) credential() string { return f.id }
