package rest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/restlua/restlua/engine/rawjson"
)

// elements reports whether the records of XML are the elements of one path,
// such as "users.user", which can be read one by one.
func (s *selection) elements() bool {
	if s.path != nil || s.key != "" || len(s.names) < 2 {
		return false
	}
	last := s.names[len(s.names)-1]
	return !strings.HasPrefix(last, "@") && last != "#text"
}

// xmlRecords reads the elements of one path of a document that is not in
// memory. What is beside them becomes the document for the paginator, with the
// first and the last of them.
type xmlRecords struct {
	d     *xml.Decoder
	names []string
	most  int64 // bytes of what is beside the records

	open     []*xmlBuilder // the elements on the path that are open
	seen     []bool        // of names: whether one was there
	beside   int64
	count    int64
	first    []byte // record that may be null, held until a second one comes
	last     []byte
	document []byte // when the root is closed
}

func newXMLRecords(d *xml.Decoder, names []string, most int64) *xmlRecords {
	return &xmlRecords{d: d, names: names, most: most, seen: make([]bool, len(names))}
}

func (x *xmlRecords) doc() ([]byte, bool) {
	return x.document, x.count == 1 && rawjson.IsNull(x.first)
}

func (x *xmlRecords) read(add func(record []byte)) error {
	if x.document != nil {
		return io.EOF
	}
	if x.open == nil {
		start, err := xmlRoot(x.d)
		if err != nil {
			return err
		}
		if start.Name.Local != x.names[0] {
			// The path leads nowhere: the document is what is beside it.
			value, err := xmlElement(x.d, start, 1)
			if err != nil {
				return x.fail(err)
			}
			return x.end(start.Name.Local, value)
		}
		x.enter(start)
	}
	for {
		token, err := x.d.Token()
		if err != nil {
			return x.fail(err)
		}
		at := x.open[len(x.open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			given, err := x.element(at, t, add)
			if err != nil {
				return x.fail(err)
			}
			if given {
				return nil
			}
		case xml.CharData:
			at.text.Write(t)
			x.beside += int64(len(t))
		case xml.EndElement:
			x.open = x.open[:len(x.open)-1]
			value := x.close(at)
			if len(x.open) == 0 {
				return x.end(x.names[0], value)
			}
			x.open[len(x.open)-1].add(x.names[len(x.open)], value)
		}
		if x.beside > x.most {
			return errTooLarge
		}
	}
}

// element reads a child of the innermost open element; given says that it was a
// record.
func (x *xmlRecords) element(at *xmlBuilder, t xml.StartElement, add func(record []byte)) (given bool, err error) {
	level := len(x.open)
	if t.Name.Local == x.names[level] && level < len(x.names)-1 {
		if x.seen[level] {
			return false, fmt.Errorf("the data selector passes <%s>, which comes more than once; select the records inside of one", t.Name.Local)
		}
		x.enter(t)
		return false, nil
	}
	value, err := xmlElement(x.d, t, level+1)
	if err != nil {
		return false, err
	}
	if t.Name.Local != x.names[level] {
		at.add(t.Name.Local, value)
		x.beside += int64(len(value))
		return false, nil
	}
	x.count++
	switch x.count {
	case 1:
		x.first = value
		if rawjson.IsNull(value) {
			return false, nil // alone it is no record
		}
	case 2:
		if rawjson.IsNull(x.first) {
			add(x.first)
		}
		fallthrough
	default:
		x.last = append(x.last[:0], value...)
	}
	add(value)
	return true, nil
}

func (x *xmlRecords) enter(t xml.StartElement) {
	b := &xmlBuilder{}
	b.begin(t)
	x.seen[len(x.open)] = true
	x.open = append(x.open, b)
}

// close makes the value of an element on the path.
func (x *xmlRecords) close(b *xmlBuilder) []byte {
	if len(x.open) == len(x.names)-2 {
		for _, record := range [][]byte{x.first, x.last} {
			if record != nil {
				b.add(x.names[len(x.names)-1], bytes.Clone(record))
			}
		}
	}
	return b.value()
}

// end settles the document.
func (x *xmlRecords) end(name string, value []byte) error {
	if err := xmlEnd(x.d); err != nil {
		return x.fail(err)
	}
	doc := rawjson.AppendQuoted([]byte{'{'}, name)
	x.document = append(append(append(doc, ':'), value...), '}')
	return io.EOF
}

func (x *xmlRecords) fail(err error) error {
	if errors.Is(err, errTooLarge) {
		return err
	}
	return badXML(x.d, err)
}
