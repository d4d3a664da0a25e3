// Package draft makes a script for an API of which only a description or a
// recording is known. A reader (draft/openapi, draft/har) says what there is,
// as an API: endpoints with their parameters and the shape of their responses.
// New guesses the rest from names and shapes: where the records are, how pages
// follow each other, keys, parents, cursors. Draft.Script writes it as Lua,
// with a remark on every guess.
//
// The same API gives the same text.
package draft

import "strings"

// API is what a description or a recording says of an API.
type API struct {
	Title   string // for readers; may be empty
	Version string // of the API, may be empty
	Intro   string // one sentence on where this comes from, for the head of the script

	BaseURL  string   // what paths are joined to; may hold {variables}
	Settings []Opened // the variables of BaseURL
	NoHost   bool     // the host of BaseURL is made up: the description names none

	Auth      Auth
	Headers   []Constant // sent with each request
	Endpoints []Endpoint
	Left      []Left   // what the reader found and could not take
	Notes     []string // remarks on the whole, for the head of the script
}

// Constant is a name with a value that is no secret.
type Constant struct{ Name, Value string }

// Opened is a value that the description leaves open.
type Opened struct {
	Name    string // as the description calls it
	Default string // empty: there is none
	About   string // one line, may be empty
}

// Left is an endpoint that no resource was made of.
type Left struct{ Method, Path, Why string }

// Endpoint is one GET of the API.
type Endpoint struct {
	Path    Path
	Summary string // one line or more; may be empty
	Params  []Param
	// Response is the body of a good answer; nil: nothing is known of it.
	Response *Shape
	// Link says that the answer carries a Link header that leads to the next
	// page; why it is thought so stands in LinkWhy.
	Link    bool
	LinkWhy string
	// CursorHeader is a header of the answer with the next cursor, or empty.
	CursorHeader string
	Deprecated   bool
}

// Param is a parameter of the query.
type Param struct {
	Name     string
	About    string
	Required bool
	Shape    *Shape // never nil
	Default  string
	Enum     []string
	Min, Max *float64
	Header   bool // it is a header, not a part of the query
	// Value is what a recording sent and the script is to send too.
	Value string
	// Varied says that other requests of the recording sent other values.
	Varied bool
	// Role is what a recording showed the parameter to be; empty: unknown.
	Role Role
	// Step is by how much the value of a RoleOffset grew; 0: unknown.
	Step int
	// First is the value in the first request, for parameters with a role.
	First string
}

// Role is what a parameter does for paging.
type Role string

// The roles of parameters.
const (
	RolePage   Role = "page"   // a number that grows by one
	RoleOffset Role = "offset" // a number that grows by the size of a page
	RoleCursor Role = "cursor" // a value out of the page before
	RoleSize   Role = "size"   // how many records a page has
)

// Path is a path relative to the base URL, in pieces: literal text and
// parameters. A path of another server begins with its scheme and host.
type Path []Piece

// Piece is literal text or the name of a parameter, never both.
type Piece struct {
	Text  string
	Param string
	About string // of a parameter, may be empty
	// Parent and Field say where a recording saw the parameter's value: in a
	// record of the list with that path (as Key gives it). Empty: unknown.
	Parent, Field string
}

// ParsePath takes a template like /users/{id}/posts apart. Braces that are not
// closed are text.
func ParsePath(template string) Path {
	var p Path
	rest := template
	for rest != "" {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			break
		}
		shut := strings.IndexByte(rest[open:], '}')
		if shut < 0 {
			break
		}
		if open > 0 {
			p = append(p, Piece{Text: rest[:open]})
		}
		if name := rest[open+1 : open+shut]; name != "" {
			p = append(p, Piece{Param: strings.TrimLeft(strings.TrimRight(name, "*"), "+")})
		}
		rest = rest[open+shut+1:]
	}
	if rest != "" {
		p = append(p, Piece{Text: rest})
	}
	return p
}

// String is the template of a path.
func (p Path) String() string { return p.format(func(x Piece) string { return "{" + x.Param + "}" }) }

// Key is equal for paths that differ in the names of parameters, a slash or
// .json at the end.
func (p Path) Key() string {
	key := p.format(func(Piece) string { return "{}" })
	return strings.TrimSuffix(strings.TrimRight(strings.Trim(key, "/"), "/('"), ".json")
}

func (p Path) format(param func(Piece) string) string {
	var b strings.Builder
	for _, x := range p {
		if x.Param != "" {
			b.WriteString(param(x))
		} else {
			b.WriteString(x.Text)
		}
	}
	return b.String()
}

// endsInParam reports whether a path asks for one thing by its key.
func (p Path) endsInParam() bool {
	if len(p) == 0 {
		return false
	}
	last := p[len(p)-1]
	if last.Param == "" && len(p) > 1 && p[len(p)-2].Param != "" {
		return !strings.Contains(strings.Trim(last.Text, "/"), "/") && !strings.HasPrefix(last.Text, "/")
	}
	return last.Param != ""
}

// word is a literal segment of a path.
type word struct {
	text  string
	keyed bool // a parameter follows: one of what the word names
}

// segments are the literal segments of a path in their order, without .json.
func (p Path) segments() []word {
	var out []word
	text := p.format(func(Piece) string { return "\x00" })
	if _, behind, other := strings.Cut(text, "://"); other {
		_, text, _ = strings.Cut(behind, "/")
	}
	for s := range strings.SplitSeq(text, "/") {
		keyed := strings.Contains(s, "\x00")
		s = strings.Trim(strings.ReplaceAll(strings.TrimSuffix(s, ".json"), "\x00", ""), ".-_()'")
		switch {
		case s != "" && !strings.HasSuffix(s, ":"):
			out = append(out, word{s, keyed})
		case s == "" && keyed && len(out) > 0:
			out[len(out)-1].keyed = true
		}
	}
	return out
}

// words are the texts of the segments.
func (p Path) words() []string {
	var out []string
	for _, w := range p.segments() {
		out = append(out, w.text)
	}
	return out
}
