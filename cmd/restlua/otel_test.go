package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"
)

func TestOtelFromEnv(t *testing.T) {
	t.Parallel()
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"
	for _, c := range []struct {
		env, traces, metrics, ignored string
	}{
		{"", "", "", ""},
		{"OTEL_SERVICE_NAME=x OTEL_RESOURCE_ATTRIBUTES=a=b OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "", "", ""},
		{endpoint, "otlp", "otlp", ""},
		{endpoint + " OTEL_SDK_DISABLED=true", "", "", ""},
		{endpoint + " OTEL_SDK_DISABLED=TRUE", "", "", ""},
		{endpoint + " OTEL_SDK_DISABLED=no", "otlp", "otlp", ""},
		{endpoint + " OTEL_METRICS_EXPORTER=none", "otlp", "", ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://x/v1/traces", "otlp", "", ""},
		{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://x/v1/metrics", "", "otlp", ""},
		{"OTEL_TRACES_EXPORTER=otlp", "otlp", "", ""},
		{"OTEL_TRACES_EXPORTER=console,otlp,console OTEL_METRICS_EXPORTER=console", "console otlp", "console", ""},
		{"OTEL_TRACES_EXPORTER=zipkin", "", "", "OTEL_TRACES_EXPORTER=zipkin is not known"},
		{endpoint + " OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "otlp", "otlp", ""},
		{endpoint + " OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "", "", "OTEL_EXPORTER_OTLP_PROTOCOL=http/json is not supported, no traces are sent"},
		{endpoint + " OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_METRICS_EXPORTER=none", "", "", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not supported, no traces are sent: use http/protobuf"},
		{endpoint + " OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", "otlp", "", "no metrics are sent"},
		{endpoint + " OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=avian", "otlp", "", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=avian is not known"},
	} {
		env := map[string]string{}
		for _, v := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(v, "=")
			env[name] = value
		}
		s := otelFromEnv(func(name string) string { return env[name] })
		if got := strings.Join(s.traces, " "); got != c.traces {
			t.Errorf("%s: traces to %q, want %q", c.env, got, c.traces)
		}
		if got := strings.Join(s.metrics, " "); got != c.metrics {
			t.Errorf("%s: metrics to %q, want %q", c.env, got, c.metrics)
		}
		if got := strings.Join(s.ignored, "\n"); (c.ignored == "") != (got == "") || !strings.Contains(got, c.ignored) {
			t.Errorf("%s: ignored %q, want %q", c.env, got, c.ignored)
		}
	}
}

// collector is a loopback receiver of OTLP over HTTP.
type collector struct {
	t       *testing.T
	url     string
	mu      sync.Mutex
	headers []http.Header
	text    strings.Builder // of all that came
	spans   []string        // "name parent", in the order of their ends
	service string
	traceID string
	metrics []string
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{t: t}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			c.t.Error(err)
			return
		}
		in = z
	}
	body, err := io.ReadAll(in)
	if err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = append(c.headers, r.Header)
	switch r.URL.Path {
	case "/v1/traces":
		var m coltracepb.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			c.t.Error(err)
		}
		fmt.Fprintln(&c.text, &m)
		c.take(&m)
	case "/v1/metrics":
		var m colmetricpb.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			c.t.Error(err)
		}
		fmt.Fprintln(&c.text, &m)
		for _, r := range m.ResourceMetrics {
			for _, s := range r.ScopeMetrics {
				for _, x := range s.Metrics {
					c.metrics = append(c.metrics, x.Name)
				}
			}
		}
	default:
		c.t.Errorf("%s %s", r.Method, r.URL)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collector) take(m *coltracepb.ExportTraceServiceRequest) {
	value := func(attrs []*commonpb.KeyValue, key string) string {
		for _, a := range attrs {
			if a.Key == key {
				return a.Value.GetStringValue()
			}
		}
		return ""
	}
	for _, r := range m.ResourceSpans {
		c.service = value(r.Resource.Attributes, "service.name") + " " + value(r.Resource.Attributes, "team")
		for _, s := range r.ScopeSpans {
			for _, x := range s.Spans {
				c.spans = append(c.spans, strings.TrimSpace(x.Name+" "+value(x.Attributes, "restlua.resource")))
				c.traceID = fmt.Sprintf("%x", x.TraceId)
			}
		}
	}
}

// runObserved runs the binary's own main in a process with an environment, on a
// script of one request; it returns standard error and the time that it took.
func runObserved(t *testing.T, env ...string) (stderr string, took time.Duration) {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<`+r.URL.Path+`?api_key=cnry-otel-77&x=cnry-otel-77>; rel="last"`)
		fmt.Fprint(w, `[{"id": 1}]`)
	}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	script := `return {
		client = { base_url = "` + api.URL + `", paginator = "header_link", auth = { token = require("secrets").get("shop.token") } },
		resources = { { name = "items", endpoint = { params = { q = require("secrets").get("shop.token") } } } },
	}`
	if err := os.WriteFile(filepath.Join(dir, "shop.lua"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "run", "shop.lua")
	cmd.Dir = dir
	cmd.Env = append([]string{runAsProgram + "=1", "SHOP__TOKEN=cnry-otel-77", "HOME=" + dir}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	took = time.Since(began)
	if !strings.HasPrefix(out.String(), "shop: load 1 committed to data/shop") {
		t.Errorf("standard output: %s", out.String())
	}
	return errs.String(), took
}

// The binary sends a load's spans and measurements to the collector that the
// environment names, below the span that the environment names, and no secret
// (OPR-64).
func TestOtelExport(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	stderr, _ := runObserved(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.url, "OTEL_EXPORTER_OTLP_HEADERS=x-tenant=seven", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
		"OTEL_SERVICE_NAME=nightly", "OTEL_RESOURCE_ATTRIBUTES=team=data,service.name=other",
		"TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	c.mu.Lock()
	defer c.mu.Unlock()
	if want := []string{"GET items", "resource items items", "commit", "load"}; !slices.Equal(c.spans, want) {
		t.Errorf("spans %q, want %q", c.spans, want)
	}
	if c.service != "nightly data" || c.traceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("service %q, trace %s", c.service, c.traceID)
	}
	for _, name := range []string{"restlua.rows", "restlua.requests", "restlua.received", "http.client.request.duration", "restlua.load.duration"} {
		if !slices.Contains(c.metrics, name) {
			t.Errorf("no %s among %q", name, c.metrics)
		}
	}
	for _, h := range c.headers {
		if h.Get("X-Tenant") != "seven" {
			t.Errorf("headers %v", h)
		}
	}
	if strings.Contains(c.text.String(), "cnry-otel") || !strings.Contains(c.text.String(), "***") {
		t.Errorf("a secret came, or none was masked: %s", c.text.String())
	}
	if strings.Contains(stderr, "OpenTelemetry") {
		t.Errorf("standard error: %s", stderr)
	}
}

// A collector that is not there, says no or never answers costs one warning and
// at most flushWait.
func TestOtelUnreachable(t *testing.T) {
	t.Parallel()
	hole, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hole.Close() })
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "who are you", http.StatusUnauthorized) }))
	t.Cleanup(refuses.Close)
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(busy.Close)
	for _, c := range []struct{ name, url, want string }{
		{"closed", "http://127.0.0.1:1", "connection refused"},
		{"hole", "http://" + hole.Addr().String(), "OpenTelemetry"},
		{"refuses", refuses.URL, "who are you"},
		{"busy", busy.URL, "OpenTelemetry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stderr, took := runObserved(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.url)
			if n := strings.Count(stderr, "OpenTelemetry"); n != 1 || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, "restlua: warning: ") {
				t.Errorf("%d warnings: %s", n, stderr)
			}
			// The machine may be busy; without a bound it would be a minute.
			if took > flushWait+10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// The console is standard error: standard output belongs to the report.
func TestOtelConsole(t *testing.T) {
	t.Parallel()
	stderr, _ := runObserved(t, "OTEL_TRACES_EXPORTER=console", "OTEL_METRICS_EXPORTER=console")
	for _, want := range []string{`"Name":"load"`, `"Name":"restlua.rows"`} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %s in %s", want, stderr)
		}
	}
}

// What the SDK says of a wrong setting is shown without the setting's value,
// which may be a credential (OPR-64).
func TestOtelComplaints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		say  func(l logr.Logger)
		want string
	}{
		{func(l logr.Logger) { l.Error(errors.New("missing '='"), "parse headers", "input", "cnry") }, "parse headers: missing '='"},
		{func(l logr.Logger) {
			l.Error(&url.Error{Op: "parse", URL: "http://me:cnry@[", Err: errors.New("missing ']' in host")}, "parse url", "input", "http://me:cnry@[")
		}, "parse url: missing ']' in host"},
		{func(l logr.Logger) { l.V(1).Info("limit reached") }, ""},
		{func(l logr.Logger) { l.WithName("x").WithValues("k", "cnry").Error(nil, "broken") }, "broken"},
	} {
		var out bytes.Buffer
		complain := &complaints{log: slog.New(slog.NewTextHandler(&out, nil))}
		log := logr.FromSlogHandler(complaintsLog{complain})
		c.say(log)
		c.say(log)
		complain.Handle(context.Canceled)
		if c.want == "" {
			c.want = "context canceled" // the log said nothing
		}
		if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "OpenTelemetry: "+c.want+" (") || strings.Contains(got, "cnry") {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
