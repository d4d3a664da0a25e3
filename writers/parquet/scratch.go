package parquet

import (
	"runtime"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// scratch is the memory that one worker needs to encode a chunk. It is used
// again for the next one.
type scratch struct {
	out    []byte // pages of the chunk
	plain  []byte // page before it is compressed
	packed []byte
	ids    []int32
	dict   dictionary
	delta  []byte
	zstd   *zstd.Encoder
	gzip   *gzip.Writer
}

// memory lends scratches to the files that share it, and keeps no more than are
// in use while one file is written. A sync.Pool would lose them at each garbage
// collection, and they are large. Safe for concurrent use.
type memory chan *scratch

func newMemory() memory { return make(memory, runtime.GOMAXPROCS(0)) }

func (m memory) get() *scratch {
	select {
	case s := <-m:
		return s
	default:
		return &scratch{}
	}
}

func (m memory) put(s *scratch) {
	select {
	case m <- s:
	default:
	}
}
