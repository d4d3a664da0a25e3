package schema

// Hint is what a script declares of a column (spec: normalisation, section 5).
type Hint struct {
	Name      string // as written; normalised like a key, "meta.id" and "meta__id" are paths
	Type      Type   // None: not declared
	Precision int    // decimal; 0: 38
	Scale     int    // decimal
	HasScale  bool
	Naive     bool // timestamp with timezone=false
	NotNull   bool
}
