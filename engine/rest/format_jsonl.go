package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/restlua/restlua/engine/rawjson"
)

// readJSONLines reads one JSON value after the other, with white space between
// them: NDJSON, JSON Lines. Each value is a record; a data selector is applied
// to each of them.
func readJSONLines(r *Resource, body []byte) (document, error) {
	if r.endpoint.Lenient {
		body = withoutNaN(body)
	}
	d := document{isRecord: true, marks: r.marks.get()}
	d.marks.Set(body)
	for i := rawjson.SkipSpace(body, 0); i < len(body); {
		end, err := d.marks.Skip(body, i)
		if err != nil {
			return document{}, badJSON(body, err)
		}
		if d.records, err = r.inLine(body[i:end:end], d.records); err != nil {
			return document{}, fmt.Errorf("record %d: %w", len(d.records)+1, err)
		}
		i = rawjson.SkipSpace(body, end)
	}
	return d, nil
}

// inLine appends the records of one value.
func (r *Resource) inLine(value []byte, records [][]byte) ([][]byte, error) {
	if r.selection.detected() {
		return append(records, value), nil
	}
	f, err := r.selection.find(value, nil, &rawjson.Marks{})
	return append(records, f.records...), err
}

// lineRecords reads the values of a body that is not in memory.
type lineRecords struct {
	r      *Resource
	in     io.Reader
	buffer []byte
	text   []byte // of buffer: whole lines, not read yet
	rest   []byte // of buffer: behind them
	ended  bool   // rest is all that comes
	line   int    // lines before text
	found  [][]byte
}

// lineBytes is how much is read at once.
const lineBytes = 256 << 10

func newLineRecords(r *Resource, in io.Reader) *lineRecords { return &lineRecords{r: r, in: in} }

func (l *lineRecords) doc() ([]byte, bool) { return nil, false }

func (l *lineRecords) read(add func(record []byte)) error {
	for {
		start := rawjson.SkipSpace(l.text, 0)
		if start < len(l.text) {
			end, err := rawjson.Skip(l.text, start)
			var syntax *rawjson.SyntaxError
			switch {
			case err == nil:
				return l.give(start, end, add)
			case l.ended && len(l.rest) == 0, errors.As(err, &syntax) && syntax.Offset < len(l.text):
				return l.broken(err)
			}
			// The value goes on behind these lines.
		} else if l.ended && len(l.rest) == 0 {
			return io.EOF
		}
		if err := l.fill(); err != nil {
			return err
		}
	}
}

func (l *lineRecords) give(start, end int, add func(record []byte)) (err error) {
	value := l.text[start:end:end]
	l.found, err = l.r.inLine(value, l.found[:0])
	if err != nil {
		return fmt.Errorf("line %d: %w", l.line+1+bytes.Count(l.text[:start], []byte{'\n'}), err)
	}
	for _, record := range l.found {
		add(record)
	}
	l.line += bytes.Count(l.text[:end], []byte{'\n'})
	l.text = l.text[end:]
	return nil
}

// broken gives an error its line in the whole body.
func (l *lineRecords) broken(err error) error {
	var syntax *rawjson.SyntaxError
	if errors.As(err, &syntax) {
		moved := *syntax
		moved.Line += l.line
		err = &moved
	}
	return badJSON(l.text, err)
}

// fill reads on, up to the end of a line: inside of a line a word may be cut.
func (l *lineRecords) fill() error {
	kept := len(l.text) + len(l.rest)
	buffer := l.buffer
	if cap(buffer) < kept+lineBytes || l.r.endpoint.Lenient { // lenient text lies elsewhere
		buffer = make([]byte, 0, max(2*kept, 2*lineBytes))
	}
	// text and rest lie behind each other in the buffer, or were copied.
	buffer = buffer[:copy(buffer[:kept], l.text)]
	buffer = append(buffer, l.rest...)
	l.buffer = buffer
	for !l.ended {
		n, err := io.ReadFull(l.in, buffer[len(buffer):cap(buffer)])
		before := len(buffer)
		buffer = buffer[:before+n]
		switch {
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			l.ended = true
		case err != nil:
			return err
		}
		if bytes.IndexByte(buffer[before:], '\n') >= 0 {
			break
		}
		if !l.ended {
			larger := make([]byte, len(buffer), 2*cap(buffer))
			copy(larger, buffer)
			buffer = larger
		}
	}
	l.buffer = buffer
	cut := len(buffer)
	if !l.ended {
		cut = bytes.LastIndexByte(buffer, '\n') + 1
	}
	l.text, l.rest = buffer[:cut], buffer[cut:]
	if l.r.endpoint.Lenient {
		l.text = withoutNaN(l.text)
	}
	return nil
}
