package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/lua/console"
)

func consoleCommand(t *terminal) *cobra.Command {
	f := &scriptFlags{}
	cmd := &cobra.Command{
		Use:   "console SCRIPT",
		Short: "a prompt in the world of a script",
		Long: `Console evaluates the script and runs what is typed in its world. Nothing is
written.

` + console.Help + `

On a terminal the tab key completes names, the arrow keys bring back earlier
lines, Ctrl-D ends. Without a terminal each line of the input is run.`,
		Example: `  restlua console github.lua --set github.repository=duckdb/duckdb
  > get("repos/duckdb/duckdb/issues", { params = { per_page = 2 } })
  > select("$[*].title")
  > try("comments", 3)`,
		Args:              exactArgs("the script"),
		ValidArgsFunction: completeScript,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			o.Events = engine.LogEvents(t.logger(view{format: "text"}))
			trustRoots()
			s, err := console.New(cmd.Context(), args[0], o)
			if err != nil {
				return &scriptError{err}
			}
			c := &prompt{t: t, session: s}
			if in, ok := t.stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
				err = c.interactive(cmd.Context(), in)
			} else {
				err = c.lines(cmd.Context())
			}
			return errors.Join(err, s.Close())
		},
	}
	f.register(cmd)
	return cmd
}

// The prompts of an input and of the lines that go on with it.
const (
	promptNew  = "> "
	promptMore = ". "
)

// prompt reads inputs, runs them and shows what they give.
type prompt struct {
	t       *terminal
	session *console.Session
	pending string // an input that is not complete yet
	failed  bool
}

// lines runs the lines of standard input; an input may take several.
func (p *prompt) lines(ctx context.Context) error {
	in := bufio.NewScanner(p.t.stdin)
	in.Buffer(nil, 4<<20)
	for in.Scan() {
		if code, ok := p.input(in.Text()); ok {
			p.run(ctx, code)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if p.pending != "" {
		p.run(ctx, p.pending)
	}
	if p.failed {
		return errShown
	}
	return nil
}

// input takes one line; ok is false until an input is complete.
func (p *prompt) input(line string) (code string, ok bool) {
	code = p.pending + line
	if strings.TrimSpace(code) == "" {
		return "", false
	}
	if lua.Incomplete(code) {
		p.pending = code + "\n"
		return "", false
	}
	p.pending = ""
	return code, true
}

// run runs one input and shows what it gives.
func (p *prompt) run(ctx context.Context, code string) {
	text, err := p.session.Eval(ctx, code)
	switch {
	case err != nil:
		p.failed = true
		p.t.fail(err)
	case text != "":
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintln(p.t.stdout, printable(line))
		}
	}
}

// interactive edits lines on a terminal. While an input runs the terminal is as
// it was, so that Ctrl-C reaches the process.
func (p *prompt) interactive(ctx context.Context, in *os.File) error {
	editor := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, p.t.stdout}, promptNew)
	editor.AutoCompleteCallback = p.complete(editor)
	fmt.Fprintln(p.t.stdout, "help() shows what there is; Ctrl-D ends")
	for ctx.Err() == nil {
		if width := p.t.width(); width > 0 {
			if err := editor.SetSize(width, 50); err != nil {
				return err
			}
		}
		editor.SetPrompt(promptNew)
		if p.pending != "" {
			editor.SetPrompt(promptMore)
		}
		before, err := term.MakeRaw(int(in.Fd()))
		if err != nil {
			return err
		}
		line, err := editor.ReadLine()
		if restored := term.Restore(int(in.Fd()), before); restored != nil {
			return restored
		}
		switch {
		case errors.Is(err, io.EOF) && p.pending != "":
			p.pending = "" // Ctrl-C gives up the input at hand
			fmt.Fprintln(p.t.stdout)
			continue
		case errors.Is(err, io.EOF):
			fmt.Fprintln(p.t.stdout)
			return nil
		case err != nil && !errors.Is(err, term.ErrPasteIndicator):
			return err
		}
		if code, ok := p.input(line); ok {
			p.run(ctx, code)
		}
	}
	return context.Cause(ctx)
}

// complete is what the tab key does: it completes the word before the cursor as
// far as it is certain, and shows the words where there are several.
func (p *prompt) complete(editor *term.Terminal) func(line string, pos int, key rune) (string, int, bool) {
	return func(line string, pos int, key rune) (string, int, bool) {
		if key != '\t' {
			return "", 0, false
		}
		head, tail := line[:pos], line[pos:]
		before, words := p.session.Complete(head)
		if len(words) == 0 {
			return line, pos, true
		}
		word := commonPrefix(words)
		if before+word == head && len(words) > 1 {
			fmt.Fprintln(editor, strings.Join(words, "  "))
		}
		return before + word + tail, len(before + word), true
	}
}

// commonPrefix is what all words begin with.
func commonPrefix(words []string) string {
	prefix := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, prefix) {
			_, size := utf8.DecodeLastRuneInString(prefix)
			prefix = prefix[:len(prefix)-size]
		}
	}
	return prefix
}
