package rest

import (
	"context"
	"fmt"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
)

// Resource is an endpoint made ready: what every request series of it has in
// common. It does not change and may be used by many goroutines at once.
type Resource struct {
	name       string
	endpoint   *config.Endpoint
	client     *config.Client
	parent     string
	included   []string
	separator  string // of batched parent values in text
	world      hook.World
	auth       authenticator
	selection  selection         // how records are found, unless detected
	paginator  *config.Paginator // nil: detect
	reset      *resetRule
	fieldPaths map[string]*jsonpath.Path // of placeholders, by text
	bound      []*config.Part            // placeholders for fields of the parent, each field once

	marks  markPool // of pages
	bodies *bodies  // buffers of pieces
	send   func(ctx context.Context, x call) (*reply, error)
	warn   func(text string)
	tell   func(text string) // what was detected
	mask   func(url string) string
	hide   func(text string) string
}

// Resource prepares the endpoint of r; world runs its hooks and may be nil.
func (c *Client) Resource(r *config.Resource, world hook.World) (*Resource, error) {
	auth := c.config.Auth
	if r.Endpoint.Auth != nil {
		auth = r.Endpoint.Auth
	}
	// Only what the script itself writes makes a host its own (OPR-08).
	if parts := r.Endpoint.Path.Parts; len(parts) > 0 && parts[0].Context == "" {
		c.trust(parts[0].Literal)
	}
	authenticator, err := c.newAuthenticator(r.Name, auth, world)
	if err != nil {
		return nil, err
	}
	out, err := newResource(&c.config, r, world)
	if err != nil {
		return nil, err
	}
	out.auth, out.send, out.bodies = authenticator, c.send, &c.bodies
	out.mask, out.hide = c.redactor.URL, c.redactor.Text
	if f := c.options.Events.Warning; f != nil {
		out.warn = func(text string) { f(r.Name, text) }
	}
	if f := c.options.Events.Detected; f != nil {
		out.tell = func(text string) { f(r.Name, text) }
	}
	return out, nil
}

// newResource checks everything about r that can be known without a request.
func newResource(client *config.Client, r *config.Resource, world hook.World) (*Resource, error) {
	e := r.Endpoint
	out := &Resource{
		name: r.Name, endpoint: e, client: client, parent: r.Parent, included: r.IncludeFromParent, separator: r.BatchSeparator, world: world,
		paginator: choosePaginator(client, e), fieldPaths: map[string]*jsonpath.Path{},
		warn: func(string) {}, tell: func(string) {}, mask: func(url string) string { return url }, hide: func(text string) string { return text },
	}
	if out.separator == "" {
		out.separator = ","
	}
	var err error
	if out.selection, err = newSelection(e); err != nil {
		return nil, fmt.Errorf("%s: data_selector: %w", r.Name, err)
	}
	if err := out.parseFields(); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Name, err)
	}
	if out.paginator != nil {
		if _, err := newPaginator(out.paginator, world); err != nil {
			return nil, fmt.Errorf("%s: paginator: %w", r.Name, err)
		}
		if out.reset, err = newResetRule(out.paginator.Reset); err != nil {
			return nil, fmt.Errorf("%s: paginator.reset: %w", r.Name, err)
		}
		if p := bodyPath(out.paginator); p != "" && sendsData(e) {
			return nil, fmt.Errorf("%s: the paginator writes %q into a JSON body, but the endpoint sends `data`; use `json`, or a paginator with a query parameter", r.Name, p)
		}
	}
	return out, nil
}

// choosePaginator says which paginator the series of an endpoint use; nil means
// that it is detected (MRG-10 to MRG-12). An endpoint for a single entity has
// one of its own, single_page, unless the script says otherwise (ENT-03).
func choosePaginator(client *config.Client, e *config.Endpoint) *config.Paginator {
	switch own := e.Paginator; {
	case own != nil && own.Kind != "auto":
		return own
	case client.Paginator == nil || client.Paginator.Kind == "auto":
		return nil
	}
	return client.Paginator
}

// bodyPath returns the place in the JSON body that a paginator writes to.
func bodyPath(p *config.Paginator) string {
	for _, path := range []string{p.CursorBodyPath, p.OffsetBodyPath, p.LimitBodyPath, p.PageBodyPath} {
		if path != "" {
			return path
		}
	}
	return ""
}

// Included returns the fields of include_from_parent for a child of parent. The
// values are slices of parent.
func (r *Resource) Included(parent []byte) ([]Field, error) {
	var out []Field
	for _, name := range r.included {
		column := "_" + r.parent + "_" + name
		value, ok := rawjson.Get(parent, name)
		if !ok {
			return nil, fmt.Errorf("%s: the field %q is not in the record of resource %q, but is to be included in the child's records as %q; the record has the fields %s", r.name, name, r.parent, column, fieldNames(parent))
		}
		out = append(out, Field{Name: column, Value: value})
	}
	return out, nil
}

// ParentKey is what the placeholders take from a parent's record, as text: it
// identifies the parent in the state, and two parents with equal keys are asked
// the same.
func (r *Resource) ParentKey(parent []byte) (string, error) {
	s := scope{resource: r}
	var key []byte
	for i, p := range r.bound {
		value, err := s.parentField(p, parent)
		if err != nil {
			return "", fmt.Errorf("%s: %w", r.name, err)
		}
		if i > 0 {
			key = append(key, ',')
		}
		key = rawjson.AppendCompact(key, value)
	}
	return string(key), nil
}

// fieldNames lists the keys of a record for a message.
func fieldNames(record []byte) string {
	var names []string
	_ = rawjson.Fields(record, func(key, _ []byte) bool {
		if name, err := rawjson.Unquote(key); err == nil {
			names = append(names, name)
		}
		return true
	})
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}

// excerpt is at most n bytes of text for a message, cut between characters.
func excerpt(text []byte, n int) string {
	s := strings.ToValidUTF8(string(text[:min(len(text), n+4)]), "")
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
