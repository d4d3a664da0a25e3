package engine_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/restlua/restlua/"

// packages says which packages of this module each package may import, and why
// not more. ARCHITECTURE.md shows the same table in words.
var packages = map[string]struct {
	may    []string
	reason string
}{
	"engine/hook":                        {nil, "it is the border that everybody shares"},
	"engine/schema":                      {nil, "columns and batches know nothing of where they come from"},
	"engine/rawjson":                     {nil, "it walks text, nothing else"},
	"engine/charset":                     {nil, "it is about text, whoever has it"},
	"engine/config":                      {[]string{"engine/charset", "engine/hook"}, "a config is plain data that any front end can make"},
	"engine/jsonpath":                    {[]string{"engine/rawjson"}, "paths work on text"},
	"engine/state":                       {[]string{"engine/schema"}, "the state is a document"},
	"engine/har":                         {[]string{"engine/rawjson"}, "it wraps any transport"},
	"engine/normalize":                   {[]string{"engine/schema", "engine/rawjson"}, "records come as bytes; who sends them does not matter"},
	"engine/rest":                        {[]string{"engine/charset", "engine/config", "engine/hook", "engine/jsonpath", "engine/rawjson"}, "requests know nothing of tables"},
	"engine/dataset":                     {[]string{"engine/schema", "engine/state", "writers"}, "the folder knows nothing of requests or of one format"},
	"engine":                             {[]string{"engine/config", "engine/hook", "engine/jsonpath", "engine/rawjson", "engine/schema", "engine/state", "engine/normalize", "engine/rest", "engine/dataset", "engine/har", "writers", "writers/parquet"}, "hooks come through engine/hook, never from lua"},
	"engine/telemetry":                   {[]string{"engine"}, "it listens to events, as any program can"},
	"lua":                                {[]string{"engine/config", "engine/hook", "engine/rawjson", "lua/view", "stdlib"}, "scripts know nothing of requests or tables"},
	"lua/console":                        {[]string{"engine", "engine/config", "engine/hook", "engine/jsonpath", "engine/rawjson", "engine/rest", "lua", "stdlib"}, "it asks as a load does, and writes nothing"},
	"lua/scripttest":                     {[]string{"engine", "engine/config", "engine/dataset", "engine/hook", "engine/rawjson", "engine/state", "lua", "lua/view", "stdlib", "writers/parquet"}, "it runs scripts as a program does, and reads what they wrote"},
	"lua/view":                           {[]string{"engine/rawjson"}, "values of scripts know nothing of who makes them"},
	"stdlib":                             {[]string{"engine/charset", "engine/hook", "engine/rawjson", "lua/view"}, "modules of scripts stand alone"},
	"writers":                            {[]string{"engine/schema"}, "a format knows batches only"},
	"writers/conform":                    {[]string{"engine/schema", "writers"}, "the suite knows no format"},
	"writers/parquet":                    {[]string{"engine/schema", "writers", "writers/parquet/internal/zstd"}, "a format knows batches only"},
	"writers/parquet/internal/zstd":      {nil, "it packs bytes, whatever they are"},
	"scripts":                            {nil, "it only embeds files"},
	"bench":                              {[]string{"engine/dataset", "engine/schema", "writers/parquet"}, "it runs the binary as users do, and storage on its own"},
	"cmd/restlua/internal/githubapi":     {nil, "it is an API like any other, not a part of restlua"},
	"cmd/restlua/internal/reference":     {[]string{"engine/config", "lua", "lua/scripttest", "stdlib"}, "it shows declarations, it runs nothing"},
	"cmd/restlua/internal/otlp":          {nil, "it sends what the SDK gathered, whatever that is"},
	"cmd/restlua/internal/overview":      {[]string{"engine/dataset", "engine/schema", "engine/state", "writers/parquet"}, "it reads a dataset, it knows nothing of scripts or of who shows it"},
	"cmd/restlua/internal/web":           {[]string{"cmd/restlua/internal/overview", "engine/dataset", "engine/schema", "engine/state"}, "it shows what overview has read"},
	"cmd/restlua/internal/lazy":          {nil, "it knows nothing of what it keeps"},
	"cmd/restlua/internal/draft":         {[]string{"cmd/restlua/internal/lazy"}, "guesses are made of names and shapes, whoever read them"},
	"cmd/restlua/internal/draft/openapi": {[]string{"cmd/restlua/internal/draft", "cmd/restlua/internal/lazy"}, "it reads descriptions, it guesses nothing"},
	"cmd/restlua/internal/draft/har":     {[]string{"cmd/restlua/internal/draft", "cmd/restlua/internal/lazy", "engine/har"}, "it reads recordings, it guesses nothing"},
	"cmd/restlua":                        {[]string{"cmd/restlua/internal/draft", "cmd/restlua/internal/draft/har", "cmd/restlua/internal/draft/openapi", "cmd/restlua/internal/githubapi", "cmd/restlua/internal/otlp", "cmd/restlua/internal/overview", "cmd/restlua/internal/reference", "cmd/restlua/internal/web", "engine", "engine/config", "engine/dataset", "engine/hook", "engine/rawjson", "engine/schema", "engine/state", "engine/telemetry", "lua", "lua/console", "lua/scripttest", "scripts", "stdlib", "writers", "writers/parquet", "engine/rest"}, ""},
}

// libraries names the folders in which a library may be imported, so that it
// can be replaced by reading one of them.
var libraries = map[string][]string{
	"github.com/yuin/gopher-lua":       {"lua", "lua/console", "lua/scripttest", "lua/view", "stdlib"},
	"layeh.com/gopher-luar":            {"lua", "stdlib"},
	"github.com/parquet-go/parquet-go": {"bench", "writers/parquet"}, // bench compares with its rows
	"github.com/pb33f/libopenapi":      {"cmd/restlua/internal/draft/openapi"},
	"github.com/pb33f/go-yaml":         {"cmd/restlua/internal/draft/openapi"},
	"github.com/theory/jsonpath":       {"engine/jsonpath"},
	"github.com/spf13/cobra":           {"cmd/restlua"},
	"github.com/vbauerster/mpb":        {"cmd/restlua"},
	"go.opentelemetry.io/otel":         {"engine/telemetry", "cmd/restlua", "cmd/restlua/internal/otlp"},
	"go.opentelemetry.io/proto":        {"cmd/restlua/internal/otlp"},
}

// Every package imports only what ARCHITECTURE.md allows.
func TestImports(t *testing.T) {
	t.Parallel()
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || path == "readers" || path == "browser" || path == "release" || d.Name() == "testdata" || strings.HasPrefix(path, "data")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		rule, known := packages[dir]
		if !known {
			t.Errorf("%s: package %s is not in the table of packages: give it a place in ARCHITECTURE.md and here", path, dir)
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			checkImport(t, path, dir, imported, rule.may, rule.reason)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkImport(t *testing.T, path, dir, imported string, may []string, reason string) {
	t.Helper()
	if own, ok := strings.CutPrefix(imported, module); ok {
		for _, m := range may {
			if own == m {
				return
			}
		}
		t.Errorf("%s: package %s must not import %s: %s", path, dir, own, reason)
		return
	}
	for library, folders := range libraries {
		if imported != library && !strings.HasPrefix(imported, library+"/") {
			continue
		}
		allowed := false
		for _, f := range folders {
			allowed = allowed || dir == f
		}
		if !allowed {
			t.Errorf("%s: %s is imported only in %s, so that it can be replaced by reading one folder", path, imported, strings.Join(folders, ", "))
		}
	}
}
