package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/restlua/restlua/engine/hook"
)

// sending is a call with what only the client itself asks for.
type sending struct {
	call
	attempt   int  // the one under way, from 1
	anyStatus bool // a status of 400 or more is a reply, not an error
	token     bool // a token request: its headers are its own, its host is the script's
}

// send makes a request until it succeeded or failed for good.
func (c *Client) send(ctx context.Context, x call) (*reply, error) {
	return c.run(ctx, sending{call: x})
}

// run is the loop of attempts: policy here, one attempt in attempt.
func (c *Client) run(ctx context.Context, x sending) (*reply, error) {
	if x.request.Method == "" {
		request := *x.request
		request.Method = http.MethodGet
		x.request = &request
	}
	var waited time.Time // end of the last pause that this request sat out
	refreshed := false
	for try := 1; ; try++ {
		x.attempt++
		a, err := c.attempt(ctx, &x, waited)
		if ctx.Err() != nil {
			if a != nil {
				a.body.release()
			}
			return nil, context.Cause(ctx)
		}
		if err != nil {
			if waited, err = c.afterError(ctx, &x, try, err); err != nil {
				return nil, err
			}
			continue
		}
		v, err := judged(ctx, &x, a)
		if err != nil {
			a.body.release()
			return nil, err
		}
		switch v.action {
		case hook.Ignore:
			return c.reply(a, true, false), nil
		case hook.Stop:
			return c.reply(a, a.response.Status >= 400, true), nil
		case hook.Fail:
			return nil, c.failed(&x, a, v.message)
		case hook.RefreshAuth, hook.Continue:
			if !refreshed && c.refresh(&x, a, v.action) {
				refreshed = true
				c.retrying(&x, a.shown, try, "the credentials were refused and are renewed", 0)
				a.body.release()
				try-- // not the API's fault: no attempt is used up
				continue
			}
		}
		asker, again, err := c.again(ctx, &x, a, v.action)
		if err != nil {
			a.body.release()
			return nil, err
		}
		if !again {
			if !x.anyStatus && (a.response.Status >= 400 || c.leadsNowhere(&x, a.response.Status)) {
				return nil, c.statusError(&x, a)
			}
			return c.reply(a, false, false), nil
		}
		if waited, err = c.afterAnswer(ctx, &x, a, try, asker); err != nil {
			return nil, err
		}
	}
}

// leadsNowhere reports whether an answer is a redirection that was not followed,
// as it names no place to go to. What it stands for is not known, so it must not
// pass for a page without records. 304 is an answer to who asked with a condition.
func (c *Client) leadsNowhere(x *sending, status int) bool {
	if status < 300 || status > 399 {
		return false
	}
	asked := c.headers(x, x.request, true)
	return status != http.StatusNotModified || asked.Get("If-None-Match") == "" && asked.Get("If-Modified-Since") == ""
}

// judged asks the response actions.
func judged(ctx context.Context, x *sending, a *arrival) (verdict, error) {
	if x.judge == nil {
		return verdict{}, nil
	}
	return x.judge(ctx, &a.response)
}

// Who may ask for a retry that its status alone would not get.
const (
	askedByAction    = "a response action"
	askedByCondition = "client.session.retry_condition"
)

// again reports whether an answer is asked for once more, and which function or
// action of the script wants it; asker is empty where its status is reason enough.
func (c *Client) again(ctx context.Context, x *sending, a *arrival, action hook.Action) (asker string, again bool, err error) {
	switch {
	case action == hook.Retry:
		return askedByAction, true, nil
	case retryStatus(a.response.Status, c.config.Session.StatusCodes), limited(a.response.Status, a.response.Headers):
		return "", true, nil
	case x.retry == nil:
		return "", false, nil
	}
	again, err = x.retry(ctx, &a.response, "")
	return askedByCondition, again, err
}

// refresh renews the credentials after a 401, or where a response action asks
// for it; it reports whether there is something new to try with (API-26).
func (c *Client) refresh(x *sending, a *arrival, action hook.Action) bool {
	if a.auth == nil || action != hook.RefreshAuth && a.response.Status != http.StatusUnauthorized {
		return false
	}
	return a.auth.refresh(a.generation)
}

// afterError decides about a failed attempt; without an error the request is
// sent again.
func (c *Client) afterError(ctx context.Context, x *sending, try int, err error) (time.Time, error) {
	if failed, ok := asAuthFailed(err); ok {
		return time.Time{}, failed
	}
	var wait *WaitError
	if errors.As(err, &wait) {
		return time.Time{}, err
	}
	reason, shown := c.plainWords(err), c.redactor.URL(x.request.URL)
	ends := isFinal(err)
	if ends && x.retry != nil && !isUnsent(err) {
		again, failed := x.retry(ctx, nil, reason)
		if failed != nil {
			return time.Time{}, failed
		}
		ends = !again
	}
	if ends || try >= c.config.Session.RequestMaxAttempts {
		return time.Time{}, &RequestError{Method: x.request.Method, URL: shown, Attempts: try, Reason: reason, Err: err}
	}
	d := c.backoff(try)
	c.retrying(x, shown, try, reason, d)
	return time.Time{}, c.sleep(ctx, d)
}

// afterAnswer decides about an answer that should come again. asker is who of the
// script wants it; empty: its status says so.
func (c *Client) afterAnswer(ctx context.Context, x *sending, a *arrival, try int, asker string) (waited time.Time, err error) {
	now := c.now()
	status := a.response.Status
	d, ok := askedWait(a.response.Headers, now)
	tooLong := ok && d > c.config.Session.RequestMaxRetryDelay
	if !ok {
		d = c.backoff(try)
	}
	until := now.Add(d)
	busy := limited(status, a.response.Headers) || status == http.StatusServiceUnavailable
	if busy {
		a.limiter.slow(a.start, now, status)
		a.limiter.host.extend(until) // the others to this host wait too
	}
	switch {
	case tooLong:
		a.body.release()
		return waited, &WaitError{Wait: d, Until: until, Status: status, URL: a.shown}
	case try >= c.config.Session.RequestMaxAttempts:
		switch {
		case status >= 400:
		case asker == askedByAction:
			return waited, c.failed(x, a, fmt.Sprintf("a response action asked for a retry %d times", try))
		case asker == askedByCondition:
			return waited, c.failed(x, a, fmt.Sprintf("client.session.retry_condition asks for a retry, but request_max_attempts (%d) is reached", try))
		}
		return waited, c.statusError(x, a)
	}
	reason := fmt.Sprintf("status %d", status)
	if asker != "" {
		reason = asker + " asks for it"
	}
	a.body.release()
	c.retrying(x, a.shown, try, reason, d)
	if err := c.sleep(ctx, d); err != nil {
		return waited, err
	}
	if busy {
		waited = until
	}
	return waited, nil
}

func (c *Client) backoff(try int) time.Duration {
	s := &c.config.Session
	return backoff(try, s.RequestBackoffFactor, s.RequestMaxRetryDelay, c.jitter())
}

func (c *Client) retrying(x *sending, shown string, try int, reason string, wait time.Duration) {
	if f := c.options.Events.Retry; f != nil {
		f(RetryInfo{Resource: x.resource, URL: shown, Attempt: try, Reason: reason, Wait: wait})
	}
}

// reply hands the answer over.
func (c *Client) reply(a *arrival, ignored, stopped bool) *reply {
	return &reply{Response: a.response, ignored: ignored, stopped: stopped, url: a.url, bytes: a.bytes, spool: a.body.spool, release: a.body.release}
}

// failed is the error of a response action; it ends the use of the answer.
func (c *Client) failed(x *sending, a *arrival, message string) error {
	defer a.body.release()
	if message == "" {
		if a.response.Status >= 400 {
			return c.statusError(x, a)
		}
		message = "a response action failed the request"
	}
	return &ActionError{Message: c.redactor.Text(message), Status: a.response.Status, Method: x.request.Method, URL: a.shown}
}

// mostExcerpt is how much of a body an error shows (RED-04), in bytes.
const mostExcerpt = 8192

// statusError is the error of a status; it ends the use of the answer.
func (c *Client) statusError(x *sending, a *arrival) error {
	defer a.body.release()
	e := &StatusError{Status: a.response.Status, Method: x.request.Method, URL: a.shown}
	if e.Unshown = len(a.response.Body); c.options.ErrorBody {
		e.Unshown = 0
		text := c.redactor.Text(string(a.response.Body))
		if len(text) > mostExcerpt {
			text = cutText(text, mostExcerpt) + "… (truncated)"
		}
		e.Excerpt = text
	}
	return e
}
