package rest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/charset"
	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/rawjson"
)

// A large body of a format without envelope (jsonl, csv), or of XML whose
// records are elements of one path, is read piece by piece (OPR-11): it lies in
// a spool, and each piece becomes a page of its own with records in memory.

// recordReader reads the records of a body one after the other.
type recordReader interface {
	// read gives the next record, or several that stand together, to add, which
	// copies them. io.EOF: there are no more.
	read(add func(record []byte)) error
	// doc is what else the document holds, for the paginator, behind the end; nil
	// where the format has nothing else. null: the value that should have been
	// the records is null (SEL-03).
	doc() (json []byte, null bool)
}

// pieceBytes is how much text of records a piece holds, and a record more.
const pieceBytes = 1 << 20

// readAhead is how much more than a record its reader may read at once.
const readAhead = 2*lineBytes + 128<<10

// pieces are the records of a spooled body.
type pieces struct {
	r       *Resource
	pool    *bodies
	reader  recordReader
	in      *bounded
	close   func() error
	pending []byte // record that was read ahead; its ends are in ahead
	ahead   []int
	last    bool
	read    int64 // bytes of the body up to now, unpacked
}

// piece is a part of the records. They are slices of a buffer that release
// gives back.
type piece struct {
	records [][]byte
	bytes   int64 // of the body, unpacked
	last    bool
	release func()
}

// next reads a piece; the last one may be without records.
func (p *pieces) next() (*piece, error) {
	buffer := p.pool.get(pieceBytes + pieceBytes/4)
	text, ends := append((*buffer)[:0], p.pending...), append([]int(nil), p.ahead...)
	p.pending, p.ahead = p.pending[:0], p.ahead[:0]
	for !p.last && len(text) < pieceBytes {
		if err := p.step(&text, &ends); err != nil {
			p.pool.put(buffer)
			return nil, err
		}
	}
	if !p.last { // whether something follows must be known: the last page moves the paginator
		if err := p.step(&p.pending, &p.ahead); err != nil {
			p.pool.put(buffer)
			return nil, err
		}
	}
	*buffer = text // it may have grown
	out := &piece{bytes: p.in.total - p.read, last: p.last && len(p.ahead) == 0, release: func() { p.pool.put(buffer) }}
	p.read = p.in.total
	out.records = make([][]byte, 0, len(ends))
	start := 0
	for _, end := range ends {
		out.records = append(out.records, text[start:end:end])
		start = end
	}
	return out, nil
}

// step reads what stands together next and appends it to text.
func (p *pieces) step(text *[]byte, ends *[]int) error {
	p.in.count = 0
	err := p.reader.read(func(record []byte) {
		*text = append(*text, record...)
		*ends = append(*ends, len(*text))
	})
	switch {
	case err == io.EOF:
		p.last = true
		return nil
	case errors.Is(err, errTooLarge):
		return p.r.recordTooLarge()
	}
	return err
}

// streamable reports whether the series of the resource can take their bodies
// piece by piece: nothing of the script looks at the whole of one.
func (r *Resource) streamable() bool {
	if r.endpoint.Format == "json" || r.paginator != nil && r.paginator.Kind == "function" || r.client.Session.RetryCondition != "" {
		return false
	}
	return !slices.ContainsFunc(r.endpoint.ResponseActions, func(a config.Action) bool {
		return a.HasContent || a.When != "" || len(a.Funcs) > 0 || strings.Contains(a.Message, "{")
	})
}

// streams reports whether a body may be one of those, as far as headers and URL
// tell. Packed ones show it only when they are opened.
func (r *Resource) streams(h http.Header, finalURL string) bool {
	if r.endpoint.Format != "" {
		return true
	}
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch media {
	case "application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed", "application/octet-stream", "binary/octet-stream":
		return true
	case "application/json":
		return false
	}
	if u, err := url.Parse(finalURL); err == nil {
		if ext := path.Ext(strings.ToLower(u.Path)); ext == ".gz" || ext == ".zip" {
			return true
		}
	}
	return formatOf(h.Get("Content-Type"), "", finalURL, []byte("x")) != "json"
}

// open begins to read a spooled body. Where it turns out to be of a format that
// needs the whole, whole is the body in memory and pieces nil.
func (r *Resource) open(reply *reply, pool *bodies) (p *pieces, whole []byte, err error) {
	in, name, closed, err := r.unpacked(reply.spool)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if p == nil {
			err = errors.Join(err, closed())
		}
	}()
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, err := buffered.Peek(4096)
	if err != nil && err != io.EOF {
		return nil, nil, unpackError(err)
	}
	encoding := r.encoding(head)
	if !encoding.IsUTF8() {
		buffered = bufio.NewReaderSize(encoding.Reader(buffered), 64<<10)
		if head, err = buffered.Peek(4096); err != nil && err != io.EOF {
			return nil, nil, notText(err)
		}
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
		head = head[3:]
	}
	format := r.endpoint.Format
	if format == "" && rawjson.SkipSpace(head, 0) < len(head) {
		format = formatOf(reply.Headers.Get("Content-Type"), name, reply.url, head)
	}
	if r.mayDeclare(format, encoding) {
		declared, err := r.declared(reply)
		if err != nil {
			return nil, nil, unpackError(err)
		}
		if !declared.IsUTF8() {
			buffered = bufio.NewReaderSize(declared.Reader(buffered), 64<<10)
		}
	}
	bound := &bounded{r: buffered, most: r.maxBytes() + readAhead}
	p = &pieces{r: r, pool: pool, in: bound, close: closed}
	switch {
	case looksLikeHTML(head):
		p = nil
		return nil, nil, r.gotHTML(head, reply.url)
	case format == "jsonl":
		p.reader = newLineRecords(r, bound)
	case format == "csv":
		p.reader = newCSVRecords(bound)
	case format == "xml" && r.selection.elements():
		p.reader = newXMLRecords(r.newXMLDecoder(bound), r.selection.names, r.maxBytes())
	default:
		p = nil
		whole, err := readBounded(buffered, r.maxBytes())
		if err != nil {
			if format == "xml" {
				err = fmt.Errorf("%w; with a data_selector such as \"users.user\" XML is read piece by piece", err)
			}
			return nil, nil, err
		}
		return nil, whole, nil
	}
	return p, nil, nil
}

// declared is the encoding that Content-Type names for a spooled body that is not
// UTF-8.
func (r *Resource) declared(reply *reply) (charset.Encoding, error) {
	e := charset.Declared(reply.Headers.Get("Content-Type"))
	if e.IsUTF8() {
		return e, nil
	}
	in, _, closed, err := r.unpacked(reply.spool)
	if err != nil {
		return e, err
	}
	valid, err := charset.Valid(in)
	if valid {
		e = charset.Encoding{}
	}
	return e, errors.Join(err, closed())
}

// unpacked opens a spooled body, packed or not. name is that of the file in it.
func (r *Resource) unpacked(s *spool) (in io.Reader, name string, closed func() error, err error) {
	closed = func() error { return nil }
	file := io.NewSectionReader(s.file, 0, s.size)
	start := make([]byte, 4)
	if _, err := file.ReadAt(start, 0); err != nil && err != io.EOF {
		return nil, "", nil, err
	}
	if zipBegins(start) {
		f, err := onlyFile(file, s.size)
		if err != nil {
			return nil, "", nil, err
		}
		in, err := f.Open()
		if err != nil {
			return nil, "", nil, fmt.Errorf("the zip body is broken: %w", err)
		}
		return in, f.Name, in.Close, nil
	}
	in = bufio.NewReader(file)
	for range 2 { // a packed file may be packed once more for its way
		buffered := bufio.NewReader(in)
		start, err := buffered.Peek(3)
		if err != nil || !packed(start) {
			return buffered, name, closed, nil
		}
		z, err := newGunzip(buffered)
		if err != nil {
			return nil, "", nil, unpackError(err)
		}
		in, name = z, z.name
	}
	return in, name, closed, nil
}

func unpackError(err error) error { return fmt.Errorf("the packed body is broken: %w", err) }

func zipBegins(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// onlyFile is the one file of a zip archive.
func onlyFile(in io.ReaderAt, size int64) (*zip.File, error) {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return nil, fmt.Errorf("the zip body is broken: %w", err)
	}
	var files []*zip.File
	var names []string
	for _, f := range z.File {
		if !f.FileInfo().IsDir() && !strings.HasPrefix(f.Name, "__MACOSX/") {
			files = append(files, f)
			names = append(names, f.Name)
		}
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("the zip body has %d files, expected one: %s", len(files), excerpt([]byte(strings.Join(names, ", ")), 200))
	}
	return files[0], nil
}
