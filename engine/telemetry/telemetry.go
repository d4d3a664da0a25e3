// Package telemetry makes OpenTelemetry spans and measurements of a load from
// the engine's events.
//
//	load                     from its beginning to the end of Run
//	  resource issues        from the beginning of the load until it is done or failed
//	    GET                  one request, by the semantic conventions of HTTP clients
//	  commit                 none in a dry run
//
// The providers are the program's own: nothing here is sent anywhere, read from
// the environment or kept in variables of a package. What spans say is what the
// events say, so secrets are masked.
package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/restlua/restlua/engine"
)

// scope names the instruments and spans.
const scope = "github.com/restlua/restlua/engine"

// Options say where spans and measurements go. With the zero value they go
// nowhere.
type Options struct {
	TracerProvider trace.TracerProvider // nil: no spans
	MeterProvider  metric.MeterProvider // nil: no measurements
}

// Events are the events of one run, for engine.Options.Events; a second run needs
// others. Where ctx has a span, the load's span is its child. An error says that
// the meter provider refuses an instrument.
func Events(ctx context.Context, o Options) (engine.Events, error) {
	if o.TracerProvider == nil {
		o.TracerProvider = tracenoop.NewTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = metricnoop.NewMeterProvider()
	}
	tracer := o.TracerProvider.Tracer(scope, trace.WithInstrumentationVersion(engine.Version), trace.WithSchemaURL(semconv.SchemaURL))
	meter := o.MeterProvider.Meter(scope, metric.WithInstrumentationVersion(engine.Version), metric.WithSchemaURL(semconv.SchemaURL))
	counted, err := newMeasured(meter)
	if err != nil {
		return engine.Events{}, err
	}
	traced := &traced{tracer: tracer, outer: ctx, now: time.Now}
	return traced.events().And(counted.events()), nil
}
