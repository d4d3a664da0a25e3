package otlp

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Spans sends spans. It is a trace.SpanExporter.
type Spans struct{ client *client }

// NewSpans reads the settings of the environment. Errors: a setting that cannot
// be followed.
func NewSpans(getenv func(string) string) (*Spans, error) {
	c, err := newClient(getenv, "TRACES")
	if err != nil {
		return nil, err
	}
	return &Spans{c}, nil
}

// ExportSpans sends spans in one message. TracesData has the wire form of the
// service's request.
func (e *Spans) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	type place struct {
		resource attribute.Distinct
		scope    instrumentation.Scope
	}
	data := &tracepb.TracesData{}
	resources := map[attribute.Distinct]*tracepb.ResourceSpans{}
	scopes := map[place]*tracepb.ScopeSpans{}
	for _, s := range spans {
		at := place{s.Resource().Equivalent(), s.InstrumentationScope()}
		group := scopes[at]
		if group == nil {
			of := resources[at.resource]
			if of == nil {
				of = &tracepb.ResourceSpans{Resource: resource(s.Resource()), SchemaUrl: s.Resource().SchemaURL()}
				resources[at.resource] = of
				data.ResourceSpans = append(data.ResourceSpans, of)
			}
			group = &tracepb.ScopeSpans{Scope: scope(at.scope), SchemaUrl: at.scope.SchemaURL}
			scopes[at] = group
			of.ScopeSpans = append(of.ScopeSpans, group)
		}
		group.Spans = append(group.Spans, span(s))
	}
	return e.client.send(ctx, data)
}

// Shutdown has nothing to do: nothing waits here.
func (e *Spans) Shutdown(context.Context) error {
	e.client.http.CloseIdleConnections()
	return nil
}

func span(s sdktrace.ReadOnlySpan) *tracepb.Span {
	at, parent := s.SpanContext(), s.Parent()
	traceID, spanID := at.TraceID(), at.SpanID()
	out := &tracepb.Span{
		TraceId: traceID[:], SpanId: spanID[:], TraceState: at.TraceState().String(), Flags: flags(at, parent),
		Name: s.Name(), Kind: kind(s.SpanKind()), StartTimeUnixNano: nanos(s.StartTime()), EndTimeUnixNano: nanos(s.EndTime()),
		Attributes: attributes(s.Attributes()), DroppedAttributesCount: uint32(s.DroppedAttributes()),
		DroppedEventsCount: uint32(s.DroppedEvents()), DroppedLinksCount: uint32(s.DroppedLinks()),
		Status: status(s.Status()),
	}
	if parent.SpanID().IsValid() {
		id := parent.SpanID()
		out.ParentSpanId = id[:]
	}
	for _, e := range s.Events() {
		out.Events = append(out.Events, &tracepb.Span_Event{
			TimeUnixNano: nanos(e.Time), Name: e.Name, Attributes: attributes(e.Attributes), DroppedAttributesCount: uint32(e.DroppedAttributeCount),
		})
	}
	for _, l := range s.Links() {
		traceID, spanID := l.SpanContext.TraceID(), l.SpanContext.SpanID()
		out.Links = append(out.Links, &tracepb.Span_Link{
			TraceId: traceID[:], SpanId: spanID[:], TraceState: l.SpanContext.TraceState().String(),
			Attributes: attributes(l.Attributes), DroppedAttributesCount: uint32(l.DroppedAttributeCount), Flags: flags(l.SpanContext, l.SpanContext),
		})
	}
	return out
}

// flags are those of W3C Trace Context, and whether the parent is elsewhere.
func flags(at, parent trace.SpanContext) uint32 {
	f := uint32(at.TraceFlags()) | uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
	if parent.IsRemote() {
		f |= uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	}
	return f
}

func kind(k trace.SpanKind) tracepb.Span_SpanKind {
	switch k {
	case trace.SpanKindInternal:
		return tracepb.Span_SPAN_KIND_INTERNAL
	case trace.SpanKindClient:
		return tracepb.Span_SPAN_KIND_CLIENT
	case trace.SpanKindServer:
		return tracepb.Span_SPAN_KIND_SERVER
	case trace.SpanKindProducer:
		return tracepb.Span_SPAN_KIND_PRODUCER
	case trace.SpanKindConsumer:
		return tracepb.Span_SPAN_KIND_CONSUMER
	}
	return tracepb.Span_SPAN_KIND_UNSPECIFIED
}

func status(s sdktrace.Status) *tracepb.Status {
	out := &tracepb.Status{Message: s.Description}
	switch s.Code {
	case codes.Ok:
		out.Code = tracepb.Status_STATUS_CODE_OK
	case codes.Error:
		out.Code = tracepb.Status_STATUS_CODE_ERROR
	}
	return out
}
