package parquet

import (
	"runtime"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/restlua/restlua/writers/parquet/internal/zstd"
)

// scratch is the memory that one worker needs to encode a chunk. It is used
// again for the next one.
type scratch struct {
	plain  []byte // page before it is compressed
	packed []byte
	ids    []int32
	seen   []bool // entries of a dictionary
	delta  []byte
	zstd   zstd.Encoder
	gzip   *gzip.Writer
}

// memory is what the files of a load share: the scratches of workers, of which
// no more are kept than are in use while one file is written (a sync.Pool would
// lose them at each garbage collection, and they are large), and the count of
// what row groups hold that are not full yet. Safe for concurrent use.
type memory struct {
	scratches chan *scratch
	held      atomic.Int64 // by open row groups, in bytes
	open      atomic.Int64 // row groups
}

func newMemory() *memory { return &memory{scratches: make(chan *scratch, runtime.GOMAXPROCS(0))} }

func (m *memory) get() *scratch {
	select {
	case s := <-m.scratches:
		return s
	default:
		return &scratch{}
	}
}

func (m *memory) put(s *scratch) {
	select {
	case m.scratches <- s:
	default:
	}
}

// short reports whether a row group that holds n bytes must be written before
// it is full, because all of them together hold more than limit. The least that
// is written so is a fair share.
func (m *memory) short(n, limit int64) bool {
	return m.held.Load() > limit && n >= limit/max(1, m.open.Load())
}
