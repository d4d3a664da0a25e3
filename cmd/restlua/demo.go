package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/githubapi"
	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/scripts"
)

// demoFolder is where the demo writes when nobody says otherwise.
const demoFolder = "restlua-demo"

func demoCommand(t *terminal) *cobra.Command {
	out := demoFolder
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "run github.lua against a small GitHub on this machine, twice",
		Long: `Demo serves an API like GitHub's on loopback and runs the bundled github.lua
against it: once for everything, and again after some issues have changed, for
what is new. It needs no network and no key.`,
		Args: atMostArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd.Context(), t, out)
		},
	}
	cmd.Flags().StringVar(&out, "out", demoFolder, "`folder` of the demo's dataset")
	completeFlags(cmd, map[string]string{"out": "/"})
	return cmd
}

func demo(ctx context.Context, t *terminal, out string) (err error) {
	fresh, err := isFresh(out)
	if err != nil {
		return err
	}
	text, err := fs.ReadFile(scripts.FS, "github.lua")
	if err != nil {
		return err
	}
	script, err := lua.Parse("github.lua", string(text), lua.Options{})
	if err != nil {
		return err
	}
	api := githubapi.New()
	url, stop, err := serve(api)
	if err != nil {
		return err
	}
	defer stop()
	t.say("demo: a small GitHub with %s answers at %s", count(int64(api.Issues()), "issue"), url)
	o := engine.Options{
		Dataset: out,
		Secrets: engine.SecretsMap(map[string]string{"github.token": githubapi.Token}),
		Config:  engine.ConfigFile("", map[string]string{"github.url": url, "github.repository": githubapi.Repository}),
		// An earlier demo's tables give way to this one's.
		FullRefresh: !fresh,
	}
	if err := demoRun(ctx, t, evaluated{script}, o); err != nil {
		return err
	}
	changed, added := api.Advance()
	t.say("demo: meanwhile %s changed and %s came; the second run asks for these only", count(int64(changed), "issue"), count(int64(added), "new issue"))
	fmt.Fprintln(t.stdout)
	o.FullRefresh = false
	return demoRun(ctx, t, evaluated{script}, o)
}

func demoRun(ctx context.Context, t *terminal, script engine.Script, o engine.Options) error {
	result, err := runWithProgress(ctx, t, script, o, view{progress: "auto", format: "text"})
	if err != nil {
		return err
	}
	return report{result, t}.write(t.stdout)
}

// isFresh reports whether there is no dataset in the folder yet. One that is
// there is written over only in the demo's own folder, so that no data of
// somebody is lost.
func isFresh(out string) (bool, error) {
	_, err := dataset.Read(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case out != demoFolder:
		return false, usagef("--out another folder", "%s has a dataset already, and the demo would write over it", out)
	}
	return false, nil
}

// serve answers on a free port of loopback until stop is called.
func serve(h http.Handler) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l) // ends with Close
	}()
	return "http://" + l.Addr().String() + "/", func() {
		s.Close()
		<-done
	}, nil
}
