package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// api is an API in a function: it stands where Client.send does, so that
// series are tested without connections.
type api struct {
	mu       sync.Mutex
	answer   func(r *hook.Request) (status int, header http.Header, body string)
	asked    []string // "GET URL", with query, and the body behind it
	requests []*hook.Request
	warnings []string
	released int
}

func (a *api) send(ctx context.Context, x call) (*reply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	text := x.request.Method + " " + withParams(x.request)
	if x.request.JSON != nil {
		text += " " + string(x.request.JSON)
	} else if x.request.Body != nil {
		text += " " + string(x.request.Body)
	}
	a.asked = append(a.asked, text)
	a.requests = append(a.requests, x.request)
	status, header, body := a.answer(x.request)
	if header == nil {
		header = http.Header{}
	}
	r := &reply{
		Response: hook.Response{Status: status, Headers: header, Body: []byte(body), URL: x.request.URL},
		url:      withParams(x.request), bytes: int64(len(body)), release: func() { a.mu.Lock(); a.released++; a.mu.Unlock() },
	}
	if x.judge != nil {
		v, err := x.judge(ctx, &r.Response)
		switch {
		case err != nil:
			return nil, err
		case v.action == hook.Fail:
			return nil, errors.New(v.message)
		case v.action == hook.Ignore:
			r.ignored = true
			return r, nil
		case v.action == hook.Stop:
			r.stopped = true
		}
	}
	if r.Status >= 400 {
		return nil, fmt.Errorf("%d Client Error", r.Status)
	}
	return r, nil
}

// answers is an API that answers with one body after the other.
func answers(texts ...string) *api {
	i := 0
	return &api{answer: func(*hook.Request) (int, http.Header, string) {
		if i >= len(texts) {
			return 500, nil, "one request too many"
		}
		i++
		return 200, nil, texts[i-1]
	}}
}

// resource makes a resource that asks a.
func (a *api) resource(t testing.TB, client config.Client, r config.Resource, world hook.World) *Resource {
	t.Helper()
	out, err := a.try(client, r, world)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (a *api) try(client config.Client, r config.Resource, world hook.World) (*Resource, error) {
	if client.BaseURL == "" {
		client.BaseURL = "https://api.test/v1"
	}
	if r.Name == "" {
		r.Name = "things"
	}
	if r.Endpoint.Path.Parts == nil {
		r.Endpoint.Path = text("things")
	}
	out, err := newResource(&client, &r, world)
	if err != nil {
		return nil, err
	}
	out.send = a.send
	out.warn = func(text string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.warnings = append(a.warnings, text)
	}
	return out, nil
}

// pages reads a whole series: one text per page, its records joined by blanks.
func pages(t testing.TB, r *Resource, b Binding) (out []string, err error) {
	t.Helper()
	s, err := r.Series(b)
	if err != nil {
		return nil, err
	}
	for {
		p, err := s.Next(t.Context())
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, joinRecords(p))
		p.Release()
		if len(out) > 1000 {
			t.Fatal("the series does not end")
		}
	}
}

func joinRecords(p *Page) string {
	var records []string
	for _, r := range p.Records {
		records = append(records, string(r))
	}
	return strings.Join(records, " ")
}

// text is a template as the config decoder makes it: {resources.p.field},
// {incremental.field} and the like between literal text.
func text(s string) config.Template {
	t := config.Template{Text: s}
	for s != "" {
		before, rest, found := strings.Cut(s, "{")
		if before != "" {
			t.Parts = append(t.Parts, config.Part{Literal: before})
		}
		if !found {
			break
		}
		var name string
		name, s, _ = strings.Cut(rest, "}")
		p := config.Part{}
		p.Context, p.Field, _ = strings.Cut(name, ".")
		switch p.Context {
		case "resources":
			p.Parent, p.Field, _ = strings.Cut(p.Field, ".")
		case "window":
			p.Field, p.Layout, _ = strings.Cut(p.Field, ":")
		}
		t.Parts = append(t.Parts, p)
	}
	if t.Parts == nil {
		t.Parts = []config.Part{{Literal: ""}}
	}
	return t
}

func str(s string) *config.Value { return &config.Value{Kind: config.KindString, Text: text(s)} }

func num(s string) *config.Value { return &config.Value{Kind: config.KindNumber, Number: s} }

func table(pairs ...any) *config.Value {
	v := &config.Value{Kind: config.KindTable}
	for i := 0; i < len(pairs); i += 2 {
		v.Fields = append(v.Fields, config.ValueRow{Name: text(pairs[i].(string)), Value: pairs[i+1].(*config.Value)})
	}
	return v
}

func list(values ...*config.Value) *config.Value {
	return &config.Value{Kind: config.KindList, List: values}
}

func param(name string, v *config.Value) config.Param {
	return config.Param{Name: text(name), Value: v}
}

// wantTexts compares lists of texts.
func wantTexts(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// wantError checks that an error says all parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error lacks %q: %v", p, err)
		}
	}
}
