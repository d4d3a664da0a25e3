// Package normalize turns JSON records into rows of typed columns (spec:
// normalisation): record bytes go straight into the column vectors of a table
// and of its child tables, with no record object in between.
//
// A Normalizer serves one resource. It keeps a tree of shapes (which fields an
// object had, in which order): the next field is expected to be the one that
// followed last time, so keys are compared, not looked up. Every leaf of the
// tree holds its column. Missing fields cost nothing.
package normalize

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
)

// Options of a Normalizer.
type Options struct {
	Resource   string
	Table      string          // root table's name, normal already
	Known      []*schema.Table // this resource's tables of earlier loads; not changed
	Hints      []schema.Hint   // of the root table's columns
	NotNull    []string        // names of columns that must have a value in every record (NRM-63)
	MaxNesting int             // max_table_nesting; -1: none
	Load       int64           // number of the load
	// Counter numbers the rows of the resource in stream order (NRM-41). Several
	// normalisers of one resource share it; nil means one of its own.
	Counter *int64
	// BatchBytes is how much memory all open batches of this normaliser may
	// take before they are handed over; 0 means 16 MiB.
	BatchBytes int
	MaxColumns int // of one table; 0 means 2,000 (NRM-33)
	Contract   Contract
	Reject     func(Rejected) // gets the rows that the contract refuses; nil: nobody
	// Write takes over a full batch until Recycle gives it back.
	Write func(b *schema.Batch) error
}

// defaultBatch is what BatchBytes 0 means.
const defaultBatch = 16 << 20

// noLimit stands for "no max_table_nesting".
const noLimit = 1000

// Normalizer makes rows of records. It belongs to one goroutine, but for
// Recycle. After an error of Flush it must not be used again.
type Normalizer struct {
	o       Options
	root    *table
	tables  []*table // in order of appearance
	known   map[string]*schema.Table
	notNull []*column

	b       []byte         // ends with the record at hand
	start   int            // where it begins in b
	marks   *rawjson.Marks // of b
	page    *rawjson.Marks // of a text that records may be slices of; nil: none
	own     rawjson.Marks  // of other records
	rootID  int64
	nextRow *int64
	budget  int
	serial  uint64 // of objects: tells a key that stands twice in one

	twice    bool   // the record at hand has a key twice
	duplicat string // pointer of the first such key
	pending  int    // bytes of records since the batches were measured
	rows     int64
	scratch  []byte
	digits   []byte    // of the number at hand
	fresh    []*column // got their first value in the record at hand
	lone     int       // strings with an unpaired surrogate
	dropped  []Dropped
	refused  Rejected // the row on its way to Reject

	mu       sync.Mutex
	freed    bool
	lent     map[*schema.Batch][]*column
	warnings []string
	warned   map[string]bool
}

// Error says which value of a record cannot be taken.
type Error struct {
	Pointer string // JSON Pointer of the value in the record; may be empty
	Text    string
}

func (e *Error) Error() string {
	if e.Pointer == "" {
		return e.Text
	}
	return e.Pointer + ": " + e.Text
}

// New prepares a normaliser.
func New(o Options) (*Normalizer, error) {
	if o.BatchBytes <= 0 {
		o.BatchBytes = defaultBatch
	}
	if o.MaxColumns <= 0 {
		o.MaxColumns = 2000
	}
	o.NotNull = slices.Clone(o.NotNull) // declare adds to it
	n := &Normalizer{o: o, known: map[string]*schema.Table{}, lent: map[*schema.Batch][]*column{}, warned: map[string]bool{}}
	if n.nextRow = o.Counter; n.nextRow == nil {
		n.nextRow = new(int64)
	}
	n.budget = o.MaxNesting
	if n.budget < 0 {
		n.budget = noLimit
	}
	for _, t := range o.Known {
		n.known[t.Source] = t
	}
	n.root = n.newTable(nil, "", "", o.Table)
	if err := n.declare(); err != nil {
		return nil, err
	}
	for _, name := range n.o.NotNull {
		c := n.require(hintName(name))
		if !slices.Contains(n.notNull, c) {
			n.notNull = append(n.notNull, c)
		}
	}
	return n, nil
}

// Name is the name of the root table.
func (n *Normalizer) Name() string { return n.o.Table }

// Rows is the number of records taken so far.
func (n *Normalizer) Rows() int64 { return n.rows }

// Counts are the rows of each table so far, by the names of Tables.
func (n *Normalizer) Counts() map[string]int64 {
	counts := map[string]int64{}
	names := n.tableNames()
	for _, t := range n.ordered() {
		counts[names[t]] = t.rows
	}
	return counts
}

// Warnings are remarks on the records so far, each once.
func (n *Normalizer) Warnings() []string {
	if n.lone == 0 {
		return n.warnings
	}
	return append(slices.Clone(n.warnings), fmt.Sprintf("%d strings held half of a surrogate pair, which no text can hold; it was replaced by U+FFFD", n.lone))
}

func (n *Normalizer) warn(key, text string) {
	if !n.warned[key] {
		n.warned[key] = true
		n.warnings = append(n.warnings, text)
	}
}

// Within says that the records that follow may be slices of the text of m, whose
// marks then serve for them, too. nil ends it; before that the text must not
// change.
func (n *Normalizer) Within(m *rawjson.Marks) { n.page = m }

// Record takes one JSON value: an object, or any other value as the field
// "value" (NRM-27). It is parsed strictly; an *Error says what is wrong, and
// then no row of the record is left in the batches.
func (n *Normalizer) Record(raw []byte) error {
	marks := *n.nextRow
	n.twice = false
	n.fresh = n.fresh[:0]
	err := n.record(raw)
	if n.twice && err == nil {
		// Rare, and not worth a check in the fast path: take the rows back and
		// read the record again without the keys that are overruled.
		n.warn("twice"+n.duplicat, fmt.Sprintf("the key %s stands twice in one object; the last one counts", n.duplicat))
		n.takeBack(marks, 0)
		err = n.record(withoutDuplicates(raw))
	}
	if err == errDropRow {
		if err = rawjson.Valid(raw); err == nil {
			n.reject(marks, 0, raw)
			return nil
		}
		err = &Error{Text: "the record is no valid JSON: " + err.Error()}
	}
	if err != nil {
		n.takeBack(marks, 0)
		return err
	}
	n.rows++
	n.pending += len(raw)
	if n.pending >= min(n.o.BatchBytes/8, 1<<18) {
		n.pending = 0
		if n.Size() >= n.o.BatchBytes {
			return n.Flush()
		}
	}
	return nil
}

func (n *Normalizer) record(raw []byte) error {
	ascii := n.read(raw)
	if !ascii && !utf8.Valid(raw) {
		return n.invalidUTF8()
	}
	i := n.space(n.start)
	id := n.newID()
	n.rootID = id
	n.root.begin(id, 0, 0, id)
	n.serial++
	var err error
	if i < len(n.b) && n.b[i] == '{' {
		i, err = n.object(n.root.shape, i, 0, n.budget, 0)
	} else {
		start := i
		if i, err = n.value(n.root.shape.field(n, []byte(`"value"`)), i, 0, n.budget, 0); err == errDropValue {
			i, err = n.skipValue(start)
		}
	}
	if err != nil {
		return err
	}
	if i = n.space(i); i < len(n.b) {
		return n.fail(i, "text after the end of the record")
	}
	for _, c := range n.notNull {
		if c.vec == nil || c.vec.Len != n.root.row+1 {
			return &Error{Pointer: c.col.Source, Text: fmt.Sprintf("column %q must have a value (it is a key, or nullable = false), but the record has none: %s", c.col.Name, excerpt(raw))}
		}
	}
	return nil
}

// read makes raw the record at hand, where it stands if it has marks there.
func (n *Normalizer) read(raw []byte) (ascii bool) {
	if n.page != nil {
		if at, ok := n.page.Place(raw); ok {
			var text []byte
			text, ascii = n.page.Text()
			n.b, n.start, n.marks = text[:at+len(raw)], at, n.page
			return ascii
		}
	}
	n.b, n.start, n.marks = raw, 0, &n.own
	return n.own.Set(raw)
}

func excerpt(raw []byte) string {
	if len(raw) <= 200 {
		return string(raw)
	}
	return strings.ToValidUTF8(string(raw[:200]), "") + "..."
}

// newID numbers the rows of the resource in stream order (NRM-41).
func (n *Normalizer) newID() int64 {
	id := n.o.Load<<schema.IDShift + *n.nextRow
	*n.nextRow++
	return id
}

// Size is the memory that the open batches take, in bytes.
func (n *Normalizer) Size() int {
	total := 0
	for _, t := range n.tables {
		if t.batch != nil {
			total += t.batch.Size()
		}
	}
	return total
}

// Flush hands over all open batches.
func (n *Normalizer) Flush() error {
	for _, t := range n.tables {
		if t.batch == nil || t.batch.Rows == 0 {
			continue
		}
		b := t.batch
		cols := t.handOver()
		n.mu.Lock()
		n.lent[b] = cols
		n.mu.Unlock()
		if err := n.o.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// Free gives up the memory of batches, that of those on their way included. No
// record may follow; what Tables and the like say stays.
func (n *Normalizer) Free() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.freed = true
	for _, t := range n.tables {
		t.batch, t.open = nil, nil
		for _, c := range slices.Concat(t.cols, []*column{&t.id, &t.load, &t.parentID, &t.idx, &t.root}) {
			c.vec, c.spare = nil, nil
		}
	}
}

// Recycle gives back a batch that Write took. It may be called from any
// goroutine.
func (n *Normalizer) Recycle(b *schema.Batch) {
	n.mu.Lock()
	defer n.mu.Unlock()
	cols := n.lent[b]
	delete(n.lent, b)
	if n.freed {
		return
	}
	for i, c := range cols {
		b.Vectors[i].Reset()
		if c.spare == nil {
			c.spare = b.Vectors[i]
		}
	}
}

// takeBack removes the rows from the given row number on from the open batches,
// and forgets the columns that first appeared in them: n.fresh from fresh on.
func (n *Normalizer) takeBack(from int64, fresh int) {
	for _, t := range n.tables {
		if t.batch == nil {
			continue
		}
		ids := t.id.vec.Ints
		keep := len(ids)
		for keep > 0 && ids[keep-1] >= n.o.Load<<schema.IDShift+from {
			keep--
		}
		t.rows -= int64(t.batch.Rows - keep)
		t.batch.Rows = keep
		for _, v := range t.batch.Vectors {
			truncate(v, keep)
		}
	}
	// What only these rows had was never seen.
	for _, c := range n.fresh[fresh:] {
		*c.facts = schema.Facts{}
		if !c.declared {
			c.col.Type, c.col.Precision, c.col.Scale, c.col.Naive = schema.None, 0, 0, false
		}
	}
	n.fresh = n.fresh[:fresh]
	*n.nextRow = from
}

// truncate drops the values of v from row on.
func truncate(v *schema.Vector, row int) {
	for r := v.Len - 1; r >= row; r-- {
		if v.IsValid(r) {
			dropLast(v, r)
		}
	}
	v.Len = min(v.Len, row)
}

// dropLast makes row null again; its value is the last one of v.
func dropLast(v *schema.Vector, row int) {
	v.Valid[row>>3] &^= 1 << (row & 7)
	v.Count--
	switch v.Column.Type {
	case schema.Bool:
		v.Bools = v.Bools[:v.Count]
	case schema.Double:
		v.Doubles = v.Doubles[:v.Count]
	case schema.Decimal:
		v.Data = v.Data[:16*v.Count]
	case schema.Text, schema.JSON, schema.Binary:
		v.Ends = v.Ends[:v.Count]
		end := uint32(0)
		if v.Count > 0 {
			end = v.Ends[v.Count-1]
		}
		v.Data = v.Data[:end]
	default:
		v.Ints = v.Ints[:v.Count]
	}
}
