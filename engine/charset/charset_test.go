package charset

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"utf-8", "Müller €", "Müller €"},
		{"UTF-8", "\xef\xbb\xbf[1]", "\xef\xbb\xbf[1]"},
		{"iso-8859-1", "M\xfcller \x80", "Müller €"}, // as browsers read it
		{"Windows-1252", "M\xfcller", "Müller"},
		{"iso-8859-15", "\xa4", "€"},
		{"windows-1251", "\xcf\xf0\xe8", "При"},
		{"shift_jis", "\x93\xfa\x96{", "日本"},
		{"gb18030", "\xc4\xe3\xba\xc3", "你好"},
		{"iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本"},
		{"utf-16", "\xff\xfe[\x001\x00]\x00", "[1]"},
		{"utf-16", "\xfe\xff\x00[\x001\x00]", "[1]"},
		{"utf-16be", "\x00[\x00\xe4\x00]", "[ä]"},
		{"utf-32", "\xff\xfe\x00\x00[\x00\x00\x00]\x00\x00\x00", "[]"},
		{"utf-32be", "\x00\x00\x00[\x00\x00\x00]", "[]"},
	} {
		e, err := Lookup(test.name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Text([]byte(test.text))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: Text gives %q, %v, want %q", test.name, got, err, test.want)
		}
		got, err = io.ReadAll(e.Reader(iotest.OneByteReader(strings.NewReader(test.text))))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: Reader gives %q, %v, want %q", test.name, got, err, test.want)
		}
	}
	if _, err := Lookup("ebcdic"); err == nil || !strings.Contains(err.Error(), `unknown encoding "ebcdic"`) {
		t.Errorf("ebcdic: %v", err)
	}
}

func TestGuess(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ start, want string }{
		{"[1]", ""}, {"", ""}, {"[", ""}, {"\xef\xbb\xbf[", ""}, {"M\xfcll", ""},
		{"[\x001\x00", "[1"}, {"\x00[\x001", "[1"}, {"\xff\xfe[\x00", "["}, {"\xfe\xff\x00[", "["},
		{"[\x00\x00\x00", "["}, {"\x00\x00\x00[", "["}, {"\xff\xfe\x00\x00[\x00\x00\x00", "["},
		{"\x00\x00\x00\x00", ""},
	} {
		e := Guess([]byte(test.start))
		got, err := e.Text([]byte(test.start))
		if e.IsUTF8() != (test.want == "") || !e.IsUTF8() && (err != nil || string(got) != test.want) {
			t.Errorf("%q is taken for %v, which reads it as %q, %v", test.start, e, got, err)
		}
	}
}

func TestDeclared(t *testing.T) {
	t.Parallel()
	for header, utf := range map[string]bool{
		"": true, "application/json": true, "application/json; charset=utf-8": true, `text/csv; charset="UTF8"`: true,
		"text/csv; charset=martian": true, "text/csv; charset=ISO-8859-1": false, "x; charset": true, "text/csv;charset=cp1252": false,
	} {
		if got := Declared(header).IsUTF8(); got != utf {
			t.Errorf("%q declares UTF-8: %v", header, got)
		}
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 32<<10-1)
	for _, test := range []struct {
		text string
		want bool
	}{
		{"", true}, {"abc", true}, {"ä", true}, {"\xe4", false}, {"a\xe2\x82", false}, {"\x80", false},
		{long + "€", true}, {long + "\xe2\x82", false}, {long + "\xe2a", false}, {long + "𝄞" + long, true},
	} {
		for _, in := range []io.Reader{strings.NewReader(test.text), iotest.OneByteReader(strings.NewReader(test.text)), iotest.DataErrReader(strings.NewReader(test.text))} {
			if got, err := Valid(in); err != nil || got != test.want {
				t.Errorf("%.20q (%d bytes): %v, %v", test.text, len(test.text), got, err)
			}
		}
	}
	if _, err := Valid(iotest.ErrReader(io.ErrClosedPipe)); err != io.ErrClosedPipe {
		t.Error(err)
	}
}
