package engine

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// LevelTrace is the level of records that follow the work of a load page by
// page, below slog.LevelDebug, which has one for each request.
const LevelTrace = slog.LevelDebug - 4

// Messages of the records that Options.Logger gets, beside those whose message
// is the text of a warning or what the script wrote: these have the attribute
// from = "script" and the script's fields in the group fields. Where a resource
// is meant it is the attribute resource. docs/observability.md lists all
// attributes.
const (
	LogBegan        = "load began"      // Info
	LogResumed      = "load resumed"    // Info
	LogRequest      = "request"         // Debug; with Options.Detail also headers and body
	LogRetry        = "retry"           // Debug, or Info where the wait is 10 s or more
	LogPage         = "page"            // LevelTrace
	LogDetected     = "detected"        // Debug
	LogResourceDone = "resource done"   // Info
	LogFailure      = "resource failed" // Error
	LogCommitted    = "load committed"  // Info
	LogDryRun       = "dry run done"    // Info
	LogFailed       = "load failed"     // Error
)

// longWait is the wait before a retry that somebody who looks on should know of.
const longWait = 10 * time.Second

// LogEvents are events that become records of l, as those of Options.Logger do.
func LogEvents(l *slog.Logger) Events {
	write := func(level slog.Level, message string, attrs ...slog.Attr) {
		l.LogAttrs(context.Background(), level, message, attrs...)
	}
	return Events{
		Start: func(e StartEvent) {
			write(slog.LevelInfo, LogBegan, slog.String("source", e.Source), slog.String("dataset", e.Dataset), slog.Int64("load", e.Load),
				slog.Any("resources", e.Resources))
		},
		Resume: func(e ResumeEvent) {
			write(slog.LevelInfo, LogResumed, slog.Time("started_at", e.StartedAt), slog.Time("checkpoint_at", e.CheckpointAt),
				slog.Any("pages", e.Pages), slog.Any("rows", e.Rows))
		},
		Request: func(e RequestEvent) {
			if l.Enabled(context.Background(), slog.LevelDebug) {
				write(slog.LevelDebug, LogRequest, requestAttrs(e)...)
			}
		},
		Retry: func(e RetryEvent) {
			level := slog.LevelDebug
			if e.Wait >= longWait {
				level = slog.LevelInfo
			}
			write(level, LogRetry, resourceAttr(e.Resource), slog.Int("attempt", e.Attempt), slog.String("reason", e.Reason),
				slog.Duration("wait", e.Wait), slog.String("url", e.URL))
		},
		Page: func(e PageEvent) {
			write(LevelTrace, LogPage, resourceAttr(e.Resource), slog.Int("page", e.Page), slog.Int("records", e.Records),
				slog.Int64("rows", e.Rows), slog.Int64("bytes", e.Bytes), slog.String("url", e.URL))
		},
		Resource: func(e ResourceEvent) {
			write(slog.LevelInfo, LogResourceDone, resourceAttr(e.Resource), slog.Int64("requests", e.Requests), slog.Int64("pages", e.Pages),
				slog.Int64("rows", e.Rows), slog.Int64("bytes", e.Bytes), slog.Duration("elapsed", e.Elapsed))
		},
		Failure: func(e FailureEvent) {
			write(slog.LevelError, LogFailure, resourceAttr(e.Resource), slog.String("error", e.Err.Error()), slog.Duration("elapsed", e.Elapsed))
		},
		End: func(e EndEvent) {
			if e.Err != nil {
				write(slog.LevelError, LogFailed, slog.String("error", e.Err.Error()), slog.Duration("elapsed", e.Elapsed))
				return
			}
			message := LogCommitted
			if !e.Result.Committed {
				message = LogDryRun
			}
			rows := int64(0)
			for _, t := range e.Result.Tables {
				rows += t.Rows
			}
			write(slog.LevelInfo, message, slog.String("source", e.Result.Source), slog.Int64("load", e.Result.Load), slog.Int64("rows", rows),
				slog.Int64("requests", e.Result.Requests), slog.Int64("retries", e.Result.Retries), slog.Int64("bytes", e.Result.Bytes),
				slog.Bool("partial", e.Result.Partial()), slog.Duration("elapsed", e.Elapsed))
		},
		Detected: func(e DetectedEvent) {
			write(slog.LevelDebug, LogDetected, resourceAttr(e.Resource), slog.String("found", e.Text))
		},
		Warning: func(e WarningEvent) { write(slog.LevelWarn, e.Text, resourceAttr(e.Resource)) },
		Log: func(e LogEvent) {
			var fields []slog.Attr
			for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
				fields = append(fields, slog.Any(name, e.Fields[name]))
			}
			write(scriptLevel(e.Level), e.Text, resourceAttr(e.Resource), slog.String("from", "script"), slog.GroupAttrs("fields", fields...))
		},
	}
}

// resourceAttr names a resource; the empty attribute, which handlers leave out,
// where there is none.
func resourceAttr(name string) slog.Attr {
	if name == "" {
		return slog.Attr{}
	}
	return slog.String("resource", name)
}

func requestAttrs(e RequestEvent) []slog.Attr {
	attrs := []slog.Attr{resourceAttr(e.Resource), slog.String("method", e.Method), slog.String("url", e.URL)}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	} else {
		attrs = append(attrs, slog.Int("status", e.Status), slog.Int64("bytes", e.Bytes))
	}
	attrs = append(attrs, slog.Int("attempt", e.Attempt), slog.Duration("waited", e.Waited), slog.Duration("elapsed", e.Elapsed))
	if e.RequestHeaders != nil {
		attrs = append(attrs, slog.Any("request_headers", e.RequestHeaders))
	}
	if e.ResponseHeaders != nil {
		attrs = append(attrs, slog.Any("response_headers", e.ResponseHeaders))
	}
	if e.Body != "" {
		attrs = append(attrs, slog.String("body", e.Body))
	}
	return attrs
}

// scriptLevel is the level of a line that the script wrote: those of its module
// log, and print, which informs.
func scriptLevel(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
