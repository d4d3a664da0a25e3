// Package engine runs a script against its API and commits what came as one
// load. It is the one public door for Go programs: Load a script with package
// lua, then Run.
package engine

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// Script is a compiled script. *lua.Script is one.
type Script interface {
	// Name is the default name of the source: the file's name without ending.
	Name() string
	// Config evaluates the script and returns the table that it returns.
	Config(ctx context.Context, env hook.Env) (*config.Node, error)
	// World makes a fresh copy of the script's world for one resource.
	World(ctx context.Context, env hook.Env) (hook.World, error)
}

// Options of a run. The zero value works: dataset in ./data/<source name>,
// secrets and settings from the environment only.
type Options struct {
	Dataset   string            // folder; empty means <Root>/<source name>
	Root      string            // folder that holds datasets; empty means data
	Resources []string          // run only these (and their parents, unwritten); nil means all selected
	Secrets   hook.Lookup       // nil means SecretsFile("")
	Config    hook.Lookup       // nil means ConfigFile("", nil)
	Steps     map[string][]Step // hooks in Go, by resource; they run behind the script's own steps
	Events    Events            // what happens, while it happens
	Logger    *slog.Logger      // the same as records of log/slog, secrets masked; nil means silent
	Transport http.RoundTripper // nil means a transport of the engine's own
	Now       func() time.Time  // clock; nil means time.Now
	Wait      time.Duration     // how long to wait for another writer; 0 means not at all
	Limit     int64             // rows per resource; 0 means all. A limited load does not move cursors
	Pages     int64             // pages per resource; 0 means all. As Limit
	DryRun    bool              // everything but the commit
	// Restart throws away what a killed load left in place of going on there.
	// ResumeMaxAge is how old that may be; 0 means 24 h. CheckpointEvery is the
	// time between checkpoints; 0 means 30 s, less than 0 that none are kept.
	Restart         bool
	ResumeMaxAge    time.Duration
	CheckpointEvery time.Duration
	// Record is the file for a recording of all requests and responses in HAR
	// form, secrets masked; .gz packs it. Replay is one to answer from, without
	// network and without waits. Empty means neither.
	Record, Replay string
	// AllowRewrite permits a change of schema that writes more than 64 GiB of
	// older files anew.
	AllowRewrite bool
	// Detail fills in headers and bodies of RequestEvent. ErrorBody shows the
	// beginning of the body in the error of a status.
	Detail, ErrorBody bool
	// KeepGoing commits what completed when a resource fails; the failed one and
	// those below it keep their tables and cursors.
	KeepGoing bool
	// RetryDeferred asks only for the parents whose series failed in earlier
	// loads (on_error = "defer").
	RetryDeferred bool
	// MaxWait is the longest wait that an API may ask for before the run fails;
	// 0 means client.session.request_max_retry_delay.
	MaxWait     time.Duration
	FullRefresh bool                                             // forget cursors and replace tables
	Sleep       func(ctx context.Context, d time.Duration) error // waits of retries; nil means a timer
	Compression string                                           // zstd (default), snappy, gzip, none
	// RowGroupBytes is the size of a full row group in a file, which is held in
	// memory until then; 0 means 16 MiB. FileBytes is the size from which a load
	// begins another file of a table; 0 means 512 MiB.
	RowGroupBytes, FileBytes int64
	BatchBytes               int // memory of one table's rows before they are encoded; 0 means a share of 4 MiB
}

// Step is one processing step in Go. Exactly one of its fields is set. The
// record is JSON text, valid only for the call.
type Step struct {
	Filter   func(record []byte) (bool, error)
	Map      func(record []byte) ([]byte, error)
	YieldMap func(record []byte, emit func([]byte) error) error
}
