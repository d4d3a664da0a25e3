// Package charset brings text of other encodings than UTF-8 into it.
package charset

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// Encoding is one of a text. The zero value is UTF-8, with or without a byte
// order mark.
type Encoding struct{ inner encoding.Encoding }

// IsUTF8 reports whether text in e needs no work.
func (e Encoding) IsUTF8() bool { return e.inner == nil }

// Lookup returns the encoding with a name as the WHATWG Encoding Standard lists
// them ("windows-1252", "shift_jis", "iso-8859-1", which it takes for
// windows-1252), or "utf-32", in any case.
func Lookup(name string) (Encoding, error) {
	lower := strings.ToLower(strings.TrimSpace(name))
	switch lower {
	case "utf-32", "utf-32le":
		return Encoding{utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)}, nil
	case "utf-32be":
		return Encoding{utf32.UTF32(utf32.BigEndian, utf32.UseBOM)}, nil
	case "utf-16", "utf-16le":
		return Encoding{unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)}, nil
	case "utf-16be":
		return Encoding{unicode.UTF16(unicode.BigEndian, unicode.UseBOM)}, nil
	}
	e, err := htmlindex.Get(lower)
	if err != nil {
		return Encoding{}, fmt.Errorf("unknown encoding %q (known are those of browsers: utf-8, utf-16, windows-1252, iso-8859-1, shift_jis, gb18030, ...)", name)
	}
	if e == unicode.UTF8 {
		return Encoding{}, nil
	}
	return Encoding{e}, nil
}

// Guess returns the encoding that the first bytes of a text show: a byte order
// mark, or the zeros that ASCII characters have in UTF-16 and UTF-32 (RFC 4627,
// 3). Others show nothing; they count as UTF-8.
func Guess(start []byte) Encoding {
	name := ""
	zero := func(pattern string) bool {
		if len(start) < len(pattern) {
			return false
		}
		for i, c := range []byte(pattern) {
			if (start[i] == 0) != (c == '0') {
				return false
			}
		}
		return true
	}
	switch {
	case bytes.HasPrefix(start, []byte{0xff, 0xfe, 0, 0}), zero("x000"):
		name = "utf-32le"
	case bytes.HasPrefix(start, []byte{0, 0, 0xfe, 0xff}), zero("000x"):
		name = "utf-32be"
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), zero("x0x0"):
		name = "utf-16le"
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}), zero("0x0x"):
		name = "utf-16be"
	default:
		return Encoding{}
	}
	e, _ := Lookup(name)
	return e
}

// Declared returns the encoding that a Content-Type names; UTF-8 where it names
// none, or one that is not known.
func Declared(contentType string) Encoding {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return Encoding{}
	}
	e, err := Lookup(params["charset"])
	if err != nil {
		return Encoding{}
	}
	return e
}

// Text brings text into UTF-8; a byte order mark is cut. Bytes that stand for no
// character become U+FFFD.
func (e Encoding) Text(text []byte) ([]byte, error) {
	if e.inner == nil {
		return text, nil
	}
	out, err := e.inner.NewDecoder().Bytes(text)
	return bytes.TrimPrefix(out, []byte("\xef\xbb\xbf")), err
}

// Reader brings what r reads into UTF-8. A byte order mark of UTF-8 stays.
func (e Encoding) Reader(r io.Reader) io.Reader {
	if e.inner == nil {
		return r
	}
	return transform.NewReader(r, e.inner.NewDecoder())
}

// Valid reads r to its end and reports whether it is UTF-8.
func Valid(r io.Reader) (bool, error) {
	var buffer [32 << 10]byte
	kept := 0 // bytes of a character that is not whole yet
	for {
		n, err := r.Read(buffer[kept:])
		text := buffer[:kept+n]
		whole := len(text)
		if err == nil { // the last character may go on
			for back := 1; back <= min(utf8.UTFMax, len(text)); back++ {
				if c := text[len(text)-back]; utf8.RuneStart(c) {
					if !utf8.FullRune(text[len(text)-back:]) {
						whole = len(text) - back
					}
					break
				}
			}
		}
		if !utf8.Valid(text[:whole]) {
			return false, nil
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buffer[:], text[whole:])
	}
}

// XML is the CharsetReader of an XML decoder: for the encoding that the document
// names in its first line. UTF-16 was brought into UTF-8 before that line could
// be read.
func XML(name string, r io.Reader) (io.Reader, error) {
	if strings.HasPrefix(strings.ToLower(name), "utf-16") || strings.HasPrefix(strings.ToLower(name), "utf-32") {
		return r, nil
	}
	e, err := Lookup(name)
	return e.Reader(r), err
}
