package schema

import "fmt"

var typeNames = [...]string{None: "none", Bool: "bool", Bigint: "bigint", Double: "double", Decimal: "decimal", Text: "text",
	JSON: "json", Timestamp: "timestamp", Date: "date", Time: "time", Binary: "binary"}

// String is the type's name in a config: "bigint".
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", t)
}

// ParseType is the opposite of String; "wei" is a decimal(38,0).
func ParseType(name string) (Type, error) {
	if name == "wei" {
		return Decimal, nil
	}
	for t, n := range typeNames {
		if n == name && Type(t) != None {
			return Type(t), nil
		}
	}
	return None, fmt.Errorf("unknown data_type %q", name)
}

// InJSON reports whether the text of a value (Vector.AppendText) is JSON as it
// stands: numbers, bools and JSON itself. That of the other types is quoted.
func (t Type) InJSON() bool {
	switch t {
	case Bool, Bigint, Double, Decimal, JSON:
		return true
	}
	return false
}

// MarshalText writes the type's name, as state.json shows it.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the type's name; "none" is a column without a value yet.
func (t *Type) UnmarshalText(text []byte) error {
	if string(text) == typeNames[None] {
		*t = None
		return nil
	}
	got, err := ParseType(string(text))
	*t = got
	return err
}

// TypeName shows a column's type in reports: "decimal(38,2)", "timestamp".
func (c Column) TypeName() string {
	switch {
	case c.Type == Decimal:
		return fmt.Sprintf("decimal(%d,%d)", c.Precision, c.Scale)
	case c.Type == Timestamp && c.Naive:
		return "timestamp without time zone"
	}
	return c.Type.String()
}

// SameType reports whether values of both columns are stored alike.
func (c Column) SameType(d Column) bool {
	return c.Type == d.Type && c.Naive == d.Naive && (c.Type != Decimal || c.Scale == d.Scale && c.Precision == d.Precision)
}
