package engine

import (
	"bytes"
	"encoding/json"

	"github.com/restlua/restlua/engine/normalize"
)

// rejectedRow is one line of _restlua/rejected/<load>.jsonl (OPR-44).
type rejectedRow struct {
	Resource string          `json:"resource"`
	Table    string          `json:"table"`
	Reason   string          `json:"reason"`
	Page     int             `json:"page,omitempty"`
	Record   int             `json:"record,omitempty"` // on its page, from 1
	URL      string          `json:"url,omitempty"`    // redacted
	Row      json.RawMessage `json:"row"`
}

// reject keeps a row that the schema contract refused.
func (t *task) reject(x normalize.Rejected) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false) // the row is to be found as it came
	err := enc.Encode(rejectedRow{
		Resource: t.name(), Table: x.Table, Page: t.place.page, Record: t.place.record, URL: t.place.url, Row: x.Row,
		Reason: "schema_contract " + x.Kind + ": column " + x.Column,
	})
	if err == nil {
		err = t.owner.load.Reject(bytes.TrimSpace(line.Bytes()))
	}
	if err != nil {
		t.owner.cancel(err) // a row must not get lost unseen
	}
}
