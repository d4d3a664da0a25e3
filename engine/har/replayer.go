package har

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Replayer answers requests from a recording, without any network. Requests are
// matched by method, URL and body, secrets masked on both sides; equal ones are
// answered in the order of the recording, the last answer again when they are
// used up. Safe for concurrent use.
type Replayer struct {
	redactor Redactor
	started  time.Time
	path     string

	mu      sync.Mutex
	entries map[string][]*entry
	all     []*entry
}

// Open reads the recording at path.
func Open(path string, redactor Redactor) (*Replayer, error) {
	d, err := load(path)
	if err != nil {
		return nil, err
	}
	r := &Replayer{redactor: redactor, path: path, entries: map[string][]*entry{}}
	for i := range d.Log.Entries {
		e := &d.Log.Entries[i]
		if i == 0 || e.StartedDateTime.Before(r.started) {
			r.started = e.StartedDateTime
		}
		var body []byte
		if e.Request.PostData != nil {
			if body, err = e.Request.PostData.body(); err != nil {
				return nil, fmt.Errorf("%s: entry %d: %w", path, i+1, err)
			}
		}
		key := r.key(e.Request.Method, e.Request.URL, body)
		r.entries[key] = append(r.entries[key], e)
		r.all = append(r.all, e)
	}
	return r, nil
}

// Started is when the recording began.
func (r *Replayer) Started() time.Time { return r.started }

// key identifies a request: its query sorted by name, values of one name in
// their order.
func (r *Replayer) key(method, at string, body []byte) string {
	at = r.redactor.URL(at)
	if u, err := url.Parse(at); err == nil {
		u.RawQuery = u.Query().Encode()
		u.Fragment = ""
		at = strings.ReplaceAll(u.String(), url.QueryEscape(mask), mask)
	}
	return method + " " + at + "\n" + r.redactor.Text(string(body))
}

// RoundTrip answers from the recording.
func (r *Replayer) RoundTrip(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		var err error
		body, err = io.ReadAll(q.Body)
		if err = errors.Join(err, q.Body.Close()); err != nil {
			return nil, err
		}
	}
	if err := q.Context().Err(); err != nil {
		return nil, err
	}
	key := r.key(q.Method, q.URL.String(), body)
	r.mu.Lock()
	queue := r.entries[key]
	if len(queue) > 1 {
		r.entries[key] = queue[1:]
	}
	r.mu.Unlock()
	if len(queue) == 0 {
		return nil, r.missing(key)
	}
	e := queue[0]
	if e.Error != "" && e.Response.Status == 0 {
		return nil, errors.New(e.Error)
	}
	return e.answer(q)
}

func (e *entry) answer(q *http.Request) (*http.Response, error) {
	body, err := e.Response.Content.body()
	if err != nil {
		return nil, err
	}
	resp := &http.Response{
		StatusCode: e.Response.Status, Status: fmt.Sprintf("%d %s", e.Response.Status, e.Response.StatusText),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: q, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)),
	}
	for _, h := range e.Response.Headers {
		switch http.CanonicalHeaderKey(h.Name) {
		case "Content-Encoding", "Content-Length", "Transfer-Encoding": // of the body as it travelled
		case "Set-Cookie":
			if h.Value != mask {
				resp.Header.Add(h.Name, h.Value)
			}
		default:
			resp.Header.Add(h.Name, h.Value)
		}
	}
	if e.Error != "" {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{e.Error}))
		resp.ContentLength = -1
	}
	return resp, nil
}

// broken is the end of a body that broke off.
type broken struct{ text string }

func (b broken) Read([]byte) (int, error) { return 0, errors.New(b.text) }

// MissingError is a request that the recording does not have. It is not worth
// a retry.
type MissingError struct {
	File, Request, Nearest string
}

// Permanent says that asking again cannot help.
func (e *MissingError) Permanent() bool { return true }

func (e *MissingError) Error() string {
	s := fmt.Sprintf("%s has no answer for %s", e.File, e.Request)
	if e.Nearest != "" {
		s += "\nhint: the nearest recorded request is " + e.Nearest
	}
	return s
}

// missing names the recorded request that is most like the one asked for.
func (r *Replayer) missing(key string) error {
	best, most := "", math.MinInt
	for _, e := range r.all {
		var body []byte
		if e.Request.PostData != nil {
			body, _ = e.Request.PostData.body()
		}
		other := r.key(e.Request.Method, e.Request.URL, body)
		if n := alike(key, other); n > most {
			best, most = other, n
		}
	}
	return &MissingError{File: r.path, Request: oneLine(key), Nearest: oneLine(best)}
}

// alike counts the parts that two requests share.
func alike(a, b string) int {
	split := func(c rune) bool { return strings.ContainsRune(" /?&\n", c) }
	have := map[string]int{}
	for _, part := range strings.FieldsFunc(a, split) {
		have[part]++
	}
	n := 0
	for _, part := range strings.FieldsFunc(b, split) {
		if have[part] > 0 {
			have[part]--
			n += 2
		} else {
			n--
		}
	}
	return n
}

func oneLine(key string) string {
	head, body, _ := strings.Cut(key, "\n")
	if body == "" {
		return head
	}
	if len(body) > 200 {
		body = strings.ToValidUTF8(body[:200], "") + "..."
	}
	return head + " with body " + body
}
