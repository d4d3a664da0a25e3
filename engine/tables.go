package engine

import (
	"context"
	"fmt"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/normalize"
	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// tables turns the records of one resource into rows: of one root table and its
// child tables, or, where table_name is a function (BLD-08), of one root table
// for each name that it gives. It belongs to the resource's goroutine.
type tables struct {
	task    *task
	byName  map[string]*normalize.Normalizer
	order   []*normalize.Normalizer // in order of appearance
	counter int64                   // rows of the resource, of all its tables (NRM-41)
	budget  int                     // bytes of all open batches
	pending int                     // records since the batches were measured
	lent    *lending
	base    normalize.Options
	page    *rawjson.Marks // of the page at hand; nil: none
}

// measureEvery is after how many records the batches of several roots are
// measured; one root measures its own.
const measureEvery = 256

// sharedShift leaves 2^32 rows of a load to each of 16 resources that share a
// table.
const sharedShift = 32

func newTables(t *task, budget int) (*tables, error) {
	res, r := t.resource, t.owner
	x := &tables{task: t, byName: map[string]*normalize.Normalizer{}, budget: budget, lent: newLending(budget+budget/4, &t.owner.held)}
	// Resources that share a table number their rows apart from each other, so
	// that ids stay unique in it (NRM-41).
	for _, other := range r.tasks {
		if other != t && other.tables != nil && other.resource.TableNameFunc == "" && res.TableNameFunc == "" && tableName(other.resource) == tableName(res) {
			x.counter += 1 << sharedShift
		}
	}
	x.base = normalize.Options{
		Resource: res.Name, MaxNesting: res.MaxTableNesting, Load: r.load.Number(), Counter: &x.counter, BatchBytes: budget,
		Reject: func(rejected normalize.Rejected) { t.reject(rejected) },
	}
	for _, k := range res.PrimaryKey {
		x.base.NotNull = append(x.base.NotNull, keyName(k))
	}
	for _, h := range res.Columns {
		hint, err := columnHint(h)
		if err != nil {
			return nil, fmt.Errorf("%s: columns: %w", res.Name, err)
		}
		x.base.Hints = append(x.base.Hints, hint)
	}
	for _, m := range []struct {
		to   *normalize.Mode
		text string
	}{{&x.base.Contract.Tables, res.Contract.Tables}, {&x.base.Contract.Columns, res.Contract.Columns}, {&x.base.Contract.DataType, res.Contract.DataType}} {
		mode, err := normalize.ParseMode(m.text)
		if err != nil {
			return nil, fmt.Errorf("%s: schema_contract: %w", res.Name, err)
		}
		*m.to = mode
	}
	if res.TableNameFunc == "" {
		_, err := x.root(tableName(res))
		return x, err
	}
	if res.WriteDisposition != config.Replace {
		return x, nil
	}
	// What earlier loads filled is emptied too (NRM-81).
	stored := r.data.State().Tables
	for _, name := range sortedKeys(stored) {
		if s := stored[name]; s.Resource == res.Name && s.Parent == "" {
			if _, err := x.root(name); err != nil {
				return nil, err
			}
		}
	}
	return x, nil
}

// tableName is the root table of a resource whose table_name is no function.
func tableName(r *config.Resource) string { return schema.NormalName(r.TableName) }

// root returns the normaliser of the root table called name.
func (x *tables) root(name string) (*normalize.Normalizer, error) {
	if n := x.byName[name]; n != nil {
		return n, nil
	}
	for _, other := range x.task.owner.tasks {
		if other != x.task && other.tables != nil && other.resource.TableNameFunc == "" && tableName(other.resource) == name && x.task.resource.TableNameFunc != "" {
			return nil, fmt.Errorf("table_name gave %q, which is the table of resource %q", name, other.name())
		}
	}
	o := x.base
	o.Table, o.Known = name, known(x.task.owner.data.State(), x.task.name(), name)
	o.Write = func(b *schema.Batch) error {
		size := b.Size()
		x.lent.take(size)
		x.task.owner.batches <- fullBatch{batch: b, from: x.byName[name], task: x.task, size: size}
		return nil
	}
	n, err := normalize.New(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", x.task.name(), err)
	}
	n.Within(x.page)
	x.byName[name] = n
	x.order = append(x.order, n)
	return n, nil
}

// within says that the records that follow may be slices of the text of m; nil
// ends it.
func (x *tables) within(m *rawjson.Marks) {
	x.page = m
	for _, n := range x.order {
		n.Within(m)
	}
}

// known are the tables that earlier loads of a resource left below the root
// table called name, the root first.
func known(s *state.State, resource, name string) []*schema.Table {
	var out []*schema.Table
	var below func(parent string)
	add := func(name string) {
		t := s.Tables[name].Table
		t.Name = name
		out = append(out, &t)
		below(name)
	}
	below = func(parent string) {
		for _, child := range sortedKeys(s.Tables) {
			if t := s.Tables[child]; t.Parent == parent && t.Resource == resource {
				add(child)
			}
		}
	}
	if t := s.Tables[name]; t != nil && t.Resource == resource && t.Parent == "" {
		add(name)
	}
	return out
}

// take makes rows of a record.
func (x *tables) take(ctx context.Context, record []byte) error {
	f := x.task.resource.TableNameFunc
	if f == "" {
		return x.order[0].Record(record)
	}
	given, err := x.task.world.TableName(ctx, f, record)
	if err != nil {
		return err
	}
	if given == "" {
		return fmt.Errorf("table_name gave no name for the record %s", excerpt(record, 200))
	}
	n, err := x.root(schema.NormalName(given))
	if err != nil {
		return err
	}
	if err := n.Record(record); err != nil {
		return err
	}
	if x.pending++; x.pending < measureEvery || len(x.order) == 1 {
		return nil
	}
	x.pending = 0
	size := 0
	for _, n := range x.order {
		size += n.Size()
	}
	if size < x.budget {
		return nil
	}
	return x.flush()
}

// flush hands over all open batches.
func (x *tables) flush() error {
	for _, n := range x.order {
		if err := n.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// free gives up the memory of batches when all records are taken: the commit
// needs some itself.
func (x *tables) free() {
	for _, n := range x.order {
		n.Free()
	}
}

// rows is the number of records taken.
func (x *tables) rows() int64 {
	sum := int64(0)
	for _, n := range x.order {
		sum += n.Rows()
	}
	return sum
}

// columnHint brings a hint of the config into the schema's form.
func columnHint(h config.ColumnHint) (schema.Hint, error) {
	out := schema.Hint{Name: h.Name, NotNull: h.Nullable != nil && !*h.Nullable, Naive: h.Timezone != nil && !*h.Timezone}
	if h.DataType != "" {
		typ, err := schema.ParseType(h.DataType)
		if err != nil {
			return out, err
		}
		out.Type = typ
		if h.DataType == "wei" {
			out.Precision, out.Scale, out.HasScale = 38, 0, true
		}
	}
	if h.Precision != nil {
		out.Precision = *h.Precision
	}
	if h.Scale != nil {
		out.Scale, out.HasScale = *h.Scale, true
	}
	return out, nil
}
