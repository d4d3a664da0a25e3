package config

import (
	"net/url"
	"strings"

	"github.com/restlua/restlua/engine/hook"
)

func (d *decoder) client(t *table) Client {
	c := Client{
		BaseURL:          t.text("base_url"),
		Headers:          pairs(t.get("headers")),
		AllowedHosts:     t.texts("allowed_hosts"),
		Concurrency:      int(t.int("concurrency")),
		MaxResponseBytes: t.int("max_response_bytes"),
		RateLimit:        rates(t.get("rate_limit")),
		Cookies:          t.bool("cookies"),
		TLS:              d.tls(t.get("tls").table(structure("tls"))),
		Session:          session(t.get("session").table(structure("session"))),
	}
	d.baseURL(t.get("base_url"))
	if v := t.get("auth"); v.given() && !v.reset() {
		c.Auth = d.auth(v)
	}
	if v := t.get("paginator"); v.given() && !v.reset() {
		c.Paginator = d.paginator(v)
	}
	return c
}

// baseURL checks that paths can be joined to what was given; "" is for sources
// whose paths are absolute.
func (d *decoder) baseURL(v value) {
	text := v.text()
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		d.fail(v, `for example base_url = "https://api.example.com/v1/"`, "%s is no URL; expected http:// or https:// and a host", v.show(false))
	}
}

func (d *decoder) tls(t *table) TLS {
	out := TLS{CAFile: t.text("ca_file"), CertFile: t.text("cert_file"), KeyFile: t.text("key_file"), InsecureSkipVerify: t.bool("insecure_skip_verify")}
	if (out.CertFile == "") != (out.KeyFile == "") {
		d.fail(t.value, "", "cert_file and key_file must be given together")
	}
	return out
}

func session(t *table) Session {
	s := Session{
		RequestTimeout:       t.duration("request_timeout"),
		RequestMaxAttempts:   int(t.int("request_max_attempts")),
		RequestBackoffFactor: t.float("request_backoff_factor"),
		RequestMaxRetryDelay: t.duration("request_max_retry_delay"),
		HookTimeout:          t.duration("hook_timeout"),
		RetryCondition:       t.get("retry_condition").ref(),
	}
	// Here 0 is the default, in a script it is no wait.
	if s.RequestBackoffFactor == 0 {
		s.RequestBackoffFactor = -1
	}
	if s.RequestMaxRetryDelay == 0 {
		s.RequestMaxRetryDelay = -1
	}
	for _, v := range t.get("status_codes").items() {
		if n, ok := wholeNumber(v.node.Text); ok && v.kind() == KindNumber {
			s.StatusCodes = append(s.StatusCodes, int(n))
		}
	}
	return s
}

// rates reads rate_limit: one window, or a list of them.
func rates(v value) []Rate {
	windows := v.items()
	if v.isTable() && !v.node.EmptyTable {
		windows = []value{v}
	}
	var out []Rate
	for _, w := range windows {
		t := w.table(structure("rate"))
		out = append(out, Rate{Requests: int(t.int("requests")), Per: t.duration("per"), Burst: int(t.int("burst"))})
	}
	return out
}

// pairs reads a table of texts as they are written; numbers and booleans are
// sent as text (HDR-07), null is left out.
func pairs(v value) []hook.Pair {
	var out []hook.Pair
	for _, e := range v.entries() {
		if text, ok := scalarText(e.value); ok {
			out = append(out, hook.Pair{Name: e.key, Value: text})
		}
	}
	return out
}

// scalarText is the text of a string, number or boolean.
func scalarText(v value) (string, bool) {
	switch v.kind() {
	case KindString, KindNumber:
		return v.node.Text, true
	case KindBool:
		return v.show(false), true
	}
	return "", false
}

// trimQuotes takes the quotes from a default as it is written in Lua.
func trimQuotes(s string) string { return strings.Trim(s, `"`) }
