package stdlib

import (
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	succeeds(t,
		// SCR-12: null is nil, has tells it from what is missing.
		`local v = json.decode('{"a":null,"l":[1,null]}')
		assert(v.a == nil and json.has(v, "a") and not json.has(v, "b"))
		assert(json.has(v.l, 1) and json.has(v.l, 2) and not json.has(v.l, 3) and not json.has(v.l, 0) and not json.has(v.l, 1.5) and not json.has(v.l, "1"))
		assert(json.has({ x = 1 }, "x") and json.has({ 5 }, 1) and not json.has({}, 1) and not json.has(v, 1))
		v.b = 1 v.a = nil
		assert(json.has(v, "b") and not json.has(v, "a"))`,
		`assert(json.decode("null") == nil and json.decode(" [ ] \n")[1] == nil and json.decode('"x"') == "x" and json.decode("2.50") == 2.5)`,
		// SCR-13: integers keep their digits, whole numbers have no point.
		`assert(json.encode(json.decode("[9007199254740993]")) == "[9007199254740993]" and json.encode{ 100, 0.5, 1e15 } == "[100,0.5,1000000000000000]")`,
		`assert(json.number(json.decode("9007199254740993")) == 2^53 and json.number(" 7 ") == 7 and json.number(7) == 7)
		assert(json.number("inf") == nil and json.number("0x10") == nil and json.number(true) == nil and json.number({}) == nil and json.number() == nil and json.number("1_0") == nil)`,
		// SCR-14: tables to arrays and objects.
		`assert(json.encode{} == "{}" and json.encode(json.array{}) == "[]" and json.encode(json.array()) == "[]" and json.encode(json.array{ 1, 2 }) == "[1,2]")`,
		`assert(json.encode({ a = { 1, { b = json.null } } }, { indent = "\t" }) == '{\n\t"a": [\n\t\t1,\n\t\t{\n\t\t\t"b": null\n\t\t}\n\t]\n}')`,
		`assert(json.encode(json.decode('{ "z" : 1 , "a" : " x " }')) == '{"z":1,"a":" x "}', "order and text stay, white space goes")`,
		`assert(json.encode({ 1 }, { indent = 0 }) == "[1]" and json.pretty("x") == '"x"' and json.encode(nil) == "null" and json.encode(json.null) == "null")`,
		// SCR-15: a copy stands on its own.
		`local v = json.decode('{"a":{"b":1}}') local w = json.copy(v) v.a.b = 2 assert(w.a.b == 1)
		local t = { 1, { 2 } } local u = json.copy(t) t[2][1] = 3 assert(u[2][1] == 2)
		assert(json.copy("x") == "x" and json.copy(nil) == nil and json.copy(json.null) == json.null)`,
		`assert(json.encode{ at = time.from_unix(0) } == '{"at":"1970-01-01T00:00:00Z"}')`,
	)
	fails(t,
		failure{`json.decode('{"a": [1, 2')`, `json.decode: line 1 column 12: unexpected end of text`},
		failure{`json.decode('{\n"a": tru}')`, `json.decode: line 2 column 9: unexpected '}'`},
		failure{`json.decode('[1] x')`, `json.decode: line 1 column 5: text after the end of the value`},
		failure{`json.decode("")`, `json.decode: line 1 column 1: unexpected end of text`},
		failure{`json.decode(7)`, `json.decode: argument 1: expected text, got a number`},
		failure{`json.decode()`, `json.decode: argument 1: expected text, got nothing`},
		failure{`json.encode({ a = { print } })`, `json.encode: argument 1: a[1]: a function cannot be written as JSON`},
		failure{`json.encode({ a = 0/0 })`, `json.encode: argument 1: a: a number that is NaN cannot be written as JSON`},
		failure{`json.encode({ a = "\255" })`, `json.encode: argument 1: a: the text is no valid UTF-8`},
		failure{`json.encode({}, { indent = 17 })`, `json.encode: argument 2: indent: expected a whole number from 0 to 16, got 17`},
		failure{`json.encode({}, { indent = "--" })`, `json.encode: argument 2: indent: expected up to 16 spaces and tabs, got "--"`},
		failure{`json.encode({}, { indnt = 2 })`, `json.encode: argument 2: unknown field "indnt" (it may have: indent)`},
		failure{`json.encode({}, 2)`, `json.encode: argument 2: expected a table, got a number`},
		failure{`json.array({ a = 1 })`, `json.array: argument 1: expected keys 1, 2, 3 and so on, got "a"`},
		failure{`json.array("x")`, `json.array: argument 1: expected a table made by the script, got text`},
		failure{`json.has("x", "y")`, `json.has: argument 1: expected a table, got text`},
		failure{`json.has({}, true)`, `json.has: argument 2: expected a field's name or an index, got a boolean`},
		// The indents of a deep value may be far longer than the value.
		failure{`json.encode(json.decode(("["):rep(900) .. ("1,"):rep(10000) .. "1" .. ("]"):rep(900)), { indent = 16 })`, `json.encode: the result is longer than 64 MiB`},
	)
}

func TestBase64AndHex(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`for _, s in ipairs{ "", "f", "fo", "foo", "\0\255\254" } do
			assert(base64.decode(base64.encode(s)) == s and base64.url_decode(base64.url_encode(s)) == s and hex.decode(hex.encode(s)) == s)
		end`,
		`assert(base64.decode("Zm8") == "fo" and base64.decode("Zm\n8=\n") == "fo" and hex.decode("fF") == "\255")`,
	)
	fails(t,
		failure{`base64.decode(7)`, `base64.decode: argument 1: expected text, got a number`},
		failure{`base64.decode("Zm8*")`, `base64.decode: byte 4: unexpected '*'`},
		failure{`base64.decode("-_8=")`, `base64.decode: byte 1: unexpected '-'`},
		failure{`base64.decode("Zm9vZ")`, `base64.decode: the text ends too early`},
		failure{`base64.encode(("x"):rep(50 * 2^20))`, `base64.encode: the result is longer than 64 MiB`},
		failure{`hex.decode("0g")`, `hex.decode: byte 2: unexpected 'g'`},
		failure{`hex.decode("012")`, `hex.decode: an odd number of digits (3)`},
		failure{`hex.encode(("x"):rep(33 * 2^20))`, `hex.encode: the result is longer than 64 MiB`},
	)
}

func TestCSV(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`local r = csv.decode("\239\187\191a,b\r\n1,\"x\ny\"\r\n2\r\n") assert(#r == 2 and r[1].b == "x\ny" and r[2].a == "2" and r[2].b == nil)`,
		`local r = csv.decode("a,b\n1,2\n", { header = false }) assert(#r == 2 and r[1][2] == "b" and r[2][1] == "1")`,
		`local r = csv.decode("1\t2\n", { header = { "x", "y" }, separator = "\t" }) assert(#r == 1 and r[1].x == "1" and r[1].y == "2")`,
		`assert(#csv.decode("") == 0 and #csv.decode("a,b\n") == 0)`,
		`local text = csv.encode(csv.decode("id,name\n1,\"a \"\"b\"\"\"\n")) assert(text == 'id,name\n1,"a ""b"""\n', text)`,
		`local rows = json.decode('[{"a":9007199254740993,"b":null},{"c":[1, 2],"a":true}]')
		assert(csv.encode(rows) == 'a,b,c\n9007199254740993,,\ntrue,,"[1,2]"\n')
		assert(csv.encode(rows, { header = { "c", "a" }, separator = ";" }) == 'c;a\n;9007199254740993\n[1,2];true\n')
		assert(csv.encode({ { a = 1 } }, { header = false }) == "1\n" and csv.encode({}) == "")
		assert(csv.encode({ { 1, 2 } }, { header = { "x", "y" } }) == "x,y\n1,2\n")`,
	)
	fails(t,
		failure{`csv.decode('a,b\n1,"x')`, "csv.decode: line 2 column 5: unexpected text behind a closing quote, or the closing quote is missing"},
		failure{`csv.decode('a,b\n1,x"y')`, "csv.decode: line 2 column 4: a quote inside a value without quotes"},
		failure{`csv.decode('a,b\n1,2,3')`, "csv.decode: line 2: 3 values, but the header has 2 names"},
		failure{`csv.decode('a,a\n1,2')`, `csv.decode: line 1: the name "a" stands twice`},
		failure{`csv.decode('a\n\255')`, "csv.decode: argument 1: the text is not in UTF-8"},
		failure{`csv.decode('a', { separator = ",," })`, `csv.decode: argument 2: separator: expected one character, got ",,"`},
		failure{`csv.decode('a', { separator = "" })`, `csv.decode: argument 2: separator: expected one character, got ""`},
		failure{`csv.decode('a', { header = 1 })`, "csv.decode: argument 2: header: expected a boolean or a list of names, got a number"},
		failure{`csv.decode('a', { header = { 1 } })`, "csv.decode: argument 2: header: expected a list of names, got a number in it"},
		failure{`csv.encode({ a = 1 })`, "csv.encode: argument 1: expected a list of records, got a record"},
		failure{`csv.encode({ 1 })`, "csv.encode: argument 1: record 1: expected a record or a list, got 1"},
		failure{`csv.encode("a")`, "csv.encode: argument 1: expected a list of records, got text"},
		// Names repeat in every record, so a short text may become a long one.
		failure{`csv.decode(("n"):rep(60000) .. "\n" .. ("1\n"):rep(2000))`, "csv.decode: the result is longer than 64 MiB"},
	)
}

func TestXML(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`local d = xml.decode('<?xml version="1.0"?><!DOCTYPE a><!-- x --><a><b> x &amp; <![CDATA[<y>]]> </b><c/><d k="v"/></a>')
		assert(json.encode(d) == '{"a":{"b":"x & <y>","c":"","d":{"@k":"v"}}}', json.encode(d))`,
		`local d = xml.decode('<s:E xmlns:s="urn:x"><s:B>1</s:B><i>1</i><s:B>2</s:B>tail</s:E>')
		assert(json.encode(d) == '{"s:E":{"@xmlns:s":"urn:x","s:B":["1","2"],"i":"1","#text":"tail"}}', json.encode(d))`,
		`assert(xml.decode('<?xml version="1.0" encoding="ISO-8859-1"?><a>\233</a>').a == "é")`,
		`assert(xml.decode("\239\187\191<a>1</a>").a == "1")`,
		`xml.decode(("<a>"):rep(256) .. ("</a>"):rep(256))`,
	)
	bomb := `<!DOCTYPE b [<!ENTITY a "` + strings.Repeat("x", 100) + `"><!ENTITY c "&a;&a;">]><b>&c;</b>`
	fails(t,
		failure{`xml.decode('` + bomb + `')`, "xml.decode: line 1 column 156: invalid character entity &c;"},
		failure{`xml.decode(("<a>"):rep(257))`, "xml.decode: line 1 column 772: more than 256 levels"},
		failure{`xml.decode('<a><b></a>')`, "xml.decode: line 1 column 11: unexpected </a>"},
		failure{`xml.decode('<a>\n<b>')`, "xml.decode: line 2 column 4: unexpected end of text: <b> is not closed"},
		failure{`xml.decode('<a/><b/>')`, "xml.decode: line 1 column 9: a second root element <b>"},
		failure{`xml.decode('<a k="1" k="2"/>')`, "xml.decode: line 1 column 17: the attribute k stands twice"},
		failure{`xml.decode('hello')`, "xml.decode: line 1 column 6: text outside the root element"},
		failure{`xml.decode('')`, "xml.decode: the text has no element"},
		failure{`xml.decode('<a')`, "xml.decode: line 1 column 3: unexpected end of text"},
		failure{`xml.decode('<?xml version="1.0" encoding="EBCDIC"?><a/>')`, `xml.decode: line 1 column 40: unknown encoding "EBCDIC" (known are those of browsers: utf-8, utf-16, windows-1252, iso-8859-1, shift_jis, gb18030, ...)`},
	)
}

func TestGzip(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`local s = ("abc"):rep(10^6) assert(gzip.decompress(gzip.compress(s)) == s and gzip.compress(s) == gzip.compress(s) and gzip.decompress(gzip.compress("")) == "")`,
		`assert(gzip.decompress(gzip.compress("a") .. gzip.compress("b")) == "ab", "members follow each other (RFC 1952)")`,
	)
	fails(t,
		failure{`gzip.decompress("hello")`, "gzip.decompress: the text is no gzip file"},
		failure{`gzip.decompress("")`, "gzip.decompress: the text is no gzip file"},
		failure{`gzip.decompress(gzip.compress("hello"):sub(1, -3))`, "gzip.decompress: the gzip file ends too early"},
		failure{`local s = gzip.compress("hello") gzip.decompress(s:sub(1, -9) .. "\1\2\3\4" .. s:sub(-4))`, "gzip.decompress: the gzip file is damaged"},
		// A bomb: 80 MiB from 80 KiB.
		failure{`local s = gzip.compress(("\0"):rep(8 * 2^20)) gzip.decompress(s:rep(10))`, "gzip.decompress: the result is longer than 64 MiB"},
		failure{`gzip.compress({})`, "gzip.compress: argument 1: expected text, got a table"},
	)
}

func TestText(t *testing.T) {
	t.Parallel()
	succeeds(t,
		`assert(text.trim("\t a ") == "a" and text.trim("xxaxx", "x") == "a" and text.trim("") == "")`,
		`assert(#text.split("", ",") == 1 and #text.split("a,b,c", ",", 2) == 2 and text.split("a,b,c", ",", 2)[2] == "b,c")`,
		`assert(text.slug("  Ünïted  Straße Łódź 42 ") == "united-strasse-lodz-42" and text.slug("!!") == "" and text.slug("日本 語") == "日本-語")`,
		`assert(text.html_to_text("a<br>b<br><br>c") == "a\nb\n\nc")`,
		`assert(text.html_to_text("<h1>T</h1><style>x{}</style><script>if (a<b) {}</script><p>a\n  b&nbsp;c</p>") == "T\n\na b c")`,
		`assert(text.html_to_text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>") == "a b\nc")`,
		`assert(text.html_to_text("1 &lt; 2 &eacute;") == "1 < 2 é" and text.html_to_text("plain") == "plain" and text.html_to_text("<b>x") == "x" and text.html_to_text("") == "")`,
		`assert(text.html_to_text("<p>in<b>side</b> words</p>") == "inside words")`,
	)
	fails(t,
		failure{`text.split("a", "")`, "text.split: argument 2: expected a separator, got empty text"},
		failure{`text.split("a", ",", 0)`, "text.split: argument 3: expected a whole number from 1 to 1048576, got 0"},
		failure{`text.split((","):rep(2^21), ",")`, "text.split: more than 1048576 pieces; give a limit"},
		failure{`text.slug("a", 1)`, "text.slug: argument 2: expected text, got a number"},
		failure{`text.starts_with("a")`, "text.starts_with: argument 2: expected text, got nothing"},
	)
}
