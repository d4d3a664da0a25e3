package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/lazy"
)

// open parses a description, and says what a file is that is none.
func open(file string, text []byte) (version string, doc *document, err error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return "", nil, fmt.Errorf("%s is empty", file)
	}
	if text[0] == '{' {
		if err := validJSON(file, text); err != nil {
			return "", nil, err
		}
	}
	if text[0] == '<' {
		return "", nil, fmt.Errorf("%s is no OpenAPI description, but HTML or XML (hint: save the description itself, not the page that shows it)", file)
	}
	doc, err = load(file, text)
	if err != nil {
		return "", nil, notYAML(file, err)
	}
	root := node{n: doc.root, doc: doc}
	get := func(key string) string { return node{n: plain(doc.lookup(root.n, key)), doc: doc}.line() }
	version, swagger := get("openapi"), get("swagger")
	switch {
	case strings.HasPrefix(swagger, "2"):
		return "", nil, fmt.Errorf("%s is a description in Swagger %s, the form before OpenAPI 3 (hint: convert it, for example with npx swagger2openapi, or on editor.swagger.io under Edit)", file, swagger)
	case version == "":
		return "", nil, fmt.Errorf("%s is no OpenAPI description: it has no key \"openapi\"%s", file, otherKind(text))
	case !strings.HasPrefix(version, "3"):
		return "", nil, fmt.Errorf("%s is in OpenAPI %s; restlua reads 3.0 and 3.1", file, version)
	}
	return version, doc, nil
}

// yamlPlace is how the parser names a place.
var yamlPlace = lazy.Regexp(`^.*?(?:\((while [^)]*)\) )?at L([0-9]+)(?:\.C([0-9]+))?\S*: (.*)$`)

// notYAML is the error on a file that cannot be parsed, its place in front.
func notYAML(file string, err error) error {
	message := oneLine(err)
	m := yamlPlace().FindStringSubmatch(message)
	if m == nil {
		message = strings.TrimPrefix(message, "go-yaml load error in reader at <unknown position>: ")
		return fmt.Errorf("%s: this is no YAML: %s", file, message)
	}
	place, what := file+":"+m[2], m[4]
	if m[3] != "" {
		place += ":" + m[3]
	}
	if m[1] != "" {
		what += ", " + m[1]
	}
	return fmt.Errorf("%s: this is no YAML: %s", place, what)
}

// otherKind is a hint on a file that was mistaken for a description.
func otherKind(text []byte) string {
	start := text[:min(len(text), 4096)]
	switch {
	case bytes.Contains(start, []byte(`"log"`)):
		return " (hint: a browser's recording is read with --from-har)"
	case bytes.Contains(start, []byte("getpostman.com")):
		return " (hint: this is a Postman collection; export it as OpenAPI)"
	}
	return ""
}

// validJSON names the place where JSON is broken.
func validJSON(file string, text []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(text, &any)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	before := text[:min(max(int(syntax.Offset)-1, 0), len(text))]
	line, column := 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("%s:%d:%d: this is no JSON: %s", file, line, column, syntax.Error())
}
