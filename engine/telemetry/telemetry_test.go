package telemetry_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/telemetry"
	"github.com/restlua/restlua/lua"
)

// canary is the secret of every test's script, which the server echoes.
const canary = "cnry-of-the-traces/7"

// observed is one run with its spans and measurements.
type observed struct {
	spans   tracetest.SpanStubs
	metrics map[string]metricdata.Metrics
	result  *engine.Result
	err     error
}

// run runs a script with the rest of its config against a server that knows /items (2 pages),
// /slow (a 503 first), /broken and /refused.
func run(t *testing.T, ctx context.Context, rest string, change func(*engine.Options)) observed {
	t.Helper()
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", canary)
		switch r.URL.Path {
		case "/items":
			if r.URL.Query().Get("page") != "2" {
				w.Header().Set("Link", `</items?page=2&token=`+canary+`>; rel="next"`)
				fmt.Fprint(w, `[{"id":1},{"id":2}]`)
				return
			}
			fmt.Fprint(w, `[{"id":3},{"id":3}]`)
		case "/slow":
			if asked++; asked == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fmt.Fprint(w, `[]`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, canary)
		}
	}))
	t.Cleanup(s.Close)
	script, err := lua.Parse("shop.lua", `
		local token = require("secrets").get("shop.token")
		return {
			client = { base_url = "`+s.URL+`", paginator = "header_link", auth = { token = token } },
			resource_defaults = { endpoint = { params = { note = token } } },
			`+rest+`
		}`, lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	spans := tracetest.NewInMemoryExporter()
	traces := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	events, err := telemetry.Events(ctx, telemetry.Options{TracerProvider: traces, MeterProvider: meters})
	if err != nil {
		t.Fatal(err)
	}
	o := engine.Options{
		Dataset: filepath.Join(t.TempDir(), "shop"), Events: events, Detail: true, ErrorBody: true,
		Secrets: engine.SecretsMap(map[string]string{"shop.token": canary}), Config: engine.ConfigFile("", nil),
		Sleep: func(context.Context, time.Duration) error { return nil },
	}
	if change != nil {
		change(&o)
	}
	x := observed{metrics: map[string]metricdata.Metrics{}}
	x.result, x.err = engine.Run(t.Context(), script, o)
	x.spans = spans.GetSpans()
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			x.metrics[m.Name] = m
		}
	}
	// OPR-64: no secret in anything.
	all, err := json.Marshal([]any{x.spans, collected.ScopeMetrics})
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(string(all), canary); i >= 0 {
		t.Errorf("a secret is in it: %s", all[max(0, i-200):i+len(canary)])
	}
	return x
}

// tree shows spans as lines, children indented below their parents.
func tree(spans tracetest.SpanStubs) string {
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int {
		return cmp.Or(a.StartTime.Compare(b.StartTime), cmp.Compare(a.Name, b.Name))
	})
	var b strings.Builder
	var show func(parent [8]byte, indent string)
	show = func(parent [8]byte, indent string) {
		for _, s := range spans {
			if s.Parent.SpanID() != parent {
				continue
			}
			fmt.Fprintf(&b, "%s%s", indent, s.Name)
			for _, key := range []string{"http.response.status_code", "http.request.resend_count", "restlua.outcome", "restlua.rows", "restlua.pages", "error.type"} {
				if v, ok := attributeOf(s, key); ok {
					fmt.Fprintf(&b, " %s=%s", key[strings.LastIndexByte(key, '.')+1:], v.String())
				}
			}
			if s.Status.Code == codes.Error {
				b.WriteString(" FAILED")
			}
			for _, e := range s.Events {
				b.WriteString(" +" + e.Name)
			}
			b.WriteString("\n")
			show(s.SpanContext.SpanID(), indent+"  ")
		}
	}
	show([8]byte{}, "")
	return b.String()
}

func attributeOf(s tracetest.SpanStub, key string) (attribute.Value, bool) {
	for _, a := range s.Attributes {
		if string(a.Key) == key {
			return a.Value, true
		}
	}
	return attribute.Value{}, false
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, config string
		change       func(*engine.Options)
		want         string
	}{
		{"committed", `resources = { { name = "items", primary_key = "id" } }`, nil, `
load outcome=committed +warning
  resource items rows=4 pages=2
    GET status_code=200
    GET status_code=200
  commit
`},
		{"retried", `resources = { { name = "slow" } }`, func(o *engine.Options) { o.DryRun = true }, `
load outcome=dry_run
  resource slow rows=0 pages=1
    GET status_code=503 type=503 FAILED
    GET status_code=200 resend_count=1
`},
		{"failed", `resources = { { name = "broken" } }`, nil, `
load outcome=failed FAILED
  resource broken FAILED
    GET status_code=400 type=400 FAILED
`},
		{"in part", `resources = { { name = "items" }, { name = "broken" } }`, func(o *engine.Options) { o.KeepGoing = true }, `
load outcome=partial +warning
  resource broken FAILED
    GET status_code=400 type=400 FAILED
  resource items rows=4 pages=2
    GET status_code=200
    GET status_code=200
  commit
`},
		{"never began", `resources = { { name = "items", primary_keyy = "id" } }`, nil, `
load outcome=failed FAILED
`},
		{"no resource began", `resources = { { name = "items" } }, on_start = function() error("not today") end`, nil, `
load outcome=failed FAILED
  resource items FAILED
`},
		{"no answer", `resources = { { name = "items" } }`, func(o *engine.Options) { o.Transport = noAnswer{} }, `
load outcome=failed FAILED
  resource items FAILED
    GET type=_OTHER FAILED
    GET resend_count=1 type=_OTHER FAILED
    GET resend_count=2 type=_OTHER FAILED
    GET resend_count=3 type=_OTHER FAILED
    GET resend_count=4 type=_OTHER FAILED
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := run(t, context.Background(), c.config, c.change)
			if got := tree(x.spans); got != c.want[1:] {
				t.Errorf("%v\ngot\n%swant%s", x.err, got, c.want)
			}
		})
	}
}

// noAnswer is a network without anybody.
type noAnswer struct{}

func (noAnswer) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("no route to host")
}

// A request's span follows the conventions, its URL is masked, and the load's
// span is a child of the program's.
func TestSpanOfRequest(t *testing.T) {
	t.Parallel()
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	x := run(t, trace.ContextWithSpanContext(t.Context(), parent), `resources = { { name = "items" } }`, nil)
	var load, request *tracetest.SpanStub
	for i, s := range x.spans {
		switch {
		case s.Name == "load":
			load = &x.spans[i]
		case s.Name == "GET" && request == nil:
			request = &x.spans[i]
		}
	}
	if x.err != nil || load == nil || request == nil {
		t.Fatalf("load %v, request %v, %v", load, request, x.err)
	}
	if load.Parent.SpanID() != parent.SpanID() || request.SpanContext.TraceID() != parent.TraceID() {
		t.Errorf("the load is below %v, the request in %v", load.Parent.SpanID(), request.SpanContext.TraceID())
	}
	if request.SpanKind != trace.SpanKindClient || request.EndTime.Before(request.StartTime) || request.StartTime.Before(load.StartTime) {
		t.Errorf("kind %v, from %v to %v", request.SpanKind, request.StartTime, request.EndTime)
	}
	for _, key := range []string{"http.request.method", "server.address", "server.port", "url.full", "restlua.resource", "restlua.bytes", "restlua.wait"} {
		if v, ok := attributeOf(*request, key); !ok || v.String() == "" {
			t.Errorf("no %s", key)
		}
	}
	if v, _ := attributeOf(*request, "url.full"); !strings.HasSuffix(v.AsString(), "/items?note=***") {
		t.Errorf("url.full %s", v.AsString())
	}
	if v, _ := attributeOf(*load, "restlua.source"); v.AsString() != "shop" {
		t.Errorf("source %s", v.AsString())
	}
}

// What is counted is what the report says.
func TestMeasurements(t *testing.T) {
	t.Parallel()
	x := run(t, t.Context(), `resources = { { name = "items" }, { name = "slow" } }`, nil)
	if x.err != nil {
		t.Fatal(x.err)
	}
	sums := map[string]int64{}
	for _, name := range []string{"restlua.requests", "restlua.retries", "restlua.pages", "restlua.rows", "restlua.received"} {
		for _, p := range x.metrics[name].Data.(metricdata.Sum[int64]).DataPoints {
			resource, _ := p.Attributes.Value("restlua.resource")
			source, _ := p.Attributes.Value("restlua.source")
			sums[name+" "+source.AsString()+" "+resource.AsString()] = p.Value
		}
	}
	want := map[string]int64{
		"restlua.requests shop items": 2, "restlua.requests shop slow": 2, "restlua.retries shop slow": 1,
		"restlua.pages shop items": 2, "restlua.pages shop slow": 1, "restlua.rows shop items": 4,
		"restlua.received shop items": 38, "restlua.received shop slow": 2,
	}
	if !maps.Equal(sums, want) {
		t.Errorf("got %v\nwant %v", sums, want)
	}
	if got := x.result.Requests; got != 4 {
		t.Errorf("the report says %d requests", got)
	}
	waited := 0.0
	for _, p := range x.metrics["restlua.wait.time"].Data.(metricdata.Sum[float64]).DataPoints {
		if reason, _ := p.Attributes.Value("restlua.wait.reason"); reason.AsString() == "retry" {
			waited += p.Value
		}
	}
	if waited != x.result.Waited.Seconds() || waited < 1 {
		t.Errorf("waited %v s, the report says %v", waited, x.result.Waited)
	}
	for name, want := range map[string]uint64{"http.client.request.duration": 4, "restlua.resource.duration": 2, "restlua.commit.duration": 1, "restlua.load.duration": 1} {
		count := uint64(0)
		for _, p := range x.metrics[name].Data.(metricdata.Histogram[float64]).DataPoints {
			count += p.Count
		}
		if count != want || x.metrics[name].Unit != "s" {
			t.Errorf("%s: %d of %d in %q", name, count, want, x.metrics[name].Unit)
		}
	}
}

// OPR-41: rows that an earlier process counted are not counted again.
func TestMeasurementsOfResumedLoad(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	e, err := telemetry.Events(t.Context(), telemetry.Options{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	if err != nil {
		t.Fatal(err)
	}
	e.Resume(engine.ResumeEvent{Rows: map[string]int64{"items": 4000}})
	e.Start(engine.StartEvent{Source: "shop", Resources: []string{"items"}})
	e.Page(engine.PageEvent{Resource: "items", Rows: 4050, More: true})
	e.Page(engine.PageEvent{Resource: "items", Rows: 4100})
	e.Resource(engine.ResourceEvent{Resource: "items", Rows: 4107})
	var m metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, x := range m.ScopeMetrics[0].Metrics {
		if sum, ok := x.Data.(metricdata.Sum[int64]); ok {
			got[x.Name] = sum.DataPoints[0].Value
		}
	}
	if got["restlua.rows"] != 107 || got["restlua.pages"] != 1 {
		t.Errorf("got %v", got)
	}
}

// Without providers events go nowhere, and nothing breaks.
func TestNoProviders(t *testing.T) {
	t.Parallel()
	x := run(t, t.Context(), `resources = { { name = "items" } }`, func(o *engine.Options) {
		events, err := telemetry.Events(t.Context(), telemetry.Options{})
		if err != nil {
			t.Error(err)
		}
		o.Events = events
	})
	if x.err != nil || len(x.spans) > 0 || len(x.metrics) > 0 {
		t.Errorf("%d spans, %d metrics, %v", len(x.spans), len(x.metrics), x.err)
	}
}
