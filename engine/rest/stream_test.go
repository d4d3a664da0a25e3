package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// spooled reads text as a body that lies in a file; the records of all pieces.
func spooled(t *testing.T, r *Resource, text, contentType string) (records []string, doc string, err error) {
	t.Helper()
	s, err := newSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.take(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	reply := &reply{Response: hook.Response{Headers: http.Header{"Content-Type": {contentType}}}, url: "https://api.test/v1/things", spool: s, release: s.close}
	defer reply.release()
	p, whole, err := r.open(reply, &bodies{})
	if err != nil {
		return nil, "", err
	}
	if p == nil {
		return nil, "whole: " + string(whole), nil
	}
	defer p.close()
	for {
		piece, err := p.next()
		if err != nil {
			return nil, "", err
		}
		for _, record := range piece.records {
			records = append(records, string(record))
		}
		piece.release()
		if piece.last {
			json, _ := p.reader.doc()
			return records, string(json), nil
		}
	}
}

// OPR-11: a body gives the same records from a file as from memory, packed or
// not, and the same errors.
func TestStreamsEqualBodiesInMemory(t *testing.T) {
	t.Parallel()
	const users = `<?xml version="1.0"?><users page="1" next="?p=2"><total>4</total><user id="7"><name>Ann &amp; Bo</name><tag>a</tag><tag>b</tag></user><user/><user>plain</user><meta><x/></meta></users>`
	long := strings.Repeat("x", 3<<20)
	for _, c := range []struct {
		name, format, selector, body string
		lenient                      bool
		typ, encoding                string
		fails                        string
	}{
		{name: "jsonl", format: "jsonl", body: "{\"a\":1}\n\n{\"a\":\n2} 3\n\"x\""},
		{name: "jsonl without line ends", format: "jsonl", body: `{"a":1} {"a":2} 17`},
		{name: "jsonl one long line", format: "jsonl", body: `{"a":"` + long + `"}` + "\n1\n"},
		{name: "jsonl long value over lines", format: "jsonl", body: "[\n" + strings.Repeat("\"abc\",\n", 100_000) + "1]\n2"},
		{name: "jsonl selector", format: "jsonl", selector: "row", body: "{\"row\":{\"a\":1}}\n{\"row\":null}\n{\"row\":[2,3]}"},
		{name: "jsonl lenient", format: "jsonl", lenient: true, body: "{\"a\":NaN}\n{\"a\":\"NaN\",\n\"b\":-Infinity}\n" + strings.Repeat("{\"a\":NaN,\"b\":[Infinity]}\n", 50_000)},
		{name: "jsonl broken off", format: "jsonl", body: "{\"a\":1}\n{\"a\":", fails: "line 2"},
		{name: "jsonl broken", format: "jsonl", body: strings.Repeat("{\"a\":1}\n", 100_000) + "{\"a\":x}\n{}", fails: "line 100001 column 6"},
		{name: "csv", format: "csv", body: "id,name\r\n1,\"Ann, \"\"A\"\"\nB\"\r\n2,\r\n"},
		{name: "csv semicolons", format: "csv", body: "id;n\n1;2,5\n"},
		{name: "csv only names", format: "csv", body: "id;n\n"},
		{name: "csv long", format: "csv", body: "id,n\n" + strings.Repeat("1,\"a\nb\"\n", 150_000)},
		{name: "csv broken", format: "csv", body: "a,b\n1,\"x\n", fails: "the CSV is broken: line "},
		{name: "csv not UTF-8", format: "csv", body: "a\n\xff\n", fails: "UTF-8"},
		{name: "csv utf-16", format: "csv", body: "\xff\xfe" + wide("id,n\n1,ä\n") + strings.Repeat(wide("2,ö\n"), 100_000)},
		{name: "csv of a given encoding", format: "csv", encoding: "shift_jis", body: "a\n" + strings.Repeat("\x93\xfa\x96{\n", 50_000)},
		{name: "csv of a declared charset", format: "csv", typ: "text/csv; charset=windows-1252", body: "a\n" + strings.Repeat("x\n", 50_000) + "\x80\n"},
		{name: "csv of a wrong declared charset", format: "csv", typ: "text/csv; charset=windows-1252", body: "a\n" + strings.Repeat("x\n", 50_000) + "€\n"},
		{name: "jsonl of a declared charset", format: "jsonl", typ: "text/plain; charset=windows-1251", body: "\"\xcf\"\n1"},
		{name: "xml of a given encoding", format: "xml", selector: "a.b", encoding: "windows-1251", body: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a><b>\xcf</b></a>"},
		{name: "xml", format: "xml", selector: "users.user", body: users},
		{name: "xml latin1", format: "xml", selector: "a.b", body: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a><b>caf\xe9</b></a>"},
		{name: "xml one null", format: "xml", selector: "a.b", body: "<a><b/></a>"},
		{name: "xml two nulls", format: "xml", selector: "a.b", body: "<a><b/><b/></a>"},
		{name: "xml elsewhere", format: "xml", selector: "x.b", body: "<a><b/></a>"},
		{name: "xml deep", format: "xml", selector: "a.b.c", body: "<a><b><c>1</c><d>2</d><c>3</c></b></a>"},
		{name: "xml long", format: "xml", selector: "a.b", body: "<a>" + strings.Repeat("<b><c>1</c></b>", 80_000) + "</a>"},
		{name: "xml broken", format: "xml", selector: "a.b", body: "<a>\n<b></a>", fails: "line 2"},
		{name: "xml two roots", format: "xml", selector: "a.b", body: "<a><b/></a><c/>", fails: "second root"},
		{name: "html", format: "csv", body: "<!DOCTYPE html><p>", fails: "got HTML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &config.Endpoint{Format: c.format, DataSelector: c.selector, Lenient: c.lenient, Encoding: c.encoding, Paginator: &config.Paginator{Kind: "single_page"}}
			r := answers(c.body).resource(t, config.Client{}, config.Resource{Endpoint: e}, nil)
			for name, body := range map[string]string{"plain": c.body, "gzip": gzipped(t, c.body), "zip": zipped(t, "x.dat", c.body), "gzip twice": gzipped(t, gzipped(t, c.body))} {
				got, _, err := spooled(t, r, body, c.typ)
				if c.fails != "" {
					wantError(t, err, c.fails)
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				s, err := r.Series(Binding{})
				if err != nil {
					t.Fatal(err)
				}
				a, err := s.answer(&reply{Response: hook.Response{Status: 200, Headers: http.Header{"Content-Type": {c.typ}}, Body: []byte(c.body)}, release: func() {}})
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for _, record := range a.records {
					want = append(want, string(record))
				}
				if strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("%s: %d records, want %d: %.300q, want %.300q", name, len(got), len(want), got, want)
				}
			}
		})
	}
}

// What stands beside the records of XML is for the paginator, with the first and
// the last record.
func TestStreamedXMLDocument(t *testing.T) {
	t.Parallel()
	e := &config.Endpoint{Format: "xml", DataSelector: "users.list.user", Paginator: &config.Paginator{Kind: "single_page"}}
	r := answers("").resource(t, config.Client{}, config.Resource{Endpoint: e}, nil)
	_, doc, err := spooled(t, r, `<users next="?p=2"><total>9</total><list n="3"><user id="1"/><user id="2"/><user id="3"/></list></users>`, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"users":{"@next":"?p=2","total":"9","list":{"@n":"3","user":[{"@id":"1"},{"@id":"3"}]}}}`; doc != want {
		t.Errorf("document %s, want %s", doc, want)
	}
	_, _, err = spooled(t, r, `<users><list><user/></list><list><user/></list></users>`, "")
	wantError(t, err, "<list>", "more than once")
}

// A packed body whose format shows only inside is read as a whole where that
// format needs it.
func TestSpooledJSON(t *testing.T) {
	t.Parallel()
	r := answers("").resource(t, config.Client{}, config.Resource{Endpoint: &config.Endpoint{}}, nil)
	_, got, err := spooled(t, r, gzipped(t, `{"data":[1]}`), "application/gzip")
	if err != nil || got != `whole: {"data":[1]}` {
		t.Errorf("%q, %v", got, err)
	}
}

// API-15, API-33, OPR-06: a large body is asked for again when it breaks off
// before anything of it was given out; memory stays flat; nothing is left.
func TestStreamOverHTTP(t *testing.T) { // not parallel: it measures the heap
	const lines = 300_000
	line := `{"id":%d,"text":"` + strings.Repeat("abcdefgh", 12) + `"}` + "\n"
	var tries atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		first := tries.Add(1) == 1
		for i := range lines {
			fmt.Fprintf(w, line, i)
			if first && i == lines/2 {
				panic(http.ErrAbortHandler)
			}
		}
	}))
	defer s.Close()
	dir := t.TempDir()
	c, err := NewClient(&config.Client{BaseURL: s.URL, MaxResponseBytes: 4 << 20}, Options{
		Scratch: dir, Sleep: func(context.Context, time.Duration) error { return nil }, Redactor: NewRedactor(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	resource := &config.Resource{Name: "things", Endpoint: &config.Endpoint{Path: text("things"), Paginator: &config.Paginator{Kind: "single_page"}}}
	r, err := c.Resource(resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	series, err := r.Series(Binding{})
	if err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	next, pages, most := 0, 0, uint64(0)
	behind, snapshot := 0, []byte(nil)
	for {
		page, err := series.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if page.Number != 1 || page.Before != int64(next) {
			t.Fatalf("page %d begins behind %d records, want page 1 behind %d", page.Number, page.Before, next)
		}
		for _, record := range page.Records {
			if !bytes.HasPrefix(record, fmt.Appendf(nil, `{"id":%d,`, next)) {
				t.Fatalf("record %d is %s", next, record)
			}
			next++
		}
		if pages++; pages == 10 {
			if entries, _ := filepath.Glob(filepath.Join(dir, "*")); len(entries) > 0 && runtime.GOOS != "windows" {
				t.Errorf("the body has a name: %v", entries)
			}
		}
		page.Release()
		if pages == 5 {
			if saved, ok := series.Snapshot(); ok {
				behind, snapshot = next, saved
			}
		}
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapInuse)
	}
	if next != lines || tries.Load() != 2 || pages < 30 {
		t.Errorf("%d records in %d pages with %d requests", next, pages, tries.Load())
	}
	if grown := int64(most) - int64(before.HeapInuse); grown > 24<<20 {
		t.Errorf("the heap grew by %d MiB for a body of 34 MiB", grown>>20)
	}
	if series.Records() != lines {
		t.Errorf("%d records counted", series.Records())
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}

	// OPR-41: a series that was killed inside of the body goes on there.
	again, err := r.Series(Binding{})
	if err == nil {
		err = again.Restore(snapshot)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var page *Page
	for page == nil || len(page.Records) == 0 {
		if page, err = again.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := fmt.Sprintf(`{"id":%d,`, behind); page.Number != 1 || page.Before != int64(behind) || !strings.HasPrefix(string(page.Records[0]), want) {
		t.Errorf("it goes on with page %d behind %d records, %s; want %s", page.Number, page.Before, page.Records[0], want)
	}
	for err == nil {
		_, err = again.Next(t.Context())
	}
	if err != io.EOF || again.Records() != lines {
		t.Errorf("%d records at the end, %v", again.Records(), err)
	}
}
