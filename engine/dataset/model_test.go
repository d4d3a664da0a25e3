package dataset

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/schema"
)

// modelRow is a record as the model keeps it: JSON tokens by field, and the
// elements of its list.
type modelRow struct {
	fields map[string]string
	list   []string
}

// model is what section 7 of the normalisation says a table holds, done the
// plain way: rows in a slice, every load applied to all of them.
type model struct {
	rows []modelRow
	// By column the kinds of token seen so far, of list elements under "list":
	// 'i' 1, 'f' 1.5, 's' "x", 'b' true.
	seen map[string]string
	// What the last load did.
	added, updated, deleted, duplicates int64
}

func kind(token string) string {
	switch {
	case token[0] == '"':
		return "s"
	case token == "true" || token == "false":
		return "b"
	case strings.Contains(token, "."):
		return "f"
	}
	return "i"
}

func (m *model) see(column, token string) {
	if k := kind(token); !strings.Contains(m.seen[column], k) {
		m.seen[column] += k
	}
}

// text is how a reader sees a value of a column (NRM-52, NRM-53).
func (m *model) text(column, token string) string {
	if token == "" {
		return "-"
	}
	plain := strings.Trim(token, `"`)
	seen := m.seen[column]
	if strings.Contains(seen, "f") && !strings.Contains(seen, "s") {
		f, _ := strconv.ParseFloat(plain, 64)
		return string(schema.AppendDouble(nil, f))
	}
	return plain
}

// key is a row's key as text; false where a part is null (NRM-92).
func (r *modelRow) key(columns []string) (string, bool) {
	var parts []string
	for _, c := range columns {
		if r.fields[c] == "" {
			return "", false
		}
		parts = append(parts, strings.Trim(r.fields[c], `"`))
	}
	return strings.Join(parts, "\x00"), len(parts) > 0
}

// beats reports whether a row wins against an earlier one of its key (NRM-85,
// NRM-86).
func beats(x *Resource, r, earlier *modelRow) bool {
	column, sign := x.DedupSort, -1.0
	if column == "" {
		column, sign = x.DedupBy, 1
	} else if x.DedupDesc {
		sign = 1
	}
	if column == "" {
		return true
	}
	a, b := r.fields[column], earlier.fields[column]
	if a == "" || b == "" {
		return b == ""
	}
	x1, _ := strconv.ParseFloat(a, 64)
	x2, _ := strconv.ParseFloat(b, 64)
	return sign*(x1-x2) >= 0
}

// apply makes a load.
func (m *model) apply(x *Resource, rows []modelRow) {
	for _, r := range rows {
		for column, token := range r.fields {
			m.see(column, token)
		}
		for _, token := range r.list {
			m.see("list", token)
		}
	}
	m.added, m.updated, m.deleted, m.duplicates = int64(len(rows)), 0, 0, 0
	switch x.Disposition {
	case appendRows:
		m.rows = append(m.rows, rows...)
	case replaceRows:
		m.deleted = int64(len(m.rows))
		m.rows = slices.Clone(rows)
	case mergeRows:
		m.merge(x, rows)
	}
}

func (m *model) merge(x *Resource, rows []modelRow) {
	mergeKey := x.MergeKey
	if x.Strategy == upsert || x.Strategy == insertOnly {
		mergeKey = nil
	}
	winners, partitions := map[string]int{}, map[string]bool{}
	for i := range rows {
		if key, ok := rows[i].key(mergeKey); ok {
			partitions[key] = true
		}
		if key, ok := rows[i].key(x.PrimaryKey); ok {
			if w, again := winners[key]; !again || beats(x, &rows[i], &rows[w]) {
				winners[key] = i
			}
		}
	}
	met := map[string]int64{}
	var stay []modelRow
	for i := range m.rows {
		primary, keyed := m.rows[i].key(x.PrimaryKey)
		_, hit := winners[primary]
		hit = hit && keyed
		if hit {
			met[primary]++
		}
		partition, in := m.rows[i].key(mergeKey)
		if hit = hit || in && partitions[partition]; hit && x.Strategy != insertOnly {
			m.deleted++
			continue
		}
		stay = append(stay, m.rows[i])
	}
	m.added = 0
	for i := range rows {
		key, keyed := rows[i].key(x.PrimaryKey)
		if keyed && winners[key] != i {
			continue
		}
		if x.Strategy != insertOnly && met[key] > 1 && keyed {
			m.duplicates += met[key] - 1
		}
		token := ""
		if x.HardDelete != "" {
			token = rows[i].fields[x.HardDelete]
		}
		deletes := token != "" && token != "false" // NRM-87
		if deletes || x.Strategy == insertOnly && met[key] > 0 {
			continue
		}
		stay = append(stay, rows[i])
		if keyed && met[key] > 0 {
			m.updated++
		} else {
			m.added++
		}
	}
	m.deleted -= m.updated
	m.rows = stay
}

// table is what a reader must see, by the columns that he sees.
func (m *model) table(columns []string) []string {
	var out []string
	for _, r := range m.rows {
		var line []string
		for _, c := range columns {
			line = append(line, c+"="+m.text(c, r.fields[c]))
		}
		out = append(out, strings.Join(line, " "))
	}
	return out
}

func (m *model) children() []string {
	var out []string
	for _, r := range m.rows {
		for _, token := range r.list {
			out = append(out, "value="+m.text("list", token))
		}
	}
	return out
}

// readTable is what a reader sees: columns, and rows as model.table shows them.
func readTable(fsys FS, table string) (columns, rows []string, err error) {
	d := newDataset(memDirName, testOptions(fsys))
	s, _, err := d.readState()
	if err != nil {
		return nil, nil, err
	}
	t := s.Tables[table]
	cells, err := d.rows(context.Background(), t, math.MaxInt)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range t.Columns {
		if !strings.HasPrefix(c.Name, ownPrefix) {
			columns = append(columns, c.Name)
		}
	}
	for _, row := range cells {
		var line []string
		for i, c := range row[:len(columns)] { // the engine's own are the last
			if c.Null {
				c.Text = "-"
			}
			line = append(line, columns[i]+"="+c.Text)
		}
		rows = append(rows, strings.Join(line, " "))
	}
	return columns, rows, nil
}

// randomLoad is one load of a series of which part (0 to 1) is over: values
// widen and columns come in the later ones.
func randomLoad(r *rand.Rand, part float64, most int) (loading, []modelRow) {
	var x loading
	switch n := r.IntN(10); {
	case n < 2:
		x.Disposition = appendRows
	case n < 3 && r.IntN(3) == 0:
		x.Disposition = replaceRows
	default:
		x.Disposition = mergeRows
		switch r.IntN(6) {
		case 0:
			x.PrimaryKey = []string{"id", "p"}
		case 1:
			x.MergeKey = []string{"p"}
		case 2:
			x.PrimaryKey, x.MergeKey = []string{"id"}, []string{"p"}
		default:
			x.PrimaryKey = []string{"id"}
		}
		if len(x.PrimaryKey) > 0 {
			x.Strategy = []string{"", deleteInsert, upsert, insertOnly}[r.IntN(4)]
			switch r.IntN(4) {
			case 0:
				x.DedupSort, x.DedupDesc = "seq", r.IntN(2) == 0
			case 1:
				x.DedupBy = "seq"
			}
		}
		x.HardDelete = []string{"", "", "gone", "x1"}[r.IntN(4)]
	}
	x.batch = []int{0, 1, 200}[r.IntN(3)]
	var rows []modelRow
	for range r.IntN(most) {
		f := map[string]string{}
		number := func(name string, n int, null float64, kinds string) {
			if r.Float64() < null {
				return
			}
			f[name] = strconv.Itoa(r.IntN(n))
			switch k := kinds[int(part*float64(len(kinds)))]; {
			case r.IntN(5) > 0:
			case k == 'f':
				f[name] += ".5"
			case k == 's':
				f[name] = `"` + f[name] + `"`
			}
		}
		number("id", 40, 0, "iiis")
		null := 0.2
		if slices.Contains(x.PrimaryKey, "p") {
			null = 0
		}
		number("p", 6, null, "iiiiis")
		number("v", 100, 0.3, "iffs")
		number("seq", 5, 0.3, "iif")
		for i := range int(4 * part) {
			number("x"+strconv.Itoa(i), 9, 0.7, "iifsf")
		}
		if r.IntN(3) == 0 {
			f["gone"] = strconv.FormatBool(r.IntN(2) == 0)
		}
		row := modelRow{fields: f}
		for range r.IntN(3) {
			token := strconv.Itoa(r.IntN(100))
			if part > 0.6 && r.IntN(9) == 0 {
				token = `"t` + token + `"`
			}
			row.list = append(row.list, token)
		}
		var record []string
		for _, name := range []string{"id", "p", "v", "seq", "x0", "x1", "x2", "x3", "gone"} {
			if f[name] != "" {
				record = append(record, fmt.Sprintf("%q:%s", name, f[name]))
			}
		}
		record = append(record, `"list":[`+strings.Join(row.list, ",")+`]`)
		x.records = append(x.records, "{"+strings.Join(record, ",")+"}")
		rows = append(rows, row)
	}
	return x, rows
}

// Random series of loads give what the model gives, row by row and in order,
// in the table, its child table and the report (NRM-80 to NRM-95, RDR-02).
func TestModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		loads, most, fileBytes := 12, 25, int64(3000)
		if seed%12 == 0 {
			loads, most, fileBytes = 40, 6, 100_000 // small files are joined on the way
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			fsys, m := emptyDisk(), &model{seen: map[string]string{}}
			for i := range loads {
				x, rows := randomLoad(r, float64(i)/float64(loads), most)
				if seed%3 == 0 && r.IntN(2) == 0 {
					x.Evolve = "union"
				}
				m.apply(&x.Resource, rows)
				if err := modelLoad(fsys, m, x, fileBytes, r.IntN(12) == 0); err != nil {
					t.Fatalf("load %d, %+v\n%s\n%v", i+1, x.Resource, strings.Join(x.records, "\n"), err)
				}
			}
		})
	}
}

// modelLoad makes a load and compares.
func modelLoad(fsys *memFS, m *model, x loading, fileBytes int64, compact bool) error {
	o := testOptions(fsys)
	o.FileBytes = fileBytes
	if fileBytes > 3000 {
		o.joinBytes = 1 // files are joined by copying
	}
	d, err := Open(context.Background(), memDirName, o)
	if err != nil {
		return err
	}
	report, err := run(d, x)
	if err == nil && compact {
		_, err = d.Compact(context.Background(), "docs")
	}
	if err := joinErrors(err, d.Close()); err != nil {
		return err
	}
	t := report.Tables["docs"]
	got := fmt.Sprintf("+%d ~%d -%d, %d twice, =%d", t.Added, t.Updated, t.Deleted, t.Duplicates, t.Total)
	if want := fmt.Sprintf("+%d ~%d -%d, %d twice, =%d", m.added, m.updated, m.deleted, m.duplicates, len(m.rows)); got != want {
		return fmt.Errorf("the report says %s, the model %s", got, want)
	}
	columns, rows, err := readTable(fsys, "docs")
	if err != nil {
		return err
	}
	for c := range m.seen {
		if c != "list" && !slices.Contains(columns, c) {
			return fmt.Errorf("the table has no column %s: %v", c, columns)
		}
	}
	if want := m.table(columns); !slices.Equal(rows, want) {
		return fmt.Errorf("the table has\n%s\nthe model\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	if m.seen["list"] != "" {
		_, rows, err := readTable(fsys, "docs__list")
		if err != nil {
			return err
		}
		if want := m.children(); !slices.Equal(rows, want) {
			return fmt.Errorf("the child table has\n%s\nthe model\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
		}
	}
	return check(fsys, memDirName)
}
