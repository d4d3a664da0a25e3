// Package hook holds what crosses the border between the engine and the
// functions of a script: references to functions, the request and response
// that a function sees, and the World in which the functions of one resource
// run. The engine depends on these types only; package lua implements World
// for scripts, and a Go program may implement it for hooks written in Go.
//
// All values that travel through a World are JSON text, so integers, decimals
// and key order survive.
package hook

import (
	"context"
	"net/http"
	"time"
)

// Ref names a function by its path in the script's config, as a reader of the
// script would write it: "resources[2].processing_steps[1].filter". Ref is
// empty where there is no function.
type Ref string

// Pair is one named value of a query or a form, in the order of sending.
type Pair struct{ Name, Value string }

// Request is one request as hooks see and change it.
type Request struct {
	Method  string
	URL     string // absolute, without the query held in Params
	Params  []Pair // query parameters added to URL's own query
	Headers http.Header
	JSON    []byte // body as JSON text; nil means none
	Body    []byte // raw body, sent when JSON is nil
	NoAuth  bool   // send without the credentials of the client
}

// Response is one response as hooks see and change it.
type Response struct {
	Status  int
	Headers http.Header
	Body    []byte // decompressed; a hook may replace it
	URL     string // of the request, secrets masked
	Elapsed time.Duration
}

// Action is what a response action asks for.
type Action string

// The actions that a function may return. The empty Action means "go on".
const (
	Continue    Action = ""
	Ignore      Action = "ignore"
	Retry       Action = "retry"
	Fail        Action = "fail"
	Stop        Action = "stop"
	RefreshAuth Action = "refresh_auth"
)

// Paginator names the functions of a custom paginator. Either Step is set, or
// UpdateState with the optional others.
type Paginator struct {
	Step          Ref // function(request, response, state) -> request or nil
	InitRequest   Ref // function(request, state)
	UpdateState   Ref // function(response, records, state) -> has_next
	UpdateRequest Ref // function(request, state)
}

// World runs the functions of one resource, one at a time. Its methods may be
// called from several goroutines; calls are serialised. Byte slices passed in
// are valid only for the call; slices returned belong to the caller, but for
// the result of Map.
//
// Errors carry the script's file, line and the path of the function.
type World interface {
	// Filter calls function(record, ctx) and reports whether the record is kept.
	Filter(ctx context.Context, f Ref, record []byte) (bool, error)
	// Map calls function(record, ctx); nil means the record is dropped. The
	// result may alias record when nothing changed; else it is valid until the
	// next Map of f.
	Map(ctx context.Context, f Ref, record []byte) ([]byte, error)
	// YieldMap calls function(record, emit, ctx); emit receives each result,
	// valid only until emit returns.
	YieldMap(ctx context.Context, f Ref, record []byte, emit func([]byte) error) error
	// Value calls function(value) -> value, for incremental.convert.
	Value(ctx context.Context, f Ref, value []byte) ([]byte, error)
	// Reduce calls function(values) -> value, for incremental.last_value_func.
	Reduce(ctx context.Context, f Ref, values [][]byte) ([]byte, error)
	// TableName calls function(record) -> name.
	TableName(ctx context.Context, f Ref, record []byte) (string, error)
	// When calls function(response) and reports its truth.
	When(ctx context.Context, f Ref, r *Response) (bool, error)
	// Respond calls a response action function(response); it may change r.
	Respond(ctx context.Context, f Ref, r *Response) (Action, error)
	// Retry calls function(response, failure) of client.session.retry_condition and
	// reports its truth. r is nil, and failure the reason in plain words, where no
	// answer came; else failure is empty. r does not change.
	Retry(ctx context.Context, f Ref, r *Response, failure string) (bool, error)
	// Authorize calls function(request); it may change r.
	Authorize(ctx context.Context, f Ref, r *Request) error
	// BuildTokenRequest calls function(config) -> { headers, data } of an OAuth2
	// grant (AUTH-14); settings is the auth table without functions.
	BuildTokenRequest(ctx context.Context, f Ref, settings []byte) (headers http.Header, form []Pair, err error)
	// Login calls function(http) -> session of a login auth; requests made in it
	// go through Env.HTTP with Request.NoAuth set.
	Login(ctx context.Context, f Ref) (session []byte, err error)
	// Apply calls function(request, session) of a login auth; it may change r.
	Apply(ctx context.Context, f Ref, r *Request, session []byte) error
	// InitPage prepares the first request of a series. It returns the
	// paginator's state, JSON text, fresh for the series.
	InitPage(ctx context.Context, p Paginator, r *Request) (state []byte, err error)
	// NextPage sees a response and its records (JSON array text) and changes r
	// into the next request; more is false at the end of the series.
	NextPage(ctx context.Context, p Paginator, r *Request, resp *Response, records, state []byte) (newState []byte, more bool, err error)
	// Rows calls function(emit, ctx) of a resource without endpoint.
	Rows(ctx context.Context, f Ref, emit func([]byte) error) error
	// Event calls function(ctx, report) for on_start and on_finish; report may be nil.
	Event(ctx context.Context, f Ref, report []byte) error
	// Close releases the world.
	Close()
}

// Lookup finds a value by dotted path ("github.token"). The value is nil,
// string, bool, int64, float64, []any or map[string]any. An error explains why
// a value cannot be given; a path that is not set gives ok == false and places,
// the places that were searched, for the message.
type Lookup func(path string) (value any, ok bool, places []string, err error)

// Env is what a script may reach outside itself.
type Env struct {
	Secrets Lookup // nil: no secrets
	Config  Lookup // nil: no settings
	// LoadID seeds math.random, so that a load can be repeated.
	LoadID int64
	// Started is what time.now() gives while the script is evaluated.
	Started time.Time
	// Now is the clock of hooks; nil means time.Now.
	Now func() time.Time
	// HTTP makes a request through the load's own client: its limits, retries,
	// redaction and host rules. A URL without host joins base_url. nil: no
	// requests are possible (while a script is evaluated).
	HTTP func(ctx context.Context, r *Request) (*Response, error)
	// Wait lets time pass before the next request, or returns the context's error
	// when that ends first. nil: no waiting is possible, as HTTP.
	Wait func(ctx context.Context, d time.Duration) error
	// Log receives print and the log module; nil drops them. level is
	// "debug", "info", "warn" or "error".
	Log func(level, text string, fields map[string]any)
	// Resource is the name of the resource whose world this is; empty while
	// the script is evaluated.
	Resource string
	// Worker numbers the copies of a world that run the steps of one resource,
	// from 1 (hook_workers = N); 0: the one world of the resource. Random values
	// differ between them.
	Worker int
	// IncrementalStart is ctx.incremental.start_value as JSON; nil if none.
	IncrementalStart []byte
	// State is ctx.state as JSON; nil means empty.
	State []byte
	// HookTimeout bounds one call of a hook; 0 means 1 s.
	HookTimeout time.Duration
}
