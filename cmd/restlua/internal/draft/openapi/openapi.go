// Package openapi reads OpenAPI 3.0 and 3.1 descriptions, YAML or JSON, into
// draft.API. Descriptions by vendors are often broken in places: what can be
// read is read, the rest becomes a warning. libopenapi parses the files; what
// they mean is read here from their values, because its model of a document
// would make the binary half as large again.
package openapi

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
)

// Filter says which endpoints are taken; zero takes all.
type Filter struct {
	Paths []string // patterns as draft.MatchPath has them; one has to match
	Tags  []string // one of them, in any case, has to be on the endpoint
}

// maxBytes bounds a description. The largest that vendors publish, references
// not inlined, have 15 MB.
const maxBytes = 128 << 20

// Read reads the description at path. Warnings name what could not be read of
// it. Errors name the file, and the line where there is one.
func Read(path string, f Filter) (api *draft.API, warnings []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.Size() > maxBytes {
		return nil, nil, fmt.Errorf("%s has %d MB; descriptions of up to %d MB are read", path, info.Size()>>20, maxBytes>>20)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	return parse(path, text, f)
}

func parse(file string, text []byte, f Filter) (api *draft.API, warnings []string, err error) {
	// A parser that meets a file that nobody thought of may panic; the user
	// gets an error then.
	defer func() {
		if p := recover(); p != nil {
			api, warnings, err = nil, nil, fmt.Errorf("%s cannot be read as an OpenAPI description (%v)", file, p)
		}
	}()
	version, doc, err := open(file, bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if err != nil {
		return nil, nil, err
	}
	r := &reader{root: doc, filter: f, files: map[string]*document{file: doc}, shapes: map[*yaml.Node]*draft.Shape{}, needed: map[string]int{}}
	root := node{n: doc.root, doc: doc}
	api = &draft.API{Intro: fmt.Sprintf("made from %s (OpenAPI %s)", filepath.Base(file), version)}
	api.Title, api.Version = r.way(root, "info", "title").line(), r.way(root, "info", "version").line()
	r.servers(api, root)
	r.endpoints(api, root)
	r.security(api, root)
	return api, r.warnings, nil
}

// reader takes one description in.
type reader struct {
	root     *document
	filter   Filter
	files    map[string]*document // by path; nil: cannot be read
	shapes   map[*yaml.Node]*draft.Shape
	needed   map[string]int // how many endpoints each set of security schemes opens
	warnings []string
}

// mostWarnings bounds what is said of a broken description.
const mostWarnings = 10

func (r *reader) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	if slices.Contains(r.warnings, w) || len(r.warnings) > mostWarnings {
		return
	}
	if len(r.warnings) == mostWarnings {
		w = "and more like these"
	}
	r.warnings = append(r.warnings, w)
}

func oneLine(err error) string {
	s := strings.Join(strings.Fields(err.Error()), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// endpoints takes in the GETs, and names what else looks like a list.
func (r *reader) endpoints(api *draft.API, root node) {
	seen := map[string]bool{}
	for at, item := range r.fields(r.get(root, "paths")) {
		// Some vendors tell two meanings of one path apart by a fragment.
		if at, _, _ = strings.Cut(at, "#"); seen[at] {
			continue
		}
		seen[at] = true
		if !strings.HasPrefix(at, "/") || !draft.MatchPath(r.filter.Paths, at) {
			continue
		}
		if op := r.get(item, "get"); op.there() && r.tagged(op) {
			r.operation(api, root, at, item, op)
		}
		if op := r.get(item, "post"); op.there() && r.tagged(op) && searches(at, r.get(op, "operationId").line()) {
			api.Left = append(api.Left, draft.Left{Method: "POST", Path: at, Why: "a search: its body has to be written by hand (method, json)"})
		}
	}
}

// searches reports whether a POST asks for records rather than changing some.
func searches(at, id string) bool {
	last := strings.ToLower(path.Base(at))
	return strings.HasPrefix(last, "search") || strings.HasSuffix(last, "search") || last == "query" || strings.HasSuffix(last, ":query") || strings.HasPrefix(strings.ToLower(id), "search")
}

// tagged reports whether an operation has one of the tags that are asked for.
func (r *reader) tagged(op node) bool {
	return len(r.filter.Tags) == 0 || slices.ContainsFunc(r.texts(r.get(op, "tags")), func(t string) bool {
		return slices.ContainsFunc(r.filter.Tags, func(want string) bool { return strings.EqualFold(t, want) })
	})
}
