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
	x := &limiter{host: l.hosts[host]}
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
// states; without them it learns a distance between requests from the answers:
// none at first, doubled when the API complains, less with every success.
type limiter struct {
	host    *pause
	windows []*rate.Limiter

	mu       sync.Mutex
	started  [16]time.Time // the last starts, a ring
	count    int           // of starts
	next     time.Time     // the earliest start of the next request
	distance time.Duration // between two starts; 0: free
	slowed   time.Time     // when distance was last doubled
}

// wait waits until a request may start. waited is the end of a pause that this
// request has sat out already.
func (l *limiter) wait(ctx context.Context, c *Client, waited time.Time) (start time.Time, err error) {
	for _, w := range l.windows {
		now := c.now()
		if d := w.ReserveN(now, 1).DelayFrom(now); d > 0 {
			if err := c.sleep(ctx, d); err != nil {
				return start, err
			}
		}
	}
	if d := l.reserve(c.now()); d > 0 {
		if err := c.sleep(ctx, d); err != nil {
			return start, err
		}
	}
	// A pause is slept out once: where waits are skipped (a replay) the clock
	// never gets there.
	for until := l.host.end(); until.After(waited); until = l.host.end() {
		if d := until.Sub(c.now()); d > 0 {
			if err := c.sleep(ctx, d); err != nil {
				return start, err
			}
		}
		waited = until
	}
	return c.now(), nil
}

// reserve takes the next start and returns the time until then.
func (l *limiter) reserve(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now
	if l.distance > 0 && l.next.After(now) {
		at = l.next
	}
	l.next = at.Add(l.distance)
	l.started[l.count%len(l.started)] = at
	l.count++
	return at.Sub(now)
}

// Bounds of the learned distance between two requests.
const (
	leastDistance = time.Millisecond // less is free
	mostDistance  = 10 * time.Second
)

// slow halves the rate, because the API complained about a request that began at
// start. Requests that were under way when the rate was last halved do not count.
func (l *limiter) slow(start, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.windows) > 0 || !l.slowed.IsZero() && !start.After(l.slowed) {
		return
	}
	distance := l.distance
	if distance == 0 {
		// Free until now: the rate of the last requests is what was too much.
		n := min(l.count, len(l.started))
		if n < 2 {
			return
		}
		oldest := l.started[(l.count-n)%len(l.started)]
		newest := l.started[(l.count-1)%len(l.started)]
		distance = max(newest.Sub(oldest)/time.Duration(n-1), leastDistance)
	}
	l.distance = min(2*distance, mostDistance)
	l.slowed = now
	l.next = now.Add(l.distance)
}

// climb raises the rate by 2 % after a success.
func (l *limiter) climb() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.distance == 0 {
		return
	}
	if l.distance = l.distance * 50 / 51; l.distance < leastDistance {
		l.distance = 0
	}
}
