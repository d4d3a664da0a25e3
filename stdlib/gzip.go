package stdlib

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

func gzipModule() Module {
	return newModule("gzip", "Compressed text (RFC 1952).",
		Function{
			Name: "compress", Params: "text: string", Returns: "string",
			Doc:     "The text as a gzip file; the same text gives the same bytes.",
			Example: `assert(#gzip.compress(("abc"):rep(1000)) < 100)`,
			run:     gzipCompress,
		},
		Function{
			Name: "decompress", Params: "text: string", Returns: "string",
			Doc:     "The contents of a gzip file, at most 64 MiB; damaged or cut files are an error.",
			Example: `assert(gzip.decompress(gzip.compress("hello")) == "hello")`,
			run:     gzipDecompress,
		},
	)
}

func gzipCompress(c *call) int {
	text := c.text(1)
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for len(text) > 0 {
		c.spend(1 << 12)
		piece := text[:min(len(text), 1<<20)]
		text = text[len(piece):]
		_, err := io.WriteString(w, piece)
		c.check(err)
	}
	c.check(w.Close())
	return c.pushText(out.String())
}

func gzipDecompress(c *call) int {
	text := c.text(1)
	if !strings.HasPrefix(text, "\x1f\x8b") {
		c.fail("the text is no gzip file")
	}
	r, err := gzip.NewReader(strings.NewReader(text))
	c.checkGzip(err)
	var out bytes.Buffer
	for {
		c.spend(1 << 12)
		_, err := io.CopyN(&out, r, 1<<20)
		c.bound(out.Len())
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return c.pushText(out.String())
		}
		c.checkGzip(err)
	}
}

func (c *call) checkGzip(err error) {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		c.fail("the gzip file ends too early")
	case err != nil:
		c.fail("the gzip file is damaged")
	}
}
