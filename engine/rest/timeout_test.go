package rest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// slowAPI answers after answer; its body gives a byte each pace, length bytes.
type slowAPI struct {
	answer, pace time.Duration
	length       int
}

func (s *slowAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := sleep(r.Context(), s.answer); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(&slowBody{r.Context(), s.pace, s.length})}, nil
}

type slowBody struct {
	ctx  context.Context
	pace time.Duration
	left int
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if err := sleep(b.ctx, b.pace); err != nil {
		return 0, err
	}
	b.left--
	p[0] = 'x'
	return 1, nil
}

// OPR-05: an answer may take request_timeout, a body as long as it moves.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		api  slowAPI
		took time.Duration
		err  string
	}{
		{"slow trickle", slowAPI{9 * time.Second, 50 * time.Second, 10}, 509 * time.Second, ""},
		{"no answer", slowAPI{11 * time.Second, 0, 1}, 21 * time.Second, "failed (2 attempts): no answer within 10 s"},
		{"stalled body", slowAPI{0, 61 * time.Second, 1}, 121 * time.Second, "failed (2 attempts): the body stalled: nothing came for 60 s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, err := NewClient(&config.Client{BaseURL: "https://x.example", Session: config.Session{RequestTimeout: 10 * time.Second, RequestMaxAttempts: 2}},
					Options{Transport: &test.api, Jitter: func() float64 { return 0 }})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				_, err = get(c, "https://x.example/a")
				if took := time.Since(began); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// OPR-42: an interrupt ends a wait at once, with its cause.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := NewClient(&config.Client{BaseURL: "https://x.example"}, Options{Transport: &slowAPI{answer: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeoutCause(context.Background(), 3*time.Second, context.Canceled)
		defer cancel()
		began := time.Now()
		_, err = c.send(ctx, call{request: &hook.Request{URL: "https://x.example"}})
		if err != context.Canceled || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
