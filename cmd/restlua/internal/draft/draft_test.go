package draft_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/cmd/restlua/internal/draft/har"
	"github.com/restlua/restlua/cmd/restlua/internal/draft/openapi"
	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// fine fails unless a draft is a script without mistakes, and the same again.
func fine(t *testing.T, api *draft.API) string {
	t.Helper()
	s := draft.New("api", api)
	if s.Resources() == 0 {
		return ""
	}
	text := s.Text()
	if again := draft.New("api", api).Text(); again != text {
		t.Errorf("the same API gave two texts:\n%s\n%s", text, again)
	}
	script, err := lua.Parse("api.lua", text, lua.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	secrets := func(string) (any, bool, []string, error) { return "x", true, nil, nil }
	none := func(string) (any, bool, []string, error) { return nil, false, nil, nil }
	if _, err := engine.Check(context.Background(), script, engine.Options{Secrets: secrets, Config: none, Dataset: "unused"}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return text
}

func describe(t *testing.T, text string) *draft.API {
	t.Helper()
	path := filepath.Join(t.TempDir(), "api.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	api, _, err := openapi.Read(path, openapi.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// hostile are texts that would become code, if anything could.
var hostile = []string{
	"", " ", "]]", "--[[", "]]--", "a\nerror('code ran')", "a\r\nerror('code ran')", "\"..error('code ran')..\"", "'", "\\", "\\\"", "\x00", "end", "config", "unset", "return", "nil",
	"{x}", "{{", "}", "{resources.a.b}", "ünïcödé", "日本語", "\u202eevil", "\u2028", "a b", "a/b", "//", "..", "1", "_", "$", "%00", "?a=b", "#", strings.Repeat("long ", 100), strings.Repeat("x", 500),
}

// Whatever names, texts and addresses a description has, the script is without
// mistakes, and nothing of it becomes code.
func TestHostileDescriptions(t *testing.T) {
	t.Parallel()
	for i, evil := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			q, err := json.Marshal(evil)
			if err != nil {
				t.Fatal(err)
			}
			in, _ := json.Marshal("/" + evil)
			path, _ := json.Marshal("/list/{" + evil + "}/" + evil)
			server, _ := json.Marshal("https://{" + evil + "}.example/" + evil)
			item := fmt.Sprintf(`{"type": "object", "required": [%[1]s, "id"], "properties": {%[1]s: {"type": "string", "description": %[1]s, "example": %[1]s}, "id": {"type": "string"}, "updated_at": {"type": "string", "format": "date-time"}}}`, q)
			list := fmt.Sprintf(`{"get": {"summary": %[1]s, "description": %[1]s, "operationId": %[1]s, "tags": [%[1]s], "parameters": [
				{"name": %[1]s, "in": "query", "required": true, "description": %[1]s, "schema": {"type": "string", "default": %[1]s, "enum": [%[1]s]}},
				{"name": "x%%s", "in": "query", "required": true, "schema": {"type": "string", "example": %[1]s}},
				{"name": %[1]s, "in": "header", "required": true, "schema": {"type": "string"}},
				{"name": "cursor", "in": "query", "schema": {"type": "string"}},
				{"name": "updated_since", "in": "query", "description": %[1]s, "schema": {"type": "string", "format": "date-time"}}],
				"responses": {"200": {"content": {"application/json": {"schema": {"type": "object", "properties": {"next_cursor": {"type": "string"}, %[1]s: {"type": "array", "items": %[2]s}, "list": {"type": "array", "items": %[2]s}}}}}}}}}`, q, item)
			text := fmt.Sprintf(`{"openapi": "3.1.0", "info": {"title": %[1]s, "version": %[1]s},
				"servers": [{"url": %[5]s, "variables": {%[1]s: {"default": %[1]s, "enum": [%[1]s, %[1]s], "description": %[1]s}}}],
				"components": {"securitySchemes": {%[1]s: {"type": "apiKey", "in": "header", "name": %[1]s, "description": %[1]s}, "other": {"type": "apiKey", "in": "query", "name": %[1]s}}},
				"security": [{%[1]s: [], "other": []}],
				"paths": {"/list": %[2]s, %[3]s: %[2]s, %[4]s: %[2]s, "/search": {"post": {"operationId": %[1]s}}}}`, q, list, in, path, server)
			if fine(t, describe(t, text)) == "" {
				t.Error("no list was found")
			}
		})
	}
}

// A description whose values are of other kinds than they should be is read as
// far as it goes.
func TestOddDescriptions(t *testing.T) {
	t.Parallel()
	good := `"/good": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}}}}`
	for _, odd := range []string{
		`"/a": null`, `"/a": []`, `"/a": 1`, `"/a": {"get": []}`, `"/a": {"get": {"responses": []}}`, `"/a": {"get": {"responses": {"200": null}}}`,
		`"/a": {"get": {"parameters": {"x": 1}, "responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": []}}}}}}}`,
		`"/a": {"get": {"parameters": [null, 1, {"name": 5, "in": "query", "schema": []}, {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": "ten", "default": {}, "enum": 1}}], "responses": {"200": {"content": {"application/json": {"schema": {"allOf": {"a": 1}, "properties": ["a"], "type": {"a": 1}}}}}}}}`,
		`"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": {"$ref": 5}}}}}}}}`,
		`"/a": {"$ref": "#/paths/~1a"}`, `"/a": {"$ref": "#"}`, `"/a": {"$ref": "#/paths/~1good/get"}`,
		`"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Deep"}}}}}}}`,
	} {
		text := `{"openapi": "3.0.0", "servers": {}, "info": [], "security": [1, {"a": 1}], "components": {"securitySchemes": [], "schemas": {"Deep": {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Deep"}}, "next": {"allOf": [{"$ref": "#/components/schemas/Deep"}]}}}}}, "paths": {` + odd + `, ` + good + `}}`
		if got := fine(t, describe(t, text)); !strings.Contains(got, `path = "good"`) {
			t.Errorf("%s: the good endpoint is missing:\n%s", odd, got)
		}
	}
}

// Schemas that lie in each other without end, and aliases that double at each
// step, cost neither time nor memory.
func TestDeepDescriptions(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\nx0: &x0 { type: object, properties: { id: { type: string } } }\n")
	for i := 1; i < 60; i++ {
		fmt.Fprintf(&b, "x%d: &x%d { type: object, properties: { a: *x%d, b: *x%d, c: { allOf: [*x%d, *x%d] } } }\n", i, i, i-1, i-1, i-1, i-1)
	}
	b.WriteString("paths: { /a: { get: { responses: { 200: { content: { application/json: { schema: { type: array, items: *x59 } } } } } } } }\n")
	fine(t, describe(t, b.String()))
	deep := `{"openapi": "3.0.0", "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": ` +
		strings.Repeat(`{"type": "object", "properties": {"data": `, 2000) + `{"type": "array"}` + strings.Repeat(`}}`, 2000) + `}}}}}}}}`
	fine(t, describe(t, deep))
}

func record(t *testing.T, url, name, value, body string) string {
	t.Helper()
	entry := func(url, body string, second int) map[string]any {
		return map[string]any{
			"startedDateTime": fmt.Sprintf("2024-05-01T12:00:%02dZ", second),
			"request":         map[string]any{"method": "GET", "url": url, "headers": []map[string]string{{"name": name, "value": value}}},
			"response":        map[string]any{"status": 200, "content": map[string]any{"mimeType": "application/json", "text": body}},
		}
	}
	doc := map[string]any{"log": map[string]any{"version": "1.2", "entries": []any{
		entry("https://api.example/v1/list", `[{"id": "a"}]`, 1), entry(url, body, 2), entry(url+"?page=2", body, 3),
	}}}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.har")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever a recording holds, the script is without mistakes.
func TestHostileRecordings(t *testing.T) {
	t.Parallel()
	for i, evil := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			q, _ := json.Marshal(evil)
			body := fmt.Sprintf(`{%[1]s: [{"id": %[1]s, %[1]s: %[1]s}], "next": %[1]s, "data": [{%[1]s: 1}]}`, q)
			for _, name := range []string{"Authorization", "X-Api-Key", "Cookie", "X-" + evil + "-Version"} {
				api, _, err := har.Read(record(t, "https://api.example/v1/list/"+evil, name, evil, body), har.Filter{})
				if err != nil {
					t.Fatal(err)
				}
				if fine(t, api) == "" {
					t.Error("no list was found")
				}
			}
		})
	}
}

// Values of credentials get into no script, wherever the recording has them.
func TestRecordedSecrets(t *testing.T) {
	t.Parallel()
	const secret = "sEcReT0123456789abcdEF99"
	for _, c := range []struct{ name, url, header, value string }{
		{"bearer", "https://api.example/v1/b", "authorization", "Bearer " + secret},
		{"basic", "https://api.example/v1/b", "Authorization", "Basic " + secret},
		{"a word of the API's own", "https://api.example/v1/b", "Authorization", "SSWS " + secret},
		{"no word", "https://api.example/v1/b", "Authorization", secret},
		{"header", "https://api.example/v1/b", "X-Shop-Access-Token", secret},
		{"cookie", "https://api.example/v1/b", "Cookie", "session=" + secret + "; b=c"},
		{"CSRF", "https://api.example/v1/b", "X-CSRF-Token", secret},
		{"query", "https://api.example/v1/b?api_key=" + secret + "&x=", "A", "b"},
		{"query under another name", "https://api.example/v1/b?zz=" + secret + "&x=", "A", "b"},
		{"query that repeats a header", "https://api.example/v1/b?zz=abcd1&x=", "X-Api-Key", "abcd1"},
		{"path", "https://api.example/v1/hooks/" + secret + "/b", "A", "b"},
		{"user in the address", "https://ann:" + secret + "@api.example/v1/b", "A", "b"},
		{"version header", "https://api.example/v1/b", "X-Version", secret},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api, _, err := har.Read(record(t, c.url, c.header, c.value, `[{"id": "`+secret+`"}]`), har.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			text := fine(t, api)
			if text == "" || strings.Contains(text, secret) || strings.Contains(text, "abcd1") {
				t.Errorf("the secret is in the script:\n%s", text)
			}
		})
	}
}

func FuzzDescription(f *testing.F) {
	f.Add(`{"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}], "responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}}}}}}}}}`)
	f.Add("openapi: 3.1.0\npaths: { '/a/{b}': { get: { responses: { 200: { content: { application/json: { schema: { $ref: '#/x' } } } } } } } }\nx: { type: [array, 'null'] }\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "api.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		api, _, err := openapi.Read(path, openapi.Filter{})
		if err == nil {
			fine(t, api)
		}
	})
}

func FuzzRecording(f *testing.F) {
	f.Add("https://api.example/v1/list/a/x", `{"data": [{"id": "a"}], "next": "b"}`, "Bearer x")
	f.Fuzz(func(t *testing.T, url, body, value string) {
		api, _, err := har.Read(record(t, url, "Authorization", value, body), har.Filter{})
		if err == nil {
			fine(t, api)
		}
	})
}
