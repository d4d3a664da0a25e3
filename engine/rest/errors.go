package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// StatusError is an answer of status 400 or more, or a redirection that leads
// nowhere, that no response action ignored: "404 Client Error: Not Found for url:
// https://api.example.com/x".
type StatusError struct {
	Status  int
	Method  string
	URL     string // secrets masked
	Excerpt string // of the body, when Options.ErrorBody asks for it
	Unshown int    // bytes of a body that is not shown, as it does not; 0: there is none
}

func (e *StatusError) Error() string {
	side := "Client"
	if e.Status >= 500 {
		side = "Server"
	}
	reason := http.StatusText(e.Status)
	if reason == "" {
		reason = "Unknown"
	}
	text := fmt.Sprintf("%d %s Error: %s for url: %s", e.Status, side, reason, e.URL)
	if e.Status < 400 {
		text = fmt.Sprintf("%d Redirection that cannot be followed: %s for url: %s", e.Status, reason, e.URL)
	}
	if e.Excerpt != "" {
		text += "\n" + e.Excerpt
	}
	return text
}

// WaitError says that the API asks for a longer wait than
// client.session.request_max_retry_delay allows (OPR-02). A later load may go on
// from there.
type WaitError struct {
	Wait   time.Duration
	Until  time.Time
	Status int    // of the answer that asked
	URL    string // secrets masked
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("the API asks to wait %s (until %s), longer than client.session.request_max_retry_delay allows: status %d for url: %s (hint: --max-wait %s allows it)",
		waitText(e.Wait), e.Until.Format("15:04"), e.Status, e.URL, flagText(e.Wait))
}

// flagText gives a wait as a flag takes it, rounded up: "3h", "52m".
func flagText(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case minutes%60 == 0:
		return strconv.Itoa(minutes/60) + "h"
	case minutes > 60:
		return strconv.Itoa(minutes/60) + "h" + strconv.Itoa(minutes%60) + "m"
	}
	return strconv.Itoa(minutes) + "m"
}

// waitText gives a wait in the words of a person: "52 min", "3 h 5 min", "40 s".
func waitText(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Round(time.Minute)/time.Minute)) + " min"
	}
	d = d.Round(time.Minute)
	text := strconv.Itoa(int(d/time.Hour)) + " h"
	if m := int(d % time.Hour / time.Minute); m > 0 {
		text += " " + strconv.Itoa(m) + " min"
	}
	return text
}

// RequestError is a request without an answer that could be read: no connection,
// a timeout, a body that broke off.
type RequestError struct {
	Method   string
	URL      string // secrets masked
	Attempts int    // how often it was tried
	Reason   string // in plain words, secrets masked
	Err      error  // what happened; its text may hold secrets
}

func (e *RequestError) Error() string {
	tries := ""
	if e.Attempts > 1 {
		tries = fmt.Sprintf(" (%d attempts)", e.Attempts)
	}
	return fmt.Sprintf("%s %s failed%s: %s", e.Method, e.URL, tries, e.Reason)
}

func (e *RequestError) Unwrap() error { return e.Err }

// ActionError is a response that a response action failed.
type ActionError struct {
	Message string
	Status  int
	Method  string
	URL     string // secrets masked
}

func (e *ActionError) Error() string {
	return fmt.Sprintf("%s: status %d for url: %s", e.Message, e.Status, e.URL)
}

// final is an error that another attempt would meet again.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// unsent is a final error met before anything was sent: no answer can change it.
type unsent struct{ error }

func (u unsent) Unwrap() error { return u.error }

func isUnsent(err error) bool {
	_, ok := errors.AsType[unsent](err)
	return ok
}

// isFinal reports whether trying again is of no use.
func isFinal(err error) bool {
	if isUnsent(err) {
		return true
	}
	var f final
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	return errors.As(err, &f) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &plain)
}

// Causes by which a request is given up.
var (
	errNoAnswer = errors.New("no answer in time")
	errStalled  = errors.New("the body stalled")
)

// plainWords explains why a request failed, for people.
func (c *Client) plainWords(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errNoAnswer):
		return fmt.Sprintf("no answer within %s (client.session.request_timeout)", waitText(c.config.Session.RequestTimeout))
	case errors.Is(err, errStalled):
		return fmt.Sprintf("the body stalled: nothing came for %s", waitText(c.stall))
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return fmt.Sprintf("the host name %s was not found", dns.Name)
		}
		return fmt.Sprintf("the host name %s could not be resolved", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer broke off"
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		return "no connection in time"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	}
	return c.redactor.Text(strings.TrimPrefix(err.Error(), "net/http: "))
}
