package normalize

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
)

// table is the root table or the child table of one list.
type table struct {
	n      *Normalizer
	parent *table
	source string // path of the list from the root record, "/l/*/m"; empty for the root
	raw    string // raw keys of the list within its row, joined by "__"
	wish   string // name of the list within its row
	name   string // wished name with the parents'; settled in Tables
	shape  *shape
	cols   []*column // data columns in order of appearance
	bySrc  map[string]*column
	batch  *schema.Batch
	open   []*column // columns of the batch's vectors
	row    int       // of the batch, at hand
	rows   int64     // of the load

	id, load, parentID, idx, root column
	meta                          schema.Table // what batches point to
}

// shape is what is known of the objects at one place: their fields in the
// order in which they were seen.
type shape struct {
	table   *table
	pointer string   // of the object within its row
	raw     string   // raw keys joined, with "__" behind
	names   []string // normal names on the way to it; none at the row itself
	fields  []*field
	index   map[string]*field // by key text
}

// field is one key of a shape, and what its values became.
type field struct {
	key     []byte // with quotes and colon, as usually written: `"id":`
	head    uint64 // first eight bytes of key, or all there are
	middle  uint64 // the next eight, of keys of 17 and more
	tail    uint64 // last eight, of keys of nine and more
	mask    uint64 // ones where head has bytes
	text    string
	at      int // index in the shape's fields
	in      *shape
	col     *column // of scalars; nil: none seen
	object  *shape
	list    *table
	last    uint64 // serial of the object that had it last
	whole   bool   // its place is declared json (NRM-32)
	pointer string
}

// column is one column of a table, with the vector it fills.
type column struct {
	col      schema.Column
	facts    *schema.Facts
	table    *table
	vec      *schema.Vector // nil: not in the open batch
	spare    *schema.Vector // memory of an earlier batch
	raw      string
	settled  bool // committed by an earlier load
	declared bool // values are converted to its type, not the type to the values
	fixed    bool // the contract lets its type stay as it is (NRM-75)
}

func (n *Normalizer) newTable(parent *table, source, raw, wish string) *table {
	t := &table{n: n, parent: parent, source: source, raw: raw, wish: wish, name: wish, bySrc: map[string]*column{}}
	if parent != nil {
		t.name = schema.JoinPath(parent.name, wish)
	}
	t.shape = &shape{table: t, index: map[string]*field{}}
	t.meta = schema.Table{Name: t.name, Resource: n.o.Resource, Source: source}
	for _, s := range []struct {
		c    *column
		name string
	}{{&t.id, schema.ID}, {&t.load, schema.LoadID}, {&t.parentID, schema.ParentID}, {&t.idx, schema.ListIdx}, {&t.root, schema.RootID}} {
		*s.c = column{table: t, col: schema.Column{Name: s.name, Source: s.name, Type: schema.Bigint}}
	}
	if known := n.known[source]; known != nil {
		t.name, t.meta.Name = known.Name, known.Name
		for _, c := range known.Columns {
			if !strings.HasPrefix(c.Source, "_rl_") {
				col := c
				facts := schema.Facts{}
				if c.Facts != nil {
					facts = *c.Facts
				}
				k := &column{col: col, facts: &facts, table: t, settled: true, declared: c.Declared}
				if n.o.Contract.DataType != Evolve && c.Type != schema.None && n.governed(t) {
					k.declared, k.fixed = true, true
				}
				k.col.Facts = k.facts
				t.cols = append(t.cols, k)
				if c.Source != "" {
					t.bySrc[c.Source] = k
				}
			}
		}
	}
	n.tables = append(n.tables, t)
	return t
}

// begin starts a row.
func (t *table) begin(id, parent, idx, root int64) {
	if t.batch == nil {
		t.batch = &schema.Batch{Table: &t.meta}
	}
	t.row = t.batch.Rows
	t.batch.Rows++
	t.rows++
	t.system(&t.id, id)
	t.system(&t.load, t.n.o.Load)
	if t.parent != nil {
		t.system(&t.parentID, parent)
		t.system(&t.idx, idx)
		t.system(&t.root, root)
	}
}

func (t *table) system(c *column, value int64) {
	v := c.vec
	if v == nil {
		v = c.open()
	}
	v.Grow(t.row)
	v.Ints = append(v.Ints, value)
}

// open gives the column a vector in the open batch.
func (c *column) open() *schema.Vector {
	c.table.n.mu.Lock()
	v := c.spare
	c.spare = nil
	c.table.n.mu.Unlock()
	if v == nil {
		v = &schema.Vector{}
	}
	v.Column = c.col
	c.vec = v
	c.table.batch.Vectors = append(c.table.batch.Vectors, v)
	c.table.open = append(c.table.open, c)
	return v
}

// handOver ends the open batch and returns the columns of its vectors. From
// here on the batch shares nothing that changes with the normaliser.
func (t *table) handOver() []*column {
	cols := make([]*column, 0, len(t.open))
	facts := make([]schema.Facts, len(t.open)) // in one piece: there are many columns
	vectors := t.batch.Vectors[:0]
	for i, c := range t.open {
		v := t.batch.Vectors[i]
		c.vec = nil
		if v.Count == 0 { // of rows that were taken back
			continue
		}
		v.Column = c.col
		if c.facts != nil {
			facts[i] = *c.facts
			v.Column.Facts = &facts[i]
		}
		vectors, cols = append(vectors, v), append(cols, c)
	}
	t.batch.Vectors = vectors
	t.batch, t.open = nil, nil
	return cols
}

// field returns the field with the given key, which has its quotes, and makes
// it on its first appearance.
func (s *shape) field(n *Normalizer, rawKey []byte) *field {
	inner := rawKey[1 : len(rawKey)-1]
	text := ""
	if bytes.IndexByte(inner, '\\') < 0 {
		if f := s.index[string(inner)]; f != nil {
			return f
		}
		text = string(inner)
	} else {
		text, _ = rawjson.Unquote(rawKey) // it was scanned, so it can be read
		if f := s.index[text]; f != nil {
			return f
		}
	}
	f := &field{text: text, at: len(s.fields), in: s, pointer: s.pointer + "/" + escapePointer(text)}
	f.key = append(append(f.key, rawKey...), ':')
	f.words()
	f.whole = s.table.declaredWhole(f)
	s.fields = append(s.fields, f)
	s.index[text] = f
	return f
}

func escapePointer(key string) string {
	if !strings.ContainsAny(key, "~/") {
		return key
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// path is the field's normal name within its row.
func (f *field) path() string { return schema.JoinPath(f.names()...) }

func (f *field) names() []string {
	return append(slices.Clip(f.in.names), schema.NormalName(f.text))
}

func (f *field) rawPath() string { return f.in.raw + f.text }

// column returns the column of the field's scalars.
func (f *field) column(n *Normalizer) (*column, error) {
	if f.col != nil {
		return f.col, nil
	}
	t := f.in.table
	if c := t.bySrc[f.pointer]; c != nil {
		f.col = c
		return c, nil
	}
	name := f.path()
	if t == n.root {
		if c := t.claim(name, f); c != nil {
			f.col = c
			return c, nil
		}
	}
	if err := n.mayAdd(t, f); err != nil {
		return nil, err
	}
	if len(t.cols) >= n.o.MaxColumns {
		return nil, &Error{Pointer: f.pointer, Text: fmt.Sprintf("table %q would have more than %d columns: is %s an object used as a map? Give its column data_type = \"json\", or set max_table_nesting", t.name, n.o.MaxColumns, widest(t))}
	}
	c := &column{table: t, raw: f.rawPath(), facts: &schema.Facts{}}
	c.col = schema.Column{Name: name, Source: f.pointer, Nullable: true, Facts: c.facts}
	t.cols = append(t.cols, c)
	t.bySrc[f.pointer] = c
	f.col = c
	return c, nil
}

// widest names the object of a table that has the most keys (NRM-33).
func widest(t *table) string {
	best, most := "/", 0
	var walk func(s *shape)
	walk = func(s *shape) {
		if len(s.fields) > most {
			best, most = s.pointer, len(s.fields)
		}
		for _, f := range s.fields {
			if f.object != nil {
				walk(f.object)
			}
		}
	}
	walk(t.shape)
	if best == "" {
		return "the record"
	}
	return best
}

// objectShape is the shape of the field's objects.
func (f *field) objectShape() *shape {
	if f.object == nil {
		f.object = &shape{table: f.in.table, pointer: f.pointer, raw: f.rawPath() + "__", names: f.names(), index: map[string]*field{}}
	}
	return f.object
}

// listSource is the source of that table.
func (f *field) listSource() string {
	if t := f.in.table; t.source != "" {
		return t.source + "/*" + f.pointer
	}
	return f.pointer
}

// listTable is the child table of the field's lists.
func (f *field) listTable(n *Normalizer) *table {
	if f.list == nil {
		f.list = n.newTable(f.in.table, f.listSource(), f.rawPath(), f.path())
	}
	return f.list
}

// claim returns the declared or required column of the root table that waits
// for its field under a name (NRM-16), or nil.
func (t *table) claim(name string, f *field) *column {
	for i, c := range t.cols {
		if c.col.Source != "" || c.col.Name != name {
			continue
		}
		c.col.Source, c.raw = f.pointer, f.rawPath()
		t.bySrc[f.pointer] = c
		if !c.declared && !c.settled { // only required: it stands where it first appears
			t.cols = append(slices.Delete(t.cols, i, i+1), c)
		}
		return c
	}
	return nil
}

// declaredWhole reports whether the place of f is declared json.
func (t *table) declaredWhole(f *field) bool {
	if c := t.bySrc[f.pointer]; c != nil {
		return c.declared && c.col.Type == schema.JSON
	}
	if t.parent != nil {
		return false
	}
	for _, c := range t.cols {
		if c.declared && c.col.Type == schema.JSON && c.col.Name == f.path() {
			return true
		}
	}
	return false
}

// words keeps key as the words that stands compares.
func (f *field) words() {
	var head [8]byte
	n := copy(head[:], f.key)
	f.head, f.mask = binary.LittleEndian.Uint64(head[:]), ^uint64(0)>>(64-8*n)
	if len(f.key) > 8 {
		f.tail = binary.LittleEndian.Uint64(f.key[len(f.key)-8:])
	}
	if len(f.key) > 16 {
		f.middle = binary.LittleEndian.Uint64(f.key[8:])
	}
}

// stands reports whether key stands at i. Keys are compared for each value of
// each record: by words, as a call for a few bytes costs more than they do.
func (f *field) stands(b []byte, i int) bool {
	const words = 24 // bytes of key that are compared by words
	k := len(f.key)
	if len(b)-i < words || k > words {
		return len(b)-i >= k && string(b[i:i+k]) == string(f.key)
	}
	b = b[i : i+words : i+words]
	head := binary.LittleEndian.Uint64(b)
	if k <= 8 {
		return (head^f.head)&f.mask == 0
	}
	return head == f.head && binary.LittleEndian.Uint64(b[k-8:k:k]) == f.tail && (k <= 16 || binary.LittleEndian.Uint64(b[8:]) == f.middle)
}
