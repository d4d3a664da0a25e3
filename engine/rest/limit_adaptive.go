package rest

import (
	"math"
	"net/http"
	"sync"
	"time"
)

// adaptive learns how many requests a second an API takes (OPR-03).
//
// It is free until the API complains. The good answers of the second before
// tell what it allows: most APIs count by the second, or fill a bucket by it.
// From a little less than that the rate climbs until the API complains again,
// faster and faster where it does not; where it does, the limit is known, and
// the rate stays just below it for a minute. A pause costs more than a few
// requests not made, so complaints are not sought.
type adaptive struct {
	mu   sync.Mutex
	rate float64   // requests a second; 0: free
	next time.Time // the earliest start of the next request

	began    time.Time // of the first request
	started  int64     // requests
	since    time.Time // the last complaint, or the first request
	accepted int64     // good answers since then

	complaints int       // since the rate was free
	slowed     time.Time // the last complaint
	grown      time.Time // the rate was last raised
	ceiling    float64   // the most that the API is thought to allow
	known      bool      // ceiling was met, not guessed
	vague      bool      // ceiling was guessed from few answers
	crossed    time.Time // the rate climbed past ceiling; zero: it has not
}

// Bounds of the learned rate, in requests a second, and how it moves.
const (
	leastRate  = 0.1
	mostRate   = 1000 // more is free
	belowGuess = 0.93 // of what came, after the first complaint
	belowKnown = 0.93 // of the rate that was too much
	farBelow   = 0.83 // the same, where the rate was much too much
	knownFor   = time.Minute
	quick      = 2500 * time.Millisecond // between two complaints: the rate was much too much
	longPause  = 10 * time.Second
	fewAnswers = 16 // tell little about what the API allows
)

// reserve takes the next start and returns the time until then.
func (a *adaptive) reserve(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started++; a.started == 1 {
		a.began, a.since = now, now
	}
	if a.rate == 0 {
		return 0
	}
	at := now
	if a.next.After(now) {
		at = a.next
	}
	a.next = at.Add(a.distance())
	return at.Sub(now)
}

// distance is the time between two requests.
func (a *adaptive) distance() time.Duration { return time.Duration(float64(time.Second) / a.rate) }

// slow lowers the rate, because the API complained about a request that began at
// start. Those that were under way when it was lowered last do not count.
func (a *adaptive) slow(start, now time.Time, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.slowed.IsZero() && !start.After(a.slowed) || a.started < 2 {
		return
	}
	elapsed := max(now.Sub(a.since), time.Second)
	average := float64(a.accepted) / elapsed.Seconds()
	if a.rate == 0 && a.complaints == 0 && a.accepted < fewAnswers {
		// One complaint after a few answers tells no rate: the pause that it asks
		// for is enough, until there is a second one.
		a.complaints++
		a.accepted, a.since, a.slowed = 0, now, now
		return
	}
	switch before := a.rate; {
	case before == 0:
		a.rate, a.ceiling, a.known, a.vague = belowGuess*average, average, false, a.accepted < fewAnswers
		if status == http.StatusServiceUnavailable { // it may be ill, not busy
			observed := float64(a.started) / max(now.Sub(a.began).Seconds(), 0.001)
			a.rate = max(a.rate, observed/2)
		}
	case elapsed < quick && a.complaints > 1 || a.growth(now) > 0.1:
		a.rate, a.ceiling, a.known, a.vague = farBelow*before, before, false, false
	default:
		a.rate, a.ceiling, a.known = belowKnown*before, before, true
	}
	// Where pauses take most of the time, the API counts by more than seconds.
	if elapsed > longPause && average < a.rate/2 {
		a.rate = max(average, a.rate/4)
	}
	a.rate = max(a.rate, leastRate)
	a.complaints++
	a.accepted, a.since, a.slowed, a.grown, a.crossed = 0, now, now, now, time.Time{}
	a.next = now.Add(a.distance())
}

// growth is by which part of it the rate grows in a second.
func (a *adaptive) growth(now time.Time) float64 {
	switch {
	case a.known && now.Sub(a.slowed) < knownFor:
		return 0.001
	case a.rate < a.ceiling/2:
		return 0.5
	case a.crossed.IsZero():
		return 0.03
	case a.vague:
		return min(1, 0.2*math.Exp2(now.Sub(a.crossed).Seconds()))
	}
	return min(0.3, 0.03*math.Exp2(now.Sub(a.crossed).Seconds()))
}

// climb takes a good answer.
func (a *adaptive) climb(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accepted++
	// A rate that nobody waits for says nothing.
	if a.rate == 0 || a.next.Before(now.Add(-a.distance())) {
		a.grown = now
		return
	}
	elapsed := min(max(now.Sub(a.grown), 0), time.Second).Seconds()
	a.grown = now
	a.rate *= 1 + a.growth(now)*elapsed
	if a.rate > a.ceiling && a.crossed.IsZero() {
		a.crossed = now
	}
	if a.rate > mostRate {
		a.rate, a.ceiling, a.known, a.complaints = 0, 0, false, 0
		a.since, a.accepted = now, 0
	}
}
