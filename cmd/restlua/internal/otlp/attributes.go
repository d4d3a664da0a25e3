package otlp

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkresource "go.opentelemetry.io/otel/sdk/resource"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

func attributes(given []attribute.KeyValue) []*commonpb.KeyValue {
	out := make([]*commonpb.KeyValue, len(given))
	for i, a := range given {
		out[i] = &commonpb.KeyValue{Key: string(a.Key), Value: value(a.Value)}
	}
	return out
}

func setAttributes(set attribute.Set) []*commonpb.KeyValue { return attributes(set.ToSlice()) }

func value(v attribute.Value) *commonpb.AnyValue {
	switch v.Type() {
	case attribute.BOOL:
		return boolean(v.AsBool())
	case attribute.INT64:
		return integer(v.AsInt64())
	case attribute.FLOAT64:
		return double(v.AsFloat64())
	case attribute.STRING:
		return text(v.AsString())
	case attribute.BOOLSLICE:
		return list(v.AsBoolSlice(), boolean)
	case attribute.INT64SLICE:
		return list(v.AsInt64Slice(), integer)
	case attribute.FLOAT64SLICE:
		return list(v.AsFloat64Slice(), double)
	case attribute.STRINGSLICE:
		return list(v.AsStringSlice(), text)
	}
	return text(v.String()) // kinds that came after this was written
}

func boolean(b bool) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: b}}
}

func integer(i int64) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: i}}
}

func double(d float64) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: d}}
}

func text(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
}

func list[T any](values []T, one func(T) *commonpb.AnyValue) *commonpb.AnyValue {
	out := &commonpb.ArrayValue{}
	for _, v := range values {
		out.Values = append(out.Values, one(v))
	}
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: out}}
}

func scope(s instrumentation.Scope) *commonpb.InstrumentationScope {
	return &commonpb.InstrumentationScope{Name: s.Name, Version: s.Version, Attributes: setAttributes(s.Attributes)}
}

func resource(r *sdkresource.Resource) *resourcepb.Resource {
	if r == nil {
		return nil
	}
	return &resourcepb.Resource{Attributes: attributes(r.Attributes())}
}

// nanos are those since 1970; 0 for the zero time.
func nanos(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(max(0, t.UnixNano()))
}
