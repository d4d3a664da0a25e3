package otlp

import (
	"context"
	"fmt"
	"strings"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
)

// Metrics sends measurements. It is a metric.Exporter.
type Metrics struct {
	client      *client
	temporality sdkmetric.TemporalitySelector
}

// NewMetrics reads the settings of the environment. Errors: a setting that
// cannot be followed.
func NewMetrics(getenv func(string) string) (*Metrics, error) {
	c, err := newClient(getenv, "METRICS")
	if err != nil {
		return nil, err
	}
	e := &Metrics{client: c, temporality: sdkmetric.DefaultTemporalitySelector}
	const name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
	switch text := strings.ToLower(getenv(name)); text {
	case "", "cumulative":
	case "delta":
		e.temporality = sdkmetric.DeltaTemporalitySelector
	case "lowmemory":
		e.temporality = sdkmetric.LowMemoryTemporalitySelector
	default:
		return nil, fmt.Errorf("%s is %q: cumulative, delta or lowmemory was expected", name, text)
	}
	return e, nil
}

// Temporality is what OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE asks for.
func (e *Metrics) Temporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	return e.temporality(kind)
}

// Aggregation is the SDK's own choice.
func (e *Metrics) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

// Export sends all measurements in one message. MetricsData has the wire form
// of the service's request.
func (e *Metrics) Export(ctx context.Context, all *metricdata.ResourceMetrics) error {
	of := &metricspb.ResourceMetrics{Resource: resource(all.Resource)}
	if all.Resource != nil {
		of.SchemaUrl = all.Resource.SchemaURL()
	}
	for _, s := range all.ScopeMetrics {
		group := &metricspb.ScopeMetrics{Scope: scope(s.Scope), SchemaUrl: s.Scope.SchemaURL}
		for _, m := range s.Metrics {
			out := &metricspb.Metric{Name: m.Name, Description: m.Description, Unit: m.Unit}
			if err := fill(out, m.Data); err != nil {
				return err
			}
			group.Metrics = append(group.Metrics, out)
		}
		of.ScopeMetrics = append(of.ScopeMetrics, group)
	}
	return e.client.send(ctx, &metricspb.MetricsData{ResourceMetrics: []*metricspb.ResourceMetrics{of}})
}

// ForceFlush has nothing to do: nothing waits here.
func (e *Metrics) ForceFlush(context.Context) error { return nil }

// Shutdown has nothing to do, as ForceFlush.
func (e *Metrics) Shutdown(context.Context) error {
	e.client.http.CloseIdleConnections()
	return nil
}

// fill puts the data of one instrument into its metric.
func fill(out *metricspb.Metric, data metricdata.Aggregation) error {
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		out.Data = sum(d)
	case metricdata.Sum[float64]:
		out.Data = sum(d)
	case metricdata.Gauge[int64]:
		out.Data = gauge(d)
	case metricdata.Gauge[float64]:
		out.Data = gauge(d)
	case metricdata.Histogram[int64]:
		out.Data = histogram(d)
	case metricdata.Histogram[float64]:
		out.Data = histogram(d)
	default:
		return fmt.Errorf("measurements of %s are %T, which is not sent", out.Name, data)
	}
	return nil
}

func sum[N int64 | float64](d metricdata.Sum[N]) *metricspb.Metric_Sum {
	return &metricspb.Metric_Sum{Sum: &metricspb.Sum{DataPoints: points(d.DataPoints), AggregationTemporality: temporality(d.Temporality), IsMonotonic: d.IsMonotonic}}
}

func gauge[N int64 | float64](d metricdata.Gauge[N]) *metricspb.Metric_Gauge {
	return &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: points(d.DataPoints)}}
}

func points[N int64 | float64](given []metricdata.DataPoint[N]) []*metricspb.NumberDataPoint {
	out := make([]*metricspb.NumberDataPoint, len(given))
	for i, p := range given {
		out[i] = &metricspb.NumberDataPoint{
			Attributes: setAttributes(p.Attributes), StartTimeUnixNano: nanos(p.StartTime), TimeUnixNano: nanos(p.Time), Exemplars: exemplars(p.Exemplars),
		}
		switch n := any(p.Value).(type) {
		case int64:
			out[i].Value = &metricspb.NumberDataPoint_AsInt{AsInt: n}
		case float64:
			out[i].Value = &metricspb.NumberDataPoint_AsDouble{AsDouble: n}
		}
	}
	return out
}

func histogram[N int64 | float64](d metricdata.Histogram[N]) *metricspb.Metric_Histogram {
	out := &metricspb.Histogram{AggregationTemporality: temporality(d.Temporality)}
	for _, p := range d.DataPoints {
		total := float64(p.Sum)
		x := &metricspb.HistogramDataPoint{
			Attributes: setAttributes(p.Attributes), StartTimeUnixNano: nanos(p.StartTime), TimeUnixNano: nanos(p.Time),
			Count: p.Count, Sum: &total, BucketCounts: p.BucketCounts, ExplicitBounds: p.Bounds, Exemplars: exemplars(p.Exemplars),
		}
		if least, ok := p.Min.Value(); ok {
			f := float64(least)
			x.Min = &f
		}
		if most, ok := p.Max.Value(); ok {
			f := float64(most)
			x.Max = &f
		}
		out.DataPoints = append(out.DataPoints, x)
	}
	return &metricspb.Metric_Histogram{Histogram: out}
}

func exemplars[N int64 | float64](given []metricdata.Exemplar[N]) []*metricspb.Exemplar {
	var out []*metricspb.Exemplar
	for _, e := range given {
		x := &metricspb.Exemplar{FilteredAttributes: attributes(e.FilteredAttributes), TimeUnixNano: nanos(e.Time), TraceId: e.TraceID, SpanId: e.SpanID}
		switch n := any(e.Value).(type) {
		case int64:
			x.Value = &metricspb.Exemplar_AsInt{AsInt: n}
		case float64:
			x.Value = &metricspb.Exemplar_AsDouble{AsDouble: n}
		}
		out = append(out, x)
	}
	return out
}

func temporality(t metricdata.Temporality) metricspb.AggregationTemporality {
	switch t {
	case metricdata.DeltaTemporality:
		return metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
	case metricdata.CumulativeTemporality:
		return metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	}
	return metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_UNSPECIFIED
}
