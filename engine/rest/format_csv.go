package rest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/rawjson"
)

// readCSV reads RFC 4180 text whose first line names the columns; fields may
// hold quotes, separators and line ends. Values are text, as CSV has no other
// kind: `columns` in the script gives them types. An empty field is null. The
// separator is the one of comma, semicolon, tab and bar that the first line has
// most of.
func readCSV(_ *Resource, body []byte) (document, error) {
	if !utf8.Valid(body) {
		return document{}, errors.New("the CSV is not in UTF-8")
	}
	reader := csv.NewReader(bytes.NewReader(body))
	reader.Comma = separatorOf(body)
	reader.ReuseRecord = true
	reader.FieldsPerRecord = -1
	first, err := reader.Read()
	if err != nil {
		return document{}, badCSV(err)
	}
	keys := make([][]byte, len(first))
	seen := map[string]bool{}
	for i, name := range first {
		if name = strings.TrimSpace(name); name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		if seen[name] {
			return document{}, fmt.Errorf("the CSV has two columns called %q", name)
		}
		seen[name] = true
		keys[i] = append(rawjson.AppendQuoted(nil, name), ':')
	}
	d := document{isRecord: true, records: [][]byte{}}
	for {
		fields, err := reader.Read()
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return document{}, badCSV(err)
		}
		if len(fields) > len(keys) {
			line, _ := reader.FieldPos(len(keys))
			return document{}, fmt.Errorf("the CSV is broken: line %d has %d fields, but the first line names %d columns", line, len(fields), len(keys))
		}
		record := []byte{'{'}
		for i, key := range keys {
			if i > 0 {
				record = append(record, ',')
			}
			record = append(record, key...)
			if i < len(fields) && fields[i] != "" {
				record = rawjson.AppendQuoted(record, fields[i])
			} else {
				record = append(record, "null"...)
			}
		}
		d.records = append(d.records, append(record, '}'))
	}
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
