package engine

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/writers/parquet"
)

// OPR-41: resources stand still only until a checkpoint has its place between
// the batches; they go on while it gets to the disk. OPR-42: where the load ends
// with it, they stay where they are.
func TestCheckpointOpensGate(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]bool{"periodic": false, "last": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := dataset.Open(context.Background(), filepath.Join(t.TempDir(), "data"), dataset.Options{Format: parquet.New()})
			if err != nil {
				t.Fatal(err)
			}
			r := &run{plan: &plan{}, data: d, batches: make(chan fullBatch, 1)}
			if r.load, err = d.Begin(); err != nil {
				t.Fatal(err)
			}
			r.tasks = []*task{{owner: r, resource: &config.Resource{Name: "issues"}, pages: 1}}
			done := make(chan error)
			go func() { done <- r.takeCheckpoint(lastPatience, last) }()
			b := <-r.batches // the test is the writer
			if !last {
				r.gate.enter() // or it hangs here
				r.gate.leave()
			} else if r.gate.shut == nil {
				t.Error("the gate is open, although the load ends")
			}
			b.taken <- b.cut.Take()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if !r.load.Kept() || r.gate.shut != nil {
				t.Errorf("kept: %v, open: %v", r.load.Kept(), r.gate.shut == nil)
			}
			if err := r.load.Discard(); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
