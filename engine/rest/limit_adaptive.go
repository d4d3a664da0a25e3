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
// faster and faster where it does not, and at once where the first guess comes
// from few answers; each complaint tells more (see guess), and when the limit is
// known the rate stays just below it for a minute. A pause costs more than a few
// requests not made, so complaints are not sought.
type adaptive struct {
	mu   sync.Mutex
	rate float64   // requests a second; 0: free
	next time.Time // the earliest start of the next request

	began    time.Time   // of the first request
	started  int64       // requests
	since    time.Time   // the last complaint, or the first request
	accepted int64       // good answers since then
	starts   []time.Time // when the last of these were sent, at most 2*mostStarts
	few      int64       // good answers before the first complaint, where they told no rate
	burst    float64     // good answers before the first complaint, of one second at most: what a bucket holds
	first    float64     // the same and those to requests that were under way then
	guessed  float64     // the last guess; 0: none

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
	underFlow  = 0.97 // of what flows into a bucket
	leastCut   = 0.3  // of the rate that was too much: no complaint takes more
	slowCut    = 0.7  // the same, where the rate grew slowly: it was not far above
	knownFor   = time.Minute
	quick      = 2500 * time.Millisecond // between two complaints: the rate was much too much
	longPause  = 10 * time.Second
	fewAnswers = 16  // tell little about what the API allows
	ramp       = 1.4 // growth in a second from a guess of few answers
	mostStep   = 0.2 // growth with one answer: where few come they shall say first what they think of it
	mostStarts = 1024
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
	if a.started < 2 {
		return
	}
	if !a.slowed.IsZero() && !start.After(a.slowed) {
		if a.rate == 0 && a.few > 0 { // it was not the only one
			a.begin(float64(a.few+a.accepted), float64(a.few), now, status)
		}
		return
	}
	elapsed := max(now.Sub(a.since), time.Second)
	average := float64(a.accepted) / elapsed.Seconds()
	if a.rate == 0 && (a.accepted == 0 || a.complaints == 0 && a.accepted < fewAnswers) {
		// One complaint after a few answers tells no rate: the pause that it asks
		// for is enough, until there is a second one.
		a.few = a.accepted
		a.complained(now)
		return
	}
	switch before := a.rate; {
	case before == 0:
		a.begin(average, average, now, status)
	case elapsed < quick && a.complaints > 1 || a.growth(now) > 0.1:
		a.rate, a.ceiling, a.known, a.vague = farBelow*before, before, false, false
		a.guess(start, before, leastCut*before, average)
	default:
		a.rate, a.ceiling, a.known = belowKnown*before, before, true
		a.guess(start, before, slowCut*before, average)
	}
	// Where pauses take most of the time, the API counts by more than seconds.
	if elapsed > longPause && average < a.rate/2 {
		a.rate = max(average, a.rate/4)
	}
	a.rate = max(a.rate, leastRate)
	a.complained(now)
}

// begin gives the rate its first value: a little less than what came in a second.
// burst of it came before the first complaint.
func (a *adaptive) begin(came, burst float64, now time.Time, status int) {
	a.rate, a.ceiling, a.known, a.vague = max(belowGuess*came, leastRate), came, false, came < fewAnswers
	a.first, a.burst, a.few = came, burst, 0
	if status == http.StatusServiceUnavailable { // it may be ill, not busy
		observed := float64(a.started) / max(now.Sub(a.began).Seconds(), 0.001)
		a.rate = max(a.rate, observed/2)
	}
	a.grown, a.next = now, now.Add(a.distance())
}

// complained begins to count anew.
func (a *adaptive) complained(now time.Time) {
	a.complaints++
	a.starts = a.starts[:0]
	a.accepted, a.since, a.slowed, a.grown, a.crossed = 0, now, now, now, time.Time{}
	if a.rate > 0 {
		a.next = now.Add(a.distance())
	}
}

// guess lowers the rate further where the answers say that the API allows less.
// before is the rate that was too much, of which the request of start was refused.
//
// An API that counts by the second never gave more than its limit in one. One
// that fills a bucket gave what the bucket held and what has flown in since, so
// that any stretch that ends with an empty bucket tells the flow, at least: those
// where the bucket ran over tell less. It is a bucket where more came in a second
// than at the first complaint, when it was full.
func (a *adaptive) guess(start time.Time, before, least, average float64) {
	most := a.busiest()
	guess := belowKnown * most
	if most > 1.5*a.first {
		guess = underFlow * a.flow(start, average)
	}
	if guess = max(guess, least, leastRate); guess >= a.rate {
		return
	}
	a.rate, a.ceiling = guess, guess/underFlow
	a.known = guess > farBelow*before || math.Abs(guess-a.guessed) < guess/10 // not far from it, or twice the same
	a.guessed = guess
}

// busiest is the most good answers to requests of one second.
func (a *adaptive) busiest() float64 {
	most, from := 0, 0
	for i, s := range a.starts {
		for s.Sub(a.starts[from]) >= time.Second {
			from++
		}
		most = max(most, i+1-from)
	}
	return float64(most)
}

// flow is what flows into a bucket in a second, if it was empty at the last
// complaint and is so again for a request of start: at least average, and at
// least what came in a stretch beyond what the bucket held at its beginning.
func (a *adaptive) flow(start time.Time, average float64) float64 {
	most := average
	for i, s := range a.starts {
		stretch := start.Sub(s)
		if stretch < time.Second {
			break
		}
		most = max(most, (float64(len(a.starts)-i)-a.burst)/stretch.Seconds())
	}
	return most
}

// growth is by which part of it the rate grows in a second.
func (a *adaptive) growth(now time.Time) float64 {
	switch {
	case a.vague:
		return ramp
	case a.known && now.Sub(a.slowed) < knownFor:
		return 0.001
	case a.rate < a.ceiling/2:
		return 0.5
	case a.crossed.IsZero():
		return 0.03
	}
	return min(0.3, 0.03*math.Exp2(now.Sub(a.crossed).Seconds()))
}

// climb takes a good answer to a request that began at start.
func (a *adaptive) climb(start, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accepted++
	if len(a.starts) == 2*mostStarts {
		a.starts = append(a.starts[:0], a.starts[mostStarts:]...)
	}
	a.starts = append(a.starts, start)
	// A rate that nobody waits for says nothing.
	if a.rate == 0 || a.next.Before(now.Add(-a.distance())) {
		a.grown = now
		return
	}
	elapsed := min(max(now.Sub(a.grown), 0), time.Second).Seconds()
	a.grown = now
	a.rate *= 1 + min(a.growth(now)*elapsed, mostStep)
	if a.rate > a.ceiling && a.crossed.IsZero() {
		a.crossed = now
	}
	if a.rate > mostRate {
		a.rate, a.ceiling, a.known, a.complaints = 0, 0, false, 0
		a.since, a.accepted, a.starts, a.guessed = now, 0, a.starts[:0], 0
	}
}
