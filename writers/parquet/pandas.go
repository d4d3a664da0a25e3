package parquet

import (
	"encoding/json"

	"github.com/restlua/restlua/engine/schema"
)

// pandasKey is where pandas looks in a footer for the types that columns have
// in a frame (pandas, "Storing pandas DataFrame objects in Apache Parquet
// format"). Without it pandas makes float64 of integers with nulls, which
// rounds them beyond 2^53 with no word, and has another type in the next load,
// when no null came. Other readers pass over it.
const pandasKey = "pandas"

// pandasMeta names the columns that numpy's types cannot hold, and the types of
// pandas that can; "" where there are none.
func pandasMeta(columns []schema.Column, optional []bool) (string, error) {
	type entry struct {
		Name     string  `json:"name"`
		Field    string  `json:"field_name"`
		Kind     string  `json:"pandas_type"`
		Type     string  `json:"numpy_type"`
		Metadata *string `json:"metadata"`
	}
	var entries []entry
	for i, c := range columns {
		if !optional[i] {
			continue
		}
		switch c.Type {
		case schema.Bigint:
			entries = append(entries, entry{c.Name, c.Name, "int64", "Int64", nil})
		case schema.Bool:
			entries = append(entries, entry{c.Name, c.Name, "bool", "boolean", nil})
		}
	}
	if entries == nil {
		return "", nil
	}
	text, err := json.Marshal(struct {
		Index   []string `json:"index_columns"`
		Indexes []string `json:"column_indexes"`
		Columns []entry  `json:"columns"`
	}{[]string{}, []string{}, entries})
	return string(text), err
}
