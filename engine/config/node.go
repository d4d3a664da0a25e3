package config

// Kind is the kind of a Node.
type Kind uint8

// The kinds of values that a script's table may hold.
const (
	KindNil  Kind = iota // not given
	KindNull             // json.null, or an explicit "none"
	KindBool
	KindNumber // Text holds the number as JSON prints it
	KindString
	KindList
	KindTable // named fields, sorted by name
	KindFunc
)

// Pos is a place in a script. Line counts from 1; 0 means unknown.
type Pos struct {
	File string
	Line int
}

// Node is one value of the table that a script returned, with its place in
// the script. Package lua makes Nodes, Decode reads them; nothing changes them.
type Node struct {
	Kind   Kind
	Pos    Pos
	Bool   bool
	Text   string  // string value, or digits of a number
	List   []*Node // KindList
	Fields []Field // KindTable, in the order of the script where known, else sorted by name
	// EmptyTable marks {}: a KindTable that may also be read as an empty list.
	EmptyTable bool
	// Computed marks text that is no literal of the script: a setting or its
	// default, a secret, or what was made when the script was evaluated.
	Computed bool
	// Secret marks text that came from the secrets module; never printed.
	Secret bool
}

// Field is one named value of a table. Pos is the place of the key.
type Field struct {
	Name  string
	Value *Node
	Pos   Pos
}

// Get returns the field called name, or nil.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			return n.Fields[i].Value
		}
	}
	return nil
}
