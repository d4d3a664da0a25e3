package har

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Redactor masks secrets. *rest.Redactor is one.
type Redactor interface {
	Text(text string) string
	URL(url string) string
}

// Options of a recorder.
type Options struct {
	Next     http.RoundTripper // that makes the requests; Around sets it later
	Redactor Redactor
	Now      func() time.Time // nil: time.Now
	Version  string           // of the engine
}

// Recorder passes requests on and keeps what was asked and answered. Entries
// wait in a file beside the recording until Close, because a secret may become
// known (a token in an answer) only after it was seen. Safe for concurrent use.
type Recorder struct {
	o    Options
	path string

	mu      sync.Mutex
	spool   *os.File
	out     *bufio.Writer
	entries int
	err     error // the first that occurred in the background
}

// Create starts the recording at path; one that ends in .gz is packed. The file
// itself appears with Close.
func Create(path string, o Options) (*Recorder, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	spool, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &Recorder{o: o, path: path, spool: spool, out: bufio.NewWriter(spool)}, nil
}

// Around puts the recorder around the transport that makes the requests.
func (r *Recorder) Around(next http.RoundTripper) http.RoundTripper {
	r.o.Next = next
	return r
}

// rawEntry is an entry before secrets are masked.
type rawEntry struct {
	Started                 time.Time
	Took                    time.Duration
	Method, URL             string
	Header, ResponseHeader  http.Header
	Body, ResponseBody      []byte
	Status                  int
	Proto, Location, Failed string
}

// RoundTrip makes the request and records it when its body was read.
func (r *Recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	e := rawEntry{Started: r.o.Now(), Method: q.Method, URL: q.URL.String(), Header: q.Header.Clone()}
	if q.Body != nil {
		body, err := io.ReadAll(q.Body)
		if err = errors.Join(err, q.Body.Close()); err != nil {
			return nil, err
		}
		e.Body = body
		q = q.Clone(q.Context())
		q.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := r.o.Next.RoundTrip(q)
	if err != nil {
		e.Failed = err.Error()
		r.keep(e)
		return nil, err
	}
	e.Status, e.Proto, e.ResponseHeader, e.Location = resp.StatusCode, resp.Proto, resp.Header.Clone(), resp.Header.Get("Location")
	resp.Body = &tee{r: r, entry: e, body: resp.Body}
	return resp, nil
}

// tee keeps what is read of a body.
type tee struct {
	r     *Recorder
	entry rawEntry
	body  io.ReadCloser
	seen  bytes.Buffer
	done  bool
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.body.Read(p)
	t.seen.Write(p[:n])
	if err != nil {
		if err != io.EOF {
			t.entry.Failed = err.Error()
		}
		t.finish()
	}
	return n, err
}

func (t *tee) Close() error {
	t.finish()
	return t.body.Close()
}

func (t *tee) finish() {
	if t.done {
		return
	}
	t.done = true
	t.entry.ResponseBody = t.seen.Bytes()
	t.entry.Took = t.r.o.Now().Sub(t.entry.Started)
	t.r.keep(t.entry)
}

func (r *Recorder) keep(e rawEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out == nil {
		return
	}
	if err := json.NewEncoder(r.out).Encode(e); err != nil && r.err == nil {
		r.err = err
	}
	r.entries++
}

// Close masks what is secret and puts the recording in its place.
func (r *Recorder) Close() (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out == nil {
		return nil
	}
	flushed := r.out.Flush()
	r.out = nil
	defer func() {
		err = errors.Join(err, r.spool.Close(), os.Remove(r.path+".part"))
		if err != nil {
			err = fmt.Errorf("recording %s: %w", r.path, err)
		}
	}()
	if err := errors.Join(r.err, flushed); err != nil {
		return err
	}
	if _, err := r.spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return r.write()
}

// write makes the document beside its place and renames it.
func (r *Recorder) write() (err error) {
	next := r.path + ".next"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next))
		}
	}()
	var w io.WriteCloser = f
	if strings.HasSuffix(r.path, ".gz") {
		w = gzip.NewWriter(f)
	}
	err = r.document(w)
	if w != f {
		err = errors.Join(err, w.Close())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(next, r.path)
}

// document copies the entries out of the spool one by one.
func (r *Recorder) document(w io.Writer) error {
	var head document
	head.Log.Version = "1.2"
	head.Log.Creator = creator{"restlua", r.o.Version}
	head.Log.Entries = []entry{}
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	text = bytes.TrimSuffix(text, []byte("]}}"))
	out := bufio.NewWriter(w)
	out.Write(text)
	entries := json.NewDecoder(bufio.NewReader(r.spool))
	for i := range r.entries {
		var raw rawEntry
		if err := entries.Decode(&raw); err != nil {
			return err
		}
		text, err := json.Marshal(r.masked(raw))
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(text)
	}
	out.WriteString("\n]}}\n")
	return out.Flush()
}

// masked makes the entry that is stored. Packed bodies are stored unpacked, as
// the format wants it.
func (r *Recorder) masked(raw rawEntry) entry {
	text := r.o.Redactor.Text
	ms := float64(raw.Took.Microseconds()) / 1000
	e := entry{StartedDateTime: raw.Started, Time: ms, Timings: timings{Wait: ms}, Error: text(raw.Failed)}
	at := r.o.Redactor.URL(raw.URL)
	e.Request = request{
		Method: raw.Method, URL: at, HTTPVersion: "HTTP/1.1", Cookies: []pair{}, Headers: pairs(raw.Header, text),
		QueryString: query(at), HeadersSize: -1, BodySize: len(raw.Body),
	}
	if len(raw.Body) > 0 {
		c := newContent(raw.Body, raw.Header.Get("Content-Type"), text)
		e.Request.PostData = &c
	}
	header := raw.ResponseHeader
	body := raw.ResponseBody
	if strings.EqualFold(header.Get("Content-Encoding"), "gzip") {
		if plain, err := gunzip(body); err == nil {
			body = plain
			header.Del("Content-Encoding")
			header.Del("Content-Length")
		}
	}
	e.Response = response{
		Status: raw.Status, StatusText: http.StatusText(raw.Status), HTTPVersion: raw.Proto, Cookies: []pair{}, Headers: pairs(header, text),
		Content: newContent(body, header.Get("Content-Type"), text), RedirectURL: r.o.Redactor.URL(raw.Location), HeadersSize: -1, BodySize: len(raw.ResponseBody),
	}
	return e
}

func gunzip(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
