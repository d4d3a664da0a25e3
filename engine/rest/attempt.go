package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/hook"
)

// arrival is a response that was read to its end.
type arrival struct {
	response   hook.Response
	body       *body
	bytes      int64
	url        string // final, after redirects
	shown      string // url, redacted
	limiter    *limiter
	start      time.Time
	auth       authenticator // that authorised the request; nil: none
	generation int           // of its credentials
}

// mostRedirects are followed for one request (OPR-07).
const mostRedirects = 10

// attempt sends a request once, along its redirects.
func (c *Client) attempt(ctx context.Context, x *sending, waited time.Time) (*arrival, error) {
	r := *x.request
	for hops := 0; ; hops++ {
		a, next, err := c.hop(ctx, x, &r, waited)
		if err != nil || next == "" {
			return a, err
		}
		status := a.response.Status
		a.body.release()
		if hops == mostRedirects {
			return nil, final{fmt.Errorf("redirected more than %d times, last to %s", mostRedirects, c.redactor.URL(next))}
		}
		r.URL, r.Params = next, nil
		// 301, 302 and 303 turn other methods than GET and HEAD into GET, as
		// every browser does; 307 and 308 repeat the request (RFC 9110, 15.4).
		if (status == http.StatusMovedPermanently || status == http.StatusFound || status == http.StatusSeeOther) &&
			r.Method != http.MethodGet && r.Method != http.MethodHead {
			r.Method, r.JSON, r.Body = http.MethodGet, nil, nil
			r.Headers = r.Headers.Clone()
			r.Headers.Del("Content-Type")
		}
	}
}

// hop makes one request and reads its answer; next is where it redirects to.
func (c *Client) hop(ctx context.Context, x *sending, base *hook.Request, waited time.Time) (a *arrival, next string, err error) {
	request, auth, generation, err := c.prepare(ctx, x, base)
	if err != nil {
		return nil, "", err
	}
	credential := ""
	if x.auth != nil {
		credential = x.auth.credential()
	}
	limiter := c.limits.get(request.URL.Host, credential)
	asked := c.now()
	// The slot comes last: what waits for its time keeps nobody else off.
	start, err := limiter.wait(ctx, c, waited)
	if err != nil {
		return nil, "", err
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, "", context.Cause(ctx)
	}
	shown := c.redactor.URL(request.URL.String())
	began := c.now()
	response, b, err := c.roundTrip(ctx, x, request)
	elapsed := c.now().Sub(began)
	c.report(x, request, RequestInfo{URL: shown, Waited: began.Sub(asked), Elapsed: elapsed, Err: err}, response, b)
	if err != nil {
		return nil, "", err
	}
	if jar := c.cookies(request.URL); jar != nil {
		if cookies := response.Cookies(); len(cookies) > 0 {
			jar.SetCookies(request.URL, cookies)
		}
	}
	a = &arrival{
		response: hook.Response{Status: response.StatusCode, Headers: response.Header, Body: b.data, URL: shown, Elapsed: elapsed},
		body:     b, bytes: b.size(), url: request.URL.String(), shown: shown,
		limiter: limiter, start: start, auth: auth, generation: generation,
	}
	if b.spool != nil {
		a.response.Body = nil // a part of it would pass for the whole
	}
	c.heed(limiter, start, response)
	return a, redirect(request.URL, response), nil
}

// redirect is the URL that an answer leads to; empty: none.
func redirect(from *url.URL, r *http.Response) string {
	switch r.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return ""
	}
	location := r.Header.Get("Location")
	if location == "" {
		return ""
	}
	to, err := from.Parse(location)
	if err != nil {
		return ""
	}
	if to.Fragment == "" {
		to.Fragment = from.Fragment
	}
	return to.String()
}

// heed takes what the headers of a good answer say about limits.
func (c *Client) heed(l *limiter, start time.Time, r *http.Response) {
	if r.StatusCode >= 400 {
		return // the loop of attempts does
	}
	now := c.now()
	l.learned.climb(start, now)
	if noneLeft(r.Header) {
		if d, ok := resetWait(r.Header, now); ok && d > 0 {
			// A longer pause than is allowed is for the next answer to ask.
			l.host.extend(now.Add(min(d, c.config.Session.RequestMaxRetryDelay)))
		}
	}
	if d := bucketWait(r.Header); d > 0 {
		l.host.extend(now.Add(d))
	}
}

// roundTrip sends a request and reads the whole body, into memory or a file. It is given up where no
// answer comes in request_timeout, or the body stalls.
func (c *Client) roundTrip(ctx context.Context, x *sending, r *http.Request) (*http.Response, *body, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(c.config.Session.RequestTimeout, func() { cancel(errNoAnswer) })
	defer func() { timer.Stop() }()
	response, err := c.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, nil, causeOf(ctx, err)
	}
	defer response.Body.Close()
	if !timer.Stop() {
		return response, nil, causeOf(ctx, errNoAnswer)
	}
	timer = time.AfterFunc(c.stall, func() { cancel(errStalled) })
	b, err := c.receive(x, response, r.URL.String(), &watched{r: response.Body, timer: timer, stall: c.stall})
	if err == nil && b.spool != nil {
		timer.Stop() // nothing more comes
		if err = b.spool.whole(ctx); err != nil {
			b.release()
		}
	}
	if err != nil {
		return response, nil, causeOf(ctx, err)
	}
	return response, b, nil
}

// causeOf prefers the reason why a request was given up to the error it ended with.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// watched starts the timer anew whenever data comes.
type watched struct {
	r     io.Reader
	timer *time.Timer
	stall time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.timer.Reset(w.stall)
	}
	return n, err
}

// prepare makes the request that goes out: headers of the client, credentials
// where the host may have them. auth is nil where none were added.
func (c *Client) prepare(ctx context.Context, x *sending, base *hook.Request) (r *http.Request, auth authenticator, generation int, err error) {
	u, err := parseURL(base)
	if err != nil {
		return nil, nil, 0, err
	}
	trusted := c.hosts.trusted(u)
	if x.token {
		first, err := url.Parse(x.request.URL)
		trusted = err == nil && sameHost(first, u)
	}
	if err := c.hosts.reachable(u); err != nil {
		return nil, nil, 0, err
	}
	out := *base
	out.Headers = c.headers(x, base, trusted)
	if trusted && x.auth != nil && !base.NoAuth {
		if generation, err = x.auth.authorize(ctx, &out); err != nil {
			return nil, nil, 0, authFailed{err}
		}
		auth = x.auth
		if u, err = parseURL(&out); err != nil {
			return nil, nil, 0, err
		}
	}
	if !trusted {
		if c.withholds(x, base) {
			c.warnUntrusted(x, u)
		}
		if held := c.secretIn(&out); held != "" {
			return nil, nil, 0, unsent{fmt.Errorf("refused to send credentials in the %s to %s, a host that the script does not name (client.allowed_hosts)", held, u.Host)}
		}
	}
	r, err = newRequest(u, &out)
	if err != nil {
		return nil, nil, 0, err
	}
	if jar := c.cookies(u); jar != nil && !x.token {
		for _, cookie := range jar.Cookies(u) {
			r.AddCookie(cookie)
		}
	}
	return r, auth, generation, nil
}

// secretIn names the part of a request that holds a secret, for a host that must
// not have it. The URL is the API's own, only what is added to it counts.
func (c *Client) secretIn(r *hook.Request) string {
	if c.redactor.holds(string(r.JSON)) || c.redactor.holds(string(r.Body)) {
		return "body"
	}
	for _, p := range r.Params {
		if c.redactor.holds(p.Value) {
			return "query"
		}
	}
	return ""
}

// headers joins the headers of the client and of the request, which win (HDR-02).
// A host that is not trusted gets none that carries a credential.
func (c *Client) headers(x *sending, r *hook.Request, trusted bool) http.Header {
	h := make(http.Header, len(r.Headers)+len(c.config.Headers)+3)
	h.Set("Accept", "*/*")
	h.Set("Accept-Encoding", "gzip")
	h.Set("User-Agent", "restlua/"+c.options.Version)
	if !x.token {
		for _, p := range c.config.Headers {
			if (trusted && !r.NoAuth) || !c.private(p.Name, p.Value) {
				h.Set(p.Name, p.Value)
			}
		}
	}
	for name, values := range r.Headers {
		h.Del(name)
		for _, v := range values {
			if trusted || !c.private(name, v) {
				h.Add(name, v)
			}
		}
	}
	return h
}

// parseURL gives the URL of r with its parameters.
func parseURL(r *hook.Request) (*url.URL, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err
		}
		return nil, unsent{fmt.Errorf("not a URL: %w", err)}
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, unsent{errors.New("not an absolute http or https URL (is client.base_url missing?)")}
	}
	if len(r.Params) > 0 {
		var b strings.Builder
		b.WriteString(u.RawQuery)
		for _, p := range r.Params {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value))
		}
		u.RawQuery = b.String()
	}
	return u, nil
}

// newRequest makes the request of package http.
func newRequest(u *url.URL, r *hook.Request) (*http.Request, error) {
	var content io.Reader
	switch {
	case r.JSON != nil:
		content = bytes.NewReader(r.JSON)
		if r.Headers.Get("Content-Type") == "" {
			r.Headers.Set("Content-Type", "application/json")
		}
	case r.Body != nil:
		content = bytes.NewReader(r.Body)
	}
	// The context is set when the request is sent.
	q, err := http.NewRequest(r.Method, "http://placeholder.invalid", content)
	if err != nil {
		return nil, unsent{err}
	}
	q.URL, q.Host, q.Header = u, u.Host, r.Headers
	if host := r.Headers.Get("Host"); host != "" {
		q.Host = host
		q.Header.Del("Host")
	}
	if user := u.User; user != nil && r.Headers.Get("Authorization") == "" {
		password, _ := user.Password()
		q.SetBasicAuth(user.Username(), password)
	}
	return q, nil
}

// mostShown is how much of a body an event shows (OPR-62), in bytes.
const mostShown = 2 << 10

// report tells about an answer or a failed try, of which i knows where and when.
func (c *Client) report(x *sending, r *http.Request, i RequestInfo, response *http.Response, b *body) {
	f := c.options.Events.Request
	if f == nil {
		return
	}
	i.Resource, i.Method, i.Attempt = x.resource, r.Method, x.attempt
	if i.Err != nil {
		i.Err = errors.New(c.plainWords(i.Err))
	} else {
		i.Status, i.Bytes = response.StatusCode, b.size()
	}
	if c.options.Detail {
		i.RequestHeaders = c.redactor.Headers(r.Header)
		if response != nil {
			i.ResponseHeaders = c.redactor.Headers(response.Header)
		}
		// An answer that gives credentials is not shown: nobody knows them yet.
		if b != nil && !x.token && !x.request.NoAuth {
			// Cut behind the masks, so that half a secret does not stay.
			i.Body = cutText(c.redactor.Text(string(b.data[:min(len(b.data), 2*mostShown)])), mostShown)
		}
	}
	f(i)
}

// cutText cuts text to at most n bytes, between characters.
func cutText(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
