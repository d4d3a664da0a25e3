// Package har keeps the requests and responses of a run in a HAR 1.2 file, the
// format of browsers and proxies, and answers requests from such a file
// (spec: operation, section 5). Recorder and Replayer are http.RoundTrippers.
package har

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// document is the part of HAR 1.2 that is written and read. Field names are
// those of the format.
type document struct {
	Log struct {
		Version string  `json:"version"`
		Creator creator `json:"creator"`
		Entries []entry `json:"entries"`
	} `json:"log"`
}

type creator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type entry struct {
	StartedDateTime time.Time `json:"startedDateTime"`
	Time            float64   `json:"time"` // milliseconds
	Request         request   `json:"request"`
	Response        response  `json:"response"`
	Cache           struct{}  `json:"cache"`
	Timings         timings   `json:"timings"`
	Error           string    `json:"_error,omitempty"` // no answer came, or it broke off
}

type timings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

type request struct {
	Method      string   `json:"method"`
	URL         string   `json:"url"`
	HTTPVersion string   `json:"httpVersion"`
	Cookies     []pair   `json:"cookies"`
	Headers     []pair   `json:"headers"`
	QueryString []pair   `json:"queryString"`
	PostData    *content `json:"postData,omitempty"`
	HeadersSize int      `json:"headersSize"`
	BodySize    int      `json:"bodySize"`
}

type response struct {
	Status      int     `json:"status"`
	StatusText  string  `json:"statusText"`
	HTTPVersion string  `json:"httpVersion"`
	Cookies     []pair  `json:"cookies"`
	Headers     []pair  `json:"headers"`
	Content     content `json:"content"`
	RedirectURL string  `json:"redirectURL"`
	HeadersSize int     `json:"headersSize"`
	BodySize    int     `json:"bodySize"`
}

type content struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"encoding,omitempty"` // base64, or none
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// mask is what stands for a secret.
const mask = "***"

// secretHeaders carry credentials whatever their values are.
var secretHeaders = [...]string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"}

func pairs(h http.Header, redact func(string) string) []pair {
	out := []pair{}
	for _, name := range sortedNames(h) {
		for _, v := range h[name] {
			if slices.Contains(secretHeaders[:], name) {
				v = mask
			} else {
				v = redact(v)
			}
			out = append(out, pair{name, v})
		}
	}
	return out
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// newContent makes the content of a body: text where it is UTF-8, else base64.
func newContent(body []byte, mimeType string, redact func(string) string) content {
	c := content{Size: len(body), MimeType: mimeType}
	if utf8.Valid(body) {
		c.Text = redact(string(body))
		return c
	}
	c.Text, c.Encoding = base64.StdEncoding.EncodeToString(body), "base64"
	return c
}

// body returns the bytes of a content.
func (c content) body() ([]byte, error) {
	if c.Encoding == "base64" {
		return base64.StdEncoding.DecodeString(c.Text)
	}
	return []byte(c.Text), nil
}

// query lists the query of a URL in its order.
func query(raw string) []pair {
	out := []pair{}
	u, err := url.Parse(raw)
	if err != nil {
		return out
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		out = append(out, pair{unescape(name), unescape(value)})
	}
	return out
}

func unescape(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return s
}
