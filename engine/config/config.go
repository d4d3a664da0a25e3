// Package config holds the checked config of a source: what a script's table
// says after defaults are merged, names are resolved and every rule is checked.
//
// Decode turns the Nodes of a script into a *Config, or into Errors that name
// file, line and path of every mistake at once. A Config is plain data: it
// encodes to JSON and never changes after Decode. Functions are references
// (hook.Ref), never live values.
package config

import (
	"time"

	"github.com/restlua/restlua/engine/hook"
)

// Config is one source: a client and the resources asked through it.
type Config struct {
	Name      string // of the source; names the dataset's folder
	Client    Client
	Resources []*Resource // in the order of the script
	OnStart   hook.Ref
	OnFinish  hook.Ref
	Warnings  []Warning
}

// Warning is a remark about a config that works.
type Warning struct {
	Pos  Pos
	Path string
	Text string
}

// Client says where the API is and what all requests have in common.
type Client struct {
	BaseURL          string
	Headers          []hook.Pair // sent as written, never expanded (PLH-24)
	Auth             *Auth       // nil: none
	Paginator        *Paginator  // nil: detect
	Session          Session
	AllowedHosts     []string
	Concurrency      int   // most requests in flight; default 8
	MaxResponseBytes int64 // decompressed; default 256 MiB
	RateLimit        []Rate
	Cookies          bool // keep cookies for the load; default true
	TLS              TLS
}

// TLS are client.tls: files in PEM form; empty means the system's own.
type TLS struct {
	CAFile             string
	CertFile           string
	KeyFile            string
	InsecureSkipVerify bool
}

// Rate is one window of client.rate_limit.
type Rate struct {
	Requests int
	Per      time.Duration
	Burst    int // 0: Requests
}

// Session holds the settings of retries and timeouts (RET-07).
type Session struct {
	RequestTimeout       time.Duration // default 60 s
	RequestMaxAttempts   int           // default 5
	RequestBackoffFactor float64       // default 1: waits 1, 2, 4, 8 s; negative: none
	RequestMaxRetryDelay time.Duration // default 300 s; negative: none
	StatusCodes          []int         // extra statuses to retry
	RetryCondition       hook.Ref      // is asked about what would not be retried; empty: nobody is
	HookTimeout          time.Duration // default 1 s
}

// Resource is one table's worth of records and how to ask for them.
type Resource struct {
	Name              string
	Path              string // in the config: "resources[2]"
	Pos               Pos
	TableName         string   // default: Name
	TableNameFunc     hook.Ref // rows go to the table it returns
	Selected          bool
	Parallelized      bool
	Parent            string // the resource whose records fill the placeholders; empty: none
	IncludeFromParent []string
	WriteDisposition  Disposition
	PrimaryKey        []string
	MergeKey          []string
	Columns           []ColumnHint
	MaxTableNesting   int // -1: no limit
	Steps             []Step
	Endpoint          *Endpoint // nil: Rows or RowsFunc
	Rows              [][]byte  // literal records, JSON text
	RowsFunc          hook.Ref

	Strategy       string   // of merge: delete-insert (default), upsert, insert-only, scd2
	HardDelete     string   // column whose value deletes the row (NRM-87); empty: none
	DedupSort      string   // column that decides among rows of one key (NRM-86); empty: none
	DedupDesc      bool     // the greatest value of DedupSort wins, else the least
	Contract       Contract // schema_contract
	Evolve         string   // rewrite (default) or union (RDR-02)
	OnError        string   // of a child: fail (default), defer, skip (OPR-32)
	Batch          int      // parent values per request; 0: one (OPR-30)
	BatchSeparator string   // default ","
	Deduplicate    bool     // equal parent values are asked once; default true (OPR-31)
	Partitions     [][]byte // values of {partition}, JSON text; nil: none (OPR-35)
	HookWorkers    int      // worlds that run the hooks; default 1 (SCR-04)
}

// Contract is schema_contract: evolve (default), freeze, discard_row or
// discard_value for each of the three kinds of change (NRM-70).
type Contract struct{ Tables, Columns, DataType string }

// Disposition says what a load does with the rows that a table has.
type Disposition string

// The write dispositions.
const (
	Append  Disposition = "append"
	Replace Disposition = "replace"
	Merge   Disposition = "merge"
	Skip    Disposition = "skip"
)

// ColumnHint is what a script says of a column. Zero values mean "not said".
type ColumnHint struct {
	Name      string // as written
	DataType  string // text bigint double bool timestamp date time decimal json binary
	Nullable  *bool
	Precision *int
	Scale     *int
	Timezone  *bool
	Pos       Pos

	PrimaryKey, MergeKey, HardDelete bool   // NRM-65
	DedupSort                        string // asc desc
}

// Step is one processing step. Kind is "filter", "map" or "yield_map".
type Step struct {
	Kind string
	Func hook.Ref
}

// Endpoint is one request series: what to ask, and how to read the answer.
type Endpoint struct {
	Path            Template // static path params are already put in
	Method          string   // GET POST PUT PATCH DELETE
	Params          []Param
	Headers         []HeaderTemplate
	JSON            *Value // nil: no JSON body
	Data            *Data  // nil: no form or raw body
	DataSelector    string // JSONPath; empty: detect
	Paginator       *Paginator
	ResponseActions []Action
	Incremental     *Incremental
	Auth            *Auth  // nil: the client's
	SingleEntity    bool   // ENT-01
	Format          string // json jsonl csv xml; empty: by Content-Type (OPR-11)
	KeyColumn       string // objects keyed by id: the key's column (API-19); empty: none
	OnEmptyBody     string // ignore (default) or fail (OPR-10)
	Lenient         bool   // response_format.lenient: NaN and Infinity are null (API-17)
	Encoding        string // response_format.encoding of bodies; empty: by what they show, else UTF-8
}

// Param is one query parameter. A list Value repeats the name.
type Param struct {
	Name  Template
	Value *Value
}

// HeaderTemplate is one header whose name and value may hold placeholders.
type HeaderTemplate struct{ Name, Value Template }

// Data is a form or raw body. Exactly one of Raw and Pairs is used; IsRaw says
// which.
type Data struct {
	IsRaw bool
	Raw   Template
	Pairs []HeaderTemplate // name and value of each form field, in order
}

// Value is a JSON value whose strings (keys too) may hold placeholders.
type Value struct {
	Kind   Kind
	Bool   bool
	Number string     // JSON number text
	Text   Template   // KindString
	List   []*Value   // KindList
	Fields []ValueRow // KindTable
}

// ValueRow is one field of a Value table.
type ValueRow struct {
	Name  Template
	Value *Value
}

// Template is text with placeholders. A Template without parts is empty text.
type Template struct {
	Parts []Part
	Text  string // as written, for messages
}

// Part is literal text, or a placeholder when Context is not empty.
type Part struct {
	Literal string
	Context string // "resources", "incremental", "window" or "partition"
	Parent  string // resources: name of the parent
	Field   string // resources: JSONPath in the parent's record; incremental: start_value, initial_value, last_value, end_value, lag, cursor_path; window: start or end; partition: JSONPath or empty
	Layout  string // window: layout of time as package time has it; empty: as the cursor's values are written
	Param   string // name of the resolve param that was replaced, for messages
}

// Static reports whether t has no placeholders.
func (t Template) Static() bool {
	for i := range t.Parts {
		if t.Parts[i].Context != "" {
			return false
		}
	}
	return true
}

// Literal returns the text of a static template.
func (t Template) Literal() string {
	s := ""
	for i := range t.Parts {
		s += t.Parts[i].Literal
	}
	return s
}

// Paginator says how the next page is asked for. Kind decides which fields
// count; defaults are filled in.
type Paginator struct {
	Kind               string // json_link header_link header_cursor offset page_number cursor single_page auto function
	NextURLPath        string // json_link; default "next"
	LinksNextKey       string // header_link; default "next"
	CursorKey          string // header_cursor; default "next"
	CursorPath         string // cursor; default "cursors.next"
	CursorParam        string // cursor, header_cursor; default "cursor"
	CursorBodyPath     string // cursor
	HasMorePath        string // cursor, offset, page_number; empty: not looked at
	StopAfterEmptyPage bool   // default true for offset and page_number, false for cursor
	Limit              int64  // offset
	Offset             int64  // offset: first value
	OffsetParam        string
	OffsetBodyPath     string
	LimitParam         string
	LimitBodyPath      string
	MaximumOffset      *int64
	Page               int64 // page_number: first value
	BasePage           int64
	PageParam          string
	PageBodyPath       string
	MaximumPage        *int64
	TotalPath          string // empty: no total
	Parallel           int    // offset, page_number: pages side by side; 0: one after the other (OPR-04)
	OnRepeat           string // error (default) or stop (OPR-20)
	Reset              *PaginatorReset
	Custom             hook.Paginator
	Path               string // in the config, for messages
	Pos                Pos
}

// PaginatorReset starts a series anew from the largest value seen, for APIs
// that end at N results (OPR-21).
type PaginatorReset struct {
	AfterRecords int64
	CursorPath   string // in the record
	StartParam   string
}

// Auth says how requests are authorised. Kind decides which fields count.
type Auth struct {
	Kind              string // none bearer http_basic api_key oauth2_client_credentials oauth2_password oauth2_refresh_token oauth2_jwt login function
	Token             string
	Username          string
	Password          string
	Name              string // api_key; default Authorization
	APIKey            string
	Location          string // header query cookie ("param" is query)
	AccessTokenURL    string
	ClientID          string
	ClientSecret      string
	RequestData       []hook.Pair   // access_token_request_data
	DefaultExpiration time.Duration // life of a token whose answer names none
	Func              hook.Ref      // function(request)

	RefreshToken         string // oauth2_refresh_token: the first one; rotated ones live in the state
	Scopes               []string
	Headers              []hook.Pair // of token requests
	PrivateKey           string      // oauth2_jwt: PEM
	PrivateKeyPassphrase string
	Audience             string   // oauth2_jwt; default AccessTokenURL
	Subject              string   // oauth2_jwt; default ClientID
	BuildRequest         hook.Ref // function(config) -> {headers, data} (AUTH-14)
	Login                hook.Ref // login: function(http) -> session
	Apply                hook.Ref // login: function(request, session); empty: bearer session.token

	Path string
	Pos  Pos
}

// Action is one entry of response_actions.
type Action struct {
	HasStatus  bool
	Status     int
	HasContent bool
	Content    string
	When       hook.Ref    // empty: no condition
	Do         hook.Action // a word, or Continue when Funcs is set
	Funcs      []hook.Ref
	Message    string // of action fail
	Always     bool   // a bare function, or a table of functions without condition
	Path       string
}

// Incremental is the incremental loading of a resource (rest.md, section 17).
// InitialValue and EndValue are JSON scalars; nil means not set.
type Incremental struct {
	CursorPath    string
	InitialValue  []byte
	EndValue      []byte
	StartParam    string
	EndParam      string
	LastValueFunc string   // "max", "min", "function"
	LastValueRef  hook.Ref // with "function"
	PrimaryKey    []string // used for boundary hashes
	PrimaryKeySet bool     // PrimaryKey was given here; empty switches deduplication off
	RowOrder      string   // "", "asc", "desc"
	Lag           []byte   // JSON number; nil: none
	OnMissing     string   // raise include exclude
	RangeStart    string   // closed open
	RangeEnd      string   // open closed
	Convert       hook.Ref
	PerParent     bool          // one cursor per parent value (OPR-33)
	Window        time.Duration // the range is cut into windows of this length; 0: not (OPR-34)
	Path          string
	Pos           Pos
}
