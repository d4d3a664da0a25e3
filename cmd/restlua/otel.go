package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdkresource "go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/restlua/restlua/cmd/restlua/internal/otlp"
	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/telemetry"
)

// flushWait is the longest time that the end of a run waits for what was not
// sent yet.
const flushWait = 2 * time.Second

// observed is the OpenTelemetry of one run.
type observed struct {
	events engine.Events
	stop   func() // sends what was not sent yet, for at most flushWait
}

// observe starts what the settings ask for; without any, nothing. Whatever goes
// wrong with it is one warning and does not stop the run.
func observe(ctx context.Context, s otelSettings, console io.Writer, log *slog.Logger) observed {
	complain := &complaints{log: log}
	for _, text := range s.ignored {
		log.Warn("OpenTelemetry: " + text)
	}
	if len(s.traces) == 0 && len(s.metrics) == 0 {
		return observed{stop: func() {}}
	}
	// What the SDK has to say has no other way than these.
	otel.SetErrorHandler(complain)
	otel.SetLogger(logr.FromSlogHandler(complaintsLog{complain}))

	from := describeProcess(ctx, complain)
	var o telemetry.Options
	var stops []func(context.Context) error
	if p := tracerProvider(s.traces, from, console, complain); p != nil {
		o.TracerProvider = p
		stops = append(stops, p.Shutdown)
	}
	if p := meterProvider(s.metrics, from, console, complain); p != nil {
		o.MeterProvider = p
		stops = append(stops, p.Shutdown)
	}
	parent := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": s.parent, "tracestate": s.parentState})
	events, err := telemetry.Events(parent, o)
	if err != nil {
		complain.Handle(err)
	}
	return observed{events, func() { flush(ctx, stops, complain) }}
}

// describeProcess says who sends: the service is restlua, unless the environment
// knows better.
func describeProcess(ctx context.Context, complain *complaints) *sdkresource.Resource {
	r, err := sdkresource.New(ctx, sdkresource.WithTelemetrySDK(),
		sdkresource.WithAttributes(semconv.ServiceName("restlua"), semconv.ServiceVersion(engine.Version)), sdkresource.WithFromEnv())
	if err != nil {
		complain.Handle(err)
	}
	return r
}

// tracerProvider returns nil where no exporter can be made.
func tracerProvider(kinds []string, from *sdkresource.Resource, console io.Writer, complain *complaints) *sdktrace.TracerProvider {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(from)}
	for _, kind := range kinds {
		var e sdktrace.SpanExporter
		var err error
		if kind == "console" {
			e, err = stdouttrace.New(stdouttrace.WithWriter(console))
		} else {
			e, err = otlp.NewSpans(os.Getenv)
		}
		if err != nil {
			complain.Handle(err)
			continue
		}
		options = append(options, sdktrace.WithBatcher(e))
	}
	if len(options) == 1 {
		return nil
	}
	return sdktrace.NewTracerProvider(options...)
}

// meterProvider returns nil where no exporter can be made.
func meterProvider(kinds []string, from *sdkresource.Resource, console io.Writer, complain *complaints) *sdkmetric.MeterProvider {
	options := []sdkmetric.Option{sdkmetric.WithResource(from)}
	for _, kind := range kinds {
		var e sdkmetric.Exporter
		var err error
		if kind == "console" {
			e, err = stdoutmetric.New(stdoutmetric.WithWriter(console))
		} else {
			e, err = otlp.NewMetrics(os.Getenv)
		}
		if err != nil {
			complain.Handle(err)
			continue
		}
		options = append(options, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(e)))
	}
	if len(options) == 1 {
		return nil
	}
	return sdkmetric.NewMeterProvider(options...)
}

// flush sends the rest, all signals at the same time. It starts a goroutine for
// each, and does not wait for one that takes longer than flushWait.
func flush(ctx context.Context, stops []func(context.Context) error, complain *complaints) {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), flushWait, errUnsent)
	defer cancel()
	ended := make(chan error, len(stops))
	for _, stop := range stops {
		go func() { ended <- stop(ctx) }()
	}
	for range stops {
		select {
		case err := <-ended:
			if err != nil {
				complain.Handle(err)
			}
		case <-ctx.Done():
			complain.Handle(errUnsent)
		}
	}
}

var errUnsent = errors.New("no answer in time, the rest is not sent")
