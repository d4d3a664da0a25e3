package rest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// clock is a time that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), append(c.slept, d)
	return nil
}

// testClient is a client of an API served by handler.
func testClient(t testing.TB, handler http.HandlerFunc, change func(c *config.Client, o *Options)) (*Client, *clock, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	k := newClock()
	settings := config.Client{BaseURL: server.URL, Cookies: true}
	o := Options{Sleep: k.Sleep, Now: k.Now, Jitter: func() float64 { return 0 }, Redactor: NewRedactor(), Version: "1"}
	if change != nil {
		change(&settings, &o)
	}
	c, err := NewClient(&settings, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, k, server.URL
}

func get(c *Client, url string) (string, error) {
	r, err := c.send(context.Background(), call{request: &hook.Request{URL: url}})
	if err != nil {
		return "", err
	}
	defer r.release()
	return string(r.Body), nil
}

func TestRetries(t *testing.T) {
	t.Parallel()
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	at := newClock().now
	epoch := strconv.FormatInt(at.Unix()+30, 10)
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		bad    int // answers before a good one
		slept  string
		err    string
	}{
		{"RET-02 waits double", 500, nil, 4, "[1s 2s 4s 8s]", ""},
		{"RET-04 the last attempt fails", 503, nil, 9, "[1s 2s 4s 8s]", "503 Server Error: Service Unavailable for url: URL"},
		{"OPR-01 408", 408, nil, 1, "[1s]", ""},
		{"RET-05 404 is final", 404, nil, 1, "[]", "404 Client Error: Not Found for url: URL"},
		{"RET-03 seconds", 429, header("Retry-After", "7"), 1, "[7s]", ""},
		{"API-34 date", 429, header("Retry-After", at.Add(90*time.Second).Format(http.TimeFormat)), 1, "[1m30s]", ""},
		{"API-34 date in the past", 429, header("Retry-After", at.Add(-time.Hour).Format(http.TimeFormat)), 1, "[0s]", ""},
		{"API-34 nonsense", 429, header("Retry-After", "soon"), 1, "[1s]", ""},
		{"OPR-02 too long", 429, header("Retry-After", "3120"), 1, "[]", "the API asks to wait 52 min (until 12:52)"},
		{"API-01 403 with none left", 403, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", epoch), 1, "[30s]", ""},
		{"API-01 secondary limit", 403, header("Retry-After", "5"), 1, "[5s]", ""},
		{"API-01 plain 403 is final", 403, header("X-RateLimit-Remaining", "9"), 1, "[]", "403 Client Error: Forbidden"},
		{"OPR-02 milliseconds", 429, header("RateLimit-Remaining", "0", "RateLimit-Reset", epoch+"000"), 1, "[30s]", ""},
		{"OPR-02 seconds from now", 429, header("RateLimit-Remaining", "0", "RateLimit-Reset", "12"), 1, "[12s]", ""},
		{"OPR-02 reset counts with none left only", 429, header("RateLimit-Remaining", "3", "RateLimit-Reset", "12"), 1, "[1s]", ""},
		{"OPR-02 structured field", 429, header("RateLimit", `"default";r=0;t=9`), 1, "[9s]", ""},
		{"API-36 reset after", 429, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset-After", "1.5"), 1, "[1.5s]", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			c, k, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) <= int64(test.bad) {
					for name, v := range test.header {
						w.Header()[name] = v
					}
					w.WriteHeader(test.status)
					return
				}
				io.WriteString(w, "good")
			}, nil)
			body, err := get(c, url)
			if got := fmt.Sprint(k.slept); got != test.slept {
				t.Errorf("slept %s, want %s", got, test.slept)
			}
			switch want := strings.ReplaceAll(test.err, "URL", url); {
			case want == "":
				if err != nil || body != "good" {
					t.Errorf("got %q, %v", body, err)
				}
			case err == nil || !strings.Contains(err.Error(), want):
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}

// RET-07: no wait is one that can be asked for, and not the default.
func TestNoWaits(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *config.Session){
		"request_backoff_factor":  func(s *config.Session) { s.RequestBackoffFactor = -1 },
		"request_max_retry_delay": func(s *config.Session) { s.RequestMaxRetryDelay = -1 },
	} {
		c, k, url := testClient(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, func(c *config.Client, _ *Options) { change(&c.Session) })
		_, err := get(c, url)
		if got := fmt.Sprint(k.slept); err == nil || got != "[0s 0s 0s 0s]" {
			t.Errorf("%s: slept %s, %v", name, got, err)
		}
	}
}

// OPR-02: the error has its own type, with the time.
func TestWaitErrorType(t *testing.T) {
	t.Parallel()
	c, k, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "10800")
		w.WriteHeader(429)
	}, nil)
	_, err := get(c, url)
	var wait *WaitError
	if !errors.As(err, &wait) || wait.Wait != 3*time.Hour || !wait.Until.Equal(k.now.Add(3*time.Hour)) {
		t.Fatalf("got %v", err)
	}
}

// API-15: half a body is never a page; a broken one is asked for again.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	for _, bad := range []int64{1, 9} {
		var asked atomic.Int64
		c, k, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10")
			if asked.Add(1) <= bad {
				io.WriteString(w, "half")
				return
			}
			io.WriteString(w, "0123456789")
		}, nil)
		body, err := get(c, url+"/?token=hidden")
		if bad == 1 {
			if err != nil || body != "0123456789" || len(k.slept) != 1 {
				t.Errorf("got %q, %v after %v", body, err, k.slept)
			}
			continue
		}
		want := "GET " + url + "/?token=*** failed (5 attempts): the answer broke off"
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// coded packs text as a content coding has it.
func coded(t *testing.T, name string, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch name {
	case "zlib":
		w = zlib.NewWriter(&out)
	case "deflate":
		w, err = flate.NewWriter(&out, flate.DefaultCompression)
	case "zstd":
		w, err = zstd.NewWriter(&out)
	case "br":
		w = brotli.NewWriter(&out)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func packedText(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBodies(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	for _, test := range []struct {
		name     string
		encoding string
		sent     []byte
		want     string // body
		err      string
	}{
		{"plain", "", []byte("[1]"), "[1]", ""},
		{"empty", "", nil, "", ""},
		{"gzip", "gzip", packedText(t, large), string(large), ""},
		{"API-14 gzip without the header", "", packedText(t, []byte("[1]")), "[1]", ""},
		{"API-14 the header without gzip", "gzip", []byte("[1]"), "[1]", ""},
		{"OPR-11 packed twice", "gzip", packedText(t, packedText(t, []byte("[1]"))), "[1]", ""},
		{"API-14 BOM", "", []byte("\xef\xbb\xbf[1]"), "[1]", ""},
		{"API-14 BOM in gzip", "gzip", packedText(t, []byte("\xef\xbb\xbf[1]")), "[1]", ""},
		{"OPR-06 too large", "", make([]byte, 1<<20+1), "", "larger than 1 MiB (client.max_response_bytes)"},
		{"OPR-06 just fits", "", large, string(large), ""},
		{"API-33 a gzip bomb", "gzip", packedText(t, make([]byte, 16<<20)), "", "larger than 1 MiB (client.max_response_bytes)"},
		{"unknown encoding", "compress", []byte("x"), "", `encoded as "compress"`},
		{"unknown encoding in a list", "gzip, dcb", []byte("x"), "", `encoded as "dcb"`},
		{"brotli", "br", coded(t, "br", large), string(large), ""},
		{"brotli that begins with a brace", "br", coded(t, "br", []byte("[1]")), "[1]", ""},
		{"the header without brotli", "br", []byte("[1]"), "[1]", ""},
		{"the header without brotli, of much text", "br", []byte("[" + strings.Repeat("{\"a\": 1}, ", 1000) + "1]"), "[" + strings.Repeat("{\"a\": 1}, ", 1000) + "1]", ""},
		{"empty brotli", "br", nil, "", ""},
		{"OPR-06 a brotli bomb", "br", coded(t, "br", make([]byte, 16<<20)), "", "larger than 1 MiB (client.max_response_bytes)"},
		{"damaged brotli", "br", coded(t, "br", []byte(strings.Repeat("a text that is packed ", 30)))[:20], "", "the answer broke off"},
		{"deflate", "deflate", coded(t, "zlib", large), string(large), ""},
		{"deflate without its format", "Deflate", coded(t, "deflate", large), string(large), ""},
		{"the header without deflate", "deflate", []byte("[1]"), "[1]", ""},
		{"zstd", "zstd", coded(t, "zstd", large), string(large), ""},
		{"the header without zstd", "zstd", []byte("[1]"), "[1]", ""},
		{"two encodings", "deflate, gzip", packedText(t, coded(t, "zlib", large)), string(large), ""},
		{"empty zstd", "zstd", nil, "", ""},
		{"no encoding", "UTF-8", []byte("[1]"), "[1]", ""},
		{"no encoding either", "none", packedText(t, []byte("[1]")), "[1]", ""},
		{"OPR-06 a zstd bomb", "zstd", coded(t, "zstd", make([]byte, 16<<20)), "", "larger than 1 MiB (client.max_response_bytes)"},
		{"OPR-06 a deflate bomb", "deflate", coded(t, "deflate", make([]byte, 16<<20)), "", "larger than 1 MiB (client.max_response_bytes)"},
		{"damaged deflate", "deflate", coded(t, "zlib", large)[:60], "", "the answer broke off"},
		{"damaged zstd", "zstd", coded(t, "zstd", large)[:20], "", "the answer broke off"},
		{"gzip of several members", "gzip", append(packedText(t, large), packedText(t, []byte("[1]"))...), string(large) + "[1]", ""},
		{"gzip with padding", "gzip", append(packedText(t, large), make([]byte, 512)...), string(large), ""},
		{"gzip with a broken second member", "gzip", append(packedText(t, large), packedText(t, large)[:30]...), "", "the answer broke off"},
		{"damaged gzip", "gzip", packedText(t, large)[:60], "", "the answer broke off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, _, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept-Encoding") != "gzip" {
					t.Error("gzip was not asked for")
				}
				if test.encoding != "" {
					w.Header().Set("Content-Encoding", test.encoding)
				}
				w.Write(test.sent)
			}, func(c *config.Client, o *Options) { c.MaxResponseBytes = 1 << 20 })
			for range 2 { // the second one gets used buffers
				body, err := get(c, url)
				if test.err != "" {
					if err == nil || !strings.Contains(err.Error(), test.err) {
						t.Errorf("error %v, want %q", err, test.err)
					}
				} else if err != nil || body != test.want {
					t.Errorf("got %d bytes, %v", len(body), err)
				}
			}
		})
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		v      verdict
		asked  int64
		want   string
	}{
		{"ACT-18 ignore ends a 500 at once", 500, verdict{action: hook.Ignore}, 1, "ignored"},
		{"ACT-19 judged for every attempt", 500, verdict{}, 5, "500 Server Error"},
		{"API-02 retry of a 200", 200, verdict{action: hook.Retry}, 5, "asked for a retry 5 times"},
		{"API-02 fail has the words", 200, verdict{action: hook.Fail, message: "ratelimited"}, 1, "ratelimited: status 200"},
		{"fail without words", 422, verdict{action: hook.Fail}, 1, "422 Client Error"},
		{"stop", 200, verdict{action: hook.Stop}, 1, "stopped"},
		{"refresh_auth without auth", 401, verdict{action: hook.RefreshAuth}, 1, "401 Client Error: Unauthorized"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asked, judged atomic.Int64
			c, _, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				w.WriteHeader(test.status)
			}, nil)
			r, err := c.send(context.Background(), call{request: &hook.Request{URL: url}, judge: func(context.Context, *hook.Response) (verdict, error) {
				judged.Add(1)
				return test.v, nil
			}})
			got := fmt.Sprint(err)
			if err == nil {
				got = map[bool]string{true: "ignored", false: "used"}[r.ignored]
				if r.stopped {
					got = "stopped"
				}
			}
			if !strings.Contains(got, test.want) || asked.Load() != test.asked || judged.Load() != test.asked {
				t.Errorf("got %s; asked %d, judged %d", got, asked.Load(), judged.Load())
			}
		})
	}
}

// OPR-03: while one request waits on a 429, the others to that host wait too; and
// the windows of client.rate_limit hold.
func TestLimits(t *testing.T) {
	t.Parallel()
	c, k, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {}, nil)
	host := strings.TrimPrefix(url, "http://")
	c.limits.get(host, "another").host.extend(k.now.Add(20 * time.Second))
	if _, err := get(c, url); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(k.slept); got != "[20s]" {
		t.Errorf("slept %s", got)
	}

	c, k, url = testClient(t, func(w http.ResponseWriter, r *http.Request) {}, func(c *config.Client, _ *Options) {
		c.RateLimit = []config.Rate{{Requests: 2, Per: time.Second, Burst: 1}}
	})
	for range 3 {
		if _, err := get(c, url); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(k.slept); got != "[500ms 500ms]" {
		t.Errorf("slept %s", got)
	}
}

// OPR-04: client.concurrency bounds the requests in flight.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	arrived, leave := make(chan struct{}, 8), make(chan struct{})
	c, _, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		arrived <- struct{}{}
		<-leave
		now.Add(-1)
	}, func(c *config.Client, _ *Options) { c.Concurrency = 2 })
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if _, err := get(c, url); err != nil {
				t.Error(err)
			}
		})
	}
	<-arrived
	<-arrived
	close(leave)
	group.Wait()
	if most.Load() != 2 {
		t.Errorf("%d at once", most.Load())
	}
}

// OPR-62: what -vv shows is masked and short; RET events say why.
func TestEvents(t *testing.T) {
	t.Parallel()
	var requests []RequestInfo
	var retries []RetryInfo
	var asked atomic.Int64
	c, _, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(502)
			return
		}
		io.WriteString(w, strings.Repeat("secret-of-mine ", 1000))
	}, func(_ *config.Client, o *Options) {
		o.Detail = true
		o.Redactor.Add("secret-of-mine")
		o.Events.Request = func(i RequestInfo) { requests = append(requests, i) }
		o.Events.Retry = func(i RetryInfo) { retries = append(retries, i) }
	})
	r := &hook.Request{URL: url, Headers: http.Header{"Authorization": {"Bearer xyz"}}}
	if _, err := c.send(context.Background(), call{resource: "users", request: r}); err != nil {
		t.Fatal(err)
	}
	if len(requests) != 2 || requests[0].Status != 502 || requests[1].Bytes != 15_000 || len(requests[1].Body) > mostShown ||
		strings.Contains(requests[1].Body, "secret") || requests[1].RequestHeaders.Get("Authorization") != mask {
		t.Errorf("requests %+v", requests)
	}
	if len(retries) != 1 || retries[0] != (RetryInfo{Resource: "users", URL: url, Attempt: 1, Reason: "status 502", Wait: time.Second}) {
		t.Errorf("retries %+v", retries)
	}
}

func BenchmarkSend(b *testing.B) {
	for _, size := range []int{200, 256 << 10} {
		b.Run(sizeText(int64(size)), func(b *testing.B) {
			body := bytes.Repeat([]byte("x"), size)
			c, _, url := testClient(b, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(size))
				w.Write(body)
			}, nil)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r, err := c.send(context.Background(), call{request: &hook.Request{URL: url}})
				if err != nil {
					b.Fatal(err)
				}
				r.release()
			}
		})
	}
}
