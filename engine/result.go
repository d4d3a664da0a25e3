package engine

import "time"

// Result says what a load did.
type Result struct {
	Source      string                     `json:"source"`
	Dataset     string                     `json:"dataset"`
	Load        int64                      `json:"load"` // number of the load
	LoadID      string                     `json:"load_id"`
	Committed   bool                       `json:"committed"` // false after a dry run
	StartedAt   time.Time                  `json:"started_at"`
	CommittedAt time.Time                  `json:"committed_at"`
	Elapsed     time.Duration              `json:"elapsed_ns"`
	Tables      map[string]*TableResult    `json:"tables"`
	Resources   map[string]*ResourceResult `json:"resources"`
	Requests    int64                      `json:"requests"`
	Retries     int64                      `json:"retries"`
	Waited      time.Duration              `json:"waited_ns"` // for retries and limits, and where a hook waits
	Bytes       int64                      `json:"bytes"`     // received, decompressed
	Changes     []SchemaChange             `json:"schema_changes"`
	Dropped     []Dropped                  `json:"dropped,omitempty"` // by schema contracts
	Warnings    []string                   `json:"warnings"`
}

// Dropped counts what a schema contract kept out (NRM-77). Rows are in the
// dataset's folder under _restlua/rejected.
type Dropped struct {
	Table  string `json:"table"`
	Column string `json:"column"`
	Kind   string `json:"kind"` // tables, columns, data_type
	Mode   string `json:"mode"`
	Rows   int64  `json:"rows"`
	Values int64  `json:"values"`
}

// Partial reports whether a part of what was asked for is missing.
func (r *Result) Partial() bool {
	for _, x := range r.Resources {
		if x.Failed > 0 || x.Error != "" {
			return true
		}
	}
	return false
}

// TableResult says what a load did to one table.
type TableResult struct {
	Resource    string `json:"resource"`
	Disposition string `json:"write_disposition"`
	Rows        int64  `json:"rows"`    // that the load brought
	Added       int64  `json:"added"`   // rows new in the table
	Updated     int64  `json:"updated"` // rows that took the place of one with the same key
	Deleted     int64  `json:"deleted"` // rows gone without a successor
	Total       int64  `json:"total"`   // rows in the table now
	Files       int    `json:"files"`
	Rewritten   int    `json:"rewritten"` // older files written anew
	Bytes       int64  `json:"bytes"`     // of all files
	Path        string `json:"path"`      // folder
	// Mixed says that older files were left with fewer columns or narrower
	// types (evolve = "union"): readers must be told.
	Mixed bool `json:"mixed,omitempty"`
}

// ResourceResult says what was asked for one resource.
type ResourceResult struct {
	Requests int64 `json:"requests"`
	Pages    int64 `json:"pages"`
	Records  int64 `json:"records"` // as received
	Rows     int64 `json:"rows"`    // after steps and filters
	// Duplicates are records whose primary key came before in the same series;
	// Gaps are series with another number of records than the API stated.
	Duplicates int64         `json:"duplicates,omitempty"`
	Gaps       int64         `json:"gaps,omitempty"`
	Failed     int64         `json:"failed,omitempty"`   // series that failed and were skipped or deferred
	Deferred   int           `json:"deferred,omitempty"` // parents left for the next load
	Error      string        `json:"error,omitempty"`    // why the resource was left out (--keep-going)
	Elapsed    time.Duration `json:"elapsed_ns"`
}

// SchemaChange is a column that a load added, or whose type it widened.
type SchemaChange struct {
	Table  string `json:"table"`
	Column string `json:"column"`
	From   string `json:"from,omitempty"` // empty: a new column
	To     string `json:"to"`
}
