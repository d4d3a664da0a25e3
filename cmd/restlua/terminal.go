package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/term"
)

// terminal is what commands see of the process: its streams, and what is known
// of the terminals behind them. Rows and reports go to stdout, all else to
// stderr. Its methods may be called from several goroutines.
type terminal struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	asks           bool       // somebody can answer questions
	live           bool       // stderr is a terminal that can redraw lines
	color          bool       // stdout may show colour
	width          func() int // columns of stdout; 0: no terminal, no limit
	errWidth       func() int // columns of stderr; 0: as above

	machine *slog.Logger // gets what say and fail say, where a machine reads it (--log-format); nil: people read

	mu    sync.Mutex
	above io.Writer // where lines go while bars are drawn; nil: stderr
}

func newTerminal() *terminal {
	out, err := int(os.Stdout.Fd()), int(os.Stderr.Fd())
	t := &terminal{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		asks:     term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(err),
		live:     term.IsTerminal(err) && os.Getenv("TERM") != "dumb",
		color:    term.IsTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		width:    func() int { return columns(out) },
		errWidth: func() int { return columns(err) },
	}
	return t
}

func columns(fd int) int {
	w, _, err := term.GetSize(fd)
	if err != nil {
		return 0
	}
	return w
}

// say writes lines to stderr, above the bars if there are some.
func (t *terminal) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if t.machine != nil {
		t.machine.Info(text)
		return
	}
	t.lines(text)
}

// lines writes text for people to read, each line with the name of the program
// in front.
func (t *terminal) lines(text string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("restlua: " + printable(strings.TrimSuffix(line, "\n")) + "\n")
	}
	io.WriteString(besides{t}, b.String())
}

// besides writes to stderr, above the bars if there are some.
type besides struct{ t *terminal }

func (b besides) Write(p []byte) (int, error) {
	b.t.mu.Lock()
	defer b.t.mu.Unlock()
	if b.t.above != nil {
		return b.t.above.Write(p)
	}
	return b.t.stderr.Write(p)
}

// drawAbove makes say write to w; nil: to stderr again.
func (t *terminal) drawAbove(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = w
}

// ask asks a question that is answered with y or n. Where nobody can answer it
// is an error that names --yes.
func (t *terminal) ask(question string) (bool, error) {
	if !t.asks {
		return false, usagef("--yes answers it", "nobody can be asked: %s", question)
	}
	fmt.Fprintf(t.stderr, "restlua: %s [y/N] ", question)
	line, err := bufio.NewReader(t.stdin).ReadString('\n')
	if err != nil && line == "" {
		fmt.Fprintln(t.stderr)
		return false, nil
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// The two ways of showing text that colour is used for.
const (
	bold  = "1"
	faint = "2"
)

// style shows text bold or faint where colour is allowed.
func (t *terminal) style(code, text string) string {
	if !t.color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// printable replaces control characters, which an API could send to play with
// the terminal, by a question mark.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

// relative shows a path as seen from the current folder, where that is shorter.
func relative(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(here, abs)
	if err != nil || strings.HasPrefix(rel, ".."+string(filepath.Separator)+"..") || len(rel) > len(abs) {
		return abs
	}
	return rel
}
