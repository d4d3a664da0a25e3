package lua

import (
	"slices"
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// rewriter changes the syntax tree of a file before it is compiled:
//
//   - a .. b becomes a call of a function that bounds the length of the
//     result, as the VM's own instruction does not (SCR-03);
//   - the key of t[k] = v passes a function that looks at the limits before a
//     list is filled up to a far index, which the VM does in one instruction;
//   - an assignment to several targets goes by way of locals where the VM would
//     overwrite a value that it still has to read (rewrite_assign.go);
//   - with mark, every table constructor and every assignment to a field of a
//     table tells where it stands (SCR-30).
//
// The functions that are called are locals at the top of the file whose names
// no script can spell; the file gets them as its arguments.
type rewriter struct {
	mark   bool
	depth  int // of functions
	tables []*ast.TableExpr
}

// The names of the functions that rewritten files call.
const (
	concatName = "(concat)"
	markName   = "(mark)"
	assignName = "(assign)"
	indexName  = "(index)"
)

func (r *rewriter) chunk(tree []ast.Stmt) []ast.Stmt {
	tree = r.block(tree)
	locals := &ast.LocalAssignStmt{Names: []string{concatName, markName, assignName, indexName}, Exprs: []ast.Expr{&ast.Comma3Expr{}}}
	line := 1
	if len(tree) > 0 {
		line = tree[0].Line()
	}
	locals.SetLine(line)
	locals.SetLastLine(line)
	locals.Exprs[0].SetLine(line)
	return append([]ast.Stmt{locals}, tree...)
}

func (r *rewriter) block(list []ast.Stmt) []ast.Stmt {
	out := make([]ast.Stmt, 0, len(list))
	for _, s := range list {
		r.stmt(s)
		if a, ok := s.(*ast.AssignStmt); ok {
			out = append(out, r.assign(a)...)
		} else {
			out = append(out, s)
		}
	}
	return out
}

func (r *rewriter) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		r.exprs(s.Lhs)
		r.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		r.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = r.expr(s.Expr)
	case *ast.DoBlockStmt:
		s.Stmts = r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.expr(s.Condition)
		s.Stmts = r.block(s.Stmts)
	case *ast.RepeatStmt:
		s.Condition = r.expr(s.Condition)
		s.Stmts = r.block(s.Stmts)
	case *ast.IfStmt:
		s.Condition = r.expr(s.Condition)
		s.Then = r.block(s.Then)
		s.Else = r.block(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit, s.Step = r.expr(s.Init), r.expr(s.Limit), r.expr(s.Step)
		s.Stmts = r.block(s.Stmts)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		s.Stmts = r.block(s.Stmts)
	case *ast.FuncDefStmt:
		r.function(s.Func)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	}
}

func (r *rewriter) function(f *ast.FunctionExpr) {
	r.depth++
	f.Stmts = r.block(f.Stmts)
	r.depth--
}

func (r *rewriter) exprs(list []ast.Expr) {
	for i := range list {
		list[i] = r.expr(list[i])
	}
}

func (r *rewriter) expr(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.Comma3Expr:
		if r.depth == 0 {
			// The arguments of a file are not the script's.
			none := &ast.NilExpr{}
			none.SetLine(e.Line())
			return none
		}
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	case *ast.TableExpr:
		return r.table(e)
	case *ast.FuncCallExpr:
		if e.Func != nil {
			e.Func = r.expr(e.Func)
		}
		if e.Receiver != nil {
			e.Receiver = r.expr(e.Receiver)
		}
		r.exprs(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.FunctionExpr:
		r.function(e)
	}
	return e
}

// maxOperands is how many operands of a concatenation one call takes: each
// needs a register of the VM.
const maxOperands = 50

func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	var args []ast.Expr
	var rest ast.Expr = e
	for {
		c, ok := rest.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		args = append(args, single(r.expr(c.Lhs)))
		rest = c.Rhs
	}
	args = append(args, single(r.expr(rest)))
	for len(args) > maxOperands {
		var groups []ast.Expr
		for group := range slices.Chunk(args, maxOperands) {
			groups = append(groups, call(concatName, e, group...))
		}
		args = groups
	}
	return call(concatName, e, args...)
}

// single keeps an operand to one value: as the last argument of a call it
// would give all of its values.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// table rewrites the values of a constructor and marks its table. The tree of
// the constructor itself is kept for lines, so it is noted before it changes.
func (r *rewriter) table(e *ast.TableExpr) ast.Expr {
	number := -1
	if r.mark {
		number = len(r.tables)
		copied := &ast.TableExpr{Fields: make([]*ast.Field, len(e.Fields))}
		for i, f := range e.Fields {
			g := *f
			copied.Fields[i] = &g
		}
		copied.SetLine(e.Line())
		copied.SetLastLine(e.LastLine())
		r.tables = append(r.tables, copied)
	}
	for _, f := range e.Fields {
		if f.Key != nil {
			f.Key = r.expr(f.Key)
			if !harmless(f.Key) {
				f.Key = call(indexName, f.Key, f.Key)
			}
		}
		f.Value = r.expr(f.Value)
	}
	if number < 0 {
		return e
	}
	return call(markName, e, e, numeral(number, e))
}

// guardIndices lets the keys of assigned fields pass the function that looks at
// the limits; it also gets the table where that can be read twice.
func guardIndices(targets []ast.Expr) {
	for _, e := range targets {
		get, ok := e.(*ast.AttrGetExpr)
		if !ok || harmless(get.Key) {
			continue
		}
		args := []ast.Expr{get.Key}
		if pure(get.Object) {
			args = []ast.Expr{get.Key, get.Object}
		}
		get.Key = call(indexName, get.Key, args...)
	}
}

// harmless reports whether a key is a constant that is no far index.
func harmless(key ast.Expr) bool {
	switch key := key.(type) {
	case *ast.StringExpr, *ast.TrueExpr, *ast.FalseExpr:
		return true
	case *ast.NumberExpr:
		n, err := strconv.ParseFloat(key.Value, 64)
		return err == nil && n < farIndex
	}
	return false
}

// assignMarks tells the line of each field that a sets, where its table and
// key can be read again without side effects.
func (r *rewriter) assignMarks(a *ast.AssignStmt) []ast.Stmt {
	var out []ast.Stmt
	for _, lhs := range a.Lhs {
		get, ok := lhs.(*ast.AttrGetExpr)
		if !ok || !pure(get.Object) || !pure(get.Key) {
			continue
		}
		s := &ast.FuncCallStmt{Expr: call(assignName, get, get.Object, get.Key, numeral(get.Line(), get))}
		s.SetLine(a.Line())
		s.SetLastLine(a.LastLine())
		out = append(out, s)
	}
	return out
}

// pure reports whether e can be read twice: names, and fields of names by
// constant keys.
func pure(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.IdentExpr, *ast.StringExpr, *ast.NumberExpr:
		return true
	case *ast.AttrGetExpr:
		return pure(e.Object) && pure(e.Key)
	}
	return false
}

func call(name string, at ast.Expr, args ...ast.Expr) *ast.FuncCallExpr {
	f := &ast.IdentExpr{Value: name}
	c := &ast.FuncCallExpr{Func: f, Args: args, AdjustRet: true}
	for _, e := range []ast.Expr{f, c} {
		e.SetLine(at.Line())
		e.SetLastLine(at.Line())
	}
	return c
}

func numeral(n int, at ast.Expr) ast.Expr {
	e := &ast.NumberExpr{Value: strconv.Itoa(n)}
	e.SetLine(at.Line())
	return e
}
