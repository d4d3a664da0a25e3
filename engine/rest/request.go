package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// first builds the first request of a series. Everything in it is fresh: what a
// paginator writes into it is seen by no other series (BODY-13).
func (s *scope) first() (*hook.Request, error) {
	e, c := s.resource.endpoint, s.resource.client
	path, err := s.text(&e.Path)
	if err != nil {
		return nil, fmt.Errorf("path: %w", err)
	}
	r := &hook.Request{Method: e.Method, URL: withoutDots(escapeURL(joinURL(c.BaseURL, path))), Headers: http.Header{}}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if err := s.params(r); err != nil {
		return nil, err
	}
	for _, h := range c.Headers {
		r.Headers.Set(h.Name, h.Value) // as written (PLH-24)
	}
	for i := range e.Headers {
		name, err := s.text(&e.Headers[i].Name)
		if err != nil {
			return nil, fmt.Errorf("headers: %w", err)
		}
		value, ok, err := s.optional(&e.Headers[i].Value)
		if err != nil {
			return nil, fmt.Errorf("headers: %s: %w", name, err)
		}
		if ok {
			r.Headers.Set(name, value)
		}
	}
	if err := s.body(r); err != nil {
		return nil, err
	}
	return r, nil
}

func (s *scope) params(r *hook.Request) error {
	e := s.resource.endpoint
	for i := range e.Params {
		p := &e.Params[i]
		name, err := s.text(&p.Name)
		if err != nil {
			return fmt.Errorf("params: %w", err)
		}
		if err := s.param(r, name, p.Value); err != nil {
			return fmt.Errorf("params.%s: %w", name, err)
		}
	}
	inc, values := e.Incremental, s.binding.Incremental
	if inc == nil || values == nil {
		return nil
	}
	start, end := values.StartRequest, values.EndRequest
	if w := s.binding.Window; w != nil {
		start, end = w.Start, w.End
	}
	// PARAM-08: they overwrite parameters of the same name.
	if inc.StartParam != "" && start != nil && !rawjson.IsNull(start) {
		setParam(r, inc.StartParam, scalarText(start))
	}
	if inc.EndParam != "" && end != nil && !rawjson.IsNull(end) {
		setParam(r, inc.EndParam, scalarText(end))
	}
	return nil
}

// param appends one parameter: null is left out (PARAM-02), a list repeats the
// name (PARAM-03).
func (s *scope) param(r *hook.Request, name string, v *config.Value) error {
	if v == nil {
		return nil
	}
	switch v.Kind {
	case config.KindNil, config.KindNull:
		return nil
	case config.KindList:
		for _, x := range v.List {
			if err := s.param(r, name, x); err != nil {
				return err
			}
		}
		return nil
	case config.KindString:
		text, ok, err := s.optional(&v.Text)
		if ok {
			r.Params = append(r.Params, hook.Pair{Name: name, Value: text})
		}
		return err
	}
	raw, err := s.json(nil, v)
	if err != nil {
		return err
	}
	r.Params = append(r.Params, hook.Pair{Name: name, Value: scalarText(raw)})
	return nil
}

// body fills in the JSON, form or raw body (section 7).
func (s *scope) body(r *hook.Request) error {
	e := s.resource.endpoint
	if sendsData(e) {
		if !emptyTable(e.JSON) {
			return errors.New("an endpoint cannot send both `json` and `data`")
		}
		if e.Data.IsRaw {
			text, err := s.text(&e.Data.Raw)
			if err != nil {
				return fmt.Errorf("data: %w", err)
			}
			r.Body = []byte(text)
			return nil
		}
		form, err := s.form(e.Data.Pairs)
		if err != nil {
			return fmt.Errorf("data: %w", err)
		}
		r.Body = []byte(form)
		if !hasHeader(r.Headers, "Content-Type") {
			r.Headers.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return nil
	}
	if e.JSON == nil || e.JSON.Kind == config.KindNil || e.JSON.Kind == config.KindNull {
		return nil
	}
	var err error
	if r.JSON, err = s.json(nil, e.JSON); err != nil {
		return fmt.Errorf("json: %w", err)
	}
	return nil
}

func (s *scope) form(pairs []config.HeaderTemplate) (string, error) {
	var b strings.Builder
	for i := range pairs {
		name, err := s.text(&pairs[i].Name)
		if err != nil {
			return "", err
		}
		value, ok, err := s.optional(&pairs[i].Value)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value))
	}
	return b.String(), nil
}

// sendsData reports whether the endpoint has a form or raw body that is not
// empty (BODY-06, BODY-09).
func sendsData(e *config.Endpoint) bool {
	return e.Data != nil && (len(e.Data.Pairs) > 0 || e.Data.IsRaw && len(e.Data.Raw.Parts) > 0)
}

func emptyTable(v *config.Value) bool {
	if v == nil {
		return true
	}
	switch v.Kind {
	case config.KindTable:
		return len(v.Fields) == 0
	case config.KindList:
		return len(v.List) == 0
	}
	return v.Kind == config.KindNil || v.Kind == config.KindNull
}

// hasHeader reports whether the header is there, even with an empty value.
func hasHeader(h http.Header, name string) bool {
	_, ok := h[http.CanonicalHeaderKey(name)]
	return ok
}

// setParam sets a query parameter, once for each value, in place of every other
// of that name, those in the URL's own query included (PARAM-05).
func setParam(r *hook.Request, name string, values ...string) {
	r.URL = dropFromQuery(r.URL, name)
	at := slices.IndexFunc(r.Params, func(p hook.Pair) bool { return p.Name == name })
	if at < 0 {
		at = len(r.Params)
	}
	set := make([]hook.Pair, len(values))
	for i, v := range values {
		set[i] = hook.Pair{Name: name, Value: v}
	}
	others := slices.DeleteFunc(slices.Clone(r.Params), func(p hook.Pair) bool { return p.Name == name })
	r.Params = slices.Insert(others, at, set...)
}

// dropFromQuery removes the parameters called name from the query of a URL and
// leaves everything else as it is written.
func dropFromQuery(rawURL, name string) string {
	rest, fragment, hasFragment := strings.Cut(rawURL, "#")
	base, query, hasQuery := strings.Cut(rest, "?")
	if !hasQuery {
		return rawURL
	}
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(key); err == nil && plain == name {
			continue
		}
		kept = append(kept, pair)
	}
	if len(kept) > 0 {
		base += "?" + strings.Join(kept, "&")
	}
	if hasFragment {
		base += "#" + fragment
	}
	return base
}
