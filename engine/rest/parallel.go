package rest

import (
	"context"
	"sync"

	"github.com/restlua/restlua/engine/hook"
)

// ask returns the reply to the series' request: one of those that were asked
// for ahead of their turn, or the first of a new round (OPR-04).
func (s *Series) ask(ctx context.Context) (*reply, error) {
	if len(s.round) == 0 {
		ahead, err := s.ahead()
		if err != nil {
			return nil, err
		}
		if len(ahead) == 0 {
			return s.r.request(ctx, s.request)
		}
		s.round = s.r.requestAll(ctx, append([]*hook.Request{s.request}, ahead...))
	}
	next := s.round[0]
	s.round = s.round[1:]
	return next.reply, next.err
}

// ahead returns the requests that are made beside the one for the next page:
// none before the first page, whose total says where the series ends.
func (s *Series) ahead() ([]*hook.Request, error) {
	if s.r.paginator == nil || s.r.paginator.Parallel < 2 || s.number == 0 || s.restart != nil {
		return nil, nil
	}
	p, ok := s.paginator.(interface {
		ahead(r *hook.Request, n int) ([]*hook.Request, error)
	})
	if !ok {
		return nil, nil
	}
	return p.ahead(s.request, s.r.paginator.Parallel-1)
}

// requestAll makes requests side by side and returns when all are answered, so
// that nothing outlives the call. The replies are in the order of the requests;
// the first error ends those behind it, whose pages nobody will read.
func (r *Resource) requestAll(ctx context.Context, requests []*hook.Request) []answered {
	out := make([]answered, len(requests))
	contexts := make([]context.Context, len(requests))
	cancels := make([]context.CancelFunc, len(requests))
	for i := range requests {
		contexts[i], cancels[i] = context.WithCancel(ctx)
	}
	var wg sync.WaitGroup
	for i, q := range requests {
		wg.Go(func() {
			defer cancels[i]()
			out[i].reply, out[i].err = r.request(contexts[i], q)
			if out[i].err != nil {
				for _, cancel := range cancels[i+1:] {
					cancel()
				}
			}
		})
	}
	wg.Wait()
	return out
}

// request makes one request of the resource.
func (r *Resource) request(ctx context.Context, q *hook.Request) (*reply, error) {
	x := call{resource: r.name, request: cloneRequest(q), auth: r.auth}
	if q.JSON != nil && !hasHeader(q.Headers, "Content-Type") {
		x.request.Headers.Set("Content-Type", "application/json")
	}
	if len(r.endpoint.ResponseActions) > 0 {
		x.judge = r.judge
	}
	if f := r.client.Session.RetryCondition; f != "" && r.world != nil { // the console asks without one
		x.retry = func(ctx context.Context, resp *hook.Response, failure string) (bool, error) {
			return r.world.Retry(ctx, f, resp, failure)
		}
	}
	if r.streamable() {
		x.streams = r.streams
	}
	return r.send(ctx, x)
}
