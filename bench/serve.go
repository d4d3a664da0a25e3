package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// load says what is served and how.
type load struct {
	data    string // issues, small or fanout
	rows    int    // records; of fanout: parents
	perPage int
	latency time.Duration // of each answer
	gzip    bool
	files   string // folder for the same records as files, which DuckDB reads; empty: none
}

// serve answers on loopback until standard input ends, and prints its URL when
// it is ready. It is a process of its own: the programs under test must not
// share memory or a scheduler with it, and a child's peak memory, as the system
// counts it, begins with its parent's.
func serve(l load) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	size := 0
	if l.data == "fanout" {
		mux.HandleFunc("/parents", l.parents)
		mux.HandleFunc("/parents/{id}/children", l.children)
	} else {
		p := makePages(l.record(), l.rows, l.perPage)
		for _, body := range p.bodies {
			size += len(body)
		}
		if l.files != "" {
			if err := p.write(l.files); err != nil {
				return err
			}
		}
		if l.gzip {
			if err := p.pack(); err != nil {
				return err
			}
		}
		mux.Handle("/"+l.data, p)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.latency > 0 {
			time.Sleep(l.latency)
		}
		mux.ServeHTTP(w, r)
	})
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	fmt.Printf("http://%s %d\n", listener.Addr(), size)
	_, _ = os.Stdin.Read(make([]byte, 1)) // ends with the parent
	return server.Close()
}

func (l load) record() func(*strings.Builder, int) {
	if l.data == "small" {
		return small
	}
	return issue
}

// startServer runs serve in another process. stop ends it.
func startServer(l load) (url string, size int, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", 0, nil, err
	}
	c := exec.Command(self, "-serve", "-data", l.data, "-rows", strconv.Itoa(l.rows), "-per-page", strconv.Itoa(l.perPage),
		"-latency", l.latency.String(), "-gzip="+strconv.FormatBool(l.gzip), "-files", l.files)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return "", 0, nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return "", 0, nil, err
	}
	if err := c.Start(); err != nil {
		return "", 0, nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = c.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		_, err = fmt.Sscan(line, &url, &size)
	}
	if err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("the data server did not start: %w", err)
	}
	return url, size, stop, nil
}

// pages holds the bodies of one data set, made before anything is measured.
type pages struct {
	bodies [][]byte
	packed bool
}

func makePages(record func(*strings.Builder, int), rows, perPage int) *pages {
	p := &pages{}
	for start := 0; start < rows; start += perPage {
		var b strings.Builder
		b.WriteByte('[')
		for i := start; i < min(start+perPage, rows); i++ {
			if i > start {
				b.WriteString(",\n") // one record a line, as in the file for DuckDB
			}
			record(&b, i)
		}
		b.WriteByte(']')
		p.bodies = append(p.bodies, []byte(b.String()))
	}
	return p
}

// write puts the records into dir: each page as a file, and all of them one a
// line in all.ndjson.
func (p *pages) write(dir string) (err error) {
	all, err := os.Create(filepath.Join(dir, "all.ndjson"))
	if err != nil {
		return err
	}
	defer func() {
		if failed := all.Close(); err == nil {
			err = failed
		}
	}()
	for i, body := range p.bodies {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("page-%06d.json", i+1)), body, 0o666); err != nil {
			return err
		}
		lines := bytes.ReplaceAll(body[1:len(body)-1], []byte(",\n"), []byte("\n"))
		if _, err := all.Write(append(lines, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (p *pages) pack() error {
	p.packed = true
	for i, body := range p.bodies {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		p.bodies[i] = b.Bytes()
	}
	return nil
}

// ServeHTTP answers ?page=N, counted from 1, with a Link header to the next.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	n = max(n, 1)
	if n > len(p.bodies) {
		http.NotFound(w, r)
		return
	}
	if n < len(p.bodies) {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.Path, n+1))
	}
	if p.packed {
		w.Header().Set("Content-Encoding", "gzip")
	}
	body := p.bodies[n-1]
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// parents answers with one page of all parents.
func (l load) parents(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for i := range l.rows {
		fmt.Fprintf(w, `%c{"id":%d,"name":"parent %d"}`, "[,"[min(i, 1)], i+1, i+1)
	}
	fmt.Fprint(w, "]")
}

// children answers with the perPage children of one parent.
func (l load) children(w http.ResponseWriter, r *http.Request) {
	parent, _ := strconv.Atoi(r.PathValue("id"))
	w.Header().Set("Content-Type", "application/json")
	for i := range l.perPage {
		fmt.Fprintf(w, `%c{"id":%d,"text":"child %d of parent %d"}`, "[,"[min(i, 1)], parent*l.perPage+i, i, parent)
	}
	fmt.Fprint(w, "]")
}
