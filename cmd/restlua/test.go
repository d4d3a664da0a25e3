package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/lua/scripttest"
)

// testFlags are the flags of test.
type testFlags struct {
	run     string
	verbose bool
}

func testCommand(t *terminal) *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use:   "test [PATH]",
		Short: "run the tests of scripts",
		Long: `Test runs the cases in all files *_test.lua below PATH, or in the file PATH. A
case runs a script against answers that stand in the test, or in a recording,
and looks at the rows, the requests and the state. There is no network, and
nothing is left behind.`,
		Example: `  local test = require("test")

  test.case("issues come by page", function(t)
    t.api["GET /issues"] = { json = { { id = 1 }, { id = 2 } } }
    local load = t.run("issues.lua", { secrets = { github = { token = "x" } } })
    t.equal(load.rows("issues"), { { id = 1 }, { id = 2 } })
    t.equal(load.requests[1].headers.Authorization, "Bearer x")
  end)`,
		Args:              atMostArgs(1),
		ValidArgsFunction: completeScript,
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "."
			if len(args) == 1 {
				path = args[0]
			}
			return f.test(cmd.Context(), t, path)
		},
	}
	cmd.Flags().StringVar(&f.run, "run", "", "run only the cases whose name matches `PATTERN`")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show each case, and what it prints")
	return cmd
}

// errShown ends a command whose failures are shown already.
var errShown = errors.New("failed")

func (f *testFlags) test(ctx context.Context, t *terminal, path string) error {
	o := scripttest.Options{}
	if f.run != "" {
		match, err := regexp.Compile(f.run)
		if err != nil {
			return usagef("", "--run: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		o.Match = match
	}
	files, err := testFiles(path)
	if err != nil {
		return err
	}
	ran, failed := 0, 0
	for _, file := range files {
		cases, broken, err := f.file(ctx, t, file, o)
		if err != nil {
			return err
		}
		ran, failed = ran+cases, failed+broken
	}
	switch {
	case failed > 0:
		fmt.Fprintf(t.stdout, "%s, %s failed\n", count(int64(ran), "test"), group(int64(failed)))
		return errShown
	case ran == 0 && f.run != "":
		return usagef("", "no test has a name that matches %q", f.run)
	}
	fmt.Fprintf(t.stdout, "%s passed\n", count(int64(ran), "test"))
	return nil
}

// file runs one file and shows how its cases ended.
func (f *testFlags) file(ctx context.Context, t *terminal, file string, o scripttest.Options) (ran, failed int, err error) {
	if f.verbose {
		o.Log = func(text string) { fmt.Fprintf(t.stdout, "        %s\n", printable(text)) }
	}
	o.Case = func(c scripttest.Case) {
		ran++
		if c.Err != nil {
			failed++
			fmt.Fprintf(t.stdout, "%s  %s: %s (%s)\n", t.style(bold, "FAIL"), file, c.Name, human(c.Elapsed))
			for line := range strings.SplitSeq(c.Err.Error(), "\n") {
				fmt.Fprintf(t.stdout, "        %s\n", printable(line))
			}
		} else if f.verbose {
			fmt.Fprintf(t.stdout, "ok    %s: %s (%s)\n", file, c.Name, human(c.Elapsed))
		}
	}
	_, err = scripttest.Run(ctx, file, o)
	if err != nil && ctx.Err() == nil {
		// The file itself is wrong; the others run all the same.
		fmt.Fprintf(t.stdout, "%s  %s\n        %s\n", t.style(bold, "FAIL"), file, printable(err.Error()))
		return ran + 1, failed + 1, nil
	}
	if !f.verbose && failed == 0 && ran > 0 {
		fmt.Fprintf(t.stdout, "ok    %s: %s\n", file, count(int64(ran), "test"))
	}
	return ran, failed, err
}

// testFiles are the test files at or below a path, in the order of their names.
func testFiles(path string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && at != path && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && (strings.HasSuffix(d.Name(), "_test.lua") || at == path):
			files = append(files, at)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("", "there is no %s", path)
	}
	if err == nil && files == nil {
		return nil, usagef("their names end in _test.lua", "there are no tests in %s", path)
	}
	return files, err
}
