package lua

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua/view"
)

// nodes makes the config's nodes of the table that a script returned.
type nodes struct {
	world *World
	L     *lua.LState
	open  []*lua.LTable // being made, to find cycles
	count int
	hooks hookPlaces // functions found
}

// Bounds of a config: far beyond what any script needs.
const (
	maxNodes     = 1_000_000
	maxNodeDepth = 200
)

func (n *nodes) root(t *lua.LTable) (node *config.Node, err error) {
	main := n.world.script.main
	return n.value("", t, config.Pos{File: main.name, Line: main.returnLine})
}

// value makes the node of v; pos is the place where v stands. path leads to
// it, for messages.
func (n *nodes) value(path string, v lua.LValue, pos config.Pos) (*config.Node, error) {
	if n.count++; n.count > maxNodes {
		return nil, n.fail(path, pos, fmt.Sprintf("the config has more than %d values", maxNodes))
	}
	node := &config.Node{Pos: pos}
	switch v := v.(type) {
	case *lua.LNilType:
		node.Kind = config.KindNil
	case lua.LBool:
		node.Kind, node.Bool = config.KindBool, bool(v)
	case lua.LNumber:
		text, err := view.AppendJSON(n.L, nil, v)
		if err != nil {
			return nil, n.fail(path, pos, err.Error())
		}
		node.Kind, node.Text = config.KindNumber, string(text)
	case lua.LString:
		node.Kind, node.Text = config.KindString, string(v)
		node.Secret = n.world.secrets.in(node.Text)
		node.Computed = !n.world.marks.wrote(node.Text)
	case *lua.LFunction:
		node.Kind = config.KindFunc
		if v.Proto != nil {
			node.Pos = config.Pos{File: v.Proto.SourceName, Line: v.Proto.LineDefined}
			n.hooks[place(v)] = append(n.hooks[place(v)], hook.Ref(path))
		}
	case *lua.LTable:
		return n.table(path, v, pos)
	default:
		if view.IsNull(v) {
			node.Kind = config.KindNull
			return node, nil
		}
		// Views and values of modules: what they are as JSON.
		text, err := view.AppendJSON(n.L, nil, v)
		if err != nil {
			return nil, n.fail(path, pos, err.Error())
		}
		return n.json(path, text, pos)
	}
	return node, nil
}

func (n *nodes) table(path string, t *lua.LTable, pos config.Pos) (*config.Node, error) {
	for _, around := range n.open {
		if around == t {
			return nil, n.fail(path, pos, "this table contains itself")
		}
	}
	if len(n.open) >= maxNodeDepth {
		return nil, n.fail(path, pos, fmt.Sprintf("nested deeper than %d", maxNodeDepth))
	}
	n.open = append(n.open, t)
	defer func() { n.open = n.open[:len(n.open)-1] }()

	node := &config.Node{Kind: config.KindTable, Pos: n.world.marks.table(t, pos)}
	shape, length := view.ShapeOf(t)
	switch {
	case shape == view.Mixed:
		return nil, n.fail(path, node.Pos, "a table with both list elements and named fields")
	case shape == view.Empty:
		if view.IsMarkedArray(n.L, t) {
			node.Kind = config.KindList
		} else {
			node.EmptyTable = true
		}
		return node, nil
	case shape == view.List:
		node.Kind = config.KindList
		for i := 1; i <= length; i++ {
			key := lua.LNumber(i)
			_, at := n.world.marks.field(t, key, node.Pos)
			e, err := n.value(fmt.Sprintf("%s[%d]", path, i), t.RawGetInt(i), at)
			if err != nil {
				return nil, err
			}
			node.List = append(node.List, e)
		}
		return node, nil
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := view.KeyText(k)
		if !ok {
			return nil, n.fail(path, node.Pos, "a table whose key is "+view.Describe(k))
		}
		keyPos, valuePos := n.world.marks.field(t, k, node.Pos)
		e, err := n.value(join(path, name), v, valuePos)
		if err != nil {
			return nil, err
		}
		if n.world.marks.literal(t, name) {
			e.Computed = false // whatever else has this text
		}
		node.Fields = append(node.Fields, config.Field{Name: name, Value: e, Pos: keyPos})
	}
	return node, nil
}

// json makes the node of JSON text.
func (n *nodes) json(path string, raw []byte, pos config.Pos) (*config.Node, error) {
	node := &config.Node{Pos: pos}
	var err error
	switch raw[0] {
	case '{':
		node.Kind = config.KindTable
		walk := rawjson.Fields(raw, func(rawKey, value []byte) bool {
			var name string
			if name, err = rawjson.Unquote(rawKey); err != nil {
				return false
			}
			var e *config.Node
			if e, err = n.json(join(path, name), value, pos); err != nil {
				return false
			}
			node.Fields = append(node.Fields, config.Field{Name: name, Value: e, Pos: pos})
			return true
		})
		if err == nil {
			err = walk
		}
		node.EmptyTable = len(node.Fields) == 0
	case '[':
		node.Kind = config.KindList
		walk := rawjson.Elements(raw, func(value []byte) bool {
			var e *config.Node
			e, err = n.json(fmt.Sprintf("%s[%d]", path, len(node.List)+1), value, pos)
			node.List = append(node.List, e)
			return err == nil
		})
		if err == nil {
			err = walk
		}
	case '"':
		node.Kind = config.KindString
		node.Text, err = rawjson.Unquote(raw)
		node.Secret = n.world.secrets.in(node.Text)
		node.Computed = !n.world.marks.wrote(node.Text)
	case 't', 'f':
		node.Kind, node.Bool = config.KindBool, raw[0] == 't'
	case 'n':
		node.Kind = config.KindNull
	default:
		node.Kind, node.Text = config.KindNumber, string(raw)
	}
	if err != nil {
		return nil, n.fail(path, pos, err.Error())
	}
	return node, nil
}

func join(path, name string) string {
	step := view.Step(name)
	if path == "" || step[0] == '[' {
		return path + step
	}
	return path + "." + step
}

func (n *nodes) fail(path string, pos config.Pos, message string) error {
	if path == "" {
		path = "the config"
	}
	return &Error{Message: fmt.Sprintf("%s:%d: %s: %s", pos.File, pos.Line, path, message)}
}
