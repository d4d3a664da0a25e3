package rest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"

	"github.com/restlua/restlua/engine/rawjson"
)

// spool is a body that is too large for memory: a file without a name, so that
// nothing of it outlives the process. The body lies in it as it came, packed or
// not, and was read to its end: what broke off was asked for again, and no
// record was taken from it yet.
type spool struct {
	file *os.File
	size int64
	hash bodyHash
	name string // where a file in use cannot be removed; else empty
}

// spoolAfter is how much of a body is held in memory before the rest goes to a
// file, in bytes.
const spoolAfter = 1 << 20

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "body-")
	if err != nil {
		return nil, err
	}
	s := &spool{file: f}
	if os.Remove(f.Name()) != nil {
		s.name = f.Name()
	}
	return s, nil
}

func (s *spool) close() {
	s.file.Close()
	if s.name != "" {
		os.Remove(s.name)
	}
}

// take copies r to the file. An error of the file is final, one of r is not.
func (s *spool) take(r io.Reader) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := r.Read(buffer)
		if n > 0 {
			part := buffer[:n]
			if _, err := s.file.Write(part); err != nil {
				return final{fmt.Errorf("the body cannot be kept on disk while it is read: %w", err)}
			}
			s.size += int64(n)
			s.hash.A = crc32.Update(s.hash.A, castagnoli, part)
			s.hash.B = crc32.Update(s.hash.B, crc32.IEEETable, part)
		}
		if err == io.EOF {
			s.hash.Length = int(s.size)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// whole checks that a packed body can be unpacked to its end, before any record
// of it is believed. Damage is the error of a broken body, which is retried.
func (s *spool) whole(ctx context.Context) error {
	in := io.NewSectionReader(s.file, 0, s.size)
	start := make([]byte, 3)
	if _, err := io.ReadFull(in, start); err != nil || !packed(start) {
		return nil
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	z, err := newGunzip(bufio.NewReader(&interruptibleReader{ctx, in}))
	if err == nil {
		_, err = io.Copy(io.Discard, z)
	}
	if err != nil {
		return brokenGzip(err)
	}
	return nil
}

// interruptibleReader ends with its context.
type interruptibleReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *interruptibleReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}

// receive reads a body into memory, or, where it is large and its records can be
// read piece by piece, into a file.
func (c *Client) receive(x *sending, response *http.Response, url string, in io.Reader) (*body, error) {
	length := response.ContentLength
	coded, err := codings(response.Header)
	if err != nil {
		return nil, err
	}
	if coded != nil {
		if in, err = uncoded(in, coded); err != nil {
			return nil, err
		}
		length = -1
	}
	if x.streams == nil || response.StatusCode > 299 || !x.streams(response.Header, url) {
		b, err := c.bodies.read(in, length)
		if err == nil && endsUnseen(response) && cutOff(b.data) {
			b.release()
			err = io.ErrUnexpectedEOF
		}
		return b, err
	}
	head, err := io.ReadAll(io.LimitReader(in, spoolAfter))
	if err != nil {
		return nil, err
	}
	if len(head) < spoolAfter && !zipBegins(head) {
		// A small one may be a large one, packed.
		b, err := c.bodies.readUpTo(bytes.NewReader(head), int64(len(head)), min(4*spoolAfter, c.bodies.most))
		if !errors.Is(err, errTooLarge) {
			return b, err
		}
	}
	s, err := newSpool(c.options.Scratch)
	if err != nil {
		return nil, final{fmt.Errorf("the body cannot be kept on disk while it is read: %w", err)}
	}
	if err := s.take(&remembered{head: head, r: in}); err != nil {
		s.close()
		return nil, err
	}
	return &body{data: bytes.Clone(head[:min(len(head), 2*mostShown)]), spool: s}, nil
}

// endsUnseen reports whether the end of a body is the end of the connection, so
// that a connection that broke off looks like one that ended (RFC 9112, 6.3).
func endsUnseen(r *http.Response) bool {
	return r.StatusCode < 300 && r.ProtoMajor == 1 && r.ContentLength < 0 && len(r.TransferEncoding) == 0
}

// cutOff reports whether a body of JSON, of one value or more, ends inside of one.
func cutOff(body []byte) bool {
	i := rawjson.SkipSpace(body, 0)
	if i == len(body) || body[i] != '{' && body[i] != '[' {
		return false
	}
	for i < len(body) {
		end, err := rawjson.Skip(body, i)
		if err != nil {
			var syntax *rawjson.SyntaxError
			return errors.As(err, &syntax) && syntax.Offset >= len(body)
		}
		i = rawjson.SkipSpace(body, end)
	}
	return false
}

// remembered gives what was read of r already, and then the rest.
type remembered struct {
	head []byte
	r    io.Reader
}

func (m *remembered) Read(p []byte) (int, error) {
	if len(m.head) > 0 {
		n := copy(p, m.head)
		m.head = m.head[n:]
		return n, nil
	}
	return m.r.Read(p)
}

// recordTooLarge says that one record does not fit into memory.
func (r *Resource) recordTooLarge() error {
	return fmt.Errorf("one record is larger than %s (client.max_response_bytes)", sizeText(r.maxBytes()))
}

// bounded ends with an error where more than most bytes are read before the
// count is set back: a body has no limit, its single records have.
type bounded struct {
	r     io.Reader
	count int64
	most  int64
	total int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.count += int64(n)
	b.total += int64(n)
	if b.count > b.most {
		return n, errTooLarge
	}
	return n, err
}
