package rest

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
)

// judge runs the response actions of the endpoint in their order (section 16).
// Every action that matches runs, and later ones see what functions changed in
// the response, until one says ignore, retry, fail or refresh_auth. A stop
// stands unless a later action says something else.
func (r *Resource) judge(ctx context.Context, resp *hook.Response) (verdict, error) {
	out := verdict{}
	for i := range r.endpoint.ResponseActions {
		a := &r.endpoint.ResponseActions[i]
		matches, err := r.matches(ctx, a, resp)
		if err != nil {
			return verdict{}, err
		}
		if !matches {
			continue
		}
		word := a.Do
		for _, f := range a.Funcs {
			said, err := r.world.Respond(ctx, f, resp)
			if err != nil {
				return verdict{}, err
			}
			if word = said; word != hook.Continue && word != hook.Stop {
				break
			}
			if word == hook.Stop {
				out.action = hook.Stop
			}
		}
		switch word {
		case hook.Continue:
		case hook.Stop:
			out.action = hook.Stop
		case hook.Fail:
			return verdict{action: word, message: r.message(a.Message, resp)}, nil
		case hook.Ignore, hook.Retry, hook.RefreshAuth:
			return verdict{action: word}, nil
		default:
			return verdict{}, fmt.Errorf("%s: %q is not an action; expected \"ignore\", \"retry\", \"fail\", \"stop\" or \"refresh_auth\"", a.Path, word)
		}
	}
	return out, nil
}

// matches reports whether all conditions of an action hold. An action without
// any matches only if it is for every response (ACT-04, ACT-14).
func (r *Resource) matches(ctx context.Context, a *config.Action, resp *hook.Response) (bool, error) {
	if !a.HasStatus && !a.HasContent && a.When == "" {
		return a.Always, nil
	}
	if a.HasStatus && a.Status != resp.Status {
		return false, nil
	}
	if a.HasContent && !bytes.Contains(resp.Body, []byte(a.Content)) {
		return false, nil
	}
	if a.When == "" {
		return true, nil
	}
	return r.world.When(ctx, a.When, resp)
}

// message fills in the message of a fail: {status}, {url}, {body},
// {headers.NAME} and {json.PATH}; {{ and }} are braces. What the response does
// not have is left as it is written.
func (r *Resource) message(template string, resp *hook.Response) string {
	var b strings.Builder
	for i := 0; i < len(template); {
		c := template[i]
		if c != '{' && c != '}' {
			b.WriteByte(c)
			i++
			continue
		}
		if i+1 < len(template) && template[i+1] == c {
			b.WriteByte(c)
			i += 2
			continue
		}
		end := strings.IndexByte(template[i:], '}')
		if c == '}' || end < 0 {
			b.WriteByte(c)
			i++
			continue
		}
		name := template[i+1 : i+end]
		if text, ok := fromResponse(name, resp); ok {
			b.WriteString(text)
		} else {
			b.WriteString(template[i : i+end+1])
		}
		i += end + 1
	}
	return b.String()
}

// messageBytes bounds what one placeholder puts into a message.
const messageBytes = 500

// fromResponse is the text of one placeholder of a message.
func fromResponse(name string, resp *hook.Response) (string, bool) {
	switch name {
	case "status":
		return strconv.Itoa(resp.Status), true
	case "url":
		return resp.URL, true
	case "body":
		return excerpt(bytes.TrimSpace(resp.Body), messageBytes), true
	}
	kind, rest, _ := strings.Cut(name, ".")
	switch kind {
	case "headers":
		return resp.Headers.Get(rest), hasHeader(resp.Headers, rest)
	case "json":
		path, err := jsonpath.Parse(rest)
		if err != nil || rawjson.Valid(resp.Body) != nil {
			return "", false
		}
		value, ok := path.First(resp.Body)
		if !ok {
			return "", false
		}
		return excerpt([]byte(scalarText(value)), messageBytes), true
	}
	return "", false
}
