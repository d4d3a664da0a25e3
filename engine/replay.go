package engine

import (
	"context"
	"time"

	"github.com/restlua/restlua/engine/har"
	"github.com/restlua/restlua/engine/hook"
)

// replay answers all requests from a recording: no network, no waits, the clock
// of the recording, and a mask for each secret that is not at hand.
func (p *plan) replay(o *Options) error {
	rep, err := har.Open(o.Replay, p.redactor)
	if err != nil {
		return &UsageError{err.Error()}
	}
	o.Transport = rep
	o.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	if began := rep.Started(); !began.IsZero() {
		now, first := o.Now, o.Now()
		o.Now = func() time.Time { return began.Add(now().Sub(first)) }
	}
	o.Secrets = masked(o.Secrets)
	return nil
}

// masked gives a mask for secrets that are not set.
func masked(lookup hook.Lookup) hook.Lookup {
	return func(path string) (any, bool, []string, error) {
		value, ok, places, err := lookup(path)
		if err == nil && !ok {
			return "***", true, nil, nil
		}
		return value, ok, places, err
	}
}
