package parquet

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/writers/parquet/internal/zstd"
)

// codec compresses pages; safe for concurrent use.
type codec struct {
	id format.CompressionCodec
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

// compress appends the compressed form of src to dst. The scratch holds its
// encoder.
func (c *codec) compress(s *scratch, dst, src []byte, content zstd.Content) ([]byte, error) {
	switch c.id {
	case format.Zstd:
		return s.zstd.Append(dst, src, content), nil
	case format.Snappy:
		return append(dst, snappy.Encode(nil, src)...), nil
	case format.Gzip:
		out := bytes.NewBuffer(dst)
		if s.gzip == nil {
			s.gzip = gzip.NewWriter(out)
		} else {
			s.gzip.Reset(out)
		}
		if _, err := s.gzip.Write(src); err != nil {
			return dst, err
		}
		err := s.gzip.Close()
		return out.Bytes(), err
	}
	return append(dst, src...), nil
}
