package rest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// Client makes all requests of a load. It may be used from several goroutines.
type Client struct {
	config    config.Client // with defaults filled in
	options   Options
	redactor  *Redactor
	transport http.RoundTripper
	own       *http.Transport // nil: the caller's transport is used
	jar       http.CookieJar  // of the script's hosts; nil: no cookies are kept
	otherJar  http.CookieJar  // of all other hosts, which see no cookie of the API, not even one for their whole domain
	hosts     hosts
	limits    limiters
	slots     chan struct{} // one for each request in flight
	bodies    bodies
	stall     time.Duration // how long a body may pause
	sleep     func(ctx context.Context, d time.Duration) error
	now       func() time.Time
	jitter    func() float64

	mu     sync.Mutex
	grants map[*config.Auth]*grant // tokens and sessions, shared by resources
}

// Defaults of client settings that are not given.
const (
	defaultConcurrency = 8
	defaultMaxBytes    = 256 << 20
	defaultTimeout     = time.Minute
	defaultAttempts    = 5
	defaultMaxDelay    = 300 * time.Second
	connectTimeout     = 10 * time.Second
	stallTimeout       = time.Minute
)

// NewClient prepares a client. Errors are those of TLS files and of base_url.
func NewClient(settings *config.Client, o Options) (*Client, error) {
	c := &Client{
		config: *settings, options: o, redactor: o.Redactor, transport: o.Transport,
		stall: stallTimeout, sleep: o.Sleep, now: o.Now, jitter: o.Jitter,
		grants: map[*config.Auth]*grant{},
	}
	fillDefaults(&c.config)
	if c.redactor == nil {
		c.redactor = NewRedactor()
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.jitter == nil {
		c.jitter = rand.Float64
	}
	for _, p := range c.config.Headers {
		if credentialHeader(p.Name) {
			c.redactor.Add(p.Value)
			if _, credential, ok := strings.Cut(p.Value, " "); ok { // "Bearer ..."
				c.redactor.Add(credential)
			}
		}
	}
	c.slots = make(chan struct{}, c.config.Concurrency)
	c.bodies.most = c.config.MaxResponseBytes
	c.limits.rates = c.config.RateLimit
	if err := c.hosts.init(c.config.BaseURL, c.config.AllowedHosts); err != nil {
		return nil, fmt.Errorf("client.base_url: %w", err)
	}
	if c.config.Cookies {
		for _, jar := range []*http.CookieJar{&c.jar, &c.otherJar} {
			made, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
			if err != nil {
				return nil, fmt.Errorf("client.cookies: %w", err)
			}
			*jar = made
		}
	}
	if c.transport == nil {
		own, err := c.newTransport()
		if err != nil {
			return nil, err
		}
		c.own, c.transport = own, own
	}
	if o.Wrap != nil {
		c.transport = o.Wrap(c.transport)
	}
	return c, nil
}

func fillDefaults(c *config.Client) {
	if c.Concurrency <= 0 {
		c.Concurrency = defaultConcurrency
	}
	if c.MaxResponseBytes <= 0 {
		c.MaxResponseBytes = defaultMaxBytes
	}
	s := &c.Session
	if s.RequestTimeout <= 0 {
		s.RequestTimeout = defaultTimeout
	}
	if s.RequestMaxAttempts <= 0 {
		s.RequestMaxAttempts = defaultAttempts
	}
	switch {
	case s.RequestBackoffFactor == 0:
		s.RequestBackoffFactor = 1
	case s.RequestBackoffFactor < 0:
		s.RequestBackoffFactor = 0
	}
	switch {
	case s.RequestMaxRetryDelay == 0:
		s.RequestMaxRetryDelay = defaultMaxDelay
	case s.RequestMaxRetryDelay < 0:
		s.RequestMaxRetryDelay = 0
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Wait lets d pass for a hook, as between two tries of a request; it returns
// early, with why, when ctx ends.
func (c *Client) Wait(ctx context.Context, d time.Duration) error { return c.sleep(ctx, d) }

// Close frees the client's connections.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// trust makes the host of a URL that the script names one that credentials go to
// (OPR-08). Text without a host changes nothing.
func (c *Client) trust(raw string) {
	if u, err := url.Parse(raw); err == nil && u.Host != "" {
		c.hosts.add(u)
	}
}

// Do makes a request of the http module. A URL without host joins base_url; the
// client's credentials go with it unless r.NoAuth is set or the host is not the
// script's. An answer of any status is a response; the error is one of a request
// that got no answer, or asked to be repeated to the end. The response is the
// caller's.
func (c *Client) Do(ctx context.Context, r *hook.Request) (*hook.Response, error) {
	request := *r
	request.URL = c.absolute(r.URL)
	x := sending{call: call{request: &request}, anyStatus: true}
	if a := c.config.Auth; !r.NoAuth && a != nil {
		switch {
		case a.Kind == "function" || a.Kind == "login" && a.Apply != "":
			// These run in the world that is waiting for this very request.
			return nil, fmt.Errorf("requests of the http module cannot use client.auth of type %q, which runs in the hook that makes them: pass auth = false and set the headers there", a.Kind)
		default:
			var err error
			if x.auth, err = c.newAuthenticator("", a, nil); err != nil {
				return nil, err
			}
		}
	}
	reply, err := c.run(ctx, x)
	if err != nil {
		return nil, err
	}
	return &reply.Response, nil // its memory is not given back: the caller has it
}

// cookies is the jar for a URL; nil: no cookies are kept.
func (c *Client) cookies(u *url.URL) http.CookieJar {
	if c.jar == nil || c.hosts.trusted(u) {
		return c.jar
	}
	return c.otherJar
}

// absolute joins a URL without host to base_url.
func (c *Client) absolute(raw string) string {
	if strings.HasPrefix(raw, "http://") || strings.HasPrefix(raw, "https://") {
		return raw
	}
	if raw == "" {
		return c.config.BaseURL
	}
	return strings.TrimRight(c.config.BaseURL, "/") + "/" + strings.TrimLeft(raw, "/")
}
