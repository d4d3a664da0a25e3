package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// limited is an API that answers perSecond requests of each second and refuses
// what is beyond with 429.
type limited struct {
	perSecond, children int

	mu              sync.Mutex
	second          int64
	count           int
	served, refused int
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(10*time.Millisecond + time.Duration(rand.Int64N(int64(10*time.Millisecond))))
	l.mu.Lock()
	if now := time.Now().Unix(); now != l.second {
		l.second, l.count = now, 0
	}
	l.count++
	allowed := l.count <= l.perSecond
	if allowed {
		l.served++
	} else {
		l.refused++
	}
	l.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case !allowed:
		w.WriteHeader(http.StatusTooManyRequests)
	case strings.HasSuffix(r.URL.Path, "/parents"):
		var b strings.Builder
		for i := range l.children {
			fmt.Fprintf(&b, `,{"id":%d}`, i)
		}
		fmt.Fprintf(w, "[%s]", b.String()[1:])
	default:
		fmt.Fprintf(w, `[{"id":%s}]`, filepath.Base(r.URL.Path))
	}
}

// limit runs restlua against an API with a rate limit that nobody told it of,
// and compares with the ideal time (OPR-03).
func limit(binary, here, work string, perSecond, children int) error {
	api := &limited{perSecond: perSecond, children: children}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	dir := filepath.Join(work, "limit")
	cmd := exec.Command(binary, "run", filepath.Join(here, "limit.lua"), "--out", dir, "--progress", "none", "--set", "bench.url=http://"+listener.Addr().String())
	cmd.Stderr = os.Stderr
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	took := time.Since(started)
	ideal := time.Duration(children+1) * time.Second / time.Duration(perSecond)
	fmt.Printf("%s children at %d/s: %.1f s, ideal %.1f s, ratio %.3f; %d requests served, %d refused (%.2f %%)\n",
		strconv.Itoa(children), perSecond, took.Seconds(), ideal.Seconds(), took.Seconds()/ideal.Seconds(),
		api.served, api.refused, 100*float64(api.refused)/float64(api.served))
	return nil
}
