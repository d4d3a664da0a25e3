package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua"
)

var update = flag.Bool("update", false, "write docs/reference.md")

// The committed page is that of the declarations.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	const path = "../../../../docs/reference.md"
	got := New().Markdown()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("docs/reference.md is not that of the declarations: go test ./cmd/restlua/internal/reference -update")
	}
	links := regexp.MustCompile(`\]\(#([a-z0-9_-]+)\)`)
	for _, m := range links.FindAllStringSubmatch(got, -1) {
		if !regexp.MustCompile(`(?mi)^#+ ` + headingOf(m[1]) + `$`).MatchString(got) {
			t.Errorf("the page has no heading for #%s", m[1])
		}
	}
}

// headingOf is a pattern for headings whose anchor is name.
func headingOf(name string) string {
	var b strings.Builder
	for _, c := range strings.ReplaceAll(name, "-", " ") {
		b.WriteString(regexp.QuoteMeta(string(c)) + `\.?`)
	}
	return b.String()
}

// Every key's example is a config that decodes, in the smallest table in which
// it can stand.
func TestExamples(t *testing.T) {
	t.Parallel()
	r := New()
	for i := range r.structures {
		s := &r.structures[i]
		for k := range s.Fields {
			f := &s.Fields[k]
			if s.Name == "resource_defaults" && f.Key != "endpoint" {
				continue // they are those of resource
			}
			t.Run(s.Name+"."+f.Key, func(t *testing.T) {
				t.Parallel()
				text := r.script(t, s, f)
				err := decode(text)
				if strings.HasPrefix(f.Doc, "Not allowed here") {
					if err == nil {
						t.Errorf("it is allowed:\n%s", text)
					}
					return
				}
				if err != nil {
					t.Errorf("%v\n%s", err, text)
				}
			})
		}
	}
}

func decode(text string) error {
	s, err := lua.Parse("example.lua", text, lua.Options{})
	if err != nil {
		return err
	}
	lookup := func(path string) (any, bool, []string, error) { return path, true, nil, nil }
	n, err := s.Config(context.Background(), hook.Env{Secrets: lookup, Config: lookup})
	if err != nil {
		return err
	}
	if _, wrong := config.Decode(n, config.Options{File: "example.lua"}); wrong != nil {
		return wrong
	}
	return nil
}

// script is the smallest script with the example of a key.
func (r *Reference) script(t *testing.T, s *config.Structure, f *config.FieldDoc) string {
	t.Helper()
	text := r.body(s, f.Key, f.Example)
	for s.Name != "config" {
		outer, key, list := r.around(s)
		if outer == nil {
			t.Fatalf("%s stands in no table", s.Name)
		}
		text = "{ " + text + " }"
		switch {
		case s.Name == "resource":
			text = "{ 'posts', " + text + " }"
		case list:
			text = "{ " + text + " }"
		}
		if outer.Open { // the table is a value under a key of the script's own
			text = "{ own = " + text + " }"
			outer, key, _ = r.around(outer)
		}
		inner := s.Name
		text, s = r.body(outer, key, key+" = "+text), outer
		switch inner {
		case "param.resolve":
			text += ", path = 'posts/{own}'"
		case "param.incremental":
			text += ", path = 'posts/{resources.posts.id}/comments'"
		}
	}
	return "local secrets, config, json, time = require('secrets'), require('config'), require('json'), require('time')\nreturn { " + text + " }"
}

// around finds a key that holds a structure: the first one on the way down
// from the top.
func (r *Reference) around(s *config.Structure) (outer *config.Structure, key string, list bool) {
	for i := range r.structures {
		o := &r.structures[i]
		if o.Open && o.Values != "" && (o.Values == s.Name || o.Values == s.Group) {
			return o, "", false
		}
		for k := range o.Fields {
			f := &o.Fields[k]
			if f.Table != "" && (f.Table == s.Name || f.Table == s.Group) && o.Name != "resource_defaults" {
				return o, f.Key, f.Kinds&config.Table == 0
			}
		}
	}
	return nil, "", false
}

// companions are what some keys need beside them, by structure and key; those
// of a structure alone stand beside all its keys but themselves.
var companions = map[string]string{
	"resource":               "primary_key = 'id'",
	"resource.endpoint":      " ",
	"resource.rows":          " ",
	"resource.partitions":    "endpoint = 'posts/{partition}'",
	"column":                 "data_type = 'decimal'; precision = 10",
	"column.timezone":        "data_type = 'timestamp'",
	"column.precision":       "data_type = 'decimal'",
	"tls.cert_file":          "key_file = 'client.key'",
	"tls.key_file":           "cert_file = 'client.pem'",
	"incremental":            "initial_value = '2024-01-01'; start_param = 'since'; end_param = 'until'",
	"param.incremental":      "initial_value = '2024-01-01'",
	"auth.login.type":        "apply = function(request, session) end",
	"response_action.action": "status_code = 404",
}

// body is the inside of a table: an example, and all that the table requires.
func (r *Reference) body(s *config.Structure, key, example string) string {
	parts := []string{example}
	has := func(k string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return regexp.MustCompile(`(^|, )` + k + ` = `).MatchString(p) })
	}
	if s.Type != "" {
		if key == "type" {
			parts = nil
		}
		parts = append(parts, "type = '"+s.Type+"'")
	}
	own := field(s, key)
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Required && f.Key != key && own.OldOf != f.Key {
			parts = append(parts, f.Example)
		}
	}
	more, special := companions[s.Name+"."+key]
	if !special {
		more = companions[s.Name]
	}
	for _, c := range strings.Split(more, "; ") {
		if k, _, ok := strings.Cut(c, " = "); ok && !has(k) {
			parts = append(parts, c)
		}
	}
	if s.Name == "resource" && !special {
		parts = append(parts, "endpoint = 'posts/{resources.posts.id}/comments'")
	}
	return strings.Join(parts, ", ")
}

// Paths lead to structures, variants and keys; wrong ones name the nearest.
func TestFind(t *testing.T) {
	t.Parallel()
	r := New()
	for path, want := range map[string]string{
		"":                               "config",
		"client":                         "config.client",
		"endpoint":                       "endpoint",
		"resources[2].endpoint.path":     "endpoint.path",
		"paginator.cursor":               "paginator.cursor",
		"endpoint.paginator.cursor":      "paginator.cursor",
		"client.paginator.json_response": "paginator.json_link",
		"cursor_body_path":               "paginator.cursor.cursor_body_path",
		"columns.price.data_type":        "column.data_type",
		"columns.price":                  "column",
		"params.since.resource":          "param.resolve.resource",
		"auth.oauth_jwt.subject":         "auth.oauth2_jwt.subject",
		"total_path":                     "paginator.offset.total_path paginator.page_number.total_path",
	} {
		at, err := r.Find(path)
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		var got []string
		for _, k := range at.Keys {
			got = append(got, k.Of.Name+"."+k.Field.Key)
		}
		if got == nil {
			for _, s := range at.Structures {
				got = append(got, s.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q leads to %v, want %s", path, got, want)
		}
	}
	for path, want := range map[string]string{
		"endpont":                 `there is no key "endpont" (did you mean endpoint?)`,
		"endpoint.pagiantor":      `endpoint has no key "pagiantor" (did you mean paginator?)`,
		"paginator.ofset":         `paginator has no key "ofset" (did you mean offset?)`,
		"endpoint.path.x":         `endpoint.path has no keys of its own ()`,
		"client.rate_limit.zzzzz": `client.rate_limit has no key "zzzzz" (it may be requests, per or burst)`,
	} {
		_, err := r.Find(path)
		unknown, ok := errors.AsType[*UnknownError](err)
		if !ok {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if got := unknown.Text + " (" + unknown.Hint + ")"; got != want {
			t.Errorf("%q:\n got %s\nwant %s", path, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	r := New()
	for typed, want := range map[string]string{
		"endpoint.paginator.c": "endpoint.paginator.cursor endpoint.paginator.cursor_key endpoint.paginator.cursor_param endpoint.paginator.cursor_path endpoint.paginator.cursor_body_path",
		"resource_d":           "resource_defaults",
		"nothing.x":            "",
	} {
		if got := strings.Join(r.Complete(typed), " "); got != want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
}

// Every key of every structure stands in the text of its place.
func TestText(t *testing.T) {
	t.Parallel()
	r := New()
	for i := range r.structures {
		s := &r.structures[i]
		text := r.Text(Place{Structures: []*config.Structure{s}}, 80, func(s string) string { return "<" + s + ">" })
		for k := range s.Fields {
			if !strings.Contains(text, "<"+s.Fields[k].Key+">") {
				t.Errorf("%s: no %s", s.Name, s.Fields[k].Key)
			}
		}
		for line := range strings.Lines(text) {
			if len(line) > 120 && strings.Contains(line, " ") && !strings.Contains(line, "\"") {
				t.Errorf("%s: a line is not wrapped: %s", s.Name, line)
			}
		}
	}
}

// SCR-40: the annotations are Lua, and name no type that is not declared.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	r := New()
	all := ""
	for _, f := range r.Annotations() {
		if strings.HasSuffix(f.Path, ".json") {
			if !json.Valid([]byte(f.Text)) {
				t.Errorf("%s is no JSON", f.Path)
			}
			continue
		}
		if _, err := lua.Parse(f.Path, f.Text, lua.Options{}); err != nil {
			t.Error(err)
		}
		all += f.Text
	}
	declared := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^---@(?:class|alias) ([\w.]+)`).FindAllStringSubmatch(all, -1) {
		if declared[m[1]] {
			t.Errorf("%s is declared twice", m[1])
		}
		declared[m[1]] = true
	}
	for line := range strings.Lines(all) {
		m := regexp.MustCompile(`^---@(?:field|param|return|type|alias) (.*)$`).FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		kind, _, _ := strings.Cut(m[1], " Example: ")
		for _, name := range regexp.MustCompile(`\b(?:restlua|time|re|http|test)\.[A-Za-z_][\w.]*`).FindAllString(kind, -1) {
			if name = strings.TrimRight(name, "."); !declared[name] && !strings.Contains(line, "`"+name) && !strings.Contains(line, "example") {
				t.Errorf("%s is not declared: %s", name, line)
			}
		}
		if strings.Contains(m[1], ": ,") || strings.Contains(m[1], ": )") {
			t.Errorf("an argument has no type: %s", line)
		}
	}
	for _, s := range r.structures {
		if !declared["restlua."+s.Name] {
			t.Errorf("%s is not declared", s.Name)
		}
	}
}

// The JSON schema knows every key, and every reference leads to a definition.
func TestJSONSchema(t *testing.T) {
	t.Parallel()
	r := New()
	text, err := r.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Ref  string `json:"$ref"`
		Defs map[string]struct {
			Properties map[string]any
			Required   []string
			AnyOf      []any
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"#/\$defs/([^"]*)"`).FindAllSubmatch(text, -1) {
		if _, ok := schema.Defs[string(m[1])]; !ok {
			t.Errorf("there is no definition %s", m[1])
		}
	}
	for _, s := range r.structures {
		def := schema.Defs[s.Name]
		for _, f := range s.Fields {
			if def.Properties[f.Key] == nil {
				t.Errorf("%s has no %s", s.Name, f.Key)
			}
		}
		for _, key := range def.Required {
			if def.Properties[key] == nil {
				t.Errorf("%s requires %s, which it has not", s.Name, key)
			}
		}
	}
	if n := len(schema.Defs["paginator"].AnyOf); n != len(r.tables("paginator")) {
		t.Errorf("paginator has %d variants", n)
	}
	if !slices.Contains(schema.Defs["incremental"].Required, "cursor_path") || !bytes.Contains(text, []byte(`"default": 268435456`)) {
		t.Error("required keys or defaults are missing")
	}
}
