package har

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// words masks one secret, and the query key token.
type words struct{ secret string }

func (w words) Text(s string) string { return strings.ReplaceAll(s, w.secret, mask) }
func (w words) URL(s string) string  { return strings.ReplaceAll(s, w.secret, mask) }

const secret = "hunter22"

func ask(t *testing.T, rt http.RoundTripper, method, url, body string) (string, *http.Response, error) {
	t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+secret)
	resp, err := rt.RoundTrip(q)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), resp, err
}

// OPR-50: what was recorded is answered again, in order, without the server and
// without any secret in the file.
func TestRecordAndReplay(t *testing.T) {
	t.Parallel()
	n := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		switch r.URL.Path {
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, `{"packed":true}`)
			z.Close()
			return
		case "/binary":
			w.Write([]byte{0xff, 0, 1})
			return
		case "/broken":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Count", fmt.Sprint(n))
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "cookie-value"})
		fmt.Fprintf(w, `{"n":%d,"body":%q,"echo":%q}`, n, body, secret)
	}))
	type step struct{ method, url, body string }
	steps := []step{
		{"GET", "/a?x=1&token=" + secret, ""}, {"GET", "/a?x=1&token=" + secret, ""}, {"POST", "/a", "b1"}, {"POST", "/a", "b2"},
		{"GET", "/packed", ""}, {"GET", "/binary", ""}, {"GET", "/broken", ""},
	}
	for _, name := range []string{"run.har", "run.har.gz"} {
		path := filepath.Join(t.TempDir(), name)
		n = 0
		rec, err := Create(path, Options{Next: &http.Transport{DisableCompression: true}, Redactor: words{secret}, Version: "1"})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, s := range steps {
			text, _, err := ask(t, rec, s.method, api.URL+s.url, s.body)
			if s.url == "/packed" {
				text = `{"packed":true}`
			}
			want = append(want, strings.ReplaceAll(text, secret, mask)+fmt.Sprint(err != nil))
		}
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(path + ".*"); len(left) > 0 && name == "run.har" {
			t.Errorf("left behind: %v", left)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == "run.har" {
			if !json.Valid(file) {
				t.Errorf("no JSON: %s", file)
			}
			for _, s := range []string{secret, "cookie-value"} {
				if bytes.Contains(file, []byte(s)) {
					t.Errorf("the recording holds the secret %s", s)
				}
			}
		}
		rep, err := Open(path, words{secret})
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range steps {
			text, resp, err := ask(t, rep, s.method, api.URL+s.url, s.body)
			if got := text + fmt.Sprint(err != nil); got != want[i] {
				t.Errorf("%s: %s %s: got %s, want %s", name, s.method, s.url, got, want[i])
			}
			if resp != nil && resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: the body is not packed any more", s.url)
			}
		}
		_, _, err = ask(t, rep, "GET", api.URL+"/a?x=2&token="+secret, "")
		var missing *MissingError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), "x=2") || !strings.Contains(missing.Nearest, "/a?token=***&x=1") {
			t.Errorf("a request that is not recorded: %v", err)
		}
		if strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
	api.Close()
}

// A server that is not there is recorded as such.
func TestRecordFailure(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.NotFoundHandler())
	api.Close()
	path := filepath.Join(t.TempDir(), "run.har")
	rec, err := Create(path, Options{Next: &http.Transport{}, Redactor: words{secret}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, failed := ask(t, rec, "GET", api.URL, "")
	if err := rec.Close(); err != nil || failed == nil {
		t.Fatal(err, failed)
	}
	rep, err := Open(path, words{secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask(t, rep, "GET", api.URL, ""); err == nil || err.Error() != failed.Error() {
		t.Errorf("replayed %v, want %v", err, failed)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "no json": "<html>", "no har": `{"a":1}`} {
		path := filepath.Join(t.TempDir(), "x.har")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, words{secret}); err == nil || !strings.Contains(err.Error(), "is no HAR file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// OPR-50: Read takes what browsers save: names of headers in any case, fields
// that are not known, bodies in base64, a byte order mark, packed files.
func TestRead(t *testing.T) {
	t.Parallel()
	const text = `{"log": {"version": "1.2", "pages": [{"id": "p"}], "entries": [
		{"startedDateTime": "2024-05-01T12:00:01.5+02:00", "_initiator": {"type": "x"}, "cache": {"beforeRequest": null},
		 "request": {"method": "GET", "url": "https://a.example/x?y=1", "headers": [{"name": "x-api-key", "value": "k"}, {"name": ":authority", "value": "a"}]},
		 "response": {"status": 200, "headers": [{"name": "link", "value": "a"}, {"name": "Link", "value": "b"}], "content": {"mimeType": "application/json; charset=utf-8", "text": "eyJhIjogMX0=", "encoding": "base64"}}},
		{"request": {"method": "GET", "url": "https://a.example/blocked"}, "response": {"status": 0, "content": {"text": "%", "encoding": "base64"}}}]}}`
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"plain": []byte(text), "mark": []byte("\xef\xbb\xbf" + text), "packed": packed.Bytes()} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil || len(got) != 2 {
			t.Fatalf("%s: %d exchanges, %v", name, len(got), err)
		}
		x := got[0]
		if x.Method != "GET" || x.URL != "https://a.example/x?y=1" || x.Header.Get("X-Api-Key") != "k" || len(x.ResponseHeader.Values("Link")) != 2 ||
			x.Status != 200 || string(x.Body) != `{"a": 1}` || x.MimeType != "application/json; charset=utf-8" || x.Started.UTC().Format(time.RFC3339Nano) != "2024-05-01T10:00:01.5Z" {
			t.Errorf("%s: %+v", name, x)
		}
		if got[1].Status != 0 || len(got[1].Body) != 0 {
			t.Errorf("%s: %+v", name, got[1])
		}
	}
	for text, want := range map[string]string{
		"": "it is empty", "{": "it breaks off", "{}": "no log.version", "[]": "a JSON array", "x": "invalid character 'x'", `{"log": 1}`: "a JSON value stands at byte 9, where HAR has an object", `{"log": {"version": "1.2", "entries": {}}}`: "where HAR has an array", `{"log": {"version": "1.2", "entries": [{},`: "it breaks off", `{"log": {"version": "1.2", "entries": [1]}}`: `"log.entries" is a JSON number`, "\x1f\x8bx": "EOF", `{"log": {}}`: "no log.version",
		`{"log": {"entries": [{"time": "long"}]}}`: `"log.entries.time" is a JSON string at byte`,
	} {
		path := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Answers stay in the file: a recording may be larger than the memory. One that
// is packed cannot be read at a place.
func TestAnswersStayInTheFile(t *testing.T) {
	t.Parallel()
	var text, packed bytes.Buffer
	text.WriteString("\xef\xbb\xbf{\"log\": {\"entries\": [\n")
	for i := range 20 {
		if i > 0 {
			text.WriteString(" ,\n")
		}
		fmt.Fprintf(&text, ` {"request": {"method": "GET", "url": "https://a.example/%d"}, "response": {"status": 200, "content": {"text": "body \u00e4 %d"}}}`, i%15, i)
	}
	text.WriteString(`], "version": "1.2"}}`)
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text.Bytes()); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"plain": text.Bytes(), "packed": packed.Bytes()} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path, words{secret})
		if err != nil {
			t.Fatal(err)
		}
		for _, queue := range r.answers {
			for _, a := range queue {
				if (a.entry != nil) != (name == "packed") {
					t.Errorf("%s: an answer in memory: %v", name, a.entry != nil)
				}
			}
		}
		for _, i := range []int{14, 3, 3, 3, 0} {
			body, _, err := ask(t, r, "GET", fmt.Sprintf("https://a.example/%d", i), "")
			if err != nil || !strings.HasPrefix(body, "body ä ") {
				t.Errorf("%s: %q, %v", name, body, err)
			}
		}
		if name == "plain" {
			if err := os.Truncate(path, 50); err != nil {
				t.Fatal(err)
			}
			if _, _, err := ask(t, r, "GET", "https://a.example/9", ""); err == nil || !strings.Contains(err.Error(), path+" has changed since it was opened") {
				t.Errorf("a file that has changed: %v", err)
			}
		}
	}
}
