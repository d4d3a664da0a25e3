package rest

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// grant is what a token request or a login gave. It is shared by all resources
// and workers with the same auth table, so that one of them asks for it (API-26).
type grant struct {
	fetching chan struct{} // holds one element while somebody asks for a new one

	mu         sync.Mutex
	valid      bool
	generation int
	token      string
	session    []byte // login: JSON text
	expires    time.Time
	refresh    string // oauth2_refresh_token: the token for the next request
}

// grant returns the grant of an auth table.
func (c *Client) grant(a *config.Auth) *grant {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.grants[a]
	if g != nil {
		return g
	}
	g = &grant{fetching: make(chan struct{}, 1), refresh: a.RefreshToken}
	if a.Kind != "login" && a.Token != "" {
		// A token from elsewhere is used until it expires or is refused (AUTH-12).
		g.valid, g.token, g.expires = true, a.Token, c.now().Add(lifetime(a, nil))
	}
	if load := c.options.RefreshTokens.Load; load != nil && a.Kind == "oauth2_refresh_token" {
		if kept := load(a.Path); kept != "" {
			c.redactor.Add(kept)
			g.refresh = kept
		}
	}
	c.grants[a] = g
	return g
}

// current returns the grant's state if it can be used.
func (g *grant) current(now time.Time) (token string, session []byte, generation int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.token, g.session, g.generation, g.valid && now.Before(g.expires)
}

func (g *grant) set(token string, session []byte, expires time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.valid, g.token, g.session, g.expires = true, token, session, expires
	g.generation++
}

// tokenAuth adds a token that is asked for before the first request, when it
// expired, and when the API refuses it: OAuth2 and login.
type tokenAuth struct {
	client   *Client
	resource string
	auth     *config.Auth
	world    hook.World // nil: requests of the http module
	id       string
	grant    *grant
	key      *rsa.PrivateKey // oauth2_jwt
	fetch    func(t *tokenAuth, ctx context.Context) error
}

func (t *tokenAuth) credential() string { return t.id }

// refresh drops the token of a generation.
func (t *tokenAuth) refresh(generation int) bool {
	t.grant.mu.Lock()
	defer t.grant.mu.Unlock()
	if t.grant.generation == generation {
		t.grant.valid = false
	}
	return true
}

func (t *tokenAuth) authorize(ctx context.Context, r *hook.Request) (int, error) {
	token, session, generation, err := t.ensure(ctx)
	if err != nil {
		return 0, err
	}
	if t.auth.Apply != "" {
		if t.world == nil {
			return 0, t.noWorld()
		}
		r.Params = slices.Clone(r.Params)
		return generation, t.world.Apply(ctx, t.auth.Apply, r, session)
	}
	r.Headers.Set("Authorization", "Bearer "+token)
	return generation, nil
}

// ensure returns a token that is valid now. One worker fetches, others wait.
func (t *tokenAuth) ensure(ctx context.Context) (token string, session []byte, generation int, err error) {
	g := t.grant
	if token, session, generation, ok := g.current(t.client.now()); ok {
		return token, session, generation, nil
	}
	if t.world == nil && (t.auth.Kind == "login" || t.auth.BuildRequest != "") {
		// To wait for the one who fetches would be to wait for this very hook.
		return "", nil, 0, t.noWorld()
	}
	select {
	case g.fetching <- struct{}{}:
		defer func() { <-g.fetching }()
	case <-ctx.Done():
		return "", nil, 0, context.Cause(ctx)
	}
	if token, session, generation, ok := g.current(t.client.now()); ok {
		return token, session, generation, nil
	}
	if err := t.fetch(t, ctx); err != nil {
		return "", nil, 0, err
	}
	// One that expires at once (expires_in = 0) is still good for this request.
	token, session, generation, _ = g.current(t.client.now())
	return token, session, generation, nil
}

func (t *tokenAuth) noWorld() error {
	return authError(t.auth, fmt.Sprintf("requests of the http module cannot use auth of type %q here: its functions run in the hook that makes the request (pass auth = false and set the headers there)", t.auth.Kind))
}

// login runs the script's login function.
func (t *tokenAuth) login(ctx context.Context) error {
	began := t.client.now()
	session, err := t.world.Login(ctx, t.auth.Login)
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}
	var s any
	if err := json.Unmarshal(session, &s); err != nil {
		return authError(t.auth, "login gave a session that is not JSON")
	}
	t.hide(s)
	var known struct {
		Token   string          `json:"token"`
		Expires json.RawMessage `json:"expires_in"`
	}
	// A session that is not a table has neither; apply knows what to do with it.
	if err := json.Unmarshal(session, &known); err != nil && t.auth.Apply == "" {
		return authError(t.auth, "login must return a table with token, or apply must be given")
	}
	if known.Token == "" && t.auth.Apply == "" {
		return authError(t.auth, "login returned no token, and there is no apply")
	}
	t.grant.set(known.Token, session, began.Add(lifetime(t.auth, known.Expires)))
	return nil
}

// leastSessionSecret is the length from which a text in a session is taken for a
// secret: shorter ones are names and numbers.
const leastSessionSecret = 8

// hide makes the texts of a session known to the redactor.
func (t *tokenAuth) hide(v any) {
	switch v := v.(type) {
	case string:
		if len(v) >= leastSessionSecret {
			t.client.redactor.Add(v)
		}
	case []any:
		for _, e := range v {
			t.hide(e)
		}
	case map[string]any:
		for name, e := range v {
			if s, ok := e.(string); ok && (credentialHeader(name) || secretParams[strings.ToLower(name)]) {
				t.client.redactor.Add(s)
			}
			t.hide(e)
		}
	}
}

// lifetime is how long a token is valid: expires_in, a number or a text with
// one, else the default of the auth table (AUTH-09).
func lifetime(a *config.Auth, expiresIn json.RawMessage) time.Duration {
	text := strings.Trim(string(expiresIn), ` "`)
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e9 {
		return time.Duration(n * float64(time.Second))
	}
	return a.DefaultExpiration
}

// authFailed is an error that authorising a request met. It is complete in
// itself: token requests have retries of their own.
type authFailed struct{ error }

func (f authFailed) Unwrap() error { return f.error }

// asAuthFailed returns what authorising failed with.
func asAuthFailed(err error) (error, bool) {
	var f authFailed
	if errors.As(err, &f) {
		return f.error, true
	}
	return nil, false
}
