package rest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/rawjson"
)

func gzipped(t testing.TB, text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zipped(t testing.TB, files ...string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wide is text as UTF-16, the lower byte first.
func wide(text string) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	const users = `<?xml version="1.0"?><!-- x --><users page="1" xmlns="urn:x"><user id="7"><name>Ann &amp; Bo</name><tag>a</tag><tag>b</tag></user><user id="8"/><user>plain</user><user lang="de">mixed <b>x</b></user></users>`
	for _, c := range []struct {
		name     string
		format   string
		typ      string
		path     string
		selector string
		lenient  bool
		encoding string
		body     string
		want     string
		fails    string
	}{
		{name: "API-30 jsonl by Content-Type", typ: "application/x-ndjson", body: "{\"a\":1}\n\n{\"a\":\n2}\n", want: "{\"a\":1} {\"a\":\n2}"},
		{name: "jsonl by format", format: "jsonl", body: `{"a":1}`, want: `{"a":1}`},
		{name: "jsonl by name", path: "export.jsonl", body: "1\n2", want: "1 2"},
		{name: "jsonl with a selector", format: "jsonl", selector: "row", body: "{\"row\":{\"a\":1}}\n{\"row\":null}\n{\"row\":[2,3]}", want: `{"a":1} 2 3`},
		{name: "jsonl broken off", format: "jsonl", body: "{\"a\":1}\n{\"a\":", fails: "line 2"},
		{name: "API-17 jsonl lenient", format: "jsonl", lenient: true, body: "{\"a\":NaN}", want: `{"a":null}`},

		{name: "API-30 csv", typ: "text/csv; charset=utf-8", body: "id,name\r\n1,\"Ann, \"\"A\"\"\nB\"\r\n2,\r\n", want: `{"id":"1","name":"Ann, \"A\"\nB"} {"id":"2","name":null}`},
		{name: "csv with semicolons", format: "csv", body: "id;\"n,x,y\";z\n1;2,5;3\n", want: `{"id":"1","n,x,y":"2,5","z":"3"}`},
		{name: "csv with tabs", path: "x.tsv", body: "id\tn\n1\t2,3\n", want: `{"id":"1","n":"2,3"}`},
		{name: "csv short line", format: "csv", body: "a,b\n1\n", want: `{"a":"1","b":null}`},
		{name: "csv long line", format: "csv", body: "a,b\n1,2\n1,2,3\n", fails: "line 3 has 3 fields"},
		{name: "csv no name", format: "csv", body: "a,\n1,2\n", want: `{"a":"1","column_2":"2"}`},
		{name: "csv equal names", format: "csv", body: "a,a\n1,2\n", fails: `two columns called "a"`},
		{name: "csv no rows", format: "csv", body: "a,b\n"},
		{name: "csv broken quote", format: "csv", body: "a,b\n1,\"x\n", fails: "the CSV is broken: line "},
		{name: "csv not UTF-8", format: "csv", body: "a\n\xff\n", fails: "UTF-8"},
		{name: "API-14 JSON called csv", typ: "text/csv", body: `[1]`, want: "1"},

		{name: "API-30 xml lists", typ: "application/xml", body: users, want: `{"@id":"7","name":"Ann & Bo","tag":["a","b"]} {"@id":"8"} "plain" {"@lang":"de","b":"x","#text":"mixed"}`},
		{name: "xml selector", format: "xml", selector: "users['@page']", body: users, want: `"1"`},
		{name: "xml one element", typ: "application/atom+xml", selector: "feed.entry", body: `<feed><entry><id>1</id></entry></feed>`, want: `{"id":"1"}`},
		{name: "xml latin1", format: "xml", selector: "a", body: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>caf\xe9</a>", want: `"café"`},
		{name: "xml other encoding", format: "xml", selector: "a", body: "<?xml version=\"1.0\" encoding=\"windows-1251\"?><a>\xcf\xf0\xe8</a>", want: `"При"`},
		{name: "xml unknown encoding", format: "xml", body: `<?xml version="1.0" encoding="EBCDIC"?><a/>`, fails: "EBCDIC"},
		{name: "xml utf-16", format: "xml", selector: "a", body: wide(`<?xml version="1.0" encoding="utf-16"?><a>ä</a>`), want: `"ä"`},
		{name: "xml tells its own encoding", typ: "text/xml; charset=windows-1251", selector: "a", body: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>caf\xe9</a>", want: `"café"`},
		{name: "xml of a given encoding", format: "xml", selector: "a", encoding: "windows-1251", body: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xcf</a>", want: `"П"`},

		{name: "utf-16", body: wide(`[1,"ä"]`), want: `1 "ä"`},
		{name: "utf-16 with a mark", body: "\xff\xfe" + wide(`[1,"ä"]`), want: `1 "ä"`},
		{name: "declared charset", typ: "application/json; charset=ISO-8859-1", body: "[\"caf\xe9\"]", want: `"café"`},
		{name: "declared charset that is not so", typ: "application/json; charset=ISO-8859-1", body: `["café"]`, want: `"café"`},
		{name: "declared charset that is not known", typ: "application/json; charset=x", body: `["café"]`, want: `"café"`},
		{name: "declared charset of csv", typ: "text/csv; charset=shift_jis", body: "a\n\x93\xfa\x96{\n", want: `{"a":"日本"}`},
		{name: "declared charset of jsonl", typ: "application/x-ndjson; charset=windows-1252", body: "\"\x80\"\n1", want: `"€" 1`},
		{name: "a given encoding", encoding: "windows-1252", body: "[\"\x80\"]", want: `"€"`},
		{name: "a given encoding, and a declared one", encoding: "windows-1252", typ: "application/json; charset=shift_jis", body: "[\"\x80\"]", want: `"€"`},
		{name: "no encoding at all", body: "[\"caf\xe9\"]", fails: "encoding = "},
		{name: "xml broken", format: "xml", body: "<a>\n<b></a>", fails: "line 2"},
		{name: "xml broken off", format: "xml", body: "<a><b>", fails: "the XML is broken"},
		{name: "xml two roots", format: "xml", body: "<a/><b/>", fails: "second root"},
		{name: "xml none", format: "xml", body: "<!-- -->", fails: "no element"},
		{name: "API-12 html for xml", format: "xml", body: "<!DOCTYPE html><p>", fails: "got HTML"},

		{name: "API-17 lenient", lenient: true, selector: "a", body: `{"a":[NaN,-Infinity,"NaN",Infinity,-1]}`, want: `null null "NaN" null -1`},
		{name: "API-17 lenient is no more than that", lenient: true, selector: "a", body: `{"a":[1,]}`, fails: "line 1 column 9"},

		{name: "API-14 gzip without the header", body: gzipped(t, `[1,2]`), want: "1 2"},
		{name: "API-28 gzip csv by name", path: "x.csv.gz", body: gzipped(t, "a\n1\n"), want: `{"a":"1"}`},
		{name: "gzip broken off", body: gzipped(t, `[1,2]`)[:20], fails: "gzip body is broken"},
		{name: "OPR-06 gzip bomb", body: gzipped(t, strings.Repeat(" ", 1<<20)), fails: "max_response_bytes"},
		{name: "OPR-11 zip", body: zipped(t, "x/", "", "x/data.csv", "a\n1\n", "__MACOSX/y", "z"), want: `{"a":"1"}`},
		{name: "zip with two files", body: zipped(t, "a.csv", "a", "b.csv", "b"), fails: "2 files, expected one: a.csv, b.csv"},
		{name: "zip broken", body: zipped(t, "a", "b")[:30], fails: "zip body is broken"},
		{name: "OPR-06 zip bomb", body: zipped(t, "a.csv", strings.Repeat("x", 1<<20)), fails: "max_response_bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &config.Endpoint{Format: c.format, DataSelector: c.selector, Lenient: c.lenient, Encoding: c.encoding, Paginator: &config.Paginator{Kind: "single_page"}}
			if c.path != "" {
				e.Path = text(c.path)
			}
			a := steps(step{header: http.Header{"Content-Type": {c.typ}}, body: c.body})
			got, err := pages(t, a.resource(t, config.Client{MaxResponseBytes: 1 << 19}, config.Resource{Endpoint: e}, nil), Binding{})
			if c.fails != "" {
				wantError(t, err, c.fails, "things: page 1")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantTexts(t, "pages", got, c.want)
		})
	}
}

// A format without envelope pages on by what needs none.
func TestCSVPages(t *testing.T) {
	t.Parallel()
	p := &config.Paginator{Kind: "offset", Limit: 1, OffsetParam: "o", LimitParam: "l", TotalPath: "total", StopAfterEmptyPage: true}
	got, err := pages(t, answers("a\n1\n", "a\n2\n", "a\n").resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{Format: "csv", Paginator: p}}, nil), Binding{})
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "pages", got, `{"a":"1"}`, `{"a":"2"}`, "")
}

// Whatever a server sends becomes records in JSON or an error.
func FuzzFormats(f *testing.F) {
	for _, s := range []string{"a,b\n1,\"2\n3\"\n", "<a x='1'><b/>t</a>", "{\"a\":1}\n2", "\x1f\x8b\x08", "PK\x03\x04", "<html>"} {
		f.Add([]byte(s))
	}
	resources := map[string]*Resource{}
	for format := range formats {
		resources[format] = answers().resource(f, config.Client{MaxResponseBytes: 1 << 16}, config.Resource{Endpoint: &config.Endpoint{Format: format}}, nil)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for format, r := range resources {
			s, err := r.Series(Binding{})
			if err != nil {
				t.Fatal(err)
			}
			reply := &reply{url: "https://a.test/"}
			reply.Body = body
			a, err := s.answer(reply)
			if err != nil {
				continue
			}
			for _, record := range a.records {
				if end, err := rawjson.Skip(record, 0); err != nil || end != len(record) {
					t.Errorf("%s: record %q: %v", format, record, err)
				}
			}
		}
	})
}
