package main

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/restlua/restlua/engine/dataset"
)

// exampleHost is where the made-up API of the docs is.
const exampleHost = "https://desk.example"

// A page with a file testdata/docs/NAME.txtar is read as a user reads it, from
// top to bottom, against the API that the file has:
//
//   - a block of Lua that begins with the comment "-- NAME.lua" is put into that
//     file;
//   - the lines "$ restlua ..." of the console are run, and what stands below
//     them is what they must print: a line "..." stands for any lines, times and
//     sizes may differ;
//   - a script that no console runs is run all the same, a test file tested.
//
// In the txtar file NAME.lua.api has the routes while NAME.lua is the script at
// hand (see mockapi_test.go), requests/NAME.lua what was asked meanwhile, and
// data/DATASET/TABLE the rows that are there in the end. With -update these and
// the output in the page are rewritten.
func TestDocsSessions(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the commands of the docs are for a POSIX shell")
	}
	pages := readPages(t)
	files, err := filepath.Glob("testdata/docs/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d pages have an API, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(pages, func(p *page) bool { return p.path == "docs/"+name+".md" })
			if i < 0 {
				t.Fatalf("there is no page docs/%s.md", name)
			}
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &session{t: t, page: pages[i], file: file, archive: a, dir: t.TempDir(), asked: map[string][]string{}}
			s.run()
		})
	}
}

// session is a page that is being read.
type session struct {
	t       *testing.T
	page    *page
	file    string
	archive *txtar.Archive
	dir     string
	api     mockAPI
	script  string              // that is at hand
	pending string              // a script that nothing has run yet
	asked   map[string][]string // requests by script
	pageNow string              // the page's text with the outputs that came, for -update
	changed bool                // so did the archive
}

func (s *session) run() {
	server := httptest.NewServer(&s.api)
	defer server.Close()
	s.api.url = server.URL
	s.pageNow = s.page.text
	for _, b := range s.page.blocks {
		switch {
		case b.language == "lua" && fileName(b) != "":
			s.runPending()
			s.write(b)
		case b.language == "console" && b.mark != "network":
			s.console(b)
		}
	}
	s.runPending()
	s.next("")
	for _, f := range slices.Clone(s.archive.Files) {
		switch parts := strings.Split(f.Name, "/"); {
		case parts[0] == "data" && len(parts) == 3:
			s.compare(f.Name, s.rows(parts[1], parts[2]))
		case parts[0] == "requests":
			// Series that run side by side come in any order.
			s.compare(f.Name, strings.Join(slices.Sorted(slices.Values(s.asked[parts[1]])), ""))
		}
	}
	if *update {
		s.save()
	}
}

// fileName is the name in the comment that a block begins with, or "".
func fileName(b block) string {
	first, _, _ := strings.Cut(b.text, "\n")
	name, ok := strings.CutPrefix(first, "-- ")
	if !ok || !strings.HasSuffix(name, ".lua") || strings.Contains(name, " ") {
		return ""
	}
	return name
}

// write puts a block into its file, and makes the API its.
func (s *session) write(b block) {
	name := fileName(b)
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	text := b.text
	if !strings.HasSuffix(name, "_test.lua") { // those answer themselves
		text = strings.ReplaceAll(text, exampleHost, s.api.url)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.pending = name
	if !strings.HasSuffix(name, "_test.lua") && name != s.script {
		s.next(name)
	}
}

// next makes another script the one at hand.
func (s *session) next(name string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	for _, r := range s.api.requests {
		s.asked[s.script] = append(s.asked[s.script], strings.TrimSpace(r.method+" "+r.target+" "+r.body)+"\n")
	}
	s.api.requests, s.api.routes = nil, nil
	s.script = name
	for _, f := range s.archive.Files {
		if f.Name == name+".api" {
			routes, err := parseRoutes(strings.ReplaceAll(string(f.Data), exampleHost, "$API"))
			if err != nil {
				s.t.Fatal(err)
			}
			s.api.routes = routes
		}
	}
}

func (s *session) runPending() {
	if s.pending == "" {
		return
	}
	command := "restlua run " + s.pending + " --progress none"
	if strings.HasSuffix(s.pending, "_test.lua") {
		command = "restlua test " + s.pending
	} else if !s.knows(s.pending + ".api") {
		s.pending = ""
		return // a module, or a script that only restlua check sees
	}
	if out, code := s.shell(command); code != 0 {
		s.t.Errorf("%s: exit code %d\n%s", command, code, out)
	}
	s.pending = ""
}

func (s *session) knows(name string) bool {
	return slices.ContainsFunc(s.archive.Files, func(f txtar.File) bool { return f.Name == name })
}

// scriptIn finds the script in a command line.
var scriptIn = regexp.MustCompile(`[a-z_/]+\.lua\b`)

// isRestlua tells the lines that are run; variables may stand before.
var isRestlua = regexp.MustCompile(`^([A-Z_]+=\S+ )*restlua `)

// console runs the commands of a block and compares what they print.
func (s *session) console(b block) {
	commands := strings.Split("\n"+b.text, "\n$ ")[1:]
	want := 0
	for i, c := range commands {
		line, output, _ := strings.Cut(c, "\n")
		if !isRestlua.MatchString(line) {
			continue
		}
		if name := scriptIn.FindString(line); name != "" && name != s.script && s.knows(name+".api") {
			s.runPending()
			s.next(name) // a script of further up
		}
		if s.pending != "" && strings.Contains(line, s.pending) || strings.Contains(line, " test") {
			s.pending = ""
		}
		got, code := s.shell(line)
		if n, ok := strings.CutPrefix(b.mark, "exits "); ok && i == len(commands)-1 {
			want, _ = strconv.Atoi(n)
		}
		if code != want {
			s.t.Errorf("%s:%d: %s: exit code %d, want %d\n%s", s.page.path, b.line, line, code, want, got)
		}
		if strings.TrimSpace(output) == "" || matches(output, got) {
			continue
		}
		if *update {
			s.pageNow = strings.Replace(s.pageNow, line+"\n"+output, line+"\n"+strings.TrimRight(got, "\n")+"\n", 1)
			continue
		}
		s.t.Errorf("%s:%d: %s\n%s", s.page.path, b.line, line, diff.Diff("page", []byte(output), "printed", []byte(got)))
	}
}

// shell runs a line; restlua is this test binary, which testscript has put into
// the path.
func (s *session) shell(line string) (output string, exitCode int) {
	cmd := exec.CommandContext(s.t.Context(), "sh", "-c", line)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "XDG_CONFIG_HOME=", "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), s.api.url, exampleHost), cmd.ProcessState.ExitCode()
}

var (
	sizes  = regexp.MustCompile(`\d[\d.,]* (bytes?|KB|MB)\b`)
	times  = regexp.MustCompile(`\b(in|of) [\d.]+ s\b`)
	clocks = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?`)
	ended  = regexp.MustCompile(`(?m)(^restlua: \w+: \d+ pages?, .* in TIME\n)+`)
	blanks = regexp.MustCompile(`[ \t]+`)
)

// matches compares an output with what a page shows of it.
func matches(want, got string) bool {
	plain := func(text string) string {
		text = sizes.ReplaceAllString(text, "SIZE")
		text = times.ReplaceAllString(text, "$1 TIME")
		text = clocks.ReplaceAllString(text, "CLOCK")
		text = strings.TrimSpace(blanks.ReplaceAllString(text, " "))
		// A parent and its last child end in any order.
		return ended.ReplaceAllStringFunc(text, func(lines string) string {
			return strings.Join(slices.Sorted(strings.Lines(lines)), "")
		})
	}
	pattern := regexp.QuoteMeta(plain(want))
	pattern = regexp.MustCompile(`(?m)^\\\.\\\.\\\.\n?`).ReplaceAllString(pattern, `(?:.*\n)*?.*`)
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(plain(got))
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"a 12 KB in 0.3 s", "a   1.5 MB in 11.0 s", true},
		{"a\n...\nd", "a\nb\nc\nd", true},
		{"...\nd", "d", true},
		{"a\n...", "a\nb", true},
		{"a\n...\nd", "a\nb\nc", false},
		{"3 rows", "4 rows", false},
		{"restlua: a: 1 page, 2 rows in 0.1 s\nrestlua: b: 2 pages, 1 row in 0.1 s\nx", "restlua: b: 2 pages, 1 row in 0.2 s\nrestlua: a: 1 page, 2 rows in 0.1 s\nx", true},
	} {
		if matches(c.want, c.got) != c.same {
			t.Errorf("%q and %q: same is %t", c.want, c.got, !c.same)
		}
	}
}

// rows are the rows of a table, one a line.
func (s *session) rows(name, table string) string {
	dir := filepath.Join(s.dir, "data", name)
	state, err := dataset.Read(dir)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	rows, err := readTable(dir, table, state, false)
	if err != nil {
		s.t.Error(err)
	}
	return strings.Join(rows, "")
}

// compare fails where got is not what the archive has.
func (s *session) compare(name, got string) {
	i := slices.IndexFunc(s.archive.Files, func(f txtar.File) bool { return f.Name == name })
	want := string(s.archive.Files[i].Data)
	switch {
	case want == got:
	case *update:
		s.archive.Files[i].Data, s.changed = []byte(got), true
	default:
		s.t.Errorf("%s: %s", s.page.path, diff.Diff("want "+name, []byte(want), "got", []byte(got)))
	}
}

func (s *session) save() {
	if s.changed {
		if err := os.WriteFile(s.file, txtar.Format(s.archive), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	if s.pageNow != s.page.text {
		if err := os.WriteFile(filepath.Join("../..", s.page.path), []byte(s.pageNow), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}
