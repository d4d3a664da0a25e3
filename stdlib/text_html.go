package stdlib

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// lineBreaks says how many line ends stand at least before and after the
// elements that are blocks.
var lineBreaks = map[string]int{
	"address": 1, "article": 2, "aside": 2, "blockquote": 2, "dd": 1, "div": 1, "dl": 2, "dt": 1, "fieldset": 2,
	"figure": 2, "footer": 2, "form": 2, "h1": 2, "h2": 2, "h3": 2, "h4": 2, "h5": 2, "h6": 2, "header": 2, "hr": 2,
	"li": 1, "main": 2, "nav": 2, "ol": 2, "p": 2, "pre": 2, "section": 2, "table": 2, "tr": 1, "ul": 2,
}

// unread are the elements whose text nobody reads.
var unread = map[string]bool{"script": true, "style": true, "head": true, "template": true, "noscript": true}

// htmlText collects the text of HTML.
type htmlText struct {
	out    strings.Builder
	breaks int    // line ends due before the next word
	space  bool   // a space is due before the next word
	hidden string // the element being passed over
	depth  int    // how often it is open
}

func htmlToText(c *call) int {
	z := html.NewTokenizer(strings.NewReader(c.text(1)))
	var t htmlText
	for n := 0; ; n++ {
		if n%256 == 0 {
			c.spend(256)
		}
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) {
				c.fail("the HTML cannot be read")
			}
			return c.pushText(t.out.String())
		case html.TextToken:
			if t.hidden == "" {
				t.words(string(z.Text()))
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			t.start(string(name))
		case html.SelfClosingTagToken:
			name, _ := z.TagName()
			if !unread[string(name)] {
				t.start(string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			t.end(string(name))
		}
	}
}

func (t *htmlText) start(name string) {
	switch {
	case t.hidden != "":
		if name == t.hidden {
			t.depth++
		}
	case unread[name]:
		t.hidden, t.depth = name, 1
	case name == "br":
		t.breaks++
	case name == "li":
		t.breaks = max(t.breaks, 1)
		t.write("-")
		t.space = true
	case name == "td" || name == "th":
		t.space = true
	default:
		t.breaks = max(t.breaks, lineBreaks[name])
	}
}

func (t *htmlText) end(name string) {
	if t.hidden == "" {
		t.breaks = max(t.breaks, lineBreaks[name])
		return
	}
	if name == t.hidden {
		t.depth--
		if t.depth == 0 {
			t.hidden = ""
		}
	}
}

// words writes text with its white space reduced to single spaces.
func (t *htmlText) words(text string) {
	for text != "" {
		word := strings.TrimLeft(text, " \t\r\n\f\u00a0")
		t.space = t.space || len(word) < len(text)
		end := strings.IndexAny(word, " \t\r\n\f\u00a0")
		if end < 0 {
			end = len(word)
		}
		if end > 0 {
			t.write(word[:end])
		}
		text = word[end:]
	}
}

func (t *htmlText) write(word string) {
	switch {
	case t.out.Len() == 0:
	case t.breaks > 0:
		t.out.WriteString("\n\n"[:min(t.breaks, 2)])
	case t.space:
		t.out.WriteByte(' ')
	}
	t.breaks, t.space = 0, false
	t.out.WriteString(word)
}
