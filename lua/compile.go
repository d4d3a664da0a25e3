package lua

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// chunk is one compiled file: the script or a module beside it.
type chunk struct {
	name string
	tree []ast.Stmt // as written; for lines and SharedWrites
	// plain is what worlds run. marked also tells the place of every table
	// that it makes (marks.go); it runs where the config is evaluated.
	plain, marked *lua.FunctionProto
	tables        []*ast.TableExpr // by their number in marked
	returnLine    int
}

// maxNesting is how deep expressions and blocks of a script may be nested.
const maxNesting = 250

// compile parses and compiles the text of one file.
func compile(name, text string) (*chunk, error) {
	if len(text) > maxScript {
		return nil, fmt.Errorf("script %s: longer than %d bytes", name, maxScript)
	}
	c := &chunk{name: name}
	var err error
	if c.tree, err = parseText(name, text); err != nil {
		return nil, err
	}
	for _, s := range c.tree {
		if r, ok := s.(*ast.ReturnStmt); ok {
			c.returnLine = r.Line()
		}
	}
	if c.plain, _, err = rewritten(name, text, false); err != nil {
		return nil, err
	}
	if c.marked, c.tables, err = rewritten(name, text, true); err != nil {
		return nil, err
	}
	return c, nil
}

func parseText(name, text string) ([]ast.Stmt, error) {
	if rest, ok := strings.CutPrefix(text, "\uFEFF"); ok {
		text = rest
	}
	tree, err := parse.Parse(strings.NewReader(text), name)
	if err != nil {
		return nil, syntaxError(name, text, err)
	}
	if line := tooDeep(tree); line > 0 {
		return nil, &Error{Message: fmt.Sprintf("%s:%d: nested deeper than %d", name, line, maxNesting)}
	}
	return tree, nil
}

func rewritten(name, text string, mark bool) (*lua.FunctionProto, []*ast.TableExpr, error) {
	tree, err := parseText(name, text)
	if err != nil {
		return nil, nil, err
	}
	r := rewriter{mark: mark}
	proto, err := lua.Compile(r.chunk(tree), name)
	if err != nil {
		return nil, nil, compileError(name, err)
	}
	keepKeys(proto)
	return proto, r.tables, nil
}

// keepKeys replaces the instructions that read and write a field whose name is
// a constant by those for keys of any kind. They mean the same, but hand the
// constant itself to a view, where the others make a new value of its name. A
// word of data between instructions (the number of a batch of a long list) is
// too small to look like one of them.
func keepKeys(proto *lua.FunctionProto) {
	const at, operands = 26, 1<<26 - 1 // where the kind of an instruction stands
	for i, inst := range proto.Code {
		switch int(inst >> at) {
		case lua.OP_GETTABLEKS:
			proto.Code[i] = uint32(lua.OP_GETTABLE)<<at | inst&operands
		case lua.OP_SETTABLEKS:
			proto.Code[i] = uint32(lua.OP_SETTABLE)<<at | inst&operands
		}
	}
	for _, p := range proto.FunctionPrototypes {
		keepKeys(p)
	}
}

// atEnd ends the message of a text that stops too early.
const atEnd = "at the end of the script"

func syntaxError(name, text string, err error) error {
	e, ok := errors.AsType[*parse.Error](err)
	if !ok {
		return &Error{Message: name + ": " + err.Error()}
	}
	line := e.Pos.Line
	near := "near '" + e.Token + "'"
	if line == parse.EOF || line <= 0 {
		line = 1 + strings.Count(strings.TrimRight(text, "\n"), "\n")
		near = atEnd
	}
	msg := e.Message
	if msg == "syntax error" || msg == "" {
		return &Error{Message: fmt.Sprintf("%s:%d: syntax error %s", name, line, near)}
	}
	return &Error{Message: fmt.Sprintf("%s:%d: %s %s", name, line, strings.TrimSpace(msg), near)}
}

func compileError(name string, err error) error {
	if e, ok := errors.AsType[*lua.CompileError](err); ok {
		return &Error{Message: fmt.Sprintf("%s:%d: %s", name, e.Line, e.Message)}
	}
	return &Error{Message: name + ": " + err.Error()}
}
