package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
)

// complaints makes one warning of all that OpenTelemetry has to complain about:
// the first is the cause of most others. It is the SDK's error handler and may be
// used from several goroutines.
type complaints struct {
	log  *slog.Logger
	once sync.Once
}

func (c *complaints) Handle(err error) {
	c.once.Do(func() {
		c.log.Warn("OpenTelemetry: " + err.Error() + " (the run does not depend on it; more of this is not shown)")
	})
}

// complaintsLog takes the errors in the SDK's log, which have what was wrong with
// a setting. Their other values are left out: they may be headers that carry
// credentials.
type complaintsLog struct{ *complaints }

func (c complaintsLog) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}

func (c complaintsLog) Handle(_ context.Context, r slog.Record) error {
	err := errors.New(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		cause, ok := a.Value.Any().(error)
		if !ok || a.Key != "err" {
			return true
		}
		if of := (*url.Error)(nil); errors.As(cause, &of) {
			cause = of.Err // without the URL, which may have a password
		}
		err = errors.New(r.Message + ": " + cause.Error())
		return false
	})
	c.complaints.Handle(err)
	return nil
}

func (c complaintsLog) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c complaintsLog) WithGroup(string) slog.Handler      { return c }
