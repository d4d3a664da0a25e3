package engine_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/lua"
)

var metamorphic = flag.Uint64("metamorphic", 16, "sets of documents for TestMetamorphic")

// documents makes records whose fields change their types and shapes. texts are
// some of their strings.
func documents(r *rand.Rand, n int, texts []string) []string {
	scalars := []func() string{
		func() string { return strconv.Itoa(r.IntN(100)) },
		func() string { return strconv.Itoa(r.IntN(100)) },
		// Not 2.0: a column of doubles does not know which of 2 and 2.0 it was when
		// it becomes text later.
		func() string { return fmt.Sprintf("%d.%d5", r.IntN(10), r.IntN(100)) },
		func() string { return "90071992547409" + strconv.Itoa(90+r.IntN(10)) },
		func() string { return "9223372036854775" + strconv.Itoa(800+r.IntN(20)) },
		func() string { return "0.1234567890123456789" },
		func() string { return "1e300" },
		func() string { return []string{"true", "false"}[r.IntN(2)] },
		func() string { return fmt.Sprintf("%q", texts[r.IntN(len(texts))]) },
		func() string { return "a timestamp" },
		func() string { return "null" },
	}
	// A field keeps to a few kinds, so that columns of each type come out.
	kinds := map[string][]int{}
	// So do its timestamps: text that was taken for a timestamp comes back as it
	// was written where all were written alike.
	layouts := []string{`"2024-01-%02dT10:00:00Z"`, `"2024-01-%02dT10:00:00+02:00"`, `"2024-01-%02d 10:00:00.5"`}
	layout := map[string]string{}
	var value func(path string, depth int) string
	value = func(path string, depth int) string {
		if kinds[path] == nil {
			for range 1 + r.IntN(3) {
				kinds[path] = append(kinds[path], r.IntN(len(scalars)+4))
			}
		}
		k := kinds[path][r.IntN(len(kinds[path]))]
		switch {
		case k < len(scalars):
			text := scalars[k]()
			if text != "a timestamp" {
				return text
			}
			if layout[path] == "" {
				layout[path] = layouts[r.IntN(len(layouts))]
			}
			return fmt.Sprintf(layout[path], 1+r.IntN(28))
		case depth > 3 || k == len(scalars):
			return []string{"{}", "[]"}[r.IntN(2)]
		case k == len(scalars)+1 || k == len(scalars)+2:
			var parts []string
			for _, key := range []string{"p", "q"} {
				if r.IntN(3) > 0 {
					parts = append(parts, fmt.Sprintf("%q:%s", key, value(path+"/"+key, depth+1)))
				}
			}
			return "{" + strings.Join(parts, ",") + "}"
		}
		var parts []string
		for range r.IntN(3) {
			parts = append(parts, value(path+"/*", depth+1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	out := make([]string, n)
	for i := range out {
		parts := []string{fmt.Sprintf(`"doc":%d`, i)}
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			if r.IntN(4) > 0 {
				parts = append(parts, fmt.Sprintf("%q:%s", key, value(key, 0)))
			}
		}
		out[i] = "{" + strings.Join(parts, ",") + "}"
	}
	return out
}

// picture shows a dataset by what must not depend on order, pages and loads:
// columns with their types, and the rows with the document that they belong to.
func picture(t *testing.T, dir string) string {
	t.Helper()
	s, err := dataset.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	docs := map[int64]string{} // of root rows, by id
	var out []string
	for _, pass := range []bool{true, false} {
		for name, table := range s.Tables {
			if strings.HasPrefix(name, "_rl_") || (name == "docs") != pass {
				continue
			}
			var columns []string
			for _, c := range table.Columns {
				columns = append(columns, c.Name+" "+c.TypeName())
			}
			slices.Sort(columns)
			out = append(out, name+"("+strings.Join(columns, ", ")+")")
			for _, f := range table.Files {
				out = append(out, pictureRows(t, name, filepath.Join(dir, name, f.Name), docs)...)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func pictureRows(t *testing.T, table, path string, docs map[int64]string) (out []string) {
	t.Helper()
	err := eachRow(path, func(fields []field) {
		var cells []string
		var id, root int64
		doc, isRoot := "", table == "docs"
		for _, f := range fields {
			switch f.name {
			case schema.ID:
				id = f.v.Ints[f.at]
			case schema.RootID:
				root = f.v.Ints[f.at]
			case schema.LoadID, schema.ParentID:
			default:
				text := string(f.v.AppendText(nil, f.at, 0))
				cells = append(cells, f.name+"="+text)
				if f.name == "doc" && isRoot {
					doc = text
				}
			}
		}
		if isRoot {
			docs[id] = doc
		} else {
			doc = docs[root]
		}
		slices.Sort(cells)
		out = append(out, fmt.Sprintf("%s of %s: %s", table, doc, strings.Join(cells, " ")))
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// load runs documents through as many loads as there are groups, in pages of
// the given size.
func load(t *testing.T, dir string, loads [][]string, per int, nesting string, o engine.Options) {
	t.Helper()
	script, err := lua.Parse("docs.lua", `return {
		client = { base_url = require("config").get("url") },
		resources = { { name = "docs", max_table_nesting = tonumber(require("config").get("nesting")), endpoint = { path = "docs", data_selector = "$", paginator = { type = "page_number", total_path = false } } } },
	}`, lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, docs := range loads {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			from, to := min(page*per, len(docs)), min((page+1)*per, len(docs))
			fmt.Fprint(w, "["+strings.Join(docs[from:to], ",")+"]")
		}))
		o.Dataset, o.Config = dir, engine.ConfigFile("", map[string]string{"url": server.URL, "nesting": nesting})
		_, err := engine.Run(context.Background(), script, o)
		server.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// NRM-36 NRM-50 NRM-52 NRM-53 NRM-57 RDR-02: columns, types and values do not depend on
// the order of the records, the size of pages and row groups, or the loads that
// they come in.
//
//	go test -run Metamorphic ./engine -metamorphic=400
func TestMetamorphic(t *testing.T) {
	t.Parallel()
	for seed := range *metamorphic {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			texts, nesting := []string{"", "x", "é😀", "12", "true", "2024-01-01"}, "1000"
			if seed%2 == 1 {
				// Where objects and lists are kept whole, a column can become json
				// that was text before. Then it does not know which of "12" and 12
				// it was, if both came.
				texts, nesting = []string{"", "x", "12a", "-", "2024-01-01"}, strconv.Itoa(r.IntN(3))
			}
			docs := documents(r, 30, texts)
			dir := t.TempDir()
			load(t, filepath.Join(dir, "whole"), [][]string{docs}, 100, nesting, engine.Options{})
			want := picture(t, filepath.Join(dir, "whole"))
			for n := range 4 {
				mixed := slices.Clone(docs)
				r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
				var loads [][]string
				for rest := mixed; len(rest) > 0; {
					k := min(len(rest), 1+r.IntN(12))
					loads, rest = append(loads, rest[:k]), rest[k:]
				}
				if n%2 == 0 {
					loads = [][]string{mixed}
				}
				other := filepath.Join(dir, fmt.Sprint("cut", n))
				load(t, other, loads, 1+r.IntN(9), nesting, engine.Options{BatchBytes: 1 + r.IntN(2000)})
				if got := picture(t, other); got != want {
					text, _ := json.Marshal(loads)
					t.Fatalf("got\n%s\nwant\n%s\nloads %s", got, want, text)
				}
			}
		})
	}
}
