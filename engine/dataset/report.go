package dataset

import (
	"fmt"
	"time"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// The write dispositions, and the strategies of merge.
const (
	appendRows  = "append"
	replaceRows = "replace"
	mergeRows   = "merge"

	deleteInsert = "delete-insert"
	upsert       = "upsert"
	insertOnly   = "insert-only"
	scd2         = "scd2"
)

// Commit is what a load leaves besides the rows that it wrote.
type Commit struct {
	StartedAt   time.Time
	ScriptHash  string
	Cursors     map[string]*state.Resource // by resource: what replaces its entry in the state
	MoveCursors bool                       // false: the cursors stay as they were (--limit)
	Requests    map[string]int64           // made, by resource
	Resources   []Resource                 // that were written
	// AllowRewrite permits a change of schema that writes more than 64 GiB of
	// older files anew (RDR-02).
	AllowRewrite bool
}

// Resource says how the rows of one root table and its child tables join the
// dataset. Staged rows of resources that the commit does not name are left out.
type Resource struct {
	Name        string
	Disposition string          // append replace merge
	Tables      []*schema.Table // root first; names, types and order settled
	PrimaryKey  []string        // names of columns of the root table
	MergeKey    []string
	DedupBy     string // column whose greatest value wins among rows of one key (NRM-85); empty: the last row
	Strategy    string // of merge: delete-insert (also when empty), upsert, insert-only, scd2
	HardDelete  string // column whose value deletes the row (NRM-87); empty: none
	DedupSort   string // column that decides among rows of one key, before DedupBy (NRM-86); empty: none
	DedupDesc   bool   // the greatest value of DedupSort wins, else the least
	Evolve      string // rewrite (also when empty): older files get the new schema; union: they stay (RDR-02)
}

// Report says what a commit did.
type Report struct {
	LoadID      string
	CommittedAt time.Time
	Tables      map[string]*TableReport
}

// TableReport says what a commit did to one table. Total is what it was before
// + Added - Deleted.
type TableReport struct {
	Rows       int64 // that the load brought
	Added      int64 // new rows
	Updated    int64 // rows that replaced one with the same key; of scd2: versions that ended
	Deleted    int64 // rows gone without a successor
	Duplicates int64 // of Deleted: rows that had a key a second time (NRM-94)
	Total      int64
	Files      int
	Rewritten  int // older files written anew
	Bytes      int64
	New        []schema.Column // columns added to a table that existed
	Widened    []Widened
	Mixed      bool // older files were left with fewer columns or narrower types (evolve = "union")
}

// Widened is a column whose type grew.
type Widened struct{ Column, From, To string }

// RewriteError says that a change of schema would write a lot of older files
// anew. Nothing was committed.
type RewriteError struct {
	Table string
	Bytes int64
}

func (e *RewriteError) Error() string {
	return fmt.Sprintf("table %s: the new columns or types of this load would rewrite %d GiB of older files; nothing was committed "+
		"(hint: --allow-rewrite does it, evolve = \"union\" leaves older files as they are, schema_contract = \"freeze\" refuses the change)", e.Table, e.Bytes>>30)
}

// rewriteLimit is from how many bytes on older files are rewritten only when
// asked for.
const rewriteLimit = 64 << 30
