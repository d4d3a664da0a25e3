package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/lua"
)

// Exit codes (OPR-60). An interrupted process ends with 128 and the signal.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitPartial = 3
)

// errPartial ends a run that committed, but not all that was asked for.
var errPartial = errors.New("done in part, see the report")

// usageError is a wrong command line.
type usageError struct{ text, hint string }

func (e *usageError) Error() string {
	if e.hint == "" {
		return e.text
	}
	return e.text + " (hint: " + e.hint + ")"
}

// usagef makes a usageError; hint may be empty.
func usagef(hint, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), hint}
}

// scriptError is a script that does not compile or cannot be evaluated.
type scriptError struct{ err error }

func (e *scriptError) Error() string { return e.err.Error() }
func (e *scriptError) Unwrap() error { return e.err }

// exitCode says how the process ends after err.
func exitCode(err error) int {
	var (
		usage  *usageError
		option *engine.UsageError
		script *scriptError
		wrong  config.Errors
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage), errors.As(err, &option), errors.As(err, &script), errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, errPartial):
		return exitPartial
	}
	return exitFailed
}

// fail prints an error. The mistakes of a script's table stand as they are,
// one a line with file and line in front, so that editors can jump to them.
func (t *terminal) fail(err error) {
	if t.machine != nil {
		t.failLogged(err)
		return
	}
	var wrong config.Errors
	if errors.As(err, &wrong) {
		fmt.Fprintln(t.stderr, err.Error())
		return
	}
	text, hint := splitHint(err.Error())
	t.say("%s", text)
	if hint == "" {
		hint = unshown(err)
	}
	if hint != "" {
		t.say("hint: %s", hint)
	}
	var detailed *detailedError
	var script *lua.Error
	if errors.As(err, &detailed) && errors.As(err, &script) && script.Traceback != "" {
		t.say("calls of the script, the last one first:")
		for line := range strings.Lines(script.Traceback) {
			fmt.Fprintln(t.stderr, "  "+strings.TrimSpace(line))
		}
	}
	if resumable(err) {
		t.say("the next run goes on where this one stopped; --restart begins anew")
	}
}

// failLogged gives an error to a machine that reads the log, each mistake of a
// script's table on its own.
func (t *terminal) failLogged(err error) {
	texts := []string{err.Error()}
	if wrong := (config.Errors)(nil); errors.As(err, &wrong) {
		texts = nil
		for _, w := range wrong {
			texts = append(texts, w.Error())
		}
	}
	for _, text := range texts {
		text, hint := splitHint(text)
		if hint == "" {
			hint = unshown(err)
		}
		attrs := []slog.Attr{slog.Int("exit_code", exitCode(err))}
		if hint != "" {
			attrs = append(attrs, slog.String("hint", hint))
		}
		if resumable(err) {
			attrs = append(attrs, slog.Bool("resumable", true))
		}
		t.machine.LogAttrs(context.Background(), slog.LevelError, text, attrs...)
	}
}

// unshown is the hint that an API said more than its status, which is not shown
// unasked, as it may hold what should not stand in a log (RED-04).
func unshown(err error) string {
	if status := (*rest.StatusError)(nil); errors.As(err, &status) && status.Unshown > 0 {
		return "-v shows what the API said"
	}
	return ""
}

// resumable reports whether the next run goes on where a failed one stopped.
func resumable(err error) bool {
	var kept *engine.ResumableError
	return errors.As(err, &kept)
}

// detailedError is shown with all that is known of it (-v).
type detailedError struct{ err error }

func (e *detailedError) Error() string { return e.err.Error() }
func (e *detailedError) Unwrap() error { return e.err }

// splitHint takes the last "(hint: ...)", or the line "hint: ...", out of an
// error's text.
func splitHint(text string) (rest, hint string) {
	if i := strings.Index(text, "\nhint: "); i >= 0 {
		hint, after, _ := strings.Cut(text[i+len("\nhint: "):], "\n")
		if after != "" {
			after = "\n" + after
		}
		return text[:i] + after, hint
	}
	const open = "(hint: "
	i := strings.LastIndex(text, open)
	if i < 0 {
		return text, ""
	}
	hint, rest, closed := strings.Cut(text[i+len(open):], ")")
	if !closed {
		return text, ""
	}
	// A hint with parentheses of its own goes on to the one that closes it.
	for strings.Count(hint, "(") > strings.Count(hint, ")") {
		more, tail, ok := strings.Cut(rest, ")")
		if !ok {
			return text, ""
		}
		hint, rest = hint+")"+more, tail
	}
	return strings.TrimRight(text[:i], " ") + rest, hint
}

// exactArgs is cobra.ExactArgs in our words; names say what is expected.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usagef("usage: "+cmd.UseLine(), "%s is missing", names[len(args)])
		}
		return noMore(cmd, args, len(names))
	}
}

// atMostArgs allows up to n arguments.
func atMostArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error { return noMore(cmd, args, n) }
}

func noMore(cmd *cobra.Command, args []string, n int) error {
	if len(args) > n {
		return usagef("usage: "+cmd.UseLine(), "%q is one argument too many", args[n])
	}
	return nil
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[size:]
}

// interrupted is the cause of a context that a signal has cancelled.
type interrupted struct{ signal os.Signal }

func (e *interrupted) Error() string {
	if e.signal == syscall.SIGTERM {
		return "terminated"
	}
	return "interrupted"
}

// says tells what becomes of the work so far.
func (e *interrupted) says(err error) string {
	if resumable(err) {
		return e.Error() + "; nothing was committed, and the next run goes on from here"
	}
	return e.Error() + "; what was committed stays, nothing else was"
}

func (e *interrupted) code() int {
	if e.signal == syscall.SIGTERM {
		return 128 + int(syscall.SIGTERM)
	}
	return 128 + int(syscall.SIGINT)
}

// interruptible returns a context that the first Ctrl-C or SIGTERM cancels; the
// second one ends the process at once, which is safe (OPR-42). It starts one
// goroutine, which stop ends.
func interruptible(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		var first *interrupted
		for {
			select {
			case s := <-signals:
				if first != nil {
					os.Exit(first.code())
				}
				first = &interrupted{s}
				cancel(first)
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// interruptOf is the signal that cancelled ctx, or nil.
func interruptOf(ctx context.Context) *interrupted {
	var e *interrupted
	if errors.As(context.Cause(ctx), &e) {
		return e
	}
	return nil
}
