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
	"strings"
	"time"

	"github.com/restlua/restlua/engine/rawjson"
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
	var out []Exchange
	err := scan(path, func(text []byte, _ int64) error {
		var e entry
		if err := json.Unmarshal(text, &e); err != nil {
			return err
		}
		body, err := e.Response.Content.body()
		if err != nil {
			body = nil
		}
		out = append(out, Exchange{
			Started: e.StartedDateTime, Method: e.Request.Method, URL: e.Request.URL, Header: header(e.Request.Headers),
			Status: e.Response.Status, ResponseHeader: header(e.Response.Headers), MimeType: e.Response.Content.MimeType, Body: body,
		})
		return nil
	})
	return out, err
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

// parseAsked reads what of an entry is kept in memory. Bodies of answers are
// large: what is not asked for is only walked over.
func parseAsked(text []byte) (*entry, error) {
	e := &entry{}
	return e, fields(text, map[string]any{"startedDateTime": &e.StartedDateTime, "request": &e.Request})
}

// parseAnswer reads what of an entry makes an answer.
func parseAnswer(text []byte) (*entry, error) {
	e := &entry{}
	r := &e.Response
	return e, fields(text, map[string]any{"_error": &e.Error, "response": map[string]any{
		"status": &r.Status, "statusText": &r.StatusText, "headers": &r.Headers,
		"content": map[string]any{"encoding": &r.Content.Encoding, "text": &r.Content.Text},
	}})
}

// fields reads some fields of an object: into what encoding/json takes, or, by a
// map, some fields of the object in it.
func fields(text []byte, into map[string]any) error {
	var failure error
	err := rawjson.Fields(text, func(key, value []byte) bool {
		for name, to := range into {
			if !rawjson.KeyEqual(key, name) {
				continue
			}
			inner, nested := to.(map[string]any)
			out, isText := to.(*string)
			switch {
			case nested && value[0] == '{':
				failure = fields(value, inner)
			case isText && value[0] == '"':
				*out, failure = rawjson.Unquote(value)
			case nested:
				failure = json.Unmarshal(value, &struct{}{}) // says what it is
			default:
				failure = json.Unmarshal(value, to)
			}
			var kind *json.UnmarshalTypeError
			if errors.As(failure, &kind) {
				kind.Field = strings.TrimSuffix(name+"."+kind.Field, ".")
			}
		}
		return failure == nil
	})
	if failure == nil && err != nil {
		failure = json.Unmarshal(text, &struct{}{})
	}
	return failure
}

// scan calls each for the entries of the recording at path, in the order of the
// file, one after the other: a recording may be larger than the memory. text is
// valid until each returns; at is where it stands in the file, -1 in one that is
// packed.
func scan(path string, each func(text []byte, at int64) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10)
	var text io.Reader = in
	start, packed := int64(0), false
	if head, _ := in.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		if text, err = gzip.NewReader(in); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		packed = true
	}
	if packed {
		in = bufio.NewReader(text)
		text = in
	}
	if head, _ := in.Peek(3); string(head) == "\xef\xbb\xbf" {
		start = 3 // some proxies begin with a byte order mark
		_, _ = in.Discard(3)
	}
	s := scanner{d: json.NewDecoder(text), each: func(text []byte, at int64) error {
		if at += start; packed {
			at = -1
		}
		return each(text, at)
	}}
	err = s.object(map[string]func() error{"log": func() error {
		return s.object(map[string]func() error{
			"version": func() error { return s.d.Decode(&s.version) },
			"entries": s.entries,
		})
	}})
	if errors.Is(err, io.EOF) && s.d.InputOffset() > 0 {
		err = io.ErrUnexpectedEOF
	}
	var own *entryError
	switch {
	case errors.As(err, &own):
		return fmt.Errorf("%s: entry %d: %s", path, own.number, wrong(own.err))
	case err != nil:
		return fmt.Errorf("%s is no HAR file: %s", path, wrong(err))
	case s.version == "":
		return fmt.Errorf("%s is no HAR file: it has no log.version", path)
	}
	return nil
}

// scanner walks through the document of a recording.
type scanner struct {
	d       *json.Decoder
	version string
	each    func(text []byte, at int64) error
}

// entryError is what each made of an entry.
type entryError struct {
	number int
	err    error
}

func (e *entryError) Error() string { return e.err.Error() }

// object reads an object, some fields of it by functions of their own.
func (s *scanner) object(fields map[string]func() error) error {
	if err := s.open('{'); err != nil {
		return err
	}
	for s.d.More() {
		key, err := s.d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		read := fields[name]
		if read == nil {
			var skipped json.RawMessage
			read = func() error { return s.d.Decode(&skipped) }
		}
		if err := read(); err != nil {
			return err
		}
	}
	_, err := s.d.Token()
	return err
}

func (s *scanner) entries() error {
	if err := s.open('['); err != nil {
		return err
	}
	var text json.RawMessage
	for n := 1; s.d.More(); n++ {
		if err := s.d.Decode(&text); err != nil {
			return err
		}
		at := s.d.InputOffset() - int64(len(text))
		err := s.each(text, at)
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			kind.Field, kind.Offset = strings.TrimSuffix("log.entries."+kind.Field, "."), kind.Offset+at
			return kind
		}
		if err != nil {
			return &entryError{n, err}
		}
	}
	_, err := s.d.Token()
	return err
}

// open reads the bracket with which an object or an array begins.
func (s *scanner) open(bracket json.Delim) error {
	token, err := s.d.Token()
	if err != nil || token == bracket {
		return err
	}
	names := map[any]string{json.Delim('{'): "object", json.Delim('['): "array"}
	have := names[token]
	if have == "" {
		have = "value"
	}
	return fmt.Errorf("a JSON %s stands at byte %d, where HAR has an %s", have, s.d.InputOffset(), names[bracket])
}
