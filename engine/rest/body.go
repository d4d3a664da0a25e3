package rest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"sync"
)

// bodies reads the bodies of responses into buffers that are used again.
//
// Buffers come in sizes that are powers of two, one pool for each; larger ones
// than the last are left to the garbage collector.
type bodies struct {
	most    int64 // max_response_bytes
	buffers [largestClass + 1]sync.Pool
	readers sync.Pool // *bufio.Reader
	gzips   sync.Pool // *gunzip
}

const (
	smallestClass = 12 // 4 KiB
	largestClass  = 26 // 64 MiB
)

// body is a body in memory. Its buffer is given back by release.
type body struct {
	data   []byte // without BOM, decompressed; of a spooled one the first bytes, as they came
	buffer *[]byte
	pool   *bodies
	spool  *spool // nil: the body is in memory
}

// size is the number of bytes of the body: decompressed, or, of a spooled one,
// as they came.
func (b *body) size() int64 {
	if b.spool != nil {
		return b.spool.size
	}
	return int64(len(b.data))
}

// release gives the memory or the file back; data must not be used any more.
func (b *body) release() {
	if b.spool != nil {
		b.spool.close()
		b.spool, b.data = nil, nil
	}
	if b.buffer != nil {
		b.pool.put(b.buffer)
		b.buffer, b.data = nil, nil
	}
}

func (p *bodies) get(size int) *[]byte {
	class := max(smallestClass, bits.Len(uint(max(size, 1)-1)))
	if class > largestClass {
		b := make([]byte, 0, size)
		return &b
	}
	if b, ok := p.buffers[class].Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 1<<class)
	return &b
}

// put takes a buffer back; it goes to the class that its capacity fills.
func (p *bodies) put(b *[]byte) {
	class := bits.Len(uint(cap(*b))) - 1
	if class < smallestClass || class > largestClass {
		return
	}
	*b = (*b)[:0]
	p.buffers[class].Put(b)
}

// read reads a whole body of at most max_response_bytes.
func (p *bodies) read(r io.Reader, length int64) (*body, error) {
	b, err := p.readUpTo(r, length, p.most)
	if errors.Is(err, errTooLarge) {
		return nil, final{fmt.Errorf("the answer is larger than %s (client.max_response_bytes)", sizeText(p.most))}
	}
	return b, err
}

// errTooLarge says that a bound was met.
var errTooLarge = errors.New("too large")

// readUpTo reads a whole body; one of more than most bytes is errTooLarge.
// Packed bodies are unpacked whether or not the header says so (API-14), a byte
// order mark is cut.
func (p *bodies) readUpTo(r io.Reader, length, most int64) (*body, error) {
	buffered, ok := p.readers.Get().(*bufio.Reader)
	if !ok {
		buffered = bufio.NewReaderSize(nil, 4<<10)
	}
	buffered.Reset(r)
	defer func() {
		buffered.Reset(nil)
		p.readers.Put(buffered)
	}()
	b := &body{pool: p}
	start, err := buffered.Peek(3)
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case packed(start):
		b.buffer, err = p.unpack(buffered, 4*length, most)
	default:
		b.buffer, err = p.fill(buffered, length, most)
	}
	// A packed file may be packed once more for its way.
	if err == nil && packed(*b.buffer) {
		outer := b.buffer
		b.buffer, err = p.unpack(bufio.NewReader(bytes.NewReader(*outer)), 4*int64(len(*outer)), most)
		p.put(outer)
	}
	if err != nil {
		return nil, err
	}
	b.data = bytes.TrimPrefix(*b.buffer, []byte("\xef\xbb\xbf"))
	return b, nil
}

func (p *bodies) unpack(r *bufio.Reader, guess, most int64) (*[]byte, error) {
	z, ok := p.gzips.Get().(*gunzip)
	if !ok {
		z = new(gunzip)
	}
	defer p.gzips.Put(z)
	if err := z.Reset(r); err != nil {
		return nil, brokenGzip(err)
	}
	b, err := p.fill(z, min(guess, 8<<20), most)
	if err != nil {
		return nil, brokenGzip(err)
	}
	return b, nil
}

// fill reads r to its end into a buffer. length is the expected size; -1 or less
// means unknown.
func (p *bodies) fill(r io.Reader, length, most int64) (*[]byte, error) {
	size := int64(8 << 10)
	if length >= 0 {
		size = length + 1 // room to see the end without growing
	}
	// A header that promises much is believed only in part: the memory grows
	// with what has come.
	b := p.get(int(min(size, 16<<20, most+1)))
	for {
		free := (*b)[len(*b):cap(*b)]
		if len(free) == 0 {
			larger := p.get(2 * cap(*b))
			*larger = append(*larger, *b...)
			p.put(b)
			b = larger
			continue
		}
		n, err := r.Read(free)
		*b = (*b)[:len(*b)+n]
		if int64(len(*b)) > most {
			p.put(b)
			return nil, errTooLarge
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			p.put(b)
			return nil, err
		}
	}
}

// sizeText gives a size as people write it: "256 MiB", "1000 bytes".
func sizeText(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
