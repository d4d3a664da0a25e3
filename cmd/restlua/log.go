package main

import (
	"context"
	"log/slog"

	"github.com/restlua/restlua/engine"
)

// logFormats are the values of --log-format.
var logFormats = []string{"text", "logfmt", "json"}

// logProgressed is the message of the records of logProgress.
const logProgressed = "progress"

// logger makes the logger of a load, which writes to stderr. Where a machine
// reads that, all that the process says from now on goes the same way.
func (t *terminal) logger(v view) *slog.Logger {
	level := slog.LevelInfo
	switch v.verbose {
	case 0:
	case 1:
		level = slog.LevelDebug
	default:
		level = engine.LevelTrace
	}
	switch v.format {
	case "logfmt":
		o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a = nameTrace(groups, a); a.Value.Kind() == slog.KindAny && a.Key != slog.LevelKey {
				a.Value = slog.StringValue(inWords(a.Value))
			}
			return a
		}}
		t.machine = slog.New(failuresApart{slog.NewTextHandler(besides{t}, o)})
	case "json":
		t.machine = slog.New(failuresApart{slog.NewJSONHandler(besides{t}, &slog.HandlerOptions{Level: level, ReplaceAttr: nameTrace})})
	default:
		return slog.New(&lineHandler{t: t, level: level, resources: t.progressMode(v.progress) == "log"})
	}
	return t.machine
}

// nameTrace gives engine.LevelTrace its name.
func nameTrace(groups []string, a slog.Attr) slog.Attr {
	if level, ok := a.Value.Any().(slog.Level); ok && len(groups) == 0 && level == engine.LevelTrace {
		return slog.String(slog.LevelKey, "TRACE")
	}
	return a
}

// failuresApart leaves out the engine's record of a load that failed: the error
// that ends the process says the same, with a hint.
type failuresApart struct{ slog.Handler }

func (h failuresApart) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == engine.LogFailed && r.Level == slog.LevelError {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h failuresApart) WithAttrs(attrs []slog.Attr) slog.Handler {
	return failuresApart{h.Handler.WithAttrs(attrs)}
}

func (h failuresApart) WithGroup(name string) slog.Handler {
	return failuresApart{h.Handler.WithGroup(name)}
}
