package har

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Exchange is a request of a recording, and its answer.
type Exchange struct {
	Started time.Time
	Method  string
	URL     string // absolute
	Header  http.Header

	Status         int // 0: no answer came
	ResponseHeader http.Header
	MimeType       string // of the body
	Body           []byte // decoded; empty where the recording has none
}

// Read reads the recording at path, also one that is packed with gzip, in the
// order of the file. It takes those of browsers and proxies, and of Recorder.
// A body that cannot be decoded is empty.
func Read(path string) ([]Exchange, error) {
	d, err := load(path)
	if err != nil {
		return nil, err
	}
	out := make([]Exchange, len(d.Log.Entries))
	for i := range d.Log.Entries {
		e := &d.Log.Entries[i]
		body, err := e.Response.Content.body()
		if err != nil {
			body = nil
		}
		out[i] = Exchange{
			Started: e.StartedDateTime, Method: e.Request.Method, URL: e.Request.URL, Header: header(e.Request.Headers),
			Status: e.Response.Status, ResponseHeader: header(e.Response.Headers), MimeType: e.Response.Content.MimeType, Body: body,
		}
	}
	return out, nil
}

func header(list []pair) http.Header {
	h := http.Header{}
	for _, p := range list {
		h.Add(p.Name, p.Value)
	}
	return h
}

// wrong says what is wrong with a document, in words of the file.
func wrong(err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it breaks off"
	case errors.As(err, &kind):
		return fmt.Sprintf("%q is a JSON %s at byte %d, which HAR has not there", kind.Field, kind.Value, kind.Offset)
	case errors.As(err, &syntax):
		return fmt.Sprintf("%s at byte %d", syntax.Error(), syntax.Offset)
	}
	return err.Error()
}

// load reads the document of a recording.
func load(path string) (*document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var text io.Reader = in
	if head, _ := in.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		if text, err = gzip.NewReader(in); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if head, _ := in.Peek(3); string(head) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3) // some proxies begin with a byte order mark
	}
	var d document
	if err := json.NewDecoder(text).Decode(&d); err != nil {
		return nil, fmt.Errorf("%s is no HAR file: %s", path, wrong(err))
	}
	if d.Log.Version == "" {
		return nil, fmt.Errorf("%s is no HAR file: it has no log.version", path)
	}
	return &d, nil
}
