package parquet_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
	"github.com/restlua/restlua/writers/conform"
	"github.com/restlua/restlua/writers/parquet"
)

// RDR-02: a column that is added to a large file costs about what a copy of
// the file costs. Compare the two sub-benchmarks.
func BenchmarkAddColumn(b *testing.B) {
	from, batches := conform.All(200_000)
	to := &schema.Table{Name: from.Name, Columns: append([]schema.Column{{Name: "new", Source: "/new", Type: schema.Double, Nullable: true}}, from.Columns...)}
	body := conform.Write(b, parquet.Format{}, writers.Options{Compression: "none"}, from, batches...)
	path := filepath.Join(b.TempDir(), "old")
	if err := os.WriteFile(path, body, 0o666); err != nil {
		b.Fatal(err)
	}
	each := func(b *testing.B, work func(out, in *os.File) error) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			in, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			out, err := os.Create(path + ".new")
			if err != nil {
				b.Fatal(err)
			}
			if err := work(out, in); err != nil {
				b.Fatal(err)
			}
			if err := out.Sync(); err != nil {
				b.Fatal(err)
			}
			if err := in.Close(); err != nil {
				b.Fatal(err)
			}
			if err := out.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("copy", func(b *testing.B) {
		each(b, func(out, in *os.File) error { _, err := io.Copy(out, in); return err })
	})
	b.Run("evolve", func(b *testing.B) {
		each(b, func(out, in *os.File) error {
			_, err := (parquet.Format{}).Evolve(context.Background(), []writers.Source{{R: in, Size: int64(len(body)), Table: from}}, out, to, nil, writers.Options{})
			return err
		})
	})
}

// A file evolves between files of the system, which copies the pages itself
// where it can, to the same bytes as in memory.
func TestEvolveFiles(t *testing.T) {
	t.Parallel()
	from, batches := conform.All(3000)
	to := conform.Evolved(from)
	body := conform.Write(t, parquet.Format{}, writers.Options{}, from, batches...)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), body, 0o666); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(filepath.Join(dir, "old"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(dir, "new"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var want bytes.Buffer
	for _, w := range []io.Writer{out, &want} {
		var r io.ReaderAt = in
		if w == &want {
			r = bytes.NewReader(body)
		}
		if _, err := (parquet.Format{}).Evolve(context.Background(), []writers.Source{{R: r, Size: int64(len(body)), Table: from}}, w, to, nil, writers.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, "new"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("RDR-02 between files: %d bytes, in memory: %d", len(got), want.Len())
	}
}
