package rest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/rawjson"
)

// readCSV reads a CSV body in memory.
func readCSV(_ *Resource, body []byte) (document, error) {
	records := newCSVRecords(bytes.NewReader(body))
	d := document{isRecord: true, records: [][]byte{}}
	for {
		err := records.read(func(record []byte) { d.records = append(d.records, bytes.Clone(record)) })
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return document{}, err
		}
	}
}

// csvRecords reads RFC 4180 text whose first line names the columns; fields may
// hold quotes, separators and line ends. Values are text, as CSV has no other
// kind: `columns` in the script gives them types. An empty field is null. The
// separator is the one of comma, semicolon, tab and bar that the first line has
// most of.
type csvRecords struct {
	in     *bufio.Reader
	reader *csv.Reader // nil: the first line is not read
	keys   [][]byte
	record []byte
}

func newCSVRecords(in io.Reader) *csvRecords { return &csvRecords{in: bufio.NewReaderSize(in, 64<<10)} }

func (c *csvRecords) doc() ([]byte, bool) { return nil, false }

// head reads the first line.
func (c *csvRecords) head() error {
	start, err := c.in.Peek(64 << 10)
	if err != nil && err != io.EOF {
		return err
	}
	c.reader = csv.NewReader(c.in)
	c.reader.Comma = separatorOf(start)
	c.reader.ReuseRecord = true
	c.reader.FieldsPerRecord = -1
	names, err := c.reader.Read()
	if err != nil {
		return badCSV(err)
	}
	c.keys = make([][]byte, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		if err := validCSV(name); err != nil {
			return err
		}
		if name = strings.TrimSpace(name); name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		if seen[name] {
			return fmt.Errorf("the CSV has two columns called %q", name)
		}
		seen[name] = true
		c.keys[i] = append(rawjson.AppendQuoted(nil, name), ':')
	}
	return nil
}

func (c *csvRecords) read(add func(record []byte)) error {
	if c.reader == nil {
		if err := c.head(); err != nil {
			return err
		}
	}
	fields, err := c.reader.Read()
	if err == io.EOF {
		return err
	}
	if err != nil {
		return badCSV(err)
	}
	if len(fields) > len(c.keys) {
		line, _ := c.reader.FieldPos(len(c.keys))
		return fmt.Errorf("the CSV is broken: line %d has %d fields, but the first line names %d columns", line, len(fields), len(c.keys))
	}
	record := append(c.record[:0], '{')
	for i, key := range c.keys {
		if i > 0 {
			record = append(record, ',')
		}
		record = append(record, key...)
		if i >= len(fields) || fields[i] == "" {
			record = append(record, "null"...)
			continue
		}
		if err := validCSV(fields[i]); err != nil {
			return err
		}
		record = rawjson.AppendQuoted(record, fields[i])
	}
	c.record = append(record, '}')
	add(c.record)
	return nil
}

func validCSV(field string) error {
	if !utf8.ValidString(field) {
		return errors.New("the CSV is not in UTF-8")
	}
	return nil
}

// badCSV gives the place of an error in the words of other errors.
func badCSV(err error) error {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return fmt.Errorf("the CSV is broken: line %d column %d: %w", e.Line, e.Column, e.Err)
	}
	return fmt.Errorf("the CSV is broken: %w", err)
}

func separatorOf(body []byte) rune {
	best, most := ',', 0
	line := body
	quoted := false
	for i, c := range body {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			line = body[:i]
			break
		}
	}
	for _, c := range ",;\t|" {
		count := 0
		quoted := false
		for _, x := range line {
			switch {
			case x == '"':
				quoted = !quoted
			case rune(x) == c && !quoted:
				count++
			}
		}
		if count > most {
			best, most = c, count
		}
	}
	return best
}
