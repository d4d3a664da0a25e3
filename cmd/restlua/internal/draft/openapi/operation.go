package openapi

import (
	"cmp"
	"mime"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

// operation takes one GET in.
func (r *reader) operation(api *draft.API, root node, at string, item, op node) {
	about := r.get(op, "description").text()
	e := draft.Endpoint{
		Path:       draft.ParsePath(at),
		Summary:    cmp.Or(r.get(op, "summary").line(), strings.TrimSpace(about), r.get(item, "summary").line()),
		Deprecated: r.get(op, "deprecated").truth(),
	}
	r.params(&e, item, op)
	answer := r.good(r.get(op, "responses"))
	media, kind := r.body(answer)
	switch kind {
	case file:
		api.Left = append(api.Left, draft.Left{Method: "GET", Path: at, Why: "answers with a file, not with JSON"})
		return
	case lines:
		api.Left = append(api.Left, draft.Left{Method: "GET", Path: at, Why: "answers with CSV, XML or lines; a resource with endpoint.format can read it"})
		return
	}
	e.Response = r.response(media)
	r.headers(&e, answer, about)
	r.count(root, op)
	if base := r.otherServer(api, item, op); base != "" {
		e.Path = append(draft.Path{{Text: base}}, e.Path...)
	}
	api.Endpoints = append(api.Endpoints, e)
}

// good is the answer to a request that succeeds.
func (r *reader) good(answers node) node {
	var best, otherwise node
	for code, answer := range r.fields(answers) {
		switch {
		case code == "200":
			return answer
		case strings.HasPrefix(code, "2") && !best.there():
			best = answer
		case code == "default":
			otherwise = answer
		}
	}
	if best.there() {
		return best
	}
	return otherwise
}

// bodyKind is what a body is to a draft.
type bodyKind int

const (
	whole bodyKind = iota // JSON, or nothing is said
	file
	lines // of another format than JSON
)

// body is the description of an answer's JSON body.
func (r *reader) body(answer node) (node, bodyKind) {
	var loose node
	kind, any := file, false
	for name, media := range r.fields(r.get(answer, "content")) {
		any = true
		plain, _, err := mime.ParseMediaType(name)
		if err != nil {
			plain, _, _ = strings.Cut(strings.ToLower(name), ";")
		}
		switch {
		case strings.HasSuffix(plain, "/json"), strings.HasSuffix(plain, "+json"), strings.HasPrefix(plain, "application/json"):
			return media, whole
		case plain == "*/*", plain == "application/*", plain == "":
			loose = media
		case strings.Contains(plain, "csv"), strings.Contains(plain, "xml"), strings.Contains(plain, "ndjson"), strings.Contains(plain, "jsonl"):
			kind = lines
		}
	}
	if loose.there() || !any {
		return loose, whole
	}
	return node{}, kind
}

// response is the shape of a body: that of its schema, or of its example where
// the schema says nothing.
func (r *reader) response(media node) *draft.Shape {
	schema := r.get(media, "schema")
	s := r.shape(schema, 0)
	if s.Kind == draft.List && s.Items != nil || s.Kind == draft.Object && len(s.Fields) > 0 {
		return s
	}
	examples := []node{r.get(media, "example")}
	for _, x := range r.fields(r.get(media, "examples")) {
		examples = append(examples, r.get(x, "value"))
	}
	for _, x := range append(examples, r.get(schema, "example")) {
		if from := r.ofExample(x, 0); from.Kind == draft.List || from.Kind == draft.Object {
			return from
		}
	}
	return s
}

// versionHeader is the name of a header whose example is a value to send, not a
// stand-in for the user's own.
var versionHeader = lazy.Regexp(`(?i)version|revision|format|accept`)

var cursorHead = lazy.Regexp(`(?i)^(x-)?(next-?(page-?)?(cursor|token)|continuation-?token|ms-continuation.*)$`)

// headers looks for headers of the answer that lead to the next page.
func (r *reader) headers(e *draft.Endpoint, answer node, about string) {
	for name := range r.fields(r.get(answer, "headers")) {
		switch {
		case strings.EqualFold(name, "Link"):
			e.Link, e.LinkWhy = true, "the header Link of the response"
		case cursorHead().MatchString(name) && e.CursorHeader == "":
			e.CursorHeader = name
		}
	}
	if lower := strings.ToLower(about); !e.Link && (strings.Contains(lower, "link header") && (strings.Contains(lower, "next") || strings.Contains(lower, "pagina")) || strings.Contains(lower, `rel="next"`)) {
		e.Link, e.LinkWhy = true, "the description, which speaks of a Link header"
	}
}

// params takes in the parameters of the query, the headers that are required,
// and what is said of those in the path.
func (r *reader) params(e *draft.Endpoint, item, op node) {
	seen := map[string]bool{}
	for _, from := range []node{op, item} { // the operation's go first
		for p := range r.elements(r.get(from, "parameters")) {
			name, in := r.get(p, "name").text(), r.get(p, "in").line()
			if name == "" || seen[in+" "+name] {
				continue
			}
			seen[in+" "+name] = true
			switch in {
			case "path":
				for i := range e.Path {
					if e.Path[i].Param == name {
						e.Path[i].About = r.get(p, "description").text()
					}
				}
			case "query":
				r.query(e, p, name)
			case "header":
				if x := r.param(p, name); x.Required && !ownHeader(name) {
					x.Header = true
					if versionHeader().MatchString(name) {
						x.Default = cmp.Or(x.Default, x.Shape.Sample)
					}
					e.Params = append(e.Params, x)
				}
			}
		}
	}
}

// ownHeader reports whether a header is set by other means.
func ownHeader(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "accept", "content-type", "user-agent", "host", "cookie":
		return true
	}
	return false
}

// query takes a parameter of the query in. One that is an object has a name for
// each of its fields: created[gte], or gte.
func (r *reader) query(e *draft.Endpoint, p node, name string) {
	x := r.param(p, name)
	if len(x.Shape.Fields) == 0 {
		e.Params = append(e.Params, x)
		return
	}
	deep := r.get(p, "style").line() == "deepObject"
	for _, f := range x.Shape.Fields {
		one := draft.Param{Name: f.Name, About: cmp.Or(f.Shape.About, x.About), Required: x.Required && f.Required, Shape: f.Shape}
		if deep {
			one.Name = name + "[" + f.Name + "]"
		}
		r.bounds(&one, r.way(p, "schema", "properties", f.Name), 3)
		e.Params = append(e.Params, one)
	}
}

func (r *reader) param(p node, name string) draft.Param {
	schema := r.get(p, "schema")
	for _, media := range r.fields(r.get(p, "content")) {
		if !schema.there() {
			schema = r.get(media, "schema")
		}
	}
	x := draft.Param{Name: name, Required: r.get(p, "required").truth(), Shape: r.shape(schema, 0)}
	x.About = cmp.Or(r.get(p, "description").text(), x.Shape.About)
	r.bounds(&x, schema, 3)
	if t := r.sample(p); t != "" && x.Shape.Sample == "" {
		own := *x.Shape
		own.Sample = t
		x.Shape = &own
	}
	return x
}

// bounds takes default, values and limits of a parameter out of its schema, and
// out of those that this one is made of.
func (r *reader) bounds(x *draft.Param, schema node, deep int) {
	if !schema.there() || deep == 0 {
		return
	}
	if x.Default == "" {
		x.Default = r.get(schema, "default").text()
	}
	if x.Max == nil {
		x.Max = r.get(schema, "maximum").number()
	}
	if x.Min == nil {
		x.Min = r.get(schema, "minimum").number()
	}
	if len(x.Enum) == 0 {
		x.Enum = r.texts(r.get(schema, "enum"))
	}
	if items := r.get(schema, "items"); items.there() && len(x.Enum) == 0 {
		x.Enum = r.texts(r.get(items, "enum"))
	}
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		for sub := range r.elements(r.get(schema, key)) {
			r.bounds(x, sub, deep-1)
		}
	}
}
