package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// MaxLoads is how many of the last loads the document lists.
const MaxLoads = 100

// New returns the state of a dataset without any load.
func New(source string) *State {
	return &State{Format: Format, Source: source, Resources: map[string]*Resource{}, Tables: map[string]*Table{}, Loads: []Load{}}
}

// ReadFile reads the document at path. A file that is not there is an error
// that wraps fs.ErrNotExist; the others are those of Parse.
func ReadFile(path string) (*State, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse reads the document. It is strict, because what it does not understand
// would be lost with the next load: *DamagedError for text that is no such
// document, *FormatError for one of a newer engine. path is for messages only.
func Parse(path string, data []byte) (*State, error) {
	var head struct {
		Format *int `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, damaged(path, data, 0, err)
	}
	switch {
	case head.Format == nil || *head.Format < 1:
		return nil, &DamagedError{Path: path, Problem: "there is no format number"}
	case *head.Format > Format:
		return nil, &FormatError{Path: path, Format: *head.Format}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var d document
	if err := dec.Decode(&d); err != nil {
		return nil, damaged(path, data, dec.InputOffset(), err)
	}
	s, err := d.state()
	if err != nil {
		return nil, &DamagedError{Path: path, Problem: err.Error()}
	}
	if s.Resources == nil {
		s.Resources = map[string]*Resource{}
	}
	if s.Tables == nil {
		s.Tables = map[string]*Table{}
	}
	for name, t := range s.Tables {
		if t != nil {
			t.Name = name
		}
	}
	if err := s.Check(); err != nil {
		return nil, &DamagedError{Path: path, Problem: err.Error()}
	}
	return s, nil
}

// Encode writes the document: indented, keys in a fixed order, times in
// RFC 3339 UTC, so that equal states are equal bytes.
func (s *State) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(newDocument(s)); err != nil {
		return nil, fmt.Errorf("state.json cannot be written: %w", err)
	}
	return b.Bytes(), nil
}

// Check tells whether the parts of the document agree with each other. Names
// are checked too, because files are moved by them.
func (s *State) Check() error {
	if s.Generation < 0 {
		return fmt.Errorf("generation is %d", s.Generation)
	}
	for name, r := range s.Resources {
		if r == nil {
			return fmt.Errorf("resources.%s is null", name)
		}
		for path, c := range r.Incremental {
			if c == nil {
				return fmt.Errorf("resources.%s.incremental.%s is null", name, path)
			}
		}
		for path, cursors := range r.PerParent {
			for key, c := range cursors {
				if c == nil {
					return fmt.Errorf("resources.%s.per_parent.%s.%s is null", name, path, key)
				}
			}
		}
	}
	for name, t := range s.Tables {
		if t == nil {
			return fmt.Errorf("tables.%s is null", name)
		}
		if !PlainName(name) {
			return fmt.Errorf("%q cannot be the name of a table", name)
		}
		if err := t.check(); err != nil {
			return fmt.Errorf("tables.%s: %w", name, err)
		}
	}
	return nil
}

func (t *Table) check() error {
	rows, seen := int64(0), map[string]bool{}
	for _, f := range t.Files {
		switch {
		case !PlainName(f.Name):
			return fmt.Errorf("%q cannot be the name of a file", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("file %s is listed twice", f.Name)
		case f.Rows < 0 || f.Bytes < 0:
			return fmt.Errorf("file %s has %d rows, %d bytes", f.Name, f.Rows, f.Bytes)
		}
		seen[f.Name] = true
		rows += f.Rows
	}
	if rows != t.Rows {
		return fmt.Errorf("rows is %d, but the files have %d", t.Rows, rows)
	}
	names := map[string]bool{}
	for _, c := range t.Columns {
		if c.Name == "" || names[c.Name] {
			return fmt.Errorf("column %q is without name or listed twice", c.Name)
		}
		names[c.Name] = true
	}
	return nil
}

// PlainName reports whether name is one element of a path, so that it leads
// nowhere but into its folder.
func PlainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\:\x00")
}

// DamagedError says that state.json is no state of a dataset. The file is left
// as it is: what it says is never guessed.
type DamagedError struct {
	Path         string
	Line, Column int // from 1; 0: the file as a whole
	Problem      string
}

func (e *DamagedError) Error() string {
	at := e.Path
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", e.Path, e.Line, e.Column)
	}
	return at + ": the file is damaged: " + e.Problem +
		"; nothing was changed (hint: put back a copy of the file, or move the dataset's folder away and load anew)"
}

// FormatError says that a newer engine wrote the dataset.
type FormatError struct {
	Path   string
	Format int
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s: the dataset has format %d, this restlua knows formats up to %d (hint: use the restlua that wrote it, or a newer one)", e.Path, e.Format, Format)
}

// damaged adds the place to an error of the decoder; offset is where it stood.
func damaged(path string, data []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	problem := strings.TrimPrefix(err.Error(), "json: ")
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		problem, offset = "it is empty", 0
	case errors.As(err, &syntax):
		offset = syntax.Offset - 1
	case errors.As(err, &wrong):
		offset = wrong.Offset - 1
		problem = fmt.Sprintf("%s stands where something else was expected", wrong.Value)
		if wrong.Field != "" {
			problem = wrong.Field + ": " + problem
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		offset, problem = int64(len(data)), "it ends too early"
	}
	offset = max(0, min(offset, int64(len(data))))
	before := data[:offset]
	line := 1 + bytes.Count(before, []byte{'\n'})
	return &DamagedError{Path: path, Line: line, Column: len(before) - bytes.LastIndexByte(before, '\n'), Problem: problem}
}

// Time brings t to what the document keeps of it: UTC, whole microseconds.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
