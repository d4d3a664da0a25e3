package rest

import (
	"fmt"

	"github.com/restlua/restlua/engine/rawjson"
)

// readJSONLines reads one JSON value after the other, with white space between
// them: NDJSON, JSON Lines. Each value is a record; a data selector is applied
// to each of them.
func readJSONLines(r *Resource, body []byte) (document, error) {
	if r.endpoint.Lenient {
		body = withoutNaN(body)
	}
	d := document{isRecord: true}
	selector := r.selection
	for i := rawjson.SkipSpace(body, 0); i < len(body); {
		end, err := rawjson.Skip(body, i)
		if err != nil {
			return document{}, badJSON(body, err)
		}
		value := body[i:end:end]
		if selector.detected() {
			d.records = append(d.records, value)
		} else {
			f, err := selector.find(value, nil)
			if err != nil {
				return document{}, fmt.Errorf("record %d: %w", len(d.records)+1, err)
			}
			d.records = append(d.records, f.records...)
		}
		i = rawjson.SkipSpace(body, end)
	}
	return d, nil
}
