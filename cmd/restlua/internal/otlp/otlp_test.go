package otlp

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		m["OTEL_EXPORTER_OTLP_"+k] = v
	}
	return func(name string) string { return m[name] }
}

func TestSettings(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(broken, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env       []string
		url, fail string
	}{
		{nil, "http://localhost:4318/v1/traces", ""},
		{[]string{"ENDPOINT=https://c:4318/otlp/"}, "https://c:4318/otlp/v1/traces", ""},
		{[]string{"ENDPOINT=http://a", "TRACES_ENDPOINT=http://b/x"}, "http://b/x", ""},
		{[]string{"ENDPOINT=collector:4318"}, "", "ENDPOINT is no http:// or https:// address"},
		{[]string{"HEADERS=a=b%20c, d = e"}, "http://localhost:4318/v1/traces", ""},
		{[]string{"HEADERS=secret"}, "", "HEADERS is not of the form"},
		{[]string{"TIMEOUT=10s"}, "", "a number of milliseconds"},
		{[]string{"COMPRESSION=zip"}, "", "gzip or none"},
		{[]string{"CERTIFICATE=" + broken}, "", "has no certificate"},
		{[]string{"CLIENT_KEY=" + broken}, "", "belong together"},
		{[]string{"CLIENT_KEY=" + broken, "CLIENT_CERTIFICATE=" + broken}, "", "CLIENT_CERTIFICATE, "},
	} {
		got, err := newClient(env(c.env...), "TRACES")
		if c.fail != "" {
			if err == nil || !strings.Contains(err.Error(), c.fail) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v: %v, want %q", c.env, err, c.fail)
			}
			continue
		}
		if err != nil || got.url != c.url {
			t.Errorf("%v: %v, %+v", c.env, err, got)
		}
		if strings.Contains(strings.Join(c.env, ""), "HEADERS") && (got.headers.Get("A") != "b c" || got.headers.Get("D") != "e") {
			t.Errorf("headers %v", got.headers)
		}
	}
	if _, err := NewMetrics(func(name string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "sometimes"}[name]
	}); err == nil {
		t.Error("a temporality that is not known is no error")
	}
}

// sent gives the bodies that an exporter sent to a collector, unpacked.
func sent(t *testing.T, use func(url string)) [][]byte {
	t.Helper()
	var bodies [][]byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			in = z
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Error(err)
		}
		bodies = append(bodies, body)
	}))
	defer server.Close()
	use(server.URL)
	return bodies
}

func TestSpans(t *testing.T) {
	t.Parallel()
	bodies := sent(t, func(url string) {
		e, err := NewSpans(env("ENDPOINT="+url, "COMPRESSION=gzip"))
		if err != nil {
			t.Fatal(err)
		}
		p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(e))
		ctx, outer := p.Tracer("a", trace.WithInstrumentationVersion("1")).Start(context.Background(), "outer")
		_, inner := p.Tracer("b").Start(ctx, "inner", trace.WithSpanKind(trace.SpanKindClient), trace.WithLinks(trace.LinkFromContext(ctx)))
		inner.SetAttributes(attribute.Bool("b", true), attribute.Int64("i", 7), attribute.Float64("f", 1.5), attribute.String("s", "x"), attribute.StringSlice("l", []string{"p", "q"}))
		inner.AddEvent("event", trace.WithAttributes(attribute.String("k", "v")))
		inner.SetStatus(codes.Error, "why")
		inner.End()
		outer.End()
		if err := p.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	if len(bodies) != 2 {
		t.Fatalf("%d messages", len(bodies))
	}
	var spans []*tracepb.Span
	for _, b := range bodies {
		var data tracepb.TracesData
		if err := proto.Unmarshal(b, &data); err != nil {
			t.Fatal(err)
		}
		spans = append(spans, data.ResourceSpans[0].ScopeSpans[0].Spans...)
	}
	inner, outer := spans[0], spans[1]
	if string(inner.ParentSpanId) != string(outer.SpanId) || string(inner.TraceId) != string(outer.TraceId) || outer.ParentSpanId != nil {
		t.Errorf("the spans are not one below the other: %v, %v", inner, outer)
	}
	if inner.Kind != tracepb.Span_SPAN_KIND_CLIENT || inner.Status.Code != tracepb.Status_STATUS_CODE_ERROR || inner.Status.Message != "why" ||
		len(inner.Events) != 1 || len(inner.Links) != 1 || inner.EndTimeUnixNano < inner.StartTimeUnixNano || inner.StartTimeUnixNano == 0 {
		t.Errorf("%v", inner)
	}
	values := ""
	for _, a := range inner.Attributes {
		values += a.Key + " " + strings.Join(strings.Fields(a.Value.String()), "") + "|"
	}
	for _, want := range []string{"bool_value:true", "int_value:7", "double_value:1.5", `string_value:"x"`, `string_value:"q"`} {
		if !strings.Contains(values, want) {
			t.Errorf("no %s in %s", want, values)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	bodies := sent(t, func(url string) {
		e, err := NewMetrics(env("METRICS_ENDPOINT="+url+"/m", "METRICS_TEMPORALITY_PREFERENCE=delta"))
		if err != nil {
			t.Fatal(err)
		}
		p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(e)))
		m := p.Meter("m")
		rows, _ := m.Int64Counter("rows")
		wait, _ := m.Float64Counter("wait")
		level, _ := m.Int64Gauge("level")
		took, _ := m.Float64Histogram("took")
		ctx := context.Background()
		rows.Add(ctx, 5)
		wait.Add(ctx, 0.5)
		level.Record(ctx, 3)
		took.Record(ctx, 2)
		took.Record(ctx, 4)
		if err := p.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
	})
	if len(bodies) != 1 {
		t.Fatalf("%d messages", len(bodies))
	}
	var data metricspb.MetricsData
	if err := proto.Unmarshal(bodies[0], &data); err != nil {
		t.Fatal(err)
	}
	metrics := map[string]*metricspb.Metric{}
	for _, m := range data.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		metrics[m.Name] = m
	}
	if s := metrics["rows"].GetSum(); s.DataPoints[0].GetAsInt() != 5 || !s.IsMonotonic || s.AggregationTemporality != metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA {
		t.Errorf("rows: %v", s)
	}
	if s := metrics["wait"].GetSum(); s.DataPoints[0].GetAsDouble() != 0.5 {
		t.Errorf("wait: %v", s)
	}
	if g := metrics["level"].GetGauge(); g.DataPoints[0].GetAsInt() != 3 {
		t.Errorf("level: %v", g)
	}
	h := metrics["took"].GetHistogram().DataPoints[0]
	if h.Count != 2 || h.GetSum() != 6 || h.GetMin() != 2 || h.GetMax() != 4 || len(h.BucketCounts) != len(h.ExplicitBounds)+1 || h.StartTimeUnixNano == 0 {
		t.Errorf("took: %v", h)
	}
	if err := fill(&metricspb.Metric{Name: "x"}, metricdata.Summary{}); err == nil {
		t.Error("a summary is no error")
	}
}

// answering is a transport that gives one status after the other, the last one
// again and again.
type answering struct {
	statuses []int
	after    string
	asked    int
}

func (a *answering) RoundTrip(*http.Request) (*http.Response, error) {
	status := a.statuses[min(a.asked, len(a.statuses)-1)]
	a.asked++
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Retry-After": {a.after}}, Body: io.NopCloser(strings.NewReader("no\n\x1b[31mno"))}, nil
}

// A collector that is busy is asked again until the timeout, as it wishes.
func TestTries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		a     answering
		asked int
		took  time.Duration
		fail  string
	}{
		{"at once", answering{statuses: []int{200}}, 1, 0, ""},
		{"busy twice", answering{statuses: []int{503, 429, 200}}, 3, 600 * time.Millisecond, ""},
		{"as it wishes", answering{statuses: []int{429, 200}, after: "3"}, 2, 3 * time.Second, ""},
		{"busy for ever", answering{statuses: []int{503}}, 6, defaultTimeout, "no [31mno"},
		{"refused", answering{statuses: []int{401}}, 1, 0, "the collector answered Unauthorized"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, err := newClient(env(), "TRACES")
				if err != nil {
					t.Fatal(err)
				}
				e.http.Transport = &c.a
				started := time.Now()
				err = e.send(context.Background(), &tracepb.TracesData{})
				if took := time.Since(started); took != c.took || c.a.asked != c.asked {
					t.Errorf("%d tries in %v, want %d in %v", c.a.asked, took, c.asked, c.took)
				}
				if (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) {
					t.Errorf("%v, want %q", err, c.fail)
				}
			})
		})
	}
}
