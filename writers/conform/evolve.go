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
	info, err := e.Evolve(context.Background(), bytes.NewReader(file), int64(len(file)), &out, from, to, map[string]string{"k": "v"}, writers.Options{})
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
	if _, err := e.Evolve(context.Background(), bytes.NewReader(cut), int64(len(cut)), &bytes.Buffer{}, from, to, nil, writers.Options{}); err == nil {
		t.Error("half a file evolves")
	}
	narrow := &schema.Table{Name: "all", Columns: slices.Clone(from.Columns)}
	narrow.Columns[4].Type = schema.Bigint
	if _, err := e.Evolve(context.Background(), bytes.NewReader(file), int64(len(file)), &bytes.Buffer{}, from, narrow, nil, writers.Options{}); err == nil {
		t.Error("text becomes a bigint")
	}
}
