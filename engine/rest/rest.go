// Package rest asks an API: one Client for all requests of a load, and for each
// resource its series of pages.
//
//	Client     sends a request: limits, auth, retries, redirects, decompression
//	Resource   an endpoint made ready: templates, selector, paginator, actions
//	Series     the pages of one request series, in order
//	Redactor   knows every secret and masks it in text
package rest

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// Options of a client. The zero value works, but for Redactor.
type Options struct {
	Transport http.RoundTripper                                // nil: a transport of its own
	Sleep     func(ctx context.Context, d time.Duration) error // waits of retries and limits; nil: a timer
	Now       func() time.Time                                 // nil: time.Now
	Redactor  *Redactor
	Version   string // of the engine, for User-Agent
	Events    Events
	// Wrap puts something around the transport, such as a recorder; nil: nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
	// Jitter gives a number in [0,1) that lengthens the waits of retries; nil: a
	// random one.
	Jitter        func() float64
	ErrorBody     bool // errors of a status show the beginning of the body (RED-04)
	Detail        bool // RequestInfo has headers and the beginning of the body
	RefreshTokens RefreshTokens
	Scratch       string // folder for bodies that are too large for memory; empty: the system's
}

// RefreshTokens keeps the rotating tokens of oauth2_refresh_token between loads.
// auth is the path of the auth table in the config. Each function may be nil.
type RefreshTokens struct {
	// Load returns the token that Store kept; empty: none, the script's counts.
	Load func(auth string) string
	// Store keeps a new token before it is used: the old one is no longer valid.
	Store func(ctx context.Context, auth, token string) error
}

// Events are called while requests are made, from several goroutines; each may
// be nil. URLs and texts are redacted.
type Events struct {
	Request func(RequestInfo)
	Retry   func(RetryInfo)
	Warning func(resource, text string)
	// Detected says what the first page of a series showed, as a script would
	// write it: data_selector = "items", paginator = "header_link".
	Detected func(resource, text string)
}

// RequestInfo is one answer, or one failed try (Status 0).
type RequestInfo struct {
	Resource, Method, URL string
	Status                int
	Bytes                 int64         // of the body, decompressed
	Attempt               int           // from 1
	Waited                time.Duration // for limits and a free connection, before it was sent
	Elapsed               time.Duration // from then to the end of the answer
	Err                   error

	// With Options.Detail, secrets masked; Body is the first 2 KiB.
	RequestHeaders, ResponseHeaders http.Header
	Body                            string
}

// RetryInfo says why a request is sent again after which wait.
type RetryInfo struct {
	Resource, URL string
	Attempt       int // the one that failed, from 1
	Reason        string
	Wait          time.Duration
}

// IncrementalValues are the values of one load's incremental as JSON scalars,
// after convert; nil means not set.
type IncrementalValues struct {
	Start, Initial, Last, End []byte
	Lag, CursorPath           []byte
	StartRequest, EndRequest  []byte // for start_param and end_param
}

// Binding is what the placeholders of one series stand for.
type Binding struct {
	Parent      []byte   // the parent's record; nil: none
	Parents     [][]byte // of a resource with batch: the parents' records, in place of Parent (OPR-30)
	Incremental *IncrementalValues
	Window      *Window // nil: no incremental.window
	Partition   []byte  // one of partitions, JSON text; nil: none (OPR-35)
}

// Window is one stretch of an incremental's range (OPR-34), as JSON scalars.
type Window struct{ Start, End []byte }

// Field is one field that a child's records get from the parent.
type Field struct {
	Name  string // "_issues_id"
	Value []byte // JSON text
}

// Page is one response with its records. Records are slices of the body and
// valid until Release, which gives the body's memory back.
type Page struct {
	URL     string // redacted
	Number  int    // in its series, from 1
	Records [][]byte
	Bytes   int64 // of the body, decompressed
	// A large body comes in several pages with one number: Before is how many of
	// its records came in those before, More says that another one follows.
	Before  int64
	More    bool
	Gap     *Gap // of the last page, where the API stated another total; nil: none
	release func()
	marks   *rawjson.Marks // see Marks
}

// Marks are those of the text that the records are slices of, until Release;
// nil, or marks of nothing, where they have none.
func (p *Page) Marks() *rawjson.Marks { return p.marks }

// Gap is a series with another number of records than the API said there are:
// the data changed meanwhile, or some of it is out of reach (OPR-22).
type Gap struct{ Stated, Received int64 }

// markPool keeps marks to be used again.
type markPool struct{ pool sync.Pool }

func (p *markPool) get() *rawjson.Marks {
	if m, ok := p.pool.Get().(*rawjson.Marks); ok {
		return m
	}
	return new(rawjson.Marks)
}

// put takes marks back; nil are none.
func (p *markPool) put(m *rawjson.Marks) {
	if m != nil {
		m.Clear()
		p.pool.Put(m)
	}
}

// Release ends the use of the page's records. It may be called once, or never.
func (p *Page) Release() {
	if p.release != nil {
		p.release()
		p.release, p.marks = nil, nil
	}
}

// call is one request that the client shall make: the border between the two
// halves of this package. Auth is not in request yet: the client adds it to
// each attempt.
type call struct {
	resource string
	request  *hook.Request
	auth     authenticator // nil: none
	// judge is asked about every response, before retries are decided (ACT-18,
	// ACT-19); it may change the response. nil: no response actions.
	judge func(ctx context.Context, r *hook.Response) (verdict, error)
	// retry is asked about an outcome that is not tried again by other rules
	// (RET-08): an answer, or why there was none. nil: nothing more is.
	retry func(ctx context.Context, r *hook.Response, failure string) (bool, error)
	// streams reports whether the records of a body can be read piece by piece,
	// by its headers and final URL; nil: they cannot.
	streams func(h http.Header, url string) bool
}

// verdict is what the response actions of an endpoint ask for.
type verdict struct {
	action  hook.Action // Continue: as without actions
	message string      // of Fail
}

// reply is the response that counts. Its Body is valid until release.
type reply struct {
	hook.Response
	ignored bool   // action ignore: the series ends without these rows (PAG-04)
	stopped bool   // action stop: the rows count, the series ends behind them
	url     string // final URL after redirects, not redacted: what relative links refer to
	bytes   int64
	spool   *spool // nil: the body is in Body
	release func() // never nil
}
