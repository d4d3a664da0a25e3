package rest

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/charset"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// document is a body made ready for selection: JSON with an envelope, or, of
// formats that have none, the records.
type document struct {
	json     []byte
	records  [][]byte
	marks    *rawjson.Marks // of the text that records are slices of; nil: none
	isRecord bool           // records count, json does not
	empty    bool           // there is nothing in the body (OPR-10)
}

// formats read bodies, in place of which they may leave slices of them.
var formats = map[string]func(r *Resource, body []byte) (document, error){
	"json":  readJSON,
	"jsonl": readJSONLines,
	"csv":   readCSV,
	"xml":   readXML,
}

// document reads the body of a response by its format: the one that the
// endpoint names, else the one that Content-Type or the file's name tells,
// else JSON (OPR-11).
func (r *Resource) document(resp *hook.Response, finalURL string) (document, error) {
	body, name, err := unpack(resp.Body, r.maxBytes())
	if err != nil {
		return document{}, err
	}
	encoding := r.encoding(body)
	if body, err = encoding.Text(body); err != nil {
		return document{}, notText(err)
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if rawjson.SkipSpace(body, 0) == len(body) {
		return document{empty: true}, nil
	}
	format := r.endpoint.Format
	if format == "" {
		format = formatOf(resp.Headers.Get("Content-Type"), name, finalURL, body)
	}
	read := formats[format]
	if read == nil {
		return document{}, fmt.Errorf("unknown format %q", format)
	}
	if looksLikeHTML(body) {
		return document{}, r.gotHTML(body, finalURL)
	}
	if r.mayDeclare(format, encoding) {
		// Many servers declare what their framework is set to, and send UTF-8.
		if declared := charset.Declared(resp.Headers.Get("Content-Type")); !declared.IsUTF8() && !utf8.Valid(body) {
			if body, err = declared.Text(body); err != nil {
				return document{}, notText(err)
			}
		}
	}
	return read(r, body)
}

// encoding is that of a body that begins so: the one that the endpoint names,
// else the one that the body shows.
func (r *Resource) encoding(start []byte) charset.Encoding {
	if name := r.endpoint.Encoding; name != "" {
		e, _ := charset.Lookup(name) // was checked
		return e
	}
	return charset.Guess(start)
}

// mayDeclare reports whether the charset of Content-Type has a say in a body,
// which has the given encoding otherwise. XML tells its own.
func (r *Resource) mayDeclare(format string, encoding charset.Encoding) bool {
	return format != "xml" && encoding.IsUTF8() && r.endpoint.Encoding == ""
}

func notText(err error) error {
	return fmt.Errorf("the body cannot be brought into UTF-8 (endpoint.response_format.encoding): %w", err)
}

// maxBytes bounds what a packed body may unpack to.
func (r *Resource) maxBytes() int64 {
	if n := r.client.MaxResponseBytes; n > 0 {
		return n
	}
	return 256 << 20
}

// formatOf tells the format of a body. What begins like JSON is not taken for
// XML or CSV: APIs often say the wrong Content-Type (API-14).
func formatOf(contentType, member, finalURL string, body []byte) string {
	media, _, _ := mime.ParseMediaType(contentType)
	first := body[rawjson.SkipSpace(body, 0)]
	looksJSON := first == '{' || first == '['
	switch media {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/jsonlines", "application/x-jsonl":
		return "jsonl"
	case "text/csv", "application/csv", "text/tab-separated-values":
		if !looksJSON {
			return "csv"
		}
	case "application/xml", "text/xml":
		if !looksJSON {
			return "xml"
		}
	case "application/json", "text/json", "text/html":
		return "json"
	}
	if strings.HasSuffix(media, "+xml") && media != "application/xhtml+xml" && !looksJSON {
		return "xml"
	}
	if member == "" {
		if u, err := url.Parse(finalURL); err == nil {
			member = u.Path
		}
	}
	member = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(member), ".gz"), ".zip")
	switch path.Ext(member) {
	case ".jsonl", ".ndjson":
		return "jsonl"
	case ".csv", ".tsv":
		if !looksJSON {
			return "csv"
		}
	case ".xml":
		if !looksJSON {
			return "xml"
		}
	}
	return "json"
}

// readJSON leaves the body as it is: it is checked while the records are found.
func readJSON(r *Resource, body []byte) (document, error) {
	if r.endpoint.Lenient {
		body = withoutNaN(body)
	}
	return document{json: body}, nil
}

const htmlBytes = 200

// gotHTML is the error of a page for people (API-12).
func (r *Resource) gotHTML(body []byte, finalURL string) error {
	method := r.endpoint.Method
	if method == "" {
		method = http.MethodGet
	}
	return fmt.Errorf("got HTML (a login or error page?) from %s %s: %s", method, r.mask(finalURL), excerpt(bytes.TrimSpace(body), htmlBytes))
}

// looksLikeHTML reports whether a body is a page for people.
func looksLikeHTML(body []byte) bool {
	start := strings.ToLower(string(body[:min(len(body), 512)]))
	start = strings.TrimSpace(start)
	if strings.HasPrefix(start, "<?xml") || strings.HasPrefix(start, "<!--") {
		return strings.Contains(start, "<!doctype html") || strings.Contains(start, "<html")
	}
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// badJSON explains a body that is no JSON, with the place and what stands there.
func badJSON(body []byte, err error) error {
	var syntax *rawjson.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("the response is not JSON: %w", err)
	}
	near := body[min(syntax.Offset, len(body)):]
	hint := ""
	switch {
	case startsLikeNaN(near):
		hint = " (endpoint.response_format = { lenient = true } reads NaN and Infinity as null)"
	case syntax.Msg == "text after the end of the value" && len(near) > 0 && (near[0] == '{' || near[0] == '['):
		hint = " (endpoint.format = \"jsonl\" reads one value after the other)"
	case syntax.Msg == "invalid UTF-8":
		hint = " (endpoint.response_format = { encoding = \"windows-1252\" } reads another encoding)"
	}
	if len(near) == 0 {
		return fmt.Errorf("the response is not JSON: %w%s", err, hint)
	}
	return fmt.Errorf("the response is not JSON: %w, at %q%s", err, excerpt(near, 40), hint)
}

// nonNumbers are what some programs write for numbers that JSON does not have.
var nonNumbers = []string{"-Infinity", "Infinity", "-NaN", "NaN"}

// startsLikeNaN reports whether b, where JSON breaks, is such a number. A minus
// before it was read already.
func startsLikeNaN(b []byte) bool {
	for _, word := range nonNumbers {
		if bytes.HasPrefix(b, []byte(word)) {
			return true
		}
	}
	return false
}

// withoutNaN returns body with null in place of NaN and Infinity outside of
// strings (API-17); body itself where there are none.
func withoutNaN(body []byte) []byte {
	if !bytes.Contains(body, []byte("NaN")) && !bytes.Contains(body, []byte("Infinity")) {
		return body
	}
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); {
		switch c := body[i]; {
		case c == '"':
			end, err := rawjson.Skip(body, i)
			if err != nil {
				return append(out, body[i:]...)
			}
			out = append(out, body[i:end]...)
			i = end
			continue
		case c == '-' || c == 'N' || c == 'I':
			if word := wordAt(body[i:]); word > 0 {
				out = append(out, "null"...)
				i += word
				continue
			}
		}
		out = append(out, body[i])
		i++
	}
	return out
}

func wordAt(b []byte) int {
	for _, word := range nonNumbers {
		if bytes.HasPrefix(b, []byte(word)) {
			return len(word)
		}
	}
	return 0
}
