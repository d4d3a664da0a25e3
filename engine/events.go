package engine

import (
	"net/http"
	"time"
)

// Events are functions that the engine calls while it works; each may be nil.
// They are called from several goroutines and must return soon. No text in them
// shows a secret.
type Events struct {
	Start    func(StartEvent)    // a load begins
	Resume   func(ResumeEvent)   // it goes on where a killed one was; before Start
	Request  func(RequestEvent)  // an answer came, or a try failed
	Retry    func(RetryEvent)    // a request will be sent again
	Page     func(PageEvent)     // a page was read
	Resource func(ResourceEvent) // a resource is done
	Failure  func(FailureEvent)  // a resource cannot be finished
	Commit   func(CommitEvent)   // the commit is done, or failed
	End      func(EndEvent)      // Run returns; called once, also where no load began
	Detected func(DetectedEvent) // what the script leaves open was found in an answer
	Warning  func(WarningEvent)
	Log      func(LogEvent) // print and the log module of the script
}

// And returns events that call the functions of e and then those of more.
func (e Events) And(more Events) Events {
	return Events{
		Start: both(e.Start, more.Start), Resume: both(e.Resume, more.Resume), Request: both(e.Request, more.Request),
		Retry: both(e.Retry, more.Retry), Page: both(e.Page, more.Page), Resource: both(e.Resource, more.Resource),
		Failure: both(e.Failure, more.Failure), Commit: both(e.Commit, more.Commit), End: both(e.End, more.End),
		Detected: both(e.Detected, more.Detected), Warning: both(e.Warning, more.Warning), Log: both(e.Log, more.Log),
	}
}

func both[E any](first, second func(E)) func(E) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(e E) {
		first(e)
		second(e)
	}
}

// StartEvent says which load begins.
type StartEvent struct {
	Source    string
	Dataset   string
	Load      int64
	Resources []string // in dependency order
}

// ResumeEvent says what a killed load left, by resource.
type ResumeEvent struct {
	StartedAt    time.Time // of the load
	CheckpointAt time.Time
	Pages, Rows  map[string]int64
}

// RequestEvent is one answer, or one failed try. URL is redacted.
type RequestEvent struct {
	Resource string // empty: a request of on_start or on_finish
	Method   string
	URL      string
	Status   int // 0: no answer
	Bytes    int64
	Attempt  int           // from 1
	Waited   time.Duration // before it was sent, for limits and a free connection
	Elapsed  time.Duration // from then to the end of the answer
	Err      error

	// With Options.Detail, secrets masked; Body is the first 2 KiB of the answer.
	RequestHeaders, ResponseHeaders http.Header
	Body                            string
}

// RetryEvent says why a request is sent again, and after which wait.
type RetryEvent struct {
	Resource string
	URL      string
	Attempt  int // the one that failed, from 1
	Reason   string
	Wait     time.Duration
}

// PageEvent says what one page held.
type PageEvent struct {
	Resource string
	Page     int   // in its series, from 1
	Records  int   // as received
	Rows     int64 // rows of the resource so far, after steps and filters
	Bytes    int64 // of the body
	URL      string
	// More says that this is a part of a large page, of which another one follows.
	More bool
}

// ResourceEvent says that a resource is done.
type ResourceEvent struct {
	Resource string
	Requests int64
	Pages    int64
	Rows     int64
	Bytes    int64 // of the bodies of its pages
	Elapsed  time.Duration
}

// FailureEvent says why a resource cannot be finished. With Options.KeepGoing
// the load goes on.
type FailureEvent struct {
	Resource string
	Elapsed  time.Duration
	Err      error
}

// CommitEvent says how the commit of a load went; there is none of a dry run.
type CommitEvent struct {
	Load    int64
	Elapsed time.Duration
	Err     error // nil: committed
}

// EndEvent says what Run returns.
type EndEvent struct {
	Elapsed time.Duration
	Result  *Result // nil where Err is not
	Err     error
}

// DetectedEvent is what a first page showed where the script says nothing, in the
// script's own words: data_selector = "items", paginator = "header_link".
type DetectedEvent struct {
	Resource string
	Text     string
}

// WarningEvent is something that a user should know and that stops nothing.
type WarningEvent struct {
	Resource string
	Text     string
}

// LogEvent is a line that the script wrote.
type LogEvent struct {
	Resource string
	Level    string
	Text     string
	Fields   map[string]any
}
