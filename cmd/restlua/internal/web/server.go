// Package web shows a dataset as a page on this machine: restlua show --web.
//
// The page is one document, one style sheet and a script in two files, all
// embedded; the script asks for two things, dataset and table, and draws what
// comes. Nothing is loaded from elsewhere and nothing can be changed through it.
// All addresses begin with a token: who does not know it, or comes by another
// name than loopback's, gets nothing.
package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
)

//go:embed page.html
var pageText string

//go:embed page.css page.js chart.js nodes.js icon.svg
var assets embed.FS

// kinds are the media types of the assets: what the system's tables say of them
// does not matter.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// Options say what is shown.
type Options struct {
	Dir     string // of the dataset
	Folder  string // how the page and its query lines name it
	Rows    int    // first rows of a table
	Version string // of restlua
	Token   string // what the path of every request begins with; see NewToken
}

// NewToken returns a token that nobody can guess.
func NewToken() string { return rand.Text() }

// URL is where the page is, for a server at addr.
func URL(addr, token string) string { return "http://" + addr + "/" + token + "/" }

// policy lets the page use what this server sends, and nothing else: no inline
// script or style, no frame, no form, no text that becomes markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// server answers the requests of the page.
type server struct{ Options }

// fill puts texts into a page, for the names that stand in it as {{name}}. (A
// template would do the same, but keeps every method of every type in the
// binary: a tenth of its size.)
func fill(page string, texts ...string) string {
	for i := 1; i < len(texts); i += 2 {
		texts[i] = html.EscapeString(texts[i])
	}
	return strings.NewReplacer(texts...).Replace(page)
}

// Handler serves the page.
func Handler(o Options) http.Handler {
	s := &server{o}
	return s.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			s.document(w)
		case "/dataset":
			s.dataset(w, r)
		case "/table":
			s.table(w, r)
		default:
			asset(w, r)
		}
	}))
}

// guard lets requests through that know the token and came to loopback by its
// own name.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !loopback(r.Host):
			// A name that leads here and is not loopback's: a page of that name
			// tries to read what this machine shows (DNS rebinding).
			refuse(w, http.StatusForbidden, "This page is shown under the address that restlua printed, and under no other.")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "This page can be read, nothing else.")
		case !s.known(r.URL.Path):
			refuse(w, http.StatusForbidden, "The address is not complete, or it is that of an earlier show: a token belongs to it. Take the whole address that restlua show --web printed.")
		default:
			http.StripPrefix("/"+s.Token, next).ServeHTTP(w, r)
		}
	})
}

// loopback reports whether a Host header names this machine. The port may be
// another than the server's: somebody may have forwarded it.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "127.0.0.1" || strings.EqualFold(host, "localhost")
}

// known compares the token of a path with ours, in a time that says nothing of
// it. The slash behind it is needed: addresses in the page are relative to it.
func (s *server) known(path string) bool {
	token, _, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return ok && s.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 1
}

const refusal = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{title}} - restlua</title>
<h1>{{title}}</h1>
<p>{{text}}</p>
</html>
`

// refuse answers with a page that says why there is no other.
func refuse(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	// The reader may be gone; nobody else is to be told.
	_, _ = io.WriteString(w, fill(refusal, "{{title}}", http.StatusText(code), "{{text}}", text))
}

// asset sends a file that the page uses.
func asset(w http.ResponseWriter, r *http.Request) {
	text, err := assets.ReadFile(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		refuse(w, http.StatusNotFound, "There is no such page.")
		return
	}
	w.Header().Set("Content-Type", kinds[path.Ext(r.URL.Path)])
	_, _ = w.Write(text)
}

func (s *server) document(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, fill(pageText, "{{folder}}", s.Folder))
}

func (s *server) dataset(w http.ResponseWriter, r *http.Request) {
	d, err := overview.Read(r.Context(), s.Dir, overview.Options{Rejected: refusedRows, Folder: s.Folder})
	if err != nil {
		s.failed(w, err)
		return
	}
	s.answer(w, r, newDataset(d, s.Options))
}

func (s *server) table(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	d, err := overview.Read(r.Context(), s.Dir, overview.Options{Rows: s.Rows, Tables: []string{name}, Folder: s.Folder})
	if err != nil {
		s.failed(w, err)
		return
	}
	t := d.Table(name)
	if t == nil {
		sendJSON(w, http.StatusNotFound, problem{"The dataset has no table of this name any more."})
		return
	}
	s.answer(w, r, newTable(d, t))
}

// problem is the answer where there is none.
type problem struct {
	Error string `json:"error"`
}

// failed says why the dataset cannot be shown.
func (s *server) failed(w http.ResponseWriter, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		sendJSON(w, http.StatusNotFound, problem{"There is no dataset in " + s.Folder + " any more."})
		return
	}
	sendJSON(w, http.StatusInternalServerError, problem{err.Error()})
}

// answer sends v, or that it is what the page has already.
func (s *server) answer(w http.ResponseWriter, r *http.Request, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		s.failed(w, err)
		return
	}
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

func sendJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

// patience is how long Serve waits for answers under way when it is to end.
const patience = 2 * time.Second

// Serve answers at l until ctx ends, which is no error. It starts one goroutine
// beside those of the server; all of them end before it returns, but for an
// answer that takes longer than two seconds.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if s.Shutdown(soon) != nil {
		_ = s.Close() // who asks too long is not waited for
	}
	<-served
	return nil
}
