package state

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// document is the state as the file has it since format 2. The loads stand in it
// in two parts: what each has but once, and the numbers of tables and resources
// as one line each, over all loads. A hundred loads of 300 tables take a tenth of
// the room that they took in format 1, where each load had its own names and lines.
type document struct {
	State
	Loads   []listed `json:"loads"` // in place of those of State
	History history  `json:"history"`
}

// listed is a load in the list. The maps are those of format 1.
type listed struct {
	Number      int64             `json:"number"`
	LoadID      string            `json:"load_id"`
	StartedAt   time.Time         `json:"started_at"`
	CommittedAt time.Time         `json:"committed_at"`
	Rows        map[string]int64  `json:"rows,omitempty"`
	Requests    map[string]int64  `json:"requests,omitempty"`
	Changes     map[string]Change `json:"changes,omitempty"`
}

// history is what the listed loads did.
type history struct {
	Tables   map[string]*tableHistory `json:"tables,omitempty"`
	Requests map[string]counts        `json:"requests,omitempty"` // by resource
}

// tableHistory is what the listed loads did to one table.
type tableHistory struct {
	Rows    counts         `json:"rows,omitempty"`
	Added   counts         `json:"added,omitempty"`
	Updated counts         `json:"updated,omitempty"`
	Deleted counts         `json:"deleted,omitempty"`
	Created []int64        `json:"created,omitempty"` // numbers of loads
	Columns []loadedColumn `json:"columns,omitempty"`
}

// loadedColumn is a change of a column, with the number of its load.
type loadedColumn struct {
	Load int64 `json:"load"`
	ColumnChange
}

// counts has a number for each listed load, the oldest first, as text: "12 0*95
// - 3" is 12, 95 times 0, none, and 3. Empty: none of any load.
type counts string

// newDocument is the state as it is written.
func newDocument(s *State) *document {
	d := &document{State: *s, Loads: make([]listed, len(s.Loads)), History: history{map[string]*tableHistory{}, map[string]counts{}}}
	d.Format, d.CommittedAt = Format, s.CommittedAt.UTC()
	tables, resources := map[string]bool{}, map[string]bool{}
	for i, l := range s.Loads {
		d.Loads[i] = listed{Number: l.Number, LoadID: l.LoadID, StartedAt: l.StartedAt.UTC(), CommittedAt: l.CommittedAt.UTC()}
		for name := range l.Rows {
			tables[name] = true
		}
		for name := range l.Changes {
			tables[name] = true
		}
		for name := range l.Requests {
			resources[name] = true
		}
	}
	for name := range tables {
		if h := newTableHistory(s.Loads, name); !h.empty() {
			d.History.Tables[name] = h
		}
	}
	for name := range resources {
		d.History.Requests[name] = newCounts(s.Loads, func(l *Load) (int64, bool) { n, ok := l.Requests[name]; return n, ok })
	}
	return d
}

func newTableHistory(loads []Load, table string) *tableHistory {
	changed := func(number func(x *Change) int64) counts {
		return newCounts(loads, func(l *Load) (int64, bool) {
			x := l.Changes[table]
			n := number(&x)
			return n, n != 0
		})
	}
	h := &tableHistory{
		Rows:    newCounts(loads, func(l *Load) (int64, bool) { n, ok := l.Rows[table]; return n, ok }),
		Added:   changed(func(x *Change) int64 { return x.Added }),
		Updated: changed(func(x *Change) int64 { return x.Updated }),
		Deleted: changed(func(x *Change) int64 { return x.Deleted }),
	}
	for i := range loads {
		x := loads[i].Changes[table]
		if x.Created {
			h.Created = append(h.Created, loads[i].Number)
		}
		for _, c := range x.Columns {
			h.Columns = append(h.Columns, loadedColumn{loads[i].Number, c})
		}
	}
	return h
}

func (h *tableHistory) empty() bool {
	return h.Rows+h.Added+h.Updated+h.Deleted == "" && len(h.Created)+len(h.Columns) == 0
}

// newCounts writes the number that each load has; ok is false where it has none.
func newCounts(loads []Load, number func(l *Load) (n int64, ok bool)) counts {
	var b []byte
	some := false
	for i := 0; i < len(loads); {
		n, ok := number(&loads[i])
		run := 1
		for ; i+run < len(loads); run++ {
			if next, has := number(&loads[i+run]); next != n || has != ok {
				break
			}
		}
		if i > 0 {
			b = append(b, ' ')
		}
		if ok {
			b, some = strconv.AppendInt(b, n, 10), true
		} else {
			b = append(b, '-')
		}
		if run > 1 {
			b = append(b, '*')
			b = strconv.AppendInt(b, int64(run), 10)
		}
		i += run
	}
	if !some {
		return ""
	}
	return counts(b)
}

// each gives the numbers to the loads, of which there are n, by their place.
func (c counts) each(n int, give func(i int, number int64)) error {
	at := 0
	for word := range strings.FieldsSeq(string(c)) {
		text, times, repeated := strings.Cut(word, "*")
		run := 1
		if repeated {
			var err error
			if run, err = strconv.Atoi(times); err != nil || run < 1 {
				return fmt.Errorf("%q is no number of times", times)
			}
		}
		if run > n-at {
			return fmt.Errorf("%q has more numbers than there are loads", string(c))
		}
		if text == "-" {
			at += run
			continue
		}
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no number", text)
		}
		for range run {
			give(at, number)
			at++
		}
	}
	if c != "" && at < n {
		return fmt.Errorf("%q has fewer numbers than there are loads", string(c))
	}
	return nil
}

// state is the state that the file tells of.
func (d *document) state() (*State, error) {
	s := &d.State
	s.Loads = make([]Load, len(d.Loads))
	places := make(map[int64]int, len(d.Loads)) // of loads, by number
	for i, l := range d.Loads {
		s.Loads[i] = Load(l)
		if l.Rows == nil {
			s.Loads[i].Rows = map[string]int64{}
		}
		if _, twice := places[l.Number]; twice {
			return nil, fmt.Errorf("loads: load %d is listed twice", l.Number)
		}
		places[l.Number] = i
	}
	for _, name := range slices.Sorted(maps.Keys(d.History.Requests)) {
		err := d.History.Requests[name].each(len(s.Loads), func(i int, n int64) {
			if s.Loads[i].Requests == nil {
				s.Loads[i].Requests = map[string]int64{}
			}
			s.Loads[i].Requests[name] = n
		})
		if err != nil {
			return nil, fmt.Errorf("history.requests.%s: %w", name, err)
		}
	}
	changes := make([]Change, len(s.Loads)) // of one table
	for _, name := range slices.Sorted(maps.Keys(d.History.Tables)) {
		clear(changes)
		rows := func(i int, n int64) { s.Loads[i].Rows[name] = n }
		if err := d.History.Tables[name].into(changes, rows, places); err != nil {
			return nil, fmt.Errorf("history.tables.%s.%w", name, err)
		}
		for i, x := range changes {
			if !x.Created && x.Added == 0 && x.Updated == 0 && x.Deleted == 0 && x.Columns == nil {
				continue
			}
			if s.Loads[i].Changes == nil {
				s.Loads[i].Changes = map[string]Change{}
			}
			s.Loads[i].Changes[name] = x
		}
	}
	return s, nil
}

// into fills in what each load changed, and gives rows the rows; places are those
// of the loads by number. nil is the history of a table that nothing happened to.
func (h *tableHistory) into(changes []Change, rows func(i int, n int64), places map[int64]int) error {
	if h == nil {
		return nil
	}
	for _, c := range []struct {
		key    string
		counts counts
		give   func(i int, n int64)
	}{
		{"rows", h.Rows, rows},
		{"added", h.Added, func(i int, n int64) { changes[i].Added = n }},
		{"updated", h.Updated, func(i int, n int64) { changes[i].Updated = n }},
		{"deleted", h.Deleted, func(i int, n int64) { changes[i].Deleted = n }},
	} {
		if err := c.counts.each(len(changes), c.give); err != nil {
			return fmt.Errorf("%s: %w", c.key, err)
		}
	}
	for _, number := range h.Created {
		i, ok := places[number]
		if !ok {
			return fmt.Errorf("created: load %d is not among the loads", number)
		}
		changes[i].Created = true
	}
	for _, c := range h.Columns {
		i, ok := places[c.Load]
		if !ok {
			return fmt.Errorf("columns: load %d is not among the loads", c.Load)
		}
		changes[i].Columns = append(changes[i].Columns, c.ColumnChange)
	}
	return nil
}
