package stdlib

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
)

func csvModule() Module {
	return newModule("csv", "Comma-separated values (RFC 4180).",
		Function{
			Name: "decode", Params: "text: string, options?: { separator?: string, header?: boolean|string[] }", Returns: "table[]",
			Doc: "The records of a CSV text, all values as text, empty ones as \"\". The first line names the fields; with header = false each record is a list, " +
				"with a list of names the first line is a record, too. separator is one character, \",\" unless given. " +
				"A mark of byte order at the start is passed over; records may be shorter than the header, but not longer.",
			Example: `local rows = csv.decode("id;name\n1;Ann\n2;\"Bo;b\"\n", { separator = ";" })
assert(#rows == 2 and rows[1].id == "1" and rows[2].name == "Bo;b")`,
			run: csvDecode,
		},
		Function{
			Name: "encode", Params: "records: table[], options?: { separator?: string, header?: boolean|string[] }", Returns: "string",
			Doc: "The CSV text of a list of records or of lists. header is the list of fields to write, in order; unless given it has every field of the records, in the order in which they come. " +
				"header = false leaves its line away. null is empty, tables are written as JSON.",
			Example: `assert(csv.encode({ { id = 1, name = "a,b" } }, { header = { "id", "name" } }) == 'id,name\n1,"a,b"\n')
assert(csv.encode({ { 1, 2 }, { 3, 4 } }) == "1,2\n3,4\n")`,
			run: csvEncode,
		},
	)
}

// csvOptions are those of both functions, from argument 2.
func csvOptions(c *call) (separator rune, names []string, header bool) {
	o := c.options(2, "separator", "header")
	text := o.text("separator", ",")
	separator, size := utf8.DecodeRuneInString(text)
	if size != len(text) || strings.ContainsRune("\"\r\n\uFFFD", separator) {
		c.fail("argument 2: separator: expected one character, got %q", text)
	}
	switch v := o.get("header"); {
	case v == lua.LNil || v == lua.LTrue:
		return separator, nil, true
	case v == lua.LFalse:
		return separator, nil, false
	case isTable(v):
		each(c.L, v, func(_, element lua.LValue) {
			name, ok := element.(lua.LString)
			if !ok {
				c.fail("argument 2: header: expected a list of names, got %s in it", kind(element))
			}
			names = append(names, string(name))
		})
		checkNames(c, "argument 2: header: ", names)
		return separator, names, true
	default:
		o.failField("header", "a boolean or a list of names")
		return 0, nil, false
	}
}

// checkNames raises an error if a name stands twice: one of the two columns
// would be lost.
func checkNames(c *call, where string, names []string) {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			c.fail("%sthe name %q stands twice", where, name)
		}
		seen[name] = true
	}
}

func csvDecode(c *call) int {
	text := strings.TrimPrefix(c.text(1), "\uFEFF")
	separator, names, header := csvOptions(c)
	if !utf8.ValidString(text) {
		c.fail("argument 1: the text is not in UTF-8")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	out := []byte{'['}
	for n := 0; ; n++ {
		if n%256 == 0 {
			c.spend(256)
		}
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return c.pushJSON(append(out, ']'))
		}
		if e, ok := err.(*csv.ParseError); ok {
			c.fail("line %d column %d: %s", e.Line, e.Column, csvProblem(e.Err))
		}
		c.check(err)
		if header && names == nil {
			names = append([]string{}, record...)
			checkNames(c, "line 1: ", names)
			continue
		}
		if line, _ := r.FieldPos(0); header && len(record) > len(names) {
			c.fail("line %d: %d values, but the header has %d names", line, len(record), len(names))
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = appendRecord(out, names, record, header)
		c.bound(len(out))
	}
}

func csvProblem(err error) string {
	switch {
	case errors.Is(err, csv.ErrQuote):
		return `unexpected text behind a closing quote, or the closing quote is missing`
	case errors.Is(err, csv.ErrBareQuote):
		return `a quote inside a value without quotes`
	default:
		return err.Error()
	}
}

// appendRecord appends one record as JSON text.
func appendRecord(out []byte, names, record []string, header bool) []byte {
	if !header {
		out = append(out, '[')
		for i, value := range record {
			if i > 0 {
				out = append(out, ',')
			}
			out = rawjson.AppendQuoted(out, value)
		}
		return append(out, ']')
	}
	out = append(out, '{')
	for i, value := range record {
		if i > 0 {
			out = append(out, ',')
		}
		out = rawjson.AppendQuoted(out, names[i])
		out = append(out, ':')
		out = rawjson.AppendQuoted(out, value)
	}
	return append(out, '}')
}

func csvEncode(c *call) int {
	if !isTable(c.L.Get(1)) {
		c.failArgument(1, "a list of records")
	}
	separator, names, header := csvOptions(c)
	raw := c.json(1)
	if string(raw) == "{}" {
		raw = []byte("[]") // the empty table
	}
	if raw[0] != '[' {
		c.fail("argument 1: expected a list of records, got a record")
	}
	var records [][]byte
	c.check(rawjson.Elements(raw, func(value []byte) bool {
		records = append(records, value)
		return true
	}))
	listed := names != nil
	if !listed {
		names = fieldNames(records)
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.Comma = separator
	// Records that are lists have no names: then a header stands only where it
	// was given.
	if header && (listed || len(names) > 0) {
		c.check(w.Write(names))
	}
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	for n, record := range records {
		if n%256 == 0 {
			c.spend(256)
		}
		values, ok := recordValues(record, at)
		if !ok {
			c.fail("argument 1: record %d: expected a record or a list, got %s", n+1, shorten(string(record)))
		}
		c.check(w.Write(values))
		c.bound(out.Len())
	}
	w.Flush()
	c.check(w.Error())
	return c.pushText(out.String())
}

// fieldNames are the names of all fields, in the order of their coming.
func fieldNames(records [][]byte) []string {
	var names []string
	seen := map[string]bool{}
	for _, record := range records {
		if record[0] != '{' {
			continue
		}
		_ = rawjson.Fields(record, func(rawKey, _ []byte) bool {
			if name, err := rawjson.Unquote(rawKey); err == nil && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
			return true
		})
	}
	return names
}

// recordValues are the cells of one record; at says where each name stands.
func recordValues(record []byte, at map[string]int) (values []string, ok bool) {
	if record[0] == '[' {
		err := rawjson.Elements(record, func(value []byte) bool {
			values = append(values, cellText(value))
			return true
		})
		return values, err == nil
	}
	if record[0] != '{' {
		return nil, false
	}
	values = make([]string, len(at))
	err := rawjson.Fields(record, func(rawKey, value []byte) bool {
		name, err := rawjson.Unquote(rawKey)
		if i, wanted := at[name]; wanted && err == nil {
			values[i] = cellText(value)
		}
		return true
	})
	return values, err == nil
}

// cellText is a JSON value as it stands in a cell.
func cellText(value []byte) string {
	switch {
	case rawjson.IsNull(value):
		return ""
	case value[0] == '"':
		text, _ := rawjson.Unquote(value) // it is valid, as AppendJSON made it
		return text
	default:
		return string(rawjson.AppendCompact(nil, value))
	}
}
