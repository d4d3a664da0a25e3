// Command restlua extracts data from REST APIs: a Lua script says what to ask,
// the rows become Parquet tables.
//
// Rows and reports go to standard output; everything else goes to standard
// error as "restlua: ...". Exit codes (OPR-60): 0 done; 1 failed, nothing
// committed; 2 wrong use or config, no request made; 3 done in part; 130 and
// 143 interrupted.
package main

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	_ "time/tzdata" // the static binary knows all zones wherever it runs

	"github.com/spf13/cobra"
)

// commands is the table of all commands, in the order in which help shows them.
var commands = []func(*terminal) *cobra.Command{
	runCommand,
	checkCommand,
	planCommand,
	initCommand,
	showCommand,
	stateCommand,
	compactCommand,
	testCommand,
	consoleCommand,
	fieldsCommand,
	demoCommand,
	versionCommand,
	completionCommand,
	manCommand,
}

// collectAt is the growth of the heap, in percent, at which garbage is
// collected. Nearly all of the heap is column buffers without pointers, used
// again and again: a collection costs next to nothing, the memory that Go's
// default of 100 leaves to garbage does. GOGC overrules it.
const collectAt = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	t := newTerminal()
	ctx, stop := interruptible(context.Background())
	code := execute(ctx, t, os.Args[1:])
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, t *terminal, args []string) int {
	root := rootCommand(t)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if stopped := interruptOf(ctx); stopped != nil {
		t.say("%s", stopped.says(err))
		return stopped.code()
	}
	if !errors.Is(err, errShown) { // these are shown already
		t.fail(err)
	}
	return exitCode(err)
}

func rootCommand(t *terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "restlua",
		Short: "extract data from REST APIs into Parquet tables",
		Long: `restlua runs a Lua script that describes a REST API and writes what the API
gives as Parquet tables, one folder each. The next run takes only what is new.

Try it without network and key:  restlua demo`,
		SilenceErrors: true, // execute prints them
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef(suggest(cmd, args[0]), "there is no command %q", args[0])
			}
			return cmd.Help()
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetOut(t.stdout)
	root.SetErr(t.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("restlua "+subcommand(cmd)+"--help shows all flags", "%s", lowerFirst(err.Error()))
	})
	cobra.EnableCommandSorting = false
	for _, c := range commands {
		root.AddCommand(c(t))
	}
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	return root
}

// subcommand is the name of cmd with a blank behind it; nothing for the root.
func subcommand(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return ""
	}
	return cmd.Name() + " "
}

// suggest is the hint for a command that does not exist.
func suggest(cmd *cobra.Command, name string) string {
	cmd.SuggestionsMinimumDistance = 2
	if s := cmd.SuggestionsFor(name); len(s) > 0 {
		return "did you mean " + s[0] + "?"
	}
	return "restlua --help shows all commands"
}
