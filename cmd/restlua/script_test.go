package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite what the scripts in testdata expect")

// runAsProgram is set for a test binary that is to be restlua itself.
const runAsProgram = "RESTLUA_TEST_RUN_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		main() // exits
	}
	testscript.Main(m, map[string]func(){"restlua": main})
}

// The scripts in testdata are the specification of the command line. Beside
// testscript's own commands they have:
//
//	mockapi FILE                 serve the routes in FILE (see mockapi_test.go) at $API
//	rows [-in DIR] [-all] TABLE WANT    compare a table's rows with JSON lines; -all: with the engine's columns
//	columns [-in DIR] TABLE WANT        compare a table's columns and types
//	state [-in DIR] WANT         compare state.json, without what changes from run to run
//	requests [-sort] [-body] [-header NAME]... WANT    compare the requests since the last time
//	exits CODE PROGRAM ARGS...   as exec, and the exit code must be CODE
//	killat N [-INT|-TERM] PROGRAM ARGS...    as exec, and stop it at its N-th request: kill -9, or Ctrl-C, or SIGTERM
//
// DIR is the dataset; without it the only one in ./data is taken. With -update
// files that are expected are rewritten; review the difference.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("API", "")
			e.Values[mockKey{}] = &mockAPI{}
			e.Values[varsKey{}] = append([]string{}, e.Vars...)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mockapi":  mockapiCommand,
			"rows":     rowsCommand,
			"columns":  columnsCommand,
			"state":    stateTestCommand,
			"requests": requestsCommand,
			"exits":    exitsCommand,
			"killat":   killatCommand,
		},
	})
}

type (
	mockKey struct{} // of a script's *mockAPI
	varsKey struct{} // of a script's environment, as it began
)

func mock(ts *testscript.TestScript) *mockAPI { return ts.Value(mockKey{}).(*mockAPI) }

// exitsCommand runs a program and checks its exit code.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := code(ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// code is the exit code in what exec returned; -1 after a signal.
func code(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// killatCommand stops a program when its n-th request has come.
func killatCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: killat N [-INT|-TERM] PROGRAM ARGS...")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	sig, want := os.Kill, -1
	switch args = args[1:]; args[0] {
	case "-INT":
		sig, want, args = os.Interrupt, 130, args[1:]
	case "-TERM":
		sig, want, args = syscall.SIGTERM, 143, args[1:]
	}
	held := mock(ts).hold(n)
	program, err := lookPath(ts.Getenv("PATH"), args[0])
	ts.Check(err)
	cmd := exec.Command(program, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, v := range ts.Value(varsKey{}).([]string) {
		name, _, _ := strings.Cut(v, "=")
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-held:
		ts.Check(cmd.Process.Signal(sig))
		err = <-ended
	case err = <-ended:
		mock(ts).release()
		ts.Fatalf("the program ended (%v) before its request %d:\n%s", err, n, stderr.String())
	}
	mock(ts).release()
	if got := code(err); got != want {
		ts.Fatalf("exit code %d, want %d:\n%s", got, want, stderr.String())
	}
}

// lookPath finds a program in the PATH of a script.
func lookPath(path, name string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if p, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return p, nil
		}
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

// compare fails the script where got is not what file holds. With -update it
// makes the script's file say so.
func compare(ts *testscript.TestScript, file, want, got string) {
	if want == got {
		return
	}
	if *update {
		ts.Defer(func() { rewrite(ts, file, got) })
		return
	}
	ts.Fatalf("%s", diff.Diff("want "+file, []byte(want), "got", []byte(got)))
}

// rewrite replaces one file of the script that is running.
func rewrite(ts *testscript.TestScript, file, got string) {
	path := filepath.Join("testdata", ts.Name()+".txtar")
	a, err := txtar.ParseFile(path)
	ts.Check(err)
	for i := range a.Files {
		if a.Files[i].Name == file {
			a.Files[i].Data = []byte(got)
		}
	}
	ts.Check(os.WriteFile(path, txtar.Format(a), 0o644))
}
