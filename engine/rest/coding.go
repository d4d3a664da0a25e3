package rest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Content codings (RFC 9110, 8.4). Only gzip is asked for; others come from
// servers and proxies that do not look. gzip needs no header: it is told by how
// it begins (API-14), wherever a body or a file is read.

// codings are those of a response that have to be undone before the body is
// looked at, in the order in which they were applied.
func codings(h http.Header) ([]string, error) {
	var out []string
	other := false // one that does not show itself
	for _, list := range h.Values("Content-Encoding") {
		for name := range strings.SplitSeq(strings.ToLower(list), ",") {
			switch name = strings.TrimSpace(name); name {
			case "gzip", "x-gzip":
				out = append(out, "gzip")
			case "deflate", "zstd", "br":
				out = append(out, name)
				other = true
			case "compress", "x-compress", "dcb", "dcz", "aes128gcm", "exi", "pack200-gzip":
				return nil, final{fmt.Errorf("the body is encoded as %q, which was not asked for", name)}
			}
			// What is left is no coding: identity, none, utf-8, binary.
		}
	}
	if !other {
		return nil, nil
	}
	return out, nil
}

// uncoded undoes the codings of a body. A body that is not coded as its header
// says is left as it is.
func uncoded(in io.Reader, names []string) (io.Reader, error) {
	for i := len(names) - 1; i >= 0; i-- {
		buffered := bufio.NewReader(in)
		start, err := buffered.Peek(4)
		if err != nil && err != io.EOF {
			return nil, err
		}
		in = buffered
		switch name := names[i]; {
		case len(start) == 0:
		case name == "gzip" && packed(start):
			if in, err = newGunzip(buffered); err != nil {
				return nil, brokenGzip(err)
			}
		case name == "zstd" && bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")):
			z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
			if err != nil {
				return nil, err
			}
			in = &damaged{z}
		case name == "deflate" && zlibBegins(start):
			z, err := zlib.NewReader(buffered)
			if err != nil {
				return nil, err
			}
			in = &damaged{z}
		case name == "deflate" && !textBegins(start):
			// The name is that of the zlib format, and many servers mean bare
			// deflate data (RFC 1951).
			in = &damaged{flate.NewReader(buffered)}
		case name == "br":
			if start, err = buffered.Peek(buffered.Size()); err != nil && err != io.EOF {
				return nil, err
			}
			if whole := err == io.EOF; !textBegins(start) || brotliBegins(start, whole) {
				in = &damaged{brotli.NewReader(buffered)}
			}
		}
	}
	return in, nil
}

// brotliBegins reports whether data begins as brotli data may (RFC 7932). They
// have no mark of their own, and may begin with a brace: only reading tells.
func brotliBegins(data []byte, whole bool) bool {
	_, err := io.Copy(io.Discard, io.LimitReader(brotli.NewReader(bytes.NewReader(data)), 256))
	return err == nil || err == io.ErrUnexpectedEOF && !whole
}

// zlibBegins reports whether data begins as the zlib format does (RFC 1950, 2.2).
func zlibBegins(data []byte) bool {
	return len(data) >= 2 && data[0]&15 == 8 && data[0]>>4 <= 7 && (int(data[0])<<8|int(data[1]))%31 == 0
}

// textBegins reports whether data begins as JSON, XML or a line of text does. No
// useful deflate data begins so: its first bits would say that the first block is
// stored or of a kind that does not exist, or be those of a rare small table.
func textBegins(data []byte) bool {
	return len(data) > 0 && bytes.IndexByte([]byte("{[<\"\xef \n\r\t"), data[0]) >= 0
}

// damaged turns the errors of damaged data into that of a broken body, which is
// retried.
type damaged struct{ r io.Reader }

func (d *damaged) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: damaged data: %v", io.ErrUnexpectedEOF, err)
	}
	return n, err
}

// gunzip reads gzip data of one member or more (RFC 1952). What follows the last
// of them and begins no other is padding, which some writers add; it is passed
// over, as gzip itself does.
type gunzip struct {
	name string // of the file, as the first member gives it
	z    gzip.Reader
	in   *bufio.Reader
}

func newGunzip(in *bufio.Reader) (*gunzip, error) {
	g := &gunzip{}
	return g, g.Reset(in)
}

// Reset begins with other data.
func (g *gunzip) Reset(in *bufio.Reader) error {
	g.in = in
	if err := g.z.Reset(in); err != nil {
		return err
	}
	g.z.Multistream(false)
	g.name = g.z.Name
	return nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if n > 0 && err == io.EOF {
			return n, nil // the next call asks again
		}
		if err != io.EOF {
			return n, err
		}
		start, err := g.in.Peek(3)
		switch {
		case packed(start):
			if err := g.z.Reset(g.in); err != nil {
				return 0, err
			}
			g.z.Multistream(false)
			continue
		case err != nil:
			return 0, err // io.EOF, in order
		}
		if _, err := io.Copy(io.Discard, g.in); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
}

// packed reports whether data begins as gzip does (RFC 1952, method deflate).
func packed(data []byte) bool {
	return len(data) >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8
}

// brokenGzip turns the errors of damaged data into that of a broken body, which
// is retried.
func brokenGzip(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return fmt.Errorf("%w: damaged gzip data", io.ErrUnexpectedEOF)
	}
	return err
}
