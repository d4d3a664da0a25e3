package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// nodes builds the Nodes of a config from JSON text: each value has the line on
// which it ends. {"$func": true} is a function, {"$secret": "x"} a text from
// secrets, null is json.null, {} the empty table.
func nodes(text string) (*Node, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	b := builder{dec, []byte(text)}
	n, err := b.value()
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("text behind the value")
	}
	return n, nil
}

type builder struct {
	dec  *json.Decoder
	text []byte
}

func (b builder) pos() Pos {
	return Pos{"s.lua", 1 + bytes.Count(b.text[:b.dec.InputOffset()], []byte("\n"))}
}

func (b builder) value() (*Node, error) {
	token, err := b.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &Node{Pos: b.pos()}
	switch t := token.(type) {
	case nil:
		n.Kind = KindNull
	case bool:
		n.Kind, n.Bool = KindBool, t
	case json.Number:
		n.Kind, n.Text = KindNumber, t.String()
	case string:
		n.Kind, n.Text = KindString, t
	case json.Delim:
		if t == '[' {
			return b.list(n)
		}
		return b.table(n)
	}
	return n, nil
}

func (b builder) list(n *Node) (*Node, error) {
	n.Kind = KindList
	for b.dec.More() {
		item, err := b.value()
		if err != nil {
			return nil, err
		}
		n.List = append(n.List, item)
	}
	_, err := b.dec.Token()
	return n, err
}

func (b builder) table(n *Node) (*Node, error) {
	n.Kind = KindTable
	for b.dec.More() {
		key, err := b.dec.Token()
		if err != nil {
			return nil, err
		}
		pos := b.pos()
		item, err := b.value()
		if err != nil {
			return nil, err
		}
		n.Fields = append(n.Fields, Field{key.(string), item, pos})
	}
	n.EmptyTable = len(n.Fields) == 0
	if len(n.Fields) == 1 {
		switch n.Fields[0].Name {
		case "$func":
			*n = Node{Kind: KindFunc, Pos: n.Pos}
		case "$secret":
			*n = Node{Kind: KindString, Text: n.Fields[0].Value.Text, Pos: n.Pos, Secret: true}
		}
	}
	_, err := b.dec.Token()
	return n, err
}

func mustNodes(t testing.TB, text string) *Node {
	t.Helper()
	n, err := nodes(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return n
}

// testOptions check paths a little, and bring names to lower case.
var testOptions = Options{
	File: "s.lua", Name: "s",
	CheckPath: func(path string) error {
		if strings.HasSuffix(path, ".") || strings.Contains(path, " ") {
			return errors.New("unexpected end")
		}
		return nil
	},
	NormalName: strings.ToLower,
}

// client is the client of most tests.
const client = `"client": {"base_url": "https://api.example.com/"}`

// source is a config of the resources written, JSON texts.
func source(resources ...string) string {
	return `{` + client + `, "resources": [` + strings.Join(resources, ", ") + `]}`
}

// endpointOf is a config with one resource r whose endpoint has these keys.
func endpointOf(keys string) string {
	return source(`{"name": "r", "endpoint": {` + keys + `}}`)
}

// good decodes a config that has no mistake.
func good(t testing.TB, text string) *Config {
	t.Helper()
	cfg, errs := Decode(mustNodes(t, text), testOptions)
	if len(errs) > 0 {
		t.Fatalf("unexpected errors:\n%v\nin %s", errs, text)
	}
	return cfg
}

// first is the first resource of a config that has no mistake.
func first(t testing.TB, text string) *Resource {
	t.Helper()
	return good(t, text).Resources[0]
}

func bad(t testing.TB, text string) Errors {
	t.Helper()
	cfg, errs := Decode(mustNodes(t, text), testOptions)
	if len(errs) == 0 {
		t.Fatalf("no error for %s", text)
	}
	if cfg != nil {
		t.Errorf("a config came with errors")
	}
	return errs
}
