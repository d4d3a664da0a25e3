package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/restlua/restlua/engine/config"
)

// newTransport makes the transport of a client: proxies of the environment, the
// TLS files of the script, and connections only where the host rules allow.
func (c *Client) newTransport() (*http.Transport, error) {
	t := &http.Transport{
		DisableCompression:  true, // bodies are unpacked here, with readers that are used again
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: c.config.Concurrency,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: connectTimeout,
		DialContext:         c.dial,
		ReadBufferSize:      16 << 10,
	}
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		proxy, err := http.ProxyFromEnvironment(r)
		if proxy != nil {
			c.hosts.addProxy(proxy)
		}
		return proxy, err
	}
	settings, err := tlsConfig(c.config.TLS)
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig = settings
	return t, nil
}

// tlsConfig reads the files of client.tls.
func tlsConfig(t config.TLS) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.InsecureSkipVerify}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("client.tls.ca_file: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("client.tls.ca_file: %s holds no certificate in PEM form", t.CAFile)
		}
		settings.RootCAs = pool
	}
	switch {
	case t.CertFile != "" && t.KeyFile != "":
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("client.tls.cert_file: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	case t.CertFile != "":
		return nil, fmt.Errorf("client.tls.key_file: missing, cert_file needs it")
	case t.KeyFile != "":
		return nil, fmt.Errorf("client.tls.cert_file: missing, key_file needs it")
	}
	return settings, nil
}

// dial connects to a host. The address is checked when it is known, after the
// name was resolved, so a name that resolves to another address the second time
// does not help (OPR-08).
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}
	switch c.hosts.kind(address) {
	case hostBase:
		d.Control = func(_, resolved string, _ syscall.RawConn) error {
			if a, err := netip.ParseAddrPort(resolved); err == nil && internal(a.Addr()) {
				c.hosts.internalBase.Store(true)
			}
			return nil
		}
	case hostOther:
		d.Control = func(_, resolved string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(resolved)
			if err != nil || internal(a.Addr()) && !c.hosts.internalBase.Load() {
				return refused(address)
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}

// refused is the error for an address that no response may lead to.
func refused(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return unsent{fmt.Errorf("refused to connect to %s: a loopback, link-local or private address that comes from a response (if it is meant, add it to client.allowed_hosts)", host)}
}
