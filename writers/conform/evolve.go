package conform

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Evolved is what All's table becomes: a column in front, widened, renamed,
// moved and dropped ones.
func Evolved(from *schema.Table) *schema.Table {
	to := &schema.Table{Name: from.Name, Columns: slices.Clone(from.Columns)}
	to.Column("a.b c").Type = schema.Text
	dec := to.Column("dec")
	dec.Type, dec.Precision, dec.Scale = schema.Text, 0, 0
	to.Column("json").Name = "json_2"
	to.Columns = slices.DeleteFunc(to.Columns, func(c schema.Column) bool { return c.Name == "time" })
	return &schema.Table{Name: to.Name, Columns: append([]schema.Column{{Name: "new", Source: "/new", Type: schema.Double, Nullable: true}}, to.Columns...)}
}

func evolve(t *testing.T, f writers.Format, e writers.Evolver) {
	from, batches := All(45_000)
	to := Evolved(from)
	file := Write(t, f, writers.Options{Compression: "snappy"}, from, batches...)
	var out bytes.Buffer
	info, err := e.Evolve(context.Background(), []writers.Source{{R: bytes.NewReader(file), Size: int64(len(file)), Table: from}}, &out, to, map[string]string{"k": "v"}, writers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if info.Rows != 90_000 || info.Bytes != int64(out.Len()) {
		t.Errorf("Info is %+v, the file has %d bytes", info, out.Len())
	}
	check(t, f, out.Bytes(), to, batches)
	r, err := f.Open(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if m := r.Meta(); len(m) != 1 || m["k"] != "v" {
		t.Errorf("metadata %v", m)
	}
	cut := file[:len(file)/2]
	if _, err := e.Evolve(context.Background(), []writers.Source{{R: bytes.NewReader(cut), Size: int64(len(cut)), Table: from}}, &bytes.Buffer{}, to, nil, writers.Options{}); err == nil {
		t.Error("half a file evolves")
	}
	narrow := &schema.Table{Name: "all", Columns: slices.Clone(from.Columns)}
	narrow.Columns[4].Type = schema.Bigint
	if _, err := e.Evolve(context.Background(), []writers.Source{{R: bytes.NewReader(file), Size: int64(len(file)), Table: from}}, &bytes.Buffer{}, narrow, nil, writers.Options{}); err == nil {
		t.Error("text becomes a bigint")
	}
}

// join makes one file of several: of the same columns, of one that lacks some
// and has others without nulls, and of one without rows.
func join(t *testing.T, f writers.Format, e writers.Evolver) {
	to, batches := All(3000)
	few := &schema.Table{Name: to.Name}
	last := batches[1]
	for i, c := range to.Columns {
		if i%3 == 0 {
			continue
		}
		for _, v := range last.Vectors {
			if v.Column.Source == c.Source && v.Count == last.Rows {
				c.Nullable = false
			}
		}
		few.Columns = append(few.Columns, c)
	}
	part := &schema.Batch{Table: few, Rows: last.Rows}
	for _, v := range last.Vectors {
		if c := few.Column(v.Column.Name); c != nil {
			shared := *v
			shared.Column = *c
			part.Vectors = append(part.Vectors, &shared)
		}
	}
	var sources []writers.Source
	for _, x := range []struct {
		table   *schema.Table
		batches []*schema.Batch
	}{{to, batches}, {few, []*schema.Batch{part}}, {to, nil}, {to, batches[:1]}} {
		file := Write(t, f, writers.Options{}, x.table, x.batches...)
		sources = append(sources, writers.Source{R: bytes.NewReader(file), Size: int64(len(file)), Table: x.table})
	}
	var out bytes.Buffer
	if _, err := e.Evolve(context.Background(), sources, &out, to, nil, writers.Options{}); err != nil {
		t.Fatal(err)
	}
	check(t, f, out.Bytes(), to, append(slices.Clone(batches), part, batches[0]))
	if _, err := e.Evolve(context.Background(), nil, &bytes.Buffer{}, to, nil, writers.Options{}); err == nil {
		t.Error("no file is no error")
	}
}
