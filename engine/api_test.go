package engine_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateAPI = flag.Bool("update-api", false, "write testdata/api.txt anew")

// public are the packages that semantic versioning covers (docs/versions.md).
var public = []string{"engine", "engine/config", "engine/hook", "engine/state", "lua", "stdlib", "writers", "writers/parquet"}

// The exported declarations are those of testdata/api.txt: a change of the
// public API is seen, meant, and stands in CHANGELOG.md.
func TestAPI(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, dir := range public {
		fmt.Fprintf(&got, "package %s\n\n", dir)
		for _, decl := range exported(t, filepath.Join("..", dir)) {
			fmt.Fprintf(&got, "%s\n\n", decl)
		}
	}
	const golden = "testdata/api.txt"
	if *updateAPI {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got.Bytes(), want) {
		return
	}
	have, had := strings.Split(got.String(), "\n\n"), strings.Split(string(want), "\n\n")
	for _, d := range had {
		if !slices.Contains(have, d) {
			t.Errorf("gone or changed: %s", d)
		}
	}
	for _, d := range have {
		if !slices.Contains(had, d) {
			t.Errorf("new: %s", d)
		}
	}
	t.Error("the public API is not that of testdata/api.txt (hint: if it is meant, say it in CHANGELOG.md and run: go test ./engine -run TestAPI -update-api)")
}

// exported gives the exported declarations of a package, sorted, without
// comments and bodies.
func exported(t *testing.T, dir string) (decls []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && !ast.IsExported(receiver(d.Recv.List[0].Type)) {
					continue
				}
				d.Body = nil
			case *ast.GenDecl:
				if d.Tok == token.IMPORT {
					continue
				}
			}
			var text bytes.Buffer
			if err := format.Node(&text, set, d); err != nil {
				t.Fatal(err)
			}
			decls = append(decls, strings.ReplaceAll(text.String(), "\n\n", "\n"))
		}
	}
	slices.Sort(decls)
	return slices.Compact(decls)
}

// receiver is the name of a method's type.
func receiver(t ast.Expr) string {
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
