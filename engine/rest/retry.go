package rest

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// retryStatus reports whether an answer of this status is asked for again
// (OPR-01, RET-01). extra are client.session.status_codes.
func retryStatus(status int, extra []int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status >= 500 && status <= 599 || slices.Contains(extra, status)
}

// limited reports whether an answer says that too many requests were made; a
// 403 does, where no request is left or a wait is asked for (API-01).
func limited(status int, h http.Header) bool {
	switch status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return h.Get("Retry-After") != "" || noneLeft(h)
	}
	return false
}

// backoff is the wait before attempt+1: factor * 1, 2, 4, 8 s and up to 20 %
// more, at most most. jitter is in [0,1).
func backoff(attempt int, factor float64, most time.Duration, jitter float64) time.Duration {
	seconds := factor * math.Pow(2, float64(attempt-1)) * (1 + 0.2*jitter)
	if seconds >= most.Seconds() {
		return most
	}
	return time.Duration(seconds * float64(time.Second))
}

// askedWait is the wait that an answer asks for, not negative; ok is false where
// it asks for none that can be read (OPR-02, RET-03, API-34).
func askedWait(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	if wait, ok = retryAfter(h.Get("Retry-After"), now); ok {
		return wait, true
	}
	if !noneLeft(h) {
		return 0, false
	}
	return resetWait(h, now)
}

func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if d, ok := seconds(value); ok {
		return d, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// seconds reads a number of seconds, whole or not; a negative one is 0.
func seconds(value string) (time.Duration, bool) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false
	}
	const most = 365 * 24 * 3600 // keeps the sum of time and wait representable
	return time.Duration(min(max(n, 0), most) * float64(time.Second)), true
}

// Names of the headers that tell what is left and until when, in the order of
// trust. X-RateLimit-Reset-After is Discord's.
var (
	remainingHeaders = []string{"RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining"}
	resetHeaders     = []string{"RateLimit-Reset", "X-RateLimit-Reset-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset"}
)

// noneLeft reports whether an answer says that no request is left.
func noneLeft(h http.Header) bool {
	for _, name := range remainingHeaders {
		if v := strings.TrimSpace(h.Get(name)); v != "" {
			n, err := strconv.ParseFloat(v, 64)
			return err == nil && n <= 0
		}
	}
	left, ok := limitField(h.Get("RateLimit"), "remaining", "r")
	return ok && left <= 0
}

// resetWait is the time until requests are allowed again. A number is taken by
// its size as seconds from now, epoch seconds or epoch milliseconds.
func resetWait(h http.Header, now time.Time) (time.Duration, bool) {
	for _, name := range resetHeaders {
		value := strings.TrimSpace(h.Get(name))
		if value == "" {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			if at, err := http.ParseTime(value); err == nil {
				return max(0, at.Sub(now)), true
			}
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				return max(0, at.Sub(now)), true
			}
			continue
		}
		switch {
		case n >= 1e11:
			return max(0, time.UnixMilli(int64(n)).Sub(now)), true
		case n >= 1e8:
			return max(0, time.Unix(int64(n), 0).Sub(now)), true
		}
		return seconds(value)
	}
	if n, ok := limitField(h.Get("RateLimit"), "reset", "t"); ok {
		return time.Duration(max(n, 0)) * time.Second, true
	}
	return 0, false
}

// limitField reads a field of the RateLimit header, in both forms of its drafts:
// `limit=100, remaining=0, reset=30` and `"default";r=0;t=30`.
func limitField(header string, names ...string) (int64, bool) {
	for _, field := range strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		if slices.Contains(names, strings.ToLower(name)) {
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32)
			return n, err == nil
		}
	}
	return 0, false
}

// bucketWait is the pause that a leaky bucket asks for which is nearly full
// (API-36): Shopify's drains two requests a second.
func bucketWait(h http.Header) time.Duration {
	used, size, ok := strings.Cut(h.Get("X-Shopify-Shop-Api-Call-Limit"), "/")
	if !ok {
		return 0
	}
	u, err1 := strconv.Atoi(strings.TrimSpace(used))
	s, err2 := strconv.Atoi(strings.TrimSpace(size))
	if err1 != nil || err2 != nil || s <= 0 || u < s-1 {
		return 0
	}
	return 500 * time.Millisecond
}
