package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/restlua/restlua/engine"
)

// Bounds of the histograms, in seconds: those of the conventions for requests,
// and some for what takes minutes and hours.
var (
	requestBounds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60}
	loadBounds    = []float64{0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 12 * 3600}
)

// measured are the instruments of one load. All measurements have restlua.source
// once the load has begun, and restlua.resource where one is meant.
type measured struct {
	requests, retries  metric.Int64Counter
	pages, rows, bytes metric.Int64Counter
	waits              metric.Float64Counter
	request            metric.Float64Histogram
	resource           metric.Float64Histogram
	commit, load       metric.Float64Histogram

	mu     sync.Mutex
	source string
	known  map[string]int64 // rows of each resource that are counted
}

func newMeasured(m metric.Meter) (*measured, error) {
	var errs []error
	counter := func(name, unit, what string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
		errs = append(errs, err)
		return c
	}
	histogram := func(name, what string, bounds []float64) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(bounds...))
		errs = append(errs, err)
		return h
	}
	waits, err := m.Float64Counter("restlua.wait.time", metric.WithUnit("s"),
		metric.WithDescription("Time that requests waited for limits and a free connection, and before retries, of all connections together."))
	errs = append(errs, err)
	x := &measured{
		requests: counter("restlua.requests", "{request}", "Requests that were sent, retries among them."),
		retries:  counter("restlua.retries", "{request}", "Requests that were sent again."),
		pages:    counter("restlua.pages", "{page}", "Pages that were read."),
		rows:     counter("restlua.rows", "{row}", "Rows after steps and filters."),
		bytes:    counter("restlua.received", "By", "Bodies that were received, decompressed."),
		waits:    waits,
		request:  histogram("http.client.request.duration", "Duration of HTTP client requests.", requestBounds),
		resource: histogram("restlua.resource.duration", "Time from the beginning of a load until a resource was done or failed.", loadBounds),
		commit:   histogram("restlua.commit.duration", "Time that the commit of a load took.", loadBounds),
		load:     histogram("restlua.load.duration", "Time that a run took, from the evaluation of its script.", loadBounds),
		known:    map[string]int64{},
	}
	return x, errors.Join(errs...)
}

func (m *measured) events() engine.Events {
	ctx := context.Background()
	return engine.Events{
		Start: func(e engine.StartEvent) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.source = e.Source
		},
		Resume: func(e engine.ResumeEvent) {
			m.mu.Lock()
			defer m.mu.Unlock()
			for name, rows := range e.Rows {
				m.known[name] = rows // an earlier process counted them
			}
		},
		Request: func(e engine.RequestEvent) {
			with := m.with(e.Resource)
			m.requests.Add(ctx, 1, with)
			m.bytes.Add(ctx, e.Bytes, with)
			m.request.Record(ctx, e.Elapsed.Seconds(), m.with(e.Resource, requestAttributes(e)...))
			m.wait(ctx, e.Resource, "limit", e.Waited)
		},
		Retry: func(e engine.RetryEvent) {
			m.retries.Add(ctx, 1, m.with(e.Resource))
			m.wait(ctx, e.Resource, "retry", e.Wait)
		},
		Page: func(e engine.PageEvent) {
			if !e.More {
				m.pages.Add(ctx, 1, m.with(e.Resource))
			}
			m.count(ctx, e.Resource, e.Rows)
		},
		Resource: func(e engine.ResourceEvent) {
			m.count(ctx, e.Resource, e.Rows) // those that came without a page
			m.resource.Record(ctx, e.Elapsed.Seconds(), m.with(e.Resource, outcomeKey.String(done)))
		},
		Failure: func(e engine.FailureEvent) {
			m.resource.Record(ctx, e.Elapsed.Seconds(), m.with(e.Resource, outcomeKey.String(failed)))
		},
		Commit: func(e engine.CommitEvent) {
			end := committed
			if e.Err != nil {
				end = failed
			}
			m.commit.Record(ctx, e.Elapsed.Seconds(), m.with("", outcomeKey.String(end)))
		},
		End: func(e engine.EndEvent) {
			m.load.Record(ctx, e.Elapsed.Seconds(), m.with("", outcomeKey.String(outcome(e))))
		},
	}
}

// with are the attributes of a measurement.
func (m *measured) with(resource string, more ...attribute.KeyValue) metric.MeasurementOption {
	m.mu.Lock()
	source := m.source
	m.mu.Unlock()
	if source != "" {
		more = append(more, sourceKey.String(source))
	}
	if resource != "" {
		more = append(more, resourceKey.String(resource))
	}
	return metric.WithAttributeSet(attribute.NewSet(more...))
}

func (m *measured) wait(ctx context.Context, resource, reason string, d time.Duration) {
	if d > 0 {
		m.waits.Add(ctx, d.Seconds(), m.with(resource, reasonKey.String(reason)))
	}
}

// count counts the rows that came since the last time; rows are all so far.
func (m *measured) count(ctx context.Context, resource string, rows int64) {
	m.mu.Lock()
	more := rows - m.known[resource]
	m.known[resource] = rows
	m.mu.Unlock()
	if more > 0 {
		m.rows.Add(ctx, more, m.with(resource))
	}
}
