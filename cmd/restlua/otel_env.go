package main

import (
	"fmt"
	"slices"
	"strings"
)

// otelSettings are what the environment says of OpenTelemetry, by the names of
// its specification. What they do not hold is read elsewhere:
// endpoints, headers and certificates by package otlp, samplers, limits and
// intervals by the SDK.
type otelSettings struct {
	traces, metrics []string // exporters: otlp, console
	ignored         []string // settings that are not followed, and why
	parent          string   // TRACEPARENT
	parentState     string   // TRACESTATE
}

// otelFromEnv reads the environment. Nothing is exported unless an exporter or
// an endpoint is named: the specification's default, a collector on this
// machine, would make every run look for one.
func otelFromEnv(getenv func(string) string) otelSettings {
	s := otelSettings{parent: getenv("TRACEPARENT"), parentState: getenv("TRACESTATE")}
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return s
	}
	exporters := func(signal string) []string {
		name := "OTEL_" + signal + "_EXPORTER"
		value := getenv(name)
		if value == "" && (getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != "") {
			value = "otlp"
		}
		var out []string
		for kind := range strings.SplitSeq(value, ",") {
			kind = strings.TrimSpace(kind)
			switch {
			case kind == "" || kind == "none" || slices.Contains(out, kind):
			case kind == "otlp":
				if why := s.protocol(getenv, signal); why != "" {
					s.ignored = append(s.ignored, why)
					continue
				}
				out = append(out, kind)
			case kind == "console":
				out = append(out, kind)
			default:
				s.ignored = append(s.ignored, fmt.Sprintf("%s=%s is not known and left out (otlp, console or none)", name, kind))
			}
		}
		return out
	}
	s.traces = exporters("TRACES")
	s.metrics = exporters("METRICS")
	return s
}

// protocol says why a signal cannot be sent in the way that is asked for; empty:
// it can.
func (s *otelSettings) protocol(getenv func(string) string, signal string) string {
	name := "OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL"
	value := getenv(name)
	if value == "" {
		name = "OTEL_EXPORTER_OTLP_PROTOCOL"
		value = getenv(name)
	}
	switch value {
	case "", "http/protobuf":
		return ""
	case "grpc", "http/json":
		return fmt.Sprintf("%s=%s is not supported, no %s are sent: use http/protobuf, which collectors take on port 4318", name, value, strings.ToLower(signal))
	}
	return fmt.Sprintf("%s=%s is not known, no %s are sent: use http/protobuf", name, value, strings.ToLower(signal))
}
