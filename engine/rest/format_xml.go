package rest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/restlua/restlua/engine/charset"
	"github.com/restlua/restlua/engine/rawjson"
)

// readXML makes JSON of XML, so that selectors and paginators work on it:
//
//	<users page="1"><user id="7"><name>Ann</name></user><user id="8"/></users>
//	{"users": {"@page": "1", "user": [{"@id": "7", "name": "Ann"}, {"@id": "8"}]}}
//
// An element with nothing but text is that text, an empty one null; text beside
// attributes or elements is "#text". Elements of one name become a list, at the
// place of the first. Names lose their prefixes.
func readXML(r *Resource, body []byte) (document, error) {
	d := r.newXMLDecoder(bytes.NewReader(body))
	start, err := xmlRoot(d)
	if err != nil {
		return document{}, err
	}
	value, err := xmlElement(d, start, 1)
	if err == nil {
		err = xmlEnd(d)
	}
	if err != nil {
		return document{}, badXML(d, err)
	}
	doc := rawjson.AppendQuoted([]byte{'{'}, start.Name.Local)
	doc = append(append(append(doc, ':'), value...), '}')
	return document{json: doc}, nil
}

// newXMLDecoder reads what was brought into UTF-8 already, where the endpoint
// names an encoding, and else in the encoding that the document names.
func (r *Resource) newXMLDecoder(in io.Reader) *xml.Decoder {
	d := xml.NewDecoder(in)
	d.CharsetReader = charset.XML
	if r.endpoint.Encoding != "" {
		d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	}
	return d
}

// xmlRoot reads up to the root element.
func xmlRoot(d *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err == io.EOF {
			return xml.StartElement{}, errors.New("the XML is broken: it has no element")
		}
		if err != nil {
			return xml.StartElement{}, badXML(d, err)
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Copy(), nil
		}
	}
}

func badXML(d *xml.Decoder, err error) error {
	line, column := d.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("the XML is broken: line %d column %d: %s", line, column, syntax.Msg)
	}
	return fmt.Errorf("the XML is broken: line %d column %d: %w", line, column, err)
}

// xmlEnd checks that nothing but blanks and comments follow the root.
func xmlEnd(d *xml.Decoder) error {
	for {
		switch token, err := d.Token(); t := token.(type) {
		case xml.StartElement:
			return fmt.Errorf("a second root element <%s>", t.Name.Local)
		case nil:
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// xmlField is one name of an element: an attribute, or child elements.
type xmlField struct {
	name   string
	values [][]byte
}

// xmlBuilder gathers what an element holds.
type xmlBuilder struct {
	fields []xmlField
	places map[string]int
	text   strings.Builder
}

// begin notes the attributes.
func (b *xmlBuilder) begin(start xml.StartElement) {
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		b.add("@"+a.Name.Local, rawjson.AppendQuoted(nil, a.Value))
	}
}

func (b *xmlBuilder) add(name string, value []byte) {
	i, ok := b.places[name]
	if !ok {
		if b.places == nil {
			b.places = map[string]int{}
		}
		i = len(b.fields)
		b.places[name] = i
		b.fields = append(b.fields, xmlField{name: name})
	}
	b.fields[i].values = append(b.fields[i].values, value)
}

func xmlElement(d *xml.Decoder, start xml.StartElement, depth int) ([]byte, error) {
	if depth > rawjson.MaxDepth/2 {
		return nil, fmt.Errorf("nested deeper than %d", rawjson.MaxDepth/2)
	}
	var b xmlBuilder
	b.begin(start)
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			value, err := xmlElement(d, t, depth+1)
			if err != nil {
				return nil, err
			}
			b.add(t.Name.Local, value)
		case xml.CharData:
			b.text.Write(t)
		case xml.EndElement:
			return b.value(), nil
		}
	}
}

// value is the element as JSON.
func (b *xmlBuilder) value() []byte {
	fields, text := b.fields, strings.TrimSpace(b.text.String())
	if len(fields) == 0 {
		if text == "" {
			return []byte("null")
		}
		return rawjson.AppendQuoted(nil, text)
	}
	if text != "" {
		fields = append(fields, xmlField{"#text", [][]byte{rawjson.AppendQuoted(nil, text)}})
	}
	out := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(rawjson.AppendQuoted(out, f.name), ':')
		if len(f.values) == 1 {
			out = append(out, f.values[0]...)
			continue
		}
		out = append(append(append(out, '['), bytes.Join(f.values, []byte{','})...), ']')
	}
	return append(out, '}')
}
