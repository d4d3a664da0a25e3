package lua

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// SharedWrite is a place where a hook writes a variable that lives longer than
// its call: a global, or a local declared outside the hook. The variable is
// forgotten after the load, and the resource starts anew instead of being
// resumed in the middle (SCR-04).
type SharedWrite struct {
	Hook     string // where the hook begins: "tickets.lua:31"
	Variable string // its name; of a table, the name of the table
	Global   bool
	File     string
	Line     int // of the write
}

// String is the write as a sentence for `restlua check`.
func (s SharedWrite) String() string {
	kind := "outer local"
	if s.Global {
		kind = "global"
	}
	return fmt.Sprintf("%s:%d: the function at %s writes the %s %q", s.File, s.Line, s.Hook, kind, s.Variable)
}

// SharedWrites finds, in the syntax tree, the functions in tables of the
// script, and the functions that they use, that write globals or outer locals.
// Each function and variable is named once, in the order of the script. What a
// write reaches through another name is not seen.
func (s *Script) SharedWrites() []SharedWrite {
	s.mu.Lock()
	chunks := []*chunk{s.main}
	for _, name := range slices.Sorted(maps.Keys(s.modules)) {
		chunks = append(chunks, s.modules[name])
	}
	s.mu.Unlock()
	var out []SharedWrite
	for _, c := range chunks {
		a := analysis{chunk: c}
		a.scope = &scope{names: map[string]*variable{}}
		a.block(c.tree)
		out = append(out, a.report()...)
	}
	return out
}

// analysis resolves the names of one file.
type analysis struct {
	chunk *chunk
	scope *scope
	fn    *function // around; nil in the file itself
	hooks []*function
	used  []*variable // in tables, to be hooks once they are known
}

type scope struct {
	names map[string]*variable
	outer *scope
}

// variable is a local.
type variable struct {
	owner *function
	def   *function // the function that it names, if it does
}

// function is a function of the script and what it does to variables.
type function struct {
	outer  *function
	line   int
	inner  []*function
	uses   []*variable
	writes []write
}

type write struct {
	name  string
	line  int
	local *variable // nil: a global
}

func (a *analysis) declare(name string, def *function) *variable {
	v := &variable{owner: a.fn, def: def}
	a.scope.names[name] = v
	return v
}

func (a *analysis) resolve(name string) *variable {
	for s := a.scope; s != nil; s = s.outer {
		if v, ok := s.names[name]; ok {
			return v
		}
	}
	return nil
}

// nested runs f in a scope of its own.
func (a *analysis) nested(f func()) {
	a.scope = &scope{names: map[string]*variable{}, outer: a.scope}
	f()
	a.scope = a.scope.outer
}

func (a *analysis) block(list []ast.Stmt) {
	for _, s := range list {
		a.stmt(s)
	}
}

func (a *analysis) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.LocalAssignStmt:
		a.local(s)
	case *ast.AssignStmt:
		for i, e := range s.Lhs {
			a.write(e, s.Line())
			if _, field := e.(*ast.AttrGetExpr); field && i < len(s.Rhs) {
				a.inTable(s.Rhs[i])
			}
		}
		for _, e := range s.Rhs {
			a.expr(e)
		}
	case *ast.FuncDefStmt:
		name := s.Name.Func
		if s.Name.Receiver != nil {
			name = s.Name.Receiver
		}
		a.write(name, s.Line())
		f := a.function(s.Func)
		if _, field := s.Name.Func.(*ast.AttrGetExpr); field {
			a.hooks = append(a.hooks, f)
		}
	case *ast.NumberForStmt:
		a.expr(s.Init)
		a.expr(s.Limit)
		a.expr(s.Step)
		a.nested(func() {
			a.declare(s.Name, nil)
			a.block(s.Stmts)
		})
	case *ast.GenericForStmt:
		for _, e := range s.Exprs {
			a.expr(e)
		}
		a.nested(func() {
			for _, name := range s.Names {
				a.declare(name, nil)
			}
			a.block(s.Stmts)
		})
	case *ast.IfStmt:
		a.expr(s.Condition)
		a.nested(func() { a.block(s.Then) })
		a.nested(func() { a.block(s.Else) })
	case *ast.DoBlockStmt, *ast.WhileStmt, *ast.RepeatStmt:
		a.nested(func() { children(s, a.any) })
	default:
		children(s, a.any)
	}
}

func (a *analysis) any(n ast.PositionHolder) {
	switch n := n.(type) {
	case ast.Stmt:
		a.stmt(n)
	case ast.Expr:
		a.expr(n)
	}
}

// local declares names; a local function may use itself.
func (a *analysis) local(s *ast.LocalAssignStmt) {
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if f, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			v := a.declare(s.Names[0], nil)
			v.def = a.function(f)
			return
		}
	}
	for _, e := range s.Exprs {
		a.expr(e)
	}
	for _, name := range s.Names {
		a.declare(name, nil)
	}
}

func (a *analysis) expr(e ast.Expr) {
	switch e := e.(type) {
	case nil:
	case *ast.FunctionExpr:
		a.function(e)
	case *ast.IdentExpr:
		if v := a.resolve(e.Value); v != nil && a.fn != nil {
			a.fn.uses = append(a.fn.uses, v)
		}
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil {
				a.expr(f.Key)
			}
			a.inTable(f.Value)
			if _, ok := f.Value.(*ast.FunctionExpr); !ok {
				a.expr(f.Value)
			}
		}
	case *ast.FuncCallExpr:
		if changesFirst(e) && len(e.Args) > 0 {
			a.write(e.Args[0], e.Line())
		}
		children(e, a.any)
	default:
		children(e, a.any)
	}
}

// inTable notes a function that is put into a table: that is what hooks are.
func (a *analysis) inTable(e ast.Expr) {
	switch e := e.(type) {
	case *ast.FunctionExpr:
		a.hooks = append(a.hooks, a.function(e))
	case *ast.IdentExpr:
		if v := a.resolve(e.Value); v != nil {
			a.used = append(a.used, v)
		}
	}
}

// changesFirst reports whether a call changes its first argument.
func changesFirst(e *ast.FuncCallExpr) bool {
	switch f := e.Func.(type) {
	case *ast.AttrGetExpr:
		lib, ok1 := f.Object.(*ast.IdentExpr)
		name, ok2 := f.Key.(*ast.StringExpr)
		return ok1 && ok2 && lib.Value == "table" && (name.Value == "insert" || name.Value == "remove" || name.Value == "sort")
	case *ast.IdentExpr:
		return f.Value == "rawset"
	}
	return false
}

func (a *analysis) function(e *ast.FunctionExpr) *function {
	f := &function{outer: a.fn, line: e.Line()}
	if a.fn != nil {
		a.fn.inner = append(a.fn.inner, f)
	}
	a.fn = f
	a.nested(func() {
		if e.ParList != nil {
			for _, name := range e.ParList.Names {
				a.declare(name, nil)
			}
		}
		a.block(e.Stmts)
	})
	a.fn = f.outer
	return f
}

// write notes that e, a variable or a field of one, is written.
func (a *analysis) write(e ast.Expr, line int) {
	for {
		get, ok := e.(*ast.AttrGetExpr)
		if !ok {
			break
		}
		e = get.Object
	}
	name, ok := e.(*ast.IdentExpr)
	if !ok || a.fn == nil {
		return
	}
	a.fn.writes = append(a.fn.writes, write{name.Value, line, a.resolve(name.Value)})
}

func (a *analysis) report() []SharedWrite {
	hooks := slices.Clone(a.hooks)
	for _, v := range a.used {
		if v.def != nil && !slices.Contains(hooks, v.def) {
			hooks = append(hooks, v.def)
		}
	}
	slices.SortStableFunc(hooks, func(f, g *function) int { return cmp.Compare(f.line, g.line) })
	var out []SharedWrite
	for _, h := range hooks {
		seen := map[*function]bool{}
		named := map[string]bool{}
		var visit func(f, root *function)
		visit = func(f, root *function) {
			if seen[f] {
				return
			}
			seen[f] = true
			for _, wr := range f.writes {
				if wr.local != nil && wr.local.owner != nil && within(wr.local.owner, root) || named[wr.name] {
					continue
				}
				named[wr.name] = true
				out = append(out, SharedWrite{
					Hook: fmt.Sprintf("%s:%d", a.chunk.name, h.line), Variable: wr.name,
					Global: wr.local == nil, File: a.chunk.name, Line: wr.line,
				})
			}
			for _, g := range f.inner {
				visit(g, root)
			}
			for _, v := range f.uses {
				if v.def != nil {
					visit(v.def, v.def)
				}
			}
		}
		visit(h, h)
	}
	return out
}

// within reports whether f is root or a function inside it.
func within(f, root *function) bool {
	for ; f != nil; f = f.outer {
		if f == root {
			return true
		}
	}
	return false
}
