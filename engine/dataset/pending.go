package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/state"
)

// Unfinished is a load that began with the state as it is and is not
// committed: it was stopped, or it is under way.
type Unfinished struct {
	Number    int64
	CreatedAt time.Time        // of its last checkpoint
	Rows      map[string]int64 // staged by then, by table; names of child tables may still change
	Bytes     int64            // of the staged files
}

// ReadUnfinished reads the last checkpoint of the load that follows s; nil
// where there is none. It needs no lock. A nil s stands for a dataset without
// any load.
func ReadUnfinished(dir string, s *state.State) (*Unfinished, error) {
	d := newDataset(dir, Options{})
	if d.state = s; s == nil {
		d.state = state.New("")
	}
	number := d.state.Generation + 1
	m, err := d.manifest(number)
	if m == nil || err != nil {
		return nil, err
	}
	u := &Unfinished{Number: number, CreatedAt: m.CreatedAt, Rows: map[string]int64{}}
	for _, t := range m.Tables {
		for _, f := range t.Files {
			u.Rows[t.Name] += f.Rows
			u.Bytes += f.Bytes
		}
	}
	return u, nil
}

// Rejected are the rows that one load refused (OPR-44).
type Rejected struct {
	Load  int64
	Path  string // of the file, under the folder of the dataset as given
	Bytes int64
	Rows  int64    // lines read
	More  bool     // the file is longer than what was read of it
	First [][]byte // the first lines, JSON each
}

// What ReadRejected looks at: of many files the newest, of a large one its
// beginning.
const (
	rejectedFiles = 10
	rejectedBytes = 4 << 20
)

// ReadRejected reads what the last loads refused, the newest first, and of each
// the first n rows. It looks at the ten newest files, and counts the rows in
// the first 4 MiB of each. It needs no lock.
func ReadRejected(dir string, n int) ([]Rejected, error) {
	folder := filepath.Join(dir, engineFolder, "rejected")
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Rejected
	for _, e := range entries {
		number, isLog := strings.CutSuffix(e.Name(), ".jsonl")
		load, err := strconv.ParseInt(number, 10, 64)
		if isLog && err == nil && e.Type().IsRegular() {
			all = append(all, Rejected{Load: load, Path: filepath.Join(folder, e.Name())})
		}
	}
	slices.SortFunc(all, func(a, b Rejected) int { return int(b.Load - a.Load) })
	var out []Rejected
	for _, r := range all[:min(len(all), rejectedFiles)] {
		err := r.read(n)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went with its load
		}
		if err != nil {
			return nil, err
		}
		if r.Rows > 0 {
			out = append(out, r)
		}
	}
	return out, nil
}

// read counts the lines of the file and keeps the first n.
func (r *Rejected) read(n int) (err error) {
	f, err := os.Open(r.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r.Bytes, r.More = info.Size(), info.Size() > rejectedBytes
	in := bufio.NewReader(io.LimitReader(f, rejectedBytes))
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return nil // a line without its end is being written, or was cut
		}
		if err != nil {
			return err
		}
		r.Rows++
		if len(r.First) < n {
			r.First = append(r.First, bytes.TrimSpace(line))
		}
	}
}
