package rest

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/restlua/restlua/engine/config"
)

// limiters are the limiters of a client, one for each host and credential
// (OPR-03).
type limiters struct {
	mu      sync.Mutex
	rates   []config.Rate
	hosts   map[string]*pause
	limiter map[limiterKey]*limiter
}

type limiterKey struct{ host, credential string }

// pause stops all requests to a host until a time.
type pause struct {
	mu    sync.Mutex
	until time.Time
}

func (p *pause) extend(until time.Time) {
	p.mu.Lock()
	if until.After(p.until) {
		p.until = until
	}
	p.mu.Unlock()
}

func (p *pause) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

func (l *limiters) get(host, credential string) *limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := limiterKey{host, credential}
	if x := l.limiter[key]; x != nil {
		return x
	}
	if l.hosts == nil {
		l.hosts, l.limiter = map[string]*pause{}, map[limiterKey]*limiter{}
	}
	if l.hosts[host] == nil {
		l.hosts[host] = &pause{}
	}
	x := &limiter{host: l.hosts[host], turn: make(chan struct{}, 1)}
	for _, r := range l.rates {
		burst := r.Burst
		if burst <= 0 {
			burst = r.Requests
		}
		x.windows = append(x.windows, rate.NewLimiter(rate.Limit(float64(r.Requests)/r.Per.Seconds()), max(burst, 1)))
	}
	l.limiter[key] = x
	return x
}

// limiter decides when a request may start. It has the windows that the script
// states; without them it learns a rate from the answers, see adaptive.
type limiter struct {
	host    *pause
	windows []*rate.Limiter
	learned adaptive
	turn    chan struct{} // held by the request that starts next: for it the rate of now counts, not the one when it came
}

// wait waits until a request may start. waited is the end of a pause that this
// request has sat out already: a pause is slept out once, as where waits are
// skipped (a replay) the clock never gets to its end.
func (l *limiter) wait(ctx context.Context, c *Client, waited time.Time) (start time.Time, err error) {
	for _, w := range l.windows {
		now := c.now()
		if d := w.ReserveN(now, 1).DelayFrom(now); d > 0 {
			if err := c.sleep(ctx, d); err != nil {
				return start, err
			}
		}
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return start, context.Cause(ctx)
	}
	for {
		until := l.host.end()
		if until.After(waited) {
			if d := until.Sub(c.now()); d > 0 {
				if err := c.sleep(ctx, d); err != nil {
					return start, err
				}
			}
			waited = until
			continue
		}
		// The turn comes behind the pause: all that waited would start at once.
		if d := l.learned.reserve(c.now()); d > 0 {
			if err := c.sleep(ctx, d); err != nil {
				return start, err
			}
		}
		if !l.host.end().After(waited) {
			return c.now(), nil
		}
	}
}

// slow takes a complaint of the API about a request that began at start.
func (l *limiter) slow(start, now time.Time, status int) {
	if len(l.windows) == 0 {
		l.learned.slow(start, now, status)
	}
}
