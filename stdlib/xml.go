package stdlib

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/charset"
	"github.com/restlua/restlua/engine/rawjson"
)

func xmlModule() Module {
	return newModule("xml", "XML text to values.",
		Function{
			Name: "decode", Params: "text: string", Returns: "table",
			Doc: "The document as a table with its root element as only field. An element without attributes and elements is its text; any other is a table: " +
				"attributes as \"@name\", text as \"#text\", elements by their names, as a list where a name stands several times. " +
				"Names keep their prefix (\"soap:Body\"); white space around text is dropped; comments and processing instructions are passed over. " +
				"Encodings are those of browsers (UTF-8, ISO-8859-1, windows-1252, Shift_JIS, ...). Entities of a DOCTYPE are not expanded; more than 256 levels are an error.",
			Example: `local doc = xml.decode('<list total="2"><item id="1">a</item><item id="2">b</item></list>')
assert(doc.list["@total"] == "2")
assert(#doc.list.item == 2 and doc.list.item[2]["#text"] == "b")`,
			run: xmlDecode,
		},
	)
}

// maxXMLDepth is how deep elements may be nested.
const maxXMLDepth = 256

// element is one XML element while it is read. Its children are JSON text
// already, grouped by name in the order of their coming.
type element struct {
	name  string
	text  strings.Builder
	names []string // of attributes and children
	byKey map[string]*siblings
}

// siblings holds the values of one name.
type siblings struct {
	values []byte // JSON values, separated by commas
	count  int
}

func (e *element) add(name string, value []byte) {
	if e.byKey == nil {
		e.byKey = map[string]*siblings{}
	}
	g := e.byKey[name]
	if g == nil {
		g = &siblings{}
		e.byKey[name] = g
		e.names = append(e.names, name)
	} else {
		g.values = append(g.values, ',')
	}
	g.values = append(g.values, value...)
	g.count++
}

// appendJSON appends the element as JSON text.
func (e *element) appendJSON(out []byte) []byte {
	text := strings.TrimSpace(e.text.String())
	if len(e.names) == 0 {
		return rawjson.AppendQuoted(out, text)
	}
	if text != "" {
		e.add("#text", rawjson.AppendQuoted(nil, text))
	}
	out = append(out, '{')
	for i, name := range e.names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(rawjson.AppendQuoted(out, name), ':')
		g := e.byKey[name]
		if g.count == 1 {
			out = append(out, g.values...)
			continue
		}
		out = append(out, '[')
		out = append(out, g.values...)
		out = append(out, ']')
	}
	return append(out, '}')
}

func xmlDecode(c *call) int {
	text := c.text(1)
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = charset.XML
	root := &element{}
	open := []*element{root}
	for n := 0; ; n++ {
		if n%256 == 0 {
			c.spend(256)
		}
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		line, column := d.InputPos()
		if err != nil {
			c.fail("line %d column %d: %s", line, column, xmlProblem(err))
		}
		open, err = take(c, open, token)
		if err != nil {
			c.fail("line %d column %d: %v", line, column, err)
		}
	}
	if last := open[len(open)-1]; last != root {
		line, column := d.InputPos()
		c.fail("line %d column %d: unexpected end of text: <%s> is not closed", line, column, last.name)
	}
	if len(root.names) == 0 {
		c.fail("the text has no element")
	}
	return c.pushJSON(root.appendJSON(nil))
}

// take adds a token to the innermost open element and returns the open ones.
func take(c *call, open []*element, token xml.Token) ([]*element, error) {
	top := open[len(open)-1]
	switch t := token.(type) {
	case xml.StartElement:
		if len(open) == 1 && len(top.names) > 0 {
			return nil, fmt.Errorf("a second root element <%s>", xmlName(t.Name))
		}
		if len(open) > maxXMLDepth {
			return nil, fmt.Errorf("more than %d levels", maxXMLDepth)
		}
		e := &element{name: xmlName(t.Name)}
		for _, a := range t.Attr {
			name := "@" + xmlName(a.Name)
			if e.byKey[name] != nil {
				return nil, fmt.Errorf("the attribute %s stands twice", name[1:])
			}
			e.add(name, rawjson.AppendQuoted(nil, a.Value))
		}
		return append(open, e), nil
	case xml.EndElement:
		if name := xmlName(t.Name); len(open) == 1 || name != top.name {
			return nil, fmt.Errorf("unexpected </%s>", name)
		}
		open = open[:len(open)-1]
		value := top.appendJSON(nil)
		if len(value) > 1<<16 { // it is copied once for each level
			c.spend(len(value) >> 8)
		}
		open[len(open)-1].add(top.name, value)
		return open, nil
	case xml.CharData:
		if !utf8.Valid(t) {
			return nil, errors.New("the text is not in UTF-8")
		}
		if len(open) == 1 && len(strings.TrimSpace(string(t))) > 0 && string(t) != "\uFEFF" {
			return nil, errors.New("text outside the root element")
		}
		if len(open) > 1 {
			top.text.Write(t)
		}
	}
	return open, nil
}

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func xmlProblem(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return strings.Replace(syntax.Msg, "unexpected EOF", "unexpected end of text", 1)
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error() // of charset.XML
	}
	return strings.TrimPrefix(err.Error(), "xml: ")
}
