package har

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
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
	answers map[string][]recorded
	keys    []string // of all requests, each once
}

// recorded is where an answer is: in memory, or in the file, where it is read
// when it is asked for.
type recorded struct {
	entry  *entry // nil: in the file
	at, to int64
}

// Open reads the requests of the recording at path. Its answers stay in the file,
// which must not change meanwhile, but for one that is packed.
func Open(path string, redactor Redactor) (*Replayer, error) {
	r := &Replayer{redactor: redactor, path: path, answers: map[string][]recorded{}}
	err := scan(path, func(text []byte, at int64) error {
		a, err := parseAsked(text)
		if err != nil {
			return err
		}
		answer := recorded{at: at, to: at + int64(len(text))}
		if at < 0 {
			if answer.entry, err = parseAnswer(text); err != nil {
				return err
			}
		}
		if r.started.IsZero() || a.StartedDateTime.Before(r.started) {
			r.started = a.StartedDateTime
		}
		var body []byte
		if a.Request.PostData != nil {
			if body, err = a.Request.PostData.body(); err != nil {
				return err
			}
		}
		key := r.key(a.Request.Method, a.Request.URL, body)
		if r.answers[key] == nil {
			r.keys = append(r.keys, key)
		}
		r.answers[key] = append(r.answers[key], answer)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// read returns an answer.
func (r *Replayer) read(a recorded) (*entry, error) {
	if a.entry != nil {
		return a.entry, nil
	}
	f, err := os.Open(r.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := make([]byte, a.to-a.at)
	if _, err := f.ReadAt(text, a.at); err != nil {
		return nil, fmt.Errorf("%s has changed since it was opened: %w", r.path, err)
	}
	e, err := parseAnswer(text)
	if err != nil {
		return nil, fmt.Errorf("%s: the entry at byte %d: %s", r.path, a.at, wrong(err))
	}
	return e, nil
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
	queue := r.answers[key]
	if len(queue) > 1 {
		r.answers[key] = queue[1:]
	}
	r.mu.Unlock()
	if len(queue) == 0 {
		return nil, r.missing(key)
	}
	e, err := r.read(queue[0])
	if err != nil {
		return nil, err
	}
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
	for _, other := range r.keys {
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
