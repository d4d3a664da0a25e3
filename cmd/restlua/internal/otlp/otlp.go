// Package otlp sends what OpenTelemetry's SDK gathered to a collector, by
// OTLP over HTTP with protobuf (OpenTelemetry Protocol 1.x). The exporters of
// OpenTelemetry for Go do the same, but link gRPC and, through it, templates,
// which keep every method of every type in the binary: 10 MB of 42, and a third
// of the time that a start takes. The messages are OpenTelemetry's own.
package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

const (
	// defaultEndpoint is a collector on this machine.
	defaultEndpoint = "http://localhost:4318"
	defaultTimeout  = 10 * time.Second
	// firstPause is before the second try; it doubles up to mostPause.
	firstPause = 200 * time.Millisecond
	mostPause  = 5 * time.Second
	// mostAnswer bounds what is read of an answer.
	mostAnswer = 64 << 10
)

// client sends the messages of one signal. Safe for concurrent use.
type client struct {
	url     string
	headers http.Header
	packed  bool
	timeout time.Duration // of one export, tries and pauses together
	http    *http.Client
}

// newClient reads the settings of a signal, TRACES or METRICS, by the names of
// the exporter's specification. Errors do not show values: they may be
// credentials.
func newClient(getenv func(string) string, signal string) (*client, error) {
	s := settings{getenv, signal}
	c := &client{headers: http.Header{}, timeout: defaultTimeout}
	var err error
	if c.url, err = s.url(); err != nil {
		return nil, err
	}
	name, text := s.get("HEADERS")
	for pair := range strings.SplitSeq(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || strings.TrimSpace(key) == "" {
			return nil, fmt.Errorf("%s is not of the form key=value,key=value", name)
		}
		c.headers.Set(strings.TrimSpace(key), value)
	}
	if name, text := s.get("TIMEOUT"); text != "" {
		ms, err := strconv.Atoi(text)
		if err != nil || ms <= 0 {
			return nil, fmt.Errorf("%s is %q, a number of milliseconds was expected", name, text)
		}
		c.timeout = time.Duration(ms) * time.Millisecond
	}
	switch name, text := s.get("COMPRESSION"); text {
	case "", "none":
	case "gzip":
		c.packed = true
	default:
		return nil, fmt.Errorf("%s is %q: gzip or none was expected", name, text)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = s.tls(); err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}

// settings are the variables of one signal; those without its name hold for all.
type settings struct {
	getenv func(string) string
	signal string
}

// get returns a setting and the name of its variable.
func (s settings) get(what string) (name, value string) {
	name = "OTEL_EXPORTER_OTLP_" + s.signal + "_" + what
	if value = strings.TrimSpace(s.getenv(name)); value != "" {
		return name, value
	}
	name = "OTEL_EXPORTER_OTLP_" + what
	return name, strings.TrimSpace(s.getenv(name))
}

// url is where to send to: a signal's own endpoint as it is, the common one with
// the signal's path.
func (s settings) url() (string, error) {
	name, text := s.get("ENDPOINT")
	if text == "" {
		text = defaultEndpoint
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%s is no http:// or https:// address", name)
	}
	if !strings.Contains(name, "_"+s.signal+"_") {
		u = u.JoinPath("v1", strings.ToLower(s.signal))
	}
	return u.String(), nil
}

func (s settings) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if name, path := s.get("CERTIFICATE"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: %s has no certificate", name, path)
		}
	}
	certName, cert := s.get("CLIENT_CERTIFICATE")
	keyName, key := s.get("CLIENT_KEY")
	if cert == "" && key == "" {
		return c, nil
	}
	if cert == "" || key == "" {
		return nil, fmt.Errorf("%s and %s belong together, one is missing", certName, keyName)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", certName, keyName, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// send posts a message, again where the collector asks for that, until the
// timeout or the end of ctx.
func (c *client) send(ctx context.Context, m proto.Message) error {
	body, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	if c.packed {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		body = out.Bytes()
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	pause := firstPause
	for {
		wait, err := c.post(ctx, body)
		if err == nil || wait < 0 {
			return err
		}
		wait = max(wait, pause)
		pause = min(2*pause, mostPause)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err // says more than that time is up
		}
	}
}

// post tries once. wait is how long the collector wants to be left alone; less
// than 0: another try is of no use.
func (c *client) post(ctx context.Context, body []byte) (wait time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	for name, values := range c.headers {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	if c.packed {
		r.Header.Set("Content-Encoding", "gzip")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err // without the URL, which may have a password
		}
		return -1, fmt.Errorf("the collector cannot be reached: %w", err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if answer.StatusCode/100 == 2 {
		return 0, nil
	}
	err = fmt.Errorf("the collector answered %s: %s", answer.Status, excerpt(text))
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return time.Duration(max(0, seconds)) * time.Second, err
	}
	return -1, err
}

// excerpt is the beginning of an answer, on one line.
func excerpt(text []byte) string {
	const most = 200
	line := strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "\uFFFD")), " ")
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, line)
}
