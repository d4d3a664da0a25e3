package lua

import (
	"slices"
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// assign gives the statements that stand for an assignment, with what looks at
// its limits and tells its lines. The VM writes a value to a local variable as
// soon as it has it, while other values of the same assignment are still to be
// read: a, b = b, a makes both the same. So several targets, one of them a name,
// get their values by way of locals of their own:
//
//	do local (1), (2) = b, a; b = (2); a = (1) end
//
// Tables and keys of the targets are read before, and the targets are written
// from the last to the first, as Lua 5.1 does it.
func (r *rewriter) assign(a *ast.AssignStmt) []ast.Stmt {
	isName := func(e ast.Expr) bool { _, ok := e.(*ast.IdentExpr); return ok }
	if len(a.Lhs) == 1 || !slices.ContainsFunc(a.Lhs, isName) {
		return r.assignPlain(a)
	}
	l := &locals{at: a}
	targets := make([]ast.Expr, len(a.Lhs))
	for i, lhs := range a.Lhs {
		targets[i] = lhs
		if get, ok := lhs.(*ast.AttrGetExpr); ok {
			kept := &ast.AttrGetExpr{Object: l.keep(get.Object), Key: l.keep(get.Key)}
			kept.SetLine(get.Line())
			kept.SetLastLine(get.LastLine())
			targets[i] = kept
		}
	}
	var stmts []ast.Stmt
	if len(l.names) > 0 {
		stmts = append(stmts, l.declare(l.names, l.values))
	}
	var values []string
	for range targets {
		values = append(values, l.name())
	}
	stmts = append(stmts, l.declare(values, a.Rhs))
	for i, target := range slices.Backward(targets) {
		s := &ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{l.ident(values[i])}}
		l.place(s)
		stmts = append(stmts, r.assignPlain(s)...)
	}
	block := &ast.DoBlockStmt{Stmts: stmts}
	l.place(block)
	return []ast.Stmt{block}
}

func (r *rewriter) assignPlain(a *ast.AssignStmt) []ast.Stmt {
	out := []ast.Stmt{a}
	if r.mark {
		out = append(out, r.assignMarks(a)...)
	}
	guardIndices(a.Lhs)
	return out
}

// locals are those that one assignment needs, with names that no script can
// spell.
type locals struct {
	at     *ast.AssignStmt
	count  int
	names  []string
	values []ast.Expr
}

func (l *locals) name() string {
	l.count++
	return "(" + strconv.Itoa(l.count) + ")"
}

// keep reads e into a local, unless it is a constant.
func (l *locals) keep(e ast.Expr) ast.Expr {
	switch e.(type) {
	case *ast.StringExpr, *ast.NumberExpr, *ast.TrueExpr, *ast.FalseExpr:
		return e
	}
	name := l.name()
	l.names, l.values = append(l.names, name), append(l.values, single(e))
	return l.ident(name)
}

func (l *locals) ident(name string) ast.Expr {
	e := &ast.IdentExpr{Value: name}
	e.SetLine(l.at.Line())
	e.SetLastLine(l.at.LastLine())
	return e
}

func (l *locals) declare(names []string, values []ast.Expr) ast.Stmt {
	s := &ast.LocalAssignStmt{Names: names, Exprs: values}
	l.place(s)
	return s
}

func (l *locals) place(s ast.Stmt) {
	s.SetLine(l.at.Line())
	s.SetLastLine(l.at.LastLine())
}
