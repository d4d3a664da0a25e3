package normalize

import (
	"reflect"
	"testing"

	"github.com/restlua/restlua/engine/schema"
)

// OPR-41: a normaliser that is saved and restored between two records gives the
// same columns, types, names and ids as one that was not disturbed.
func TestSaveRestore(t *testing.T) {
	t.Parallel()
	records := []string{
		`{"id":1,"user":{"login":"a","tags":[{"n":1,"deep":[[1,2]]}]},"odd/key":1,"t~x":"2024-01-01T00:00:00Z"}`,
		`{"userId":3,"user_id":2,"price":1.5,"l":[{"a":{"b":[{"c":1}]}},5]}`,
		`{"id":2.5,"price":12345678901234567890,"user":{"tags":[{"n":"x"}]},"t~x":"2024-01-01T00:00:00"}`,
		`{"id":"x","new":true,"user_id":"y","l":[[1]],"a":null,"a":{}}`,
		`{"late":{"deep":{"x":[{"y":1}]}},"t~x":"text"}`,
	}
	run := func(cut int) ([]*schema.Table, []*schema.Batch, []string) {
		var batches []*schema.Batch
		var counter int64
		make := func() *Normalizer {
			n, err := New(Options{
				Resource: "docs", Table: "docs", MaxNesting: -1, Load: 3, Counter: &counter, NotNull: nil,
				Hints: []schema.Hint{{Name: "declared", Type: schema.Decimal}, {Name: "price", Type: schema.Double}},
				Write: func(b *schema.Batch) error { batches = append(batches, b); return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		n := make()
		for i, r := range records {
			if err := n.Record([]byte(r)); err != nil {
				t.Fatal(err)
			}
			if i+1 == cut {
				if err := n.Flush(); err != nil {
					t.Fatal(err)
				}
				text, err := n.Save()
				if err != nil {
					t.Fatal(err)
				}
				n = make()
				if err := n.Restore(text); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := n.Flush(); err != nil {
			t.Fatal(err)
		}
		return n.Tables(), batches, n.Warnings()
	}
	want, _, warnings := run(0)
	for cut := 1; cut <= len(records); cut++ {
		got, batches, warned := run(cut)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("cut behind record %d:\ngot  %s\nwant %s", cut, show2(got), show2(want))
		}
		if !reflect.DeepEqual(warned, warnings) {
			t.Errorf("cut behind record %d: warnings %q, want %q", cut, warned, warnings)
		}
		last := int64(-1)
		for _, b := range batches {
			if b.Table.Name != "docs" {
				continue
			}
			for _, v := range b.Vectors {
				if v.Column.Name == schema.ID {
					for _, id := range v.Ints {
						if id <= last {
							t.Errorf("cut behind record %d: id %d comes after %d", cut, id, last)
						}
						last = id
					}
				}
			}
		}
	}
}

func show2(tables []*schema.Table) (s string) {
	for _, x := range tables {
		s += x.Name + "("
		for _, c := range x.Columns {
			s += c.Name + " " + c.TypeName() + " " + c.Source + ", "
		}
		s += ") "
	}
	return s
}
