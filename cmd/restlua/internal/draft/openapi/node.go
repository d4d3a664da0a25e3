package openapi

import (
	"fmt"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pb33f/go-yaml"
	"github.com/pb33f/libopenapi/datamodel"
)

// document is one file of a description.
type document struct {
	path  string
	root  *yaml.Node
	large map[*yaml.Node]map[string]*yaml.Node // keys of objects with many of them
}

// node is a value in a description. The zero value is one that is not there:
// descriptions by vendors have values of all kinds in all places, so every
// question has an answer.
type node struct {
	n   *yaml.Node
	doc *document
	ref string // how it was referred to, empty: it stands where it was asked for
}

func (x node) there() bool { return x.n != nil }

// load parses a file.
func load(path string, text []byte) (*document, error) {
	info, err := datamodel.ExtractSpecInfoWithConfig(text, &datamodel.DocumentConfiguration{SkipJSONConversion: true, BypassDocumentCheck: true})
	if err != nil {
		return nil, err
	}
	d := &document{path: path, root: info.RootNode, large: map[*yaml.Node]map[string]*yaml.Node{}}
	if d.root == nil {
		return nil, fmt.Errorf("it is empty")
	}
	if d.root.Kind == yaml.DocumentNode && len(d.root.Content) > 0 {
		d.root = d.root.Content[0]
	}
	if d.root.Kind == yaml.ScalarNode { // what is broken comes back as one text
		if err := yaml.Unmarshal(text, new(yaml.Node)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// plain follows aliases of YAML.
func plain(n *yaml.Node) *yaml.Node {
	for range 10 {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// manyKeys is from how many keys on an object is looked up by a map.
const manyKeys = 32

func (d *document) lookup(n *yaml.Node, key string) *yaml.Node {
	if n = plain(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	if len(n.Content) <= 2*manyKeys {
		var merged *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			switch n.Content[i].Value {
			case key:
				return n.Content[i+1]
			case "<<":
				if v := plain(n.Content[i+1]); v != nil && v != n && merged == nil {
					merged = d.lookup(v, key)
				}
			}
		}
		return merged
	}
	keys := d.large[n]
	if keys == nil {
		keys = map[string]*yaml.Node{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			keys[n.Content[i].Value] = n.Content[i+1]
		}
		d.large[n] = keys
	}
	return keys[key]
}

// get is the value of a key; a reference in its place is followed.
func (r *reader) get(x node, key string) node {
	if x.n == nil {
		return node{}
	}
	return r.follow(node{n: plain(x.doc.lookup(x.n, key)), doc: x.doc})
}

// way is get for several keys, one in the other.
func (r *reader) way(x node, keys ...string) node {
	for _, k := range keys {
		x = r.get(x, k)
	}
	return x
}

// fields are the keys and values of an object, references followed.
func (r *reader) fields(x node) iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		if x.n == nil || x.n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(x.n.Content); i += 2 {
			if !yield(x.n.Content[i].Value, r.follow(node{n: plain(x.n.Content[i+1]), doc: x.doc})) {
				return
			}
		}
	}
}

// elements are the elements of a list, references followed.
func (r *reader) elements(x node) iter.Seq[node] {
	return func(yield func(node) bool) {
		if x.n == nil || x.n.Kind != yaml.SequenceNode {
			return
		}
		for _, e := range x.n.Content {
			if !yield(r.follow(node{n: plain(e), doc: x.doc})) {
				return
			}
		}
	}
}

// text is a value that is no object, list or null, as text.
func (x node) text() string {
	if x.n == nil || x.n.Kind != yaml.ScalarNode || x.n.ShortTag() == "!!null" {
		return ""
	}
	return x.n.Value
}

// line is text on one line without blanks around it.
func (x node) line() string { return strings.TrimSpace(x.text()) }

func (x node) truth() bool { return strings.EqualFold(x.line(), "true") }

// number is a number, also one that is written as text.
func (x node) number() *float64 {
	v, err := strconv.ParseFloat(x.line(), 64)
	if err != nil {
		return nil
	}
	return &v
}

// texts are the texts of a list; a single text is a list of one.
func (r *reader) texts(x node) []string {
	if t := x.text(); t != "" {
		return []string{t}
	}
	var out []string
	for e := range r.elements(x) {
		if t := e.text(); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// longest is how many references may follow each other.
const longest = 32

// follow goes where a reference leads. One that leads nowhere is told of, and
// the value is not there.
func (r *reader) follow(x node) node {
	for range longest {
		if x.n == nil || x.n.Kind != yaml.MappingNode {
			return x
		}
		ref := plain(x.doc.lookup(x.n, "$ref"))
		if ref == nil || ref.Kind != yaml.ScalarNode {
			return x
		}
		to, why := r.resolve(x.doc, ref.Value)
		if why != "" {
			r.warn("%s:%d: $ref %s leads nowhere: %s", x.doc.path, ref.Line, short(ref.Value), why)
			return node{}
		}
		to.ref = ref.Value
		x = to
	}
	r.warn("%s:%d: $ref leads in a circle", x.doc.path, x.n.Line)
	return node{}
}

// resolve finds what a reference in a file names. why says why there is nothing.
func (r *reader) resolve(in *document, ref string) (to node, why string) {
	file, pointer, _ := strings.Cut(ref, "#")
	doc := in
	if file != "" {
		if doc, why = r.open(in, file); why != "" {
			return node{}, why
		}
	}
	n := doc.root
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" || pointer == "/" {
			break
		}
		if decoded, err := url.PathUnescape(part); err == nil {
			part = decoded
		}
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		if n = plain(n); n != nil && n.Kind == yaml.SequenceNode {
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(n.Content) {
				return node{}, "there is no such place"
			}
			n = n.Content[i]
			continue
		}
		if n = doc.lookup(n, part); n == nil {
			return node{}, "there is no " + short(part)
		}
	}
	return node{n: plain(n), doc: doc}, ""
}

// open reads another file of the description. It has to lie in the folder of
// the description, or below: a description is no way to read other files.
func (r *reader) open(in *document, file string) (*document, string) {
	if strings.Contains(file, "://") {
		return nil, "restlua does not fetch it"
	}
	if decoded, err := url.PathUnescape(file); err == nil {
		file = decoded
	}
	path := filepath.Join(filepath.Dir(in.path), filepath.FromSlash(file))
	if d, ok := r.files[path]; ok {
		if d == nil {
			return nil, "the file cannot be read"
		}
		return d, ""
	}
	r.files[path] = nil
	inside, err := filepath.Rel(filepath.Dir(r.root.path), path)
	if err != nil || !filepath.IsLocal(inside) {
		return nil, "the file is not in the folder of the description"
	}
	folder, err := os.OpenRoot(filepath.Dir(r.root.path))
	if err != nil {
		return nil, "the file cannot be read"
	}
	defer folder.Close()
	info, err := folder.Stat(inside)
	if err != nil || info.Size() > maxBytes {
		return nil, "the file cannot be read"
	}
	text, err := folder.ReadFile(inside)
	if err != nil {
		return nil, "the file cannot be read"
	}
	d, err := load(path, text)
	if err != nil {
		return nil, "the file cannot be read: " + oneLine(err)
	}
	r.files[path] = d
	return d, ""
}

func short(s string) string {
	if len(s) > 120 {
		return strconv.Quote(s[:120]) + "…"
	}
	return strconv.Quote(s)
}
