package lua

import "github.com/yuin/gopher-lua/ast"

// children calls f for the expressions and statements directly inside n, a
// statement or an expression, in the order of the text.
func children(n any, f func(child ast.PositionHolder)) {
	exprs := func(list ...ast.Expr) {
		for _, e := range list {
			if e != nil {
				f(e)
			}
		}
	}
	stmts := func(list []ast.Stmt) {
		for _, s := range list {
			f(s)
		}
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		exprs(n.Rhs...)
		exprs(n.Lhs...)
	case *ast.LocalAssignStmt:
		exprs(n.Exprs...)
	case *ast.FuncCallStmt:
		exprs(n.Expr)
	case *ast.DoBlockStmt:
		stmts(n.Stmts)
	case *ast.WhileStmt:
		exprs(n.Condition)
		stmts(n.Stmts)
	case *ast.RepeatStmt:
		stmts(n.Stmts)
		exprs(n.Condition)
	case *ast.IfStmt:
		exprs(n.Condition)
		stmts(n.Then)
		stmts(n.Else)
	case *ast.NumberForStmt:
		exprs(n.Init, n.Limit, n.Step)
		stmts(n.Stmts)
	case *ast.GenericForStmt:
		exprs(n.Exprs...)
		stmts(n.Stmts)
	case *ast.FuncDefStmt:
		f(n.Func)
	case *ast.ReturnStmt:
		exprs(n.Exprs...)
	case *ast.AttrGetExpr:
		exprs(n.Object, n.Key)
	case *ast.TableExpr:
		for _, field := range n.Fields {
			exprs(field.Key, field.Value)
		}
	case *ast.FuncCallExpr:
		exprs(n.Func, n.Receiver)
		exprs(n.Args...)
	case *ast.LogicalOpExpr:
		exprs(n.Lhs, n.Rhs)
	case *ast.RelationalOpExpr:
		exprs(n.Lhs, n.Rhs)
	case *ast.StringConcatOpExpr:
		exprs(n.Lhs, n.Rhs)
	case *ast.ArithmeticOpExpr:
		exprs(n.Lhs, n.Rhs)
	case *ast.UnaryMinusOpExpr:
		exprs(n.Expr)
	case *ast.UnaryNotOpExpr:
		exprs(n.Expr)
	case *ast.UnaryLenOpExpr:
		exprs(n.Expr)
	case *ast.FunctionExpr:
		stmts(n.Stmts)
	}
}

// tooDeep returns a line where the tree is nested deeper than maxNesting, or
// 0. It walks with a stack of its own, as the tree may be deeper than
// recursion can go.
func tooDeep(tree []ast.Stmt) int {
	type place struct {
		node  ast.PositionHolder
		depth int
	}
	var stack []place
	for _, s := range tree {
		stack = append(stack, place{s, 1})
	}
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if p.depth > maxNesting {
			return max(1, p.node.Line())
		}
		children(p.node, func(c ast.PositionHolder) {
			depth := p.depth + 1
			// a .. b .. c is one expression, however long.
			if _, ok := p.node.(*ast.StringConcatOpExpr); ok {
				if _, ok := c.(*ast.StringConcatOpExpr); ok {
					depth = p.depth
				}
			}
			stack = append(stack, place{c, depth})
		})
	}
	return 0
}
