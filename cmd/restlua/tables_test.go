package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

// openDataset reads the flag -in DIR off args, or finds the only dataset.
func openDataset(ts *testscript.TestScript, args []string) (dir string, s *state.State, rest []string) {
	if len(args) > 1 && args[0] == "-in" {
		dir, args = ts.MkAbs(args[1]), args[2:]
	} else {
		found, err := filepath.Glob(ts.MkAbs("data/*/state.json"))
		ts.Check(err)
		if len(found) != 1 {
			ts.Fatalf("%d datasets in data, want one", len(found))
		}
		dir = filepath.Dir(found[0])
	}
	s, err := dataset.Read(dir)
	ts.Check(err)
	return dir, s, args
}

func rowsCommand(ts *testscript.TestScript, neg bool, args []string) {
	dir, s, args := openDataset(ts, args)
	all := len(args) > 0 && args[0] == "-all"
	if all {
		args = args[1:]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rows [-in DIR] [-all] TABLE WANT")
	}
	rows, err := readTable(dir, args[0], s, all)
	ts.Check(err)
	compare(ts, args[1], canonical(ts, ts.ReadFile(args[1])), strings.Join(rows, ""))
}

// canonical brings the wanted rows to the form of readTable.
func canonical(ts *testscript.TestScript, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		dec := json.NewDecoder(strings.NewReader(line))
		dec.UseNumber()
		var row map[string]any
		ts.Check(dec.Decode(&row))
		b.WriteString(jsonLine(row))
	}
	return b.String()
}

func jsonLine(row map[string]any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(row); err != nil {
		return err.Error() + "\n"
	}
	return b.String()
}

// readTable reads the live files of a table, and only them: whatever else lies
// in the folder is an error. Null values are left out.
func readTable(dir, name string, s *state.State, all bool) ([]string, error) {
	t := s.Tables[name]
	if t == nil {
		return nil, fmt.Errorf("there is no table %s; there are %v", name, slices.Sorted(maps.Keys(s.Tables)))
	}
	entries, err := os.ReadDir(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	var live, listed []string
	for _, e := range entries {
		live = append(live, e.Name())
	}
	for _, f := range t.Files {
		listed = append(listed, f.Name)
	}
	slices.Sort(listed)
	if !slices.Equal(live, listed) {
		return nil, fmt.Errorf("the folder of %s holds %v, state.json lists %v", name, live, listed)
	}
	var rows []string
	for _, f := range t.Files {
		more, err := readFile(filepath.Join(dir, name, f.Name), all)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if int64(len(more)) != f.Rows {
			return nil, fmt.Errorf("%s has %d rows, state.json says %d", f.Name, len(more), f.Rows)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func readFile(path string, all bool) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := parquet.Format{}.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	var out []string
	for g := range r.Parts() {
		var b schema.Batch
		if err := r.Read(g, nil, &b); err != nil {
			return nil, err
		}
		next := make([]int, len(b.Vectors)) // values are stored without nulls
		for i := range b.Rows {
			row := map[string]any{}
			for k, v := range b.Vectors {
				if !v.IsValid(i) {
					continue
				}
				if all || !strings.HasPrefix(v.Column.Name, "_rl_") {
					row[v.Column.Name] = cell(v, next[k])
				}
				next[k]++
			}
			out = append(out, jsonLine(row))
		}
	}
	return out, nil
}

// cell is the i-th value of a vector as JSON shows it.
func cell(v *schema.Vector, i int) any {
	text := v.AppendText(nil, i, 0)
	if v.Column.Type.InJSON() {
		return json.RawMessage(text)
	}
	return string(text)
}

func columnsCommand(ts *testscript.TestScript, neg bool, args []string) {
	_, s, args := openDataset(ts, args)
	if neg || len(args) != 2 {
		ts.Fatalf("usage: columns [-in DIR] TABLE WANT")
	}
	t := s.Tables[args[0]]
	if t == nil {
		ts.Fatalf("there is no table %s", args[0])
	}
	var b strings.Builder
	for _, c := range t.Columns {
		if strings.HasPrefix(c.Name, "_rl_") {
			continue
		}
		fmt.Fprintf(&b, "%s %s", c.Name, c.TypeName())
		if !c.Nullable {
			b.WriteString(" not null")
		}
		b.WriteString("\n")
	}
	compare(ts, args[1], ts.ReadFile(args[1]), b.String())
}

// stateTestCommand compares what state.json says of generation, cursors and
// tables; times, hashes, sizes and names of files are left out.
func stateTestCommand(ts *testscript.TestScript, neg bool, args []string) {
	_, s, args := openDataset(ts, args)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: state [-in DIR] WANT")
	}
	type cursor struct {
		Initial  json.RawMessage `json:"initial_value"`
		Start    json.RawMessage `json:"start_value"`
		Last     json.RawMessage `json:"last_value"`
		Boundary int             `json:"boundary"` // number of hashes
	}
	type resource struct {
		Incremental map[string]cursor `json:"incremental,omitempty"`
		State       json.RawMessage   `json:"state,omitempty"`
	}
	want := struct {
		Generation int64               `json:"generation"`
		Resources  map[string]resource `json:"resources"`
		Tables     map[string]string   `json:"tables"`
	}{s.Generation, map[string]resource{}, map[string]string{}}
	for name, r := range s.Resources {
		x := resource{State: r.State, Incremental: map[string]cursor{}}
		for path, c := range r.Incremental {
			x.Incremental[path] = cursor{c.InitialValue, c.StartValue, c.LastValue, len(c.Boundary)}
		}
		want.Resources[name] = x
	}
	for _, name := range overview.Names(s) {
		t := s.Tables[name]
		want.Tables[name] = fmt.Sprintf("%s, %s, %s", t.WriteDisposition, count(t.Rows, "row"), count(int64(len(t.Files)), "file"))
	}
	got, err := json.MarshalIndent(want, "", "  ")
	ts.Check(err)
	compare(ts, args[0], ts.ReadFile(args[0]), string(got)+"\n")
}
