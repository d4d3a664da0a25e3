package telemetry

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/restlua/restlua/engine"
)

// Attributes of spans and measurements beside those of the conventions.
const (
	sourceKey   = attribute.Key("restlua.source")
	resourceKey = attribute.Key("restlua.resource")
	outcomeKey  = attribute.Key("restlua.outcome")
	reasonKey   = attribute.Key("restlua.wait.reason")
)

// Values of outcomeKey.
const (
	committed = "committed"
	partial   = "partial" // committed, but not all that was asked for
	dryRun    = "dry_run"
	failed    = "failed"
	done      = "done" // a resource
)

// traced makes the spans of one load.
type traced struct {
	tracer trace.Tracer
	outer  context.Context // has the load's parent
	now    func() time.Time

	mu        sync.Mutex
	load      spanning // zero: it has not begun
	resources map[string]spanning
	resumed   bool
}

// spanning is a span under way; the context is for its children.
type spanning struct {
	ctx  context.Context
	span trace.Span
}

func (t *traced) events() engine.Events {
	return engine.Events{
		Start: t.start,
		Resume: func(engine.ResumeEvent) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.resumed = true
		},
		Request: t.request,
		Resource: func(e engine.ResourceEvent) {
			t.end(e.Resource, nil, attribute.Int64("restlua.requests", e.Requests), attribute.Int64("restlua.pages", e.Pages),
				attribute.Int64("restlua.rows", e.Rows), attribute.Int64("restlua.bytes", e.Bytes))
		},
		Failure: func(e engine.FailureEvent) { t.end(e.Resource, e.Err) },
		Commit: func(e engine.CommitEvent) {
			now := t.now()
			_, span := t.tracer.Start(t.parent("").ctx, "commit", trace.WithTimestamp(now.Add(-e.Elapsed)), trace.WithAttributes(attribute.Int64("restlua.load", e.Load)))
			finish(span, now, e.Err)
		},
		End: t.finish,
		Warning: func(e engine.WarningEvent) {
			t.parent(e.Resource).span.AddEvent("warning", trace.WithAttributes(attribute.String("restlua.warning", e.Text)))
		},
	}
}

func (t *traced) start(e engine.StartEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.load = t.begin(t.outer, "load", now, sourceKey.String(e.Source), attribute.String("restlua.dataset", e.Dataset),
		attribute.Int64("restlua.load", e.Load), attribute.Bool("restlua.resumed", t.resumed))
	t.resources = make(map[string]spanning, len(e.Resources))
	for _, name := range e.Resources {
		t.resources[name] = t.begin(t.load.ctx, "resource "+name, now, sourceKey.String(e.Source), resourceKey.String(name))
	}
}

func (t *traced) begin(ctx context.Context, name string, at time.Time, attrs ...attribute.KeyValue) spanning {
	ctx, span := t.tracer.Start(ctx, name, trace.WithTimestamp(at), trace.WithAttributes(attrs...))
	return spanning{ctx, span}
}

// parent is the span of a resource where it is under way, else that of the load;
// before the load begins it is what the program gave.
func (t *traced) parent(resource string) spanning {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch s, ok := t.resources[resource]; {
	case ok:
		return s
	case t.load.span != nil:
		return t.load
	}
	return spanning{t.outer, trace.SpanFromContext(t.outer)}
}

// end ends the span of a resource.
func (t *traced) end(resource string, err error, attrs ...attribute.KeyValue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.resources[resource]
	if !ok {
		return
	}
	delete(t.resources, resource) // what comes now belongs to the load
	s.span.SetAttributes(attrs...)
	finish(s.span, t.now(), err)
}

// finish ends the span of the load. A run that began no load has one all the
// same, so that a failure is seen.
func (t *traced) finish(e engine.EndEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.load.span == nil {
		t.load = t.begin(t.outer, "load", now.Add(-e.Elapsed))
	}
	for _, s := range t.resources { // the load ended before they began
		finish(s.span, now, e.Err)
	}
	span := t.load.span
	span.SetAttributes(outcomeKey.String(outcome(e)))
	if e.Result != nil {
		span.SetAttributes(attribute.Int64("restlua.requests", e.Result.Requests), attribute.Int64("restlua.retries", e.Result.Retries),
			attribute.Int64("restlua.bytes", e.Result.Bytes), attribute.Float64("restlua.wait", e.Result.Waited.Seconds()))
	}
	finish(span, now, e.Err)
}

func outcome(e engine.EndEvent) string {
	switch {
	case e.Err != nil:
		return failed
	case !e.Result.Committed:
		return dryRun
	case e.Result.Partial():
		return partial
	}
	return committed
}

// request makes the span of a request that has ended.
func (t *traced) request(e engine.RequestEvent) {
	now := t.now()
	attrs := requestAttributes(e)
	attrs = append(attrs, semconv.URLFull(e.URL), attribute.Int64("restlua.bytes", e.Bytes), attribute.Float64("restlua.wait", e.Waited.Seconds()))
	if e.Attempt > 1 {
		attrs = append(attrs, semconv.HTTPRequestResendCount(e.Attempt-1))
	}
	if e.Resource != "" {
		attrs = append(attrs, resourceKey.String(e.Resource))
	}
	method, original := knownMethod(e.Method)
	if original {
		attrs = append(attrs, semconv.HTTPRequestMethodOriginal(e.Method))
		method = "HTTP"
	}
	_, span := t.tracer.Start(t.parent(e.Resource).ctx, method, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(now.Add(-e.Elapsed)), trace.WithAttributes(attrs...))
	if e.Err == nil && e.Status >= http.StatusBadRequest {
		span.SetStatus(codes.Error, "") // the status code says it
	}
	finish(span, now, e.Err)
}

// requestAttributes are those that spans and measurements of requests share.
func requestAttributes(e engine.RequestEvent) []attribute.KeyValue {
	method, _ := knownMethod(e.Method)
	attrs := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(method)}
	if u, err := url.Parse(e.URL); err == nil && u.Hostname() != "" {
		port := 443
		if u.Scheme == "http" {
			port = 80
		}
		if n, err := strconv.Atoi(u.Port()); err == nil {
			port = n
		}
		attrs = append(attrs, semconv.ServerAddress(u.Hostname()), semconv.ServerPort(port))
	}
	switch {
	case e.Err != nil:
		attrs = append(attrs, semconv.ErrorTypeOther)
	case e.Status >= http.StatusBadRequest:
		attrs = append(attrs, semconv.HTTPResponseStatusCode(e.Status), semconv.ErrorTypeKey.String(strconv.Itoa(e.Status)))
	default:
		attrs = append(attrs, semconv.HTTPResponseStatusCode(e.Status))
	}
	return attrs
}

// methods are those that the conventions know.
var methods = []string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}

// knownMethod is what the conventions call a method; other says that they do not
// know it.
func knownMethod(name string) (method string, other bool) {
	if slices.Contains(methods, name) {
		return name, false
	}
	return semconv.HTTPRequestMethodOther.Value.AsString(), true
}

func finish(span trace.Span, at time.Time, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End(trace.WithTimestamp(at))
}
