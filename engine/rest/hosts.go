package rest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/restlua/restlua/engine/hook"
)

// hosts knows which hosts the script names: credentials go to these only, and
// only these may have an internal address (OPR-08).
type hosts struct {
	base         *url.URL    // nil: no base_url
	internalBase atomic.Bool // base_url is an internal address
	patterns     []string    // allowed_hosts, in lower case

	mu      sync.RWMutex
	named   []*url.URL      // of absolute paths in the script
	proxies map[string]bool // host:port
	own     map[string]bool // host:port of token endpoints: reachable, but no place for the API's credentials
	warned  map[string]bool // hosts that a warning was given about
}

func (h *hosts) init(base string, allowed []string) error {
	h.proxies, h.own, h.warned = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, a := range allowed {
		h.patterns = append(h.patterns, strings.ToLower(strings.TrimSpace(a)))
	}
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil {
		return errors.New("is no URL")
	}
	if u.Host == "" {
		return nil // "/" and the like: absolute paths have their own host
	}
	h.base = u
	name := strings.ToLower(u.Hostname())
	if a, err := netip.ParseAddr(name); err == nil && internal(a) || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		h.internalBase.Store(true)
	}
	return nil
}

// add names the host of u.
func (h *hosts) add(u *url.URL) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.named {
		if n.Scheme == u.Scheme && strings.EqualFold(n.Host, u.Host) {
			return
		}
	}
	h.named = append(h.named, u)
}

func (h *hosts) addProxy(u *url.URL) {
	h.mu.Lock()
	h.proxies[hostPort(u)] = true
	h.mu.Unlock()
}

func (h *hosts) addOwn(u *url.URL) {
	h.mu.Lock()
	h.own[hostPort(u)] = true
	h.mu.Unlock()
}

// firstWarning reports whether a warning about a host is the first one.
func (h *hosts) firstWarning(host string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.warned[host]
	h.warned[host] = true
	return first
}

// trusted reports whether credentials may go to u.
func (h *hosts) trusted(u *url.URL) bool {
	if h.base != nil && sameHost(h.base, u) {
		return true
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, n := range h.named {
		if sameHost(n, u) {
			return true
		}
	}
	if h.base != nil && h.base.Scheme == "https" && u.Scheme != "https" {
		return false // allowed, but not in the clear where base_url is not
	}
	return h.allowed(u.Hostname(), hostPort(u))
}

// allowed reports whether allowed_hosts names a host. A pattern without a port
// stands for all ports; "*.example.com" does not stand for example.com.
func (h *hosts) allowed(name, withPort string) bool {
	name = strings.ToLower(name)
	for _, p := range h.patterns {
		switch {
		case p == "*" || p == name || p == withPort || p == "["+name+"]":
			return true
		case strings.HasPrefix(p, "*."):
			if strings.HasSuffix(name, p[1:]) || strings.HasSuffix(withPort, p[1:]) {
				return true
			}
		}
	}
	return false
}

// sameHost reports whether u is the host of named: the same name and port, or
// both on the usual ports; never in the clear where named is not.
func sameHost(named, u *url.URL) bool {
	if !strings.EqualFold(named.Hostname(), u.Hostname()) || named.Scheme == "https" && u.Scheme != "https" {
		return false
	}
	return hostPort(named) == hostPort(u) || usualPort(named) && usualPort(u)
}

func usualPort(u *url.URL) bool {
	p := u.Port()
	return p == "" || p == defaultPort(u.Scheme)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// hostPort is the host of u in lower case, with its port.
func hostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "socks5" || u.Scheme == "socks5h":
		port = "1080"
	default:
		port = defaultPort(u.Scheme)
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

type hostKind uint8

const (
	hostOther hostKind = iota // came from a response
	hostNamed
	hostBase
)

// kind tells what the script says of an address to connect to, host:port.
func (h *hosts) kind(address string) hostKind {
	address = strings.ToLower(address)
	if h.base != nil && hostPort(h.base) == address {
		return hostBase
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.proxies[address] || h.own[address] {
		return hostNamed
	}
	for _, n := range h.named {
		if hostPort(n) == address {
			return hostNamed
		}
	}
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return hostOther
	}
	// "*" allows every name to have the credentials; an internal address is
	// allowed by its name only.
	for _, p := range h.patterns {
		if p == "*" {
			continue
		}
		one := hosts{patterns: []string{p}}
		if one.allowed(name, address) {
			return hostNamed
		}
	}
	return hostOther
}

// reachable refuses internal addresses that are written in u itself; names are
// checked when they are resolved.
func (h *hosts) reachable(u *url.URL) error {
	if h.internalBase.Load() || h.kind(hostPort(u)) != hostOther {
		return nil
	}
	name := strings.ToLower(u.Hostname())
	if a, err := netip.ParseAddr(name); err == nil && internal(a) || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return refused(hostPort(u))
	}
	return nil
}

// sharedSpace is 100.64.0.0/10, the space behind the address translation of
// carriers (RFC 6598), where some clouds keep services of their own.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// internal reports whether an address is one that the internet cannot reach.
func internal(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() ||
		a.IsInterfaceLocalMulticast() || a.IsUnspecified() || sharedSpace.Contains(a)
}

// private reports a header that carries a credential.
func (c *Client) private(name, value string) bool {
	return credentialHeader(name) || c.redactor.holds(value)
}

// withholds reports whether a request to a host that is not trusted lacks
// credentials that others have. Where auth is off there are none to miss.
func (c *Client) withholds(x *sending, r *hook.Request) bool {
	if x.auth != nil && !r.NoAuth {
		return true
	}
	for name, values := range r.Headers {
		if slices.ContainsFunc(values, func(v string) bool { return c.private(name, v) }) {
			return true
		}
	}
	return !x.token && !r.NoAuth && slices.ContainsFunc(c.config.Headers, func(p hook.Pair) bool { return c.private(p.Name, p.Value) })
}

// warnUntrusted says that a host gets no credentials, once for each.
func (c *Client) warnUntrusted(x *sending, u *url.URL) {
	if c.options.Events.Warning == nil || !c.hosts.firstWarning(u.Host) {
		return
	}
	c.options.Events.Warning(x.resource, fmt.Sprintf(
		"requests to %s are sent without credentials: the script does not name this host (if it may have them: client.allowed_hosts = { %q })", u.Host, u.Hostname()))
}
