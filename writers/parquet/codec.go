package parquet

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// codec compresses pages; safe for concurrent use.
type codec struct {
	id      format.CompressionCodec
	encoder sync.Pool // *zstd.Encoder or *gzip.Writer
}

// pageBytes is about how large a page is before it is compressed.
const pageBytes = 1 << 20

func newCodec(name string) (*codec, error) {
	switch name {
	case "", "zstd":
		return &codec{id: format.Zstd}, nil
	case "snappy":
		return &codec{id: format.Snappy}, nil
	case "gzip":
		return &codec{id: format.Gzip}, nil
	case "none":
		return &codec{id: format.Uncompressed}, nil
	}
	return nil, fmt.Errorf("unknown compression %q; known are zstd, snappy, gzip and none", name)
}

// compress appends the compressed form of src to dst.
func (c *codec) compress(dst, src []byte) ([]byte, error) {
	switch c.id {
	case format.Zstd:
		e, _ := c.encoder.Get().(*zstd.Encoder)
		if e == nil {
			var err error
			e, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
				zstd.WithWindowSize(pageBytes), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
			if err != nil {
				return dst, err
			}
		}
		defer c.encoder.Put(e)
		return e.EncodeAll(src, dst), nil
	case format.Snappy:
		return append(dst, snappy.Encode(nil, src)...), nil
	case format.Gzip:
		e, _ := c.encoder.Get().(*gzip.Writer)
		out := bytes.NewBuffer(dst)
		if e == nil {
			e = gzip.NewWriter(out)
		} else {
			e.Reset(out)
		}
		defer c.encoder.Put(e)
		if _, err := e.Write(src); err != nil {
			return dst, err
		}
		err := e.Close()
		return out.Bytes(), err
	}
	return append(dst, src...), nil
}
